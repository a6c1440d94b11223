"""A buyer: looks at what is for sale, escrows a price, opens what was delivered."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import kinds
from ..chain.calldata import amount_text
from ..chain.collective import Collective
from ..chain.erc20 import ETH, Erc20
from ..chain.market import Offer, Sale, SaleState
from ..chain.registry import LiveContribution, Pool, PoolState
from ..chain.signer import Signer
from ..chain.verify import told_by_other_code
from ..crypto.bn254 import G1Point
from ..crypto.delivery import BuyerKey, NodeDelivery
from ..crypto.keys import NodeKey, SecretScalar
from ..crypto.tree import Node
from ..crypto.vault import Vault
from ..errors import InputError, NotAllowedError, NotFoundError, UntrustedDataError
from ..kinds import Scope
from ..storage.interfaces import ContentReader
from ..storage.journal import Intent, Journal
from .identity import Progress, committee_key, no_progress, pool_identity, sale_cover

if TYPE_CHECKING:
    from pathlib import Path

    from ..dataset import Dataset
    from .opening import Unopened
    from .receiving import Delivered, Received

APPROVAL_TIME_S = 90 * 86_400
"""How long an offer stands when its buyer does not say: long enough for a vote and its timelock."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One sealed pool in the catalogue. `weight` is the pool's total; `sales` how often its key was delivered."""

    pool: Pool
    scope: Scope | None
    contributions: int
    weight: int
    sales: int


