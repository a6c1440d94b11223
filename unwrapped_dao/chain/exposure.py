"""Who could read one contribution now, and after which votes: in words for its member, from what the chain says."""

from __future__ import annotations

from dataclasses import dataclass

from ..wording import plural
from .collective import Collective
from .committee import Generation
from .market import Offer, Sale, SaleState
from .registry import LiveContribution, Pool, PoolState


@dataclass(frozen=True, slots=True)
class Reader:
    """`who` could read it, and `how`."""

    who: str
    how: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who could read one contribution. What is not on the chain (copies, collusion) is said too.

    `deliveries` counts the sales in which the pool's key was delivered, `to_you` those whose keys open this one;
    `approved` the sales that are voted and not delivered yet, `open_offers` those that wait for a vote, both only where
    this contribution would be part of it.
    """

    readers: tuple[Reader, ...]
    sealed: bool
    deliveries: int
    to_you: int
    approved: int
    open_offers: int
    withdrawn: bool
    committee: str
    one_can_read: bool
    other_sets: tuple[str, ...] = ()
    """Shapes of the other committees that were given shares of the pool's key; old shares stay usable."""

    @property
    def sentence(self) -> str:
        """Now, and after which votes."""
        return f"{self._now()}; {self._later()}."

    def _now(self) -> str:
        who = ["the validators you showed it to"]
        if self.to_you:
            who.append(f"{_people(self.to_you, 'the buyer', 'the buyers')} of {plural(self.to_you, 'sale')}")
        needed, _, count = self.committee.partition("-of-")
        if self.one_can_read:
            keeper = "the one key keeper" if count == "1" else f"each of the {count} key keepers"
            who.append(f"{keeper} ({self.committee}) alone{self._others()}")
        else:
            who.append(f"any {needed} of the {count} key keepers together{self._others(',')} if they break the rules")
        delivered = "this pool's key was never delivered"
        if self.deliveries:
            delivered = f"this pool's key was delivered {_times(self.deliveries)}"
            every = self.to_you == self.deliveries
            delivered += ", with yours" if every else f", {_times(self.to_you)} with yours"
        where = "" if self.sealed else "; the file that they would need is not published before the seal"
        return f"It can be read now by {_listed(who)}{where} ({delivered})"

    def _others(self, end: str = "") -> str:
        if not self.other_sets:
            return end
        sets = " or ".join(f"any {shape.replace('-of-', ' of the ')}" for shape in self.other_sets)
        return f", or {sets} among whom the key was shared anew{end}"

    def _later(self) -> str:
        if self.withdrawn:
            return "by nobody else after any later vote, since you withdrew"
        later = []
        if self.approved:
            buyers = _people(self.approved, "the buyer", "the buyers")
            later.append(f"once the keys are delivered, by {buyers} of {plural(self.approved, 'approved sale')}")
        if self.open_offers:
            buyers = _people(self.open_offers, "the buyer", "the buyers")
            votes = _people(self.open_offers, "its vote", "their votes")
            later.append(
                f"after {votes} by {buyers} of {plural(self.open_offers, 'open offer')}, unless you opt out before"
            )
        another = "another sale" if self.deliveries or self.approved else "a sale"
        return "; ".join(later) or f"by nobody else before {another} is offered and voted"


def exposure(collective: Collective, pool: Pool, contribution: LiveContribution) -> Exposure:
    """Everything about who could read a contribution."""
    generation = collective.committee.generation(pool.generation)
    found = [Reader("the validators you showed it to", "they saw your full records when they attested them")]
    found.append(Reader("the custodians", f"{_custodians(generation)}; {_where(pool)}"))
    others = [g for g in collective.committee.of_same_key(pool.generation) if g.number != pool.generation]
    found += [Reader(f"the custodians of key {g.number}", f"{_custodians(g)}; {_where(pool)}") for g in others]
    deliveries = to_you = approved = open_offers = 0
    now = collective.client.now()
    withdrawn = pool.state is PoolState.SEALED and collective.registry.withdrawal_ordinal(pool, contribution.number) > 0
    refused = collective.market.refused_by(contribution.member)
    for sale_id, offer in collective.market.offers(poolId=pool.id).items():
        sale = collective.market.sale(sale_id)
        if sale.state is SaleState.OFFERED:
            open_offers += not withdrawn and sale_id not in refused and offer.execute_before >= now
            continue
        if sale.state not in (SaleState.APPROVED, SaleState.SETTLED):
            continue
        delivered = sale.state is SaleState.SETTLED or sale.cursor > 0
        deliveries += delivered
        if collective.market.is_excluded(sale_id, contribution.number):
            continue
        if _has_key(sale, contribution):
            to_you += 1
            found.append(_buyer(sale_id, offer, sale))
        else:
            approved += sale.state is SaleState.APPROVED
    return Exposure(
        readers=tuple(found),
        sealed=pool.state is PoolState.SEALED,
        deliveries=deliveries,
        to_you=to_you,
        approved=approved,
        open_offers=open_offers,
        withdrawn=withdrawn,
        committee=generation.shape,
        one_can_read=generation.one_can_read,
        other_sets=tuple(g.shape for g in others),
    )


def _has_key(sale: Sale, contribution: LiveContribution) -> bool:
    return sale.state is SaleState.SETTLED or sale.cursor > contribution.number


def _buyer(sale_id: bytes, offer: Offer, sale: Sale) -> Reader:
    name = f"sale 0x{sale_id.hex()[:8]}…"
    how = f"{name} was delivered, for good" if sale.state is SaleState.SETTLED else f"your key in {name} was delivered"
    return Reader(f"the buyer {offer.buyer}", how)


def _custodians(generation: Generation) -> str:
    if generation.one_can_read:
        keeper = "the one key keeper" if len(generation.custodians) == 1 else "each key keeper alone"
        return f"{keeper} ({generation.shape}) can open every envelope it gets hold of"
    return f"{generation.threshold} of them together, against the rules ({generation.shape})"


def _where(pool: Pool) -> str:
    if pool.state is PoolState.SEALED:
        return "your envelope is published"
    return "your envelope is not published before the seal"


def _people(number: int, one: str, more: str) -> str:
    return one if number == 1 else more


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
