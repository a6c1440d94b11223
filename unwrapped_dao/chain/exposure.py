"""Who could read one contribution now: in words for its member, from what the chain says."""

from __future__ import annotations

from dataclasses import dataclass

from .collective import Collective
from .market import SaleState
from .registry import LiveContribution, Pool, PoolState


@dataclass(frozen=True, slots=True)
class Reader:
    """`who` could read it, and `how`."""

    who: str
    how: str


def readers(collective: Collective, pool: Pool, contribution: LiveContribution) -> list[Reader]:
    """Everybody who could read the contribution now. What is not on the chain (copies, collusion) is said too."""
    generation = collective.committee.generation(pool.generation)
    found = [Reader("the validators you showed it to", "they saw your full records when they attested them")]
    shape = generation.shape
    if generation.one_can_read:
        how = f"the one key keeper ({shape}) can open every envelope it gets hold of"
    else:
        how = f"{generation.threshold} of them together, against the rules ({shape})"
    found.append(Reader("the custodians", f"{how}; {_where(pool)}"))
    for sale_id, offer in collective.market.offers(poolId=pool.id).items():
        sale = collective.market.sale(sale_id)
        if sale.state not in (SaleState.APPROVED, SaleState.SETTLED):
            continue
        if collective.market.is_excluded(sale_id, contribution.number):
            continue
        if sale.state is SaleState.SETTLED:
            found.append(Reader(f"the buyer {offer.buyer}", f"sale 0x{sale_id.hex()[:8]}… was delivered, for good"))
        elif sale.cursor > contribution.number:
            found.append(Reader(f"the buyer {offer.buyer}", f"your key in sale 0x{sale_id.hex()[:8]}… was delivered"))
    return found


def _where(pool: Pool) -> str:
    if pool.state is PoolState.SEALED:
        return "your envelope is published"
    return "your envelope is not published before the seal"