class Buyer:
    """One account acting as a buyer. `vault` keeps one fresh key per offer."""

    def __init__(
        self,
        collective: Collective,
        account: Signer,
        vault: Vault,
        store: ContentReader,
        journal: Journal | None = None,
    ) -> None:
        self._collective = collective
        self._account = account
        self._vault = vault
        self._store = store
        self._journal = journal
        self.unopened: tuple[Unopened, ...] = ()

    def __repr__(self) -> str:
        return f"<Buyer {self.address}>"

    @property
    def address(self) -> str:
        return str(self._account.address)

    # --- looking ---------------------------------------------------------------------------------------------------

    def catalogue(self) -> list[Listed]:
        """Every sealed pool."""
        return catalogue(self._collective)

    def inspect(self, pool: Pool) -> Listed:
        """What is known about a pool before paying: the scope and its purposes, how many, which weight."""
        return inspect(self._collective, pool)

    # --- paying ----------------------------------------------------------------------------------------------------

    def offer(
        self,
        pool: Pool,
        *,
        price: int,
        purpose: str,
        min_eligible_weight: int = 1,
        currency: str | None = None,
        terms: str | None = None,
        execute_before: int | None = None,
    ) -> Offer:
        """Escrow `price` (base units) for a sealed pool. Interrupted and called again it goes on with the same offer.

        `currency` defaults to the first the collective takes; `terms` to the scope's base terms.
        """
        scope = scope_of(pool)
        if scope is None or purpose not in scope.purposes:
            allowed = ", ".join(scope.purposes) if scope else "unknown to this program"
            raise InputError(
                f"Members of this pool did not agree to the purpose {purpose!r}.", hint=f"Their purposes: {allowed}."
            )
        chosen = currency if currency is not None else self._default_currency()
        wish: dict[str, Any] = {
            "pool": f"{pool.id:#x}",
            "price": str(price),
            "purpose": purpose,
            "min_eligible_weight": min_eligible_weight,
            "currency": chosen,
            "terms": terms or "",
            "buyer": self.address,
        }
        intent = self._unfinished(wish)
        if intent is not None:
            offer = _offer_from(intent.facts)
        else:
            self._require_money(chosen, price)
            self._vault.unlock()
            offer, secret = self._draft(pool, scope, price, purpose, min_eligible_weight, chosen, terms, execute_before)
            intent = Intent(self._collective.market.sale_id(offer).hex(), wish, _facts(offer))
            if self._journal:
                self._journal.begin(intent)
            self._vault.put(self._name(offer), secret)
        self._place(offer)
        if self._journal:
            self._journal.finish(intent)
        return offer

    def expire(self, offer: Offer) -> int:
        """Take the money back from an offer that was not approved in time; the amount paid out."""
        return self._take_back(offer, SaleState.OFFERED, SaleState.EXPIRED)

    def refund(self, offer: Offer) -> int:
        """Take the money back from an approved sale that was not delivered in time; the amount paid out."""
        return self._take_back(offer, SaleState.APPROVED, SaleState.REFUNDED)

    # --- opening ---------------------------------------------------------------------------------------------------

    def receive(self, sale: bytes | Offer, progress: Progress = no_progress) -> Dataset:
        """Open every covered envelope of a settled sale into a dataset in memory. What stayed shut is in `unopened`."""
        dataset, self.unopened = self._delivered(sale).in_memory(progress)
        return dataset

    def receive_into(
        self, sale: bytes | Offer, folder: Path, progress: Progress = no_progress, processes: int | None = None
    ) -> Received:
        """Open every covered envelope on all cores and write the dataset, its card and the evidence into a folder.

        Killed and called again it goes on where it stopped.
        """
        return self._delivered(sale).into(folder, progress, processes)

    def _delivered(self, sale: bytes | Offer) -> Delivered:
        from .receiving import Delivered

        market = self._collective.market
        with told_by_other_code(self._collective):
            sale_id = sale if isinstance(sale, bytes) else market.sale_id(sale)
            offer, state = market.offer_of(sale_id), market.sale(sale_id)
            self._require_settled(sale_id, state)
            pool = self._collective.registry.pool(offer.scope_id, offer.epoch)
            keys = self.open_keys(sale_id, offer, pool)
            if len(keys) != len(sale_cover(self._collective, pool, sale_id)):
                raise UntrustedDataError(
                    f"Sale 0x{sale_id.hex()[:12]}… is settled, and the node does not show all keys of its delivery.",
                    hint="Use another node (--rpc): this one keeps no logs of that time, or leaves some out.",
                )
        scope, salt = _known_scope(pool), self._salt(sale_id)
        return Delivered(self._collective, self._store, sale_id, offer, state, pool, scope, keys, salt)

    def open_keys(self, sale_id: bytes, offer: Offer, pool: Pool) -> list[NodeKey]:
        """The node keys of a sale, each checked as the committee's signature of its node."""
        secret = self._vault.get(self._name(offer))
        public = committee_key(self._collective.committee.generation(pool.generation))
        identity = pool_identity(self._collective, pool)
        return [
            NodeDelivery(G1Point.from_words(d.c1), G1Point.from_words(d.c2)).open(
                identity, Node(d.height, d.index), secret, public
            )
            for d in self._collective.market.deliveries(sale_id)
        ]

    def open_one(self, pool: Pool, contribution: LiveContribution, key: NodeKey) -> bytes:
        """The plaintext rows of one envelope. Its CID is recomputed while it is read."""
        from .opening import Opener

        opener = Opener(self._store, pool_identity(self._collective, pool), pool.height, [key], _known_scope(pool))
        return opener.rows(contribution.number, contribution.record.content, key)

    # --- steps -----------------------------------------------------------------------------------------------------

    def _unfinished(self, wish: dict[str, Any]) -> Intent | None:
        """An interrupted offer of the same wish, unless nothing of it reached the chain and nothing can any more."""
        intent = self._journal.unfinished(wish) if self._journal else None
        if intent is None or self._journal is None:
            return None
        offer = _offer_from(intent.facts)
        market = self._collective.market
        too_late = offer.execute_before <= self._collective.client.now()
        # Noted, and killed before its key was kept: nothing was sent then.
        if market.sale(market.sale_id(offer)).state is SaleState.NONE and (
            too_late or not self._vault.has(self._name(offer))
        ):
            self._journal.abandon(intent)
            return None
        return intent

    def _draft(
        self,
        pool: Pool,
        scope: Scope,
        price: int,
        purpose: str,
        min_eligible_weight: int,
        currency: str,
        terms: str | None,
        execute_before: int | None,
    ) -> tuple[Offer, SecretScalar]:
        """A new offer and its fresh key, which has to be kept before anything is sent."""
        secret = SecretScalar.generate()
        key = BuyerKey.of(secret)
        return Offer(
            buyer=self.address,
            scope_id=pool.scope_id,
            epoch=pool.epoch,
            currency=currency,
            price=price,
            purpose=scope.purpose_digests[purpose],
            terms=terms_digest(terms) if terms is not None else scope.base_terms_digest,
            min_eligible_weight=min_eligible_weight,
            execute_before=execute_before or self._collective.client.now() + APPROVAL_TIME_S,
            listing_id=bytes(32),
            b1=key.B1.words,
            b2=key.B2.words,
            nonce=secrets.randbits(64),
        ), secret

    def _place(self, offer: Offer) -> None:
        """Allow and escrow, unless the chain already holds this offer."""
        if self._collective.market.sale(self._collective.market.sale_id(offer)).state is not SaleState.NONE:
            return
        self._require_money(offer.currency, offer.price)
        if offer.currency != ETH:
            token = Erc20.at(self._collective.client, offer.currency)
            splitter = self._collective.splitter.address
            if token.allowance(self.address, splitter) < offer.price:
                token.approve(self._account, splitter, offer.price)
        self._collective.market.offer(self._account, offer)

    def _require_money(self, currency: str, price: int) -> None:
        if currency == ETH:
            held = self._collective.client.balance(self.address)
        else:
            held = Erc20.at(self._collective.client, currency).balance_of(self.address)
        if held < price:
            has, costs = (amount_text(self._collective, currency, amount) for amount in (held, price))
            raise InputError(
                f"{self.address} holds {has}, and the price is {costs}.",
                hint="Fund the buyer's account (test dollars: `unwrapped-dao account fund NAME --tusd AMOUNT`) or "
                "offer less; nothing was sent.",
            )

    def _take_back(self, offer: Offer, before: SaleState, after: SaleState) -> int:
        market, splitter = self._collective.market, self._collective.splitter
        sale_id = market.sale_id(offer)
        state = market.sale(sale_id).state
        if state is before:
            (market.expire if before is SaleState.OFFERED else market.refund)(self._account, offer)
        elif state is not after:
            raise NotAllowedError(f"This sale is {state.name.lower()}; there is nothing to take back.")
        due = splitter.credit_of(offer.buyer, offer.currency)
        if due:
            splitter.pay_credit(self._account, offer.buyer, offer.currency)
        return due

    def _require_settled(self, sale_id: bytes, sale: Sale) -> None:
        if sale.state is not SaleState.SETTLED:
            raise NotAllowedError(
                f"Sale 0x{sale_id.hex()[:12]}… is {sale.state.name.lower()}, not settled.",
                hint="Wait for the delivery; `unwrapped-dao buyer catalogue` shows the state.",
            )

    def _default_currency(self) -> str:
        currencies: Sequence[str] = self._collective.splitter.currencies()
        if not currencies:
            raise NotAllowedError("This collective takes no currency yet.", hint="A vote has to allow one.")
        return next((c for c in currencies if c != ETH), ETH)

    def _name(self, offer: Offer) -> str:
        """Of the key of one offer: found again from the offer's own B1."""
        return "buyer-" + hashlib.sha256(G1Point.from_words(offer.b1).to_bytes()).hexdigest()[:32]

    def _salt(self, sale_id: bytes) -> bytes:
        """Of this release's pseudonyms: the buyer's own, and the same each time the sale is opened."""
        secret = self._vault.get(self._name(self._collective.market.offer_of(sale_id)))
        return hashlib.sha256(b"unwrapped-dao/release-salt/v1" + secret.to_secret_bytes() + sale_id).digest()


def catalogue(collective: Collective) -> list[Listed]:
    """Every sealed pool. Looking needs no account."""
    return [inspect(collective, pool) for pool in collective.registry.pools() if pool.state is PoolState.SEALED]


def inspect(collective: Collective, pool: Pool) -> Listed:
    """What is known about a pool before paying."""
    live = collective.registry.contributions(pool)
    sales = len({revenue.sale_id for revenue in collective.splitter.revenue(pool.id)})
    return Listed(pool, scope_of(pool), len(live), sum(c.record.weight for c in live), sales)


def scope_of(pool: Pool) -> Scope | None:
    """The scope of a pool among those this program knows."""
    return kinds.scope_of(pool.scope_id)


def _known_scope(pool: Pool) -> Scope:
    scope = scope_of(pool)
    if scope is None:
        raise NotFoundError("This program does not know the scope of this pool.", hint="Install the kind it is of.")
    return scope


def terms_digest(terms: str) -> bytes:
    """keccak256 of licence terms, as voted."""
    from ..kinds.digests import terms_digest as digest

    return digest(terms)


def _facts(offer: Offer) -> dict[str, Any]:
    """An offer as JSON: bytes as hex, large integers as decimal text."""

    def plain(value: object) -> object:
        if isinstance(value, bytes):
            return {"hex": value.hex()}
        if isinstance(value, tuple):
            return [str(v) for v in value]
        return {"int": str(value)} if isinstance(value, int) else value

    return {name: plain(getattr(offer, name)) for name in Offer.__slots__}


def _offer_from(facts: dict[str, Any]) -> Offer:
    def value(item: Any) -> Any:
        if isinstance(item, dict):
            return bytes.fromhex(item["hex"]) if "hex" in item else int(item["int"])
        return tuple(int(v) for v in item) if isinstance(item, list) else item

    return Offer(**{name: value(item) for name, item in facts.items()})
