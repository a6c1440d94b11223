"""A sale as a custodian reads it off the chain: its own exclusion list and cover, the READYs that count, the shares.

The same code reads what is final and what is newest; only the collective's client differs (chain/pinned.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...chain.collective import Collective
from ...chain.committee import Generation
from ...chain.market import Offer, Sale, SaleState
from ...crypto.bn254 import G1Point, G2Point
from ...crypto.delivery import BuyerKey, KeyShare, VerifiedKeyShare
from ...crypto.tree import Node, PoolId, cover
from ...errors import DeliveryError, PointError, UntrustedDataError
from ..identity import buyer_key
from .duties import SaleView, Stage


@dataclass(frozen=True, slots=True)
class Served:
    """What does not change about an approved sale: its offer, who serves it, what its node ids bind.

    `since` is the block of its approval: nothing that custodians look for lies before it but the exclusions. `excluded`
    are those, once the final chain told all of them and the contract lists the same; None until then.
    """

    sale_id: bytes
    offer: Offer
    generation: Generation
    buyer: BuyerKey
    identity: PoolId
    since: int
    excluded: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class BadShare:
    """A share that is on the chain and is wrong, and `why`; anyone can check it again."""

    custodian: int
    node: Node
    why: str


#: How many wrong shares of one custodian for one node are looked at. An honest one posts none; a rogue can post
#: thousands in a transaction, and each would cost everybody else a pairing and some memory.
MOST_TRIES = 3


class ShareBook:
    """Every share that was looked at, so that each pairing is computed once. `bad` names whose were wrong."""

    def __init__(self, public_shares: Mapping[int, G2Point]) -> None:
        self._public = public_shares
        self._known: dict[tuple[object, ...], VerifiedKeyShare | None] = {}
        self.bad: dict[tuple[bytes, int, Node], BadShare] = {}
        self._tries: Counter[tuple[bytes, int, Node]] = Counter()

    def verified(
        self, sale: Served, index: int, node: Node, c1: tuple[int, int], c2: tuple[int, int]
    ) -> VerifiedKeyShare | None:
        """The share if it is right; None, and a note in `bad`, if it is not, or after MOST_TRIES that were not."""
        key, whose = (sale.sale_id, index, node, c1, c2), (sale.sale_id, index, node)
        if key not in self._known:
            if self._tries[whose] >= MOST_TRIES:
                return None
            try:
                self._known[key] = self._checked(sale, index, node, c1, c2)
            except (PointError, DeliveryError) as problem:
                self._known[key] = None
                self._tries[whose] += 1
                self.bad[whose] = BadShare(index, node, problem.message)
        return self._known[key]

    def forget(self, sale_id: bytes) -> None:
        """Of a sale that is over."""
        self._known = {key: share for key, share in self._known.items() if key[0] != sale_id}
        self.bad = {key: bad for key, bad in self.bad.items() if key[0] != sale_id}
        self._tries = Counter({key: count for key, count in self._tries.items() if key[0] != sale_id})

    def _checked(
        self, sale: Served, index: int, node: Node, c1: tuple[int, int], c2: tuple[int, int]
    ) -> VerifiedKeyShare:
        share = KeyShare(index, G1Point.from_words(c1), G1Point.from_words(c2))
        return share.verify(self._public[index], sale.identity.node_id(node), sale.buyer)


@dataclass(frozen=True, slots=True)
class Seen:
    """A view, the verified shares behind it by node and custodian, and each node's number in the whole cover."""

    view: SaleView
    shares: Mapping[Node, Mapping[int, VerifiedKeyShare]] = field(default_factory=dict)
    numbers: Mapping[Node, int] = field(default_factory=dict)


def served(collective: Collective, sale_id: bytes) -> Served:
    """What is constant about a sale; who serves it was written into it at its approval.

    Raises UntrustedDataError if the node tells another offer than the id hashes.
    """
    offer = collective.market.offer_of(sale_id)
    if offer.sale_id(collective.client.chain_id, collective.market.address) != sale_id:
        raise UntrustedDataError(f"The node tells another offer than that of sale 0x{sale_id.hex()[:12]}….")
    pool = collective.registry.pool(offer.scope_id, offer.epoch)
    generation = collective.committee.generation(collective.market.sale(sale_id).generation)
    identity = PoolId.of(collective.client.chain_id, collective.registry.address, pool.scope_id, pool.epoch)
    return Served(sale_id, offer, generation, buyer_key(offer), identity, collective.market.approved_in(sale_id))


def look(collective: Collective, sale: Served, me: int, caller: str, book: ShareBook) -> Seen:
    """One sale at the block of `collective`'s client. `me` is the custodian's index, `caller` its address."""
    state = collective.market.sale(sale.sale_id)
    if state.state in (SaleState.SETTLED, SaleState.REFUNDED):
        return Seen(SaleView(Stage.CLOSED))
    if state.state is not SaleState.APPROVED:
        return Seen(SaleView(Stage.UNKNOWN))
    derived, accounted = (sale.excluded, True) if sale.excluded is not None else _excluded(collective, sale, state)
    base = SaleView(
        Stage.APPROVED,
        approved_at=state.approved_at,
        delivery_window=state.delivery_window,
        derived=derived,
        accounted=accounted,
    )
    if not state.exclusions_fixed:
        return Seen(replace(base, staged=collective.market.staged_count(sale.sale_id, caller, first=sale.since)))
    listed = tuple(collective.market.excluded_leaves(sale.sale_id))
    nodes = cover(state.members, state.height, derived)
    left = tuple(node for node in nodes if node.end_leaf > state.cursor)
    alone = len(sale.generation.custodians) == 1  # who waits for nobody posts nothing for anybody
    posted, shares, complete_at = (
        (frozenset[Node](), dict[Node, dict[int, VerifiedKeyShare]](), None)
        if alone
        else _shares(collective, sale, nodes, left, me, book)
    )
    view = replace(
        base,
        listed=listed,
        readies=frozenset() if alone else _readies(collective, sale, state),
        said=not alone and me in collective.committee.ready_of(sale.generation.number, sale.sale_id),
        cover=left,
        posted=posted,
        shares={node: frozenset(found) for node, found in shares.items()},
        complete_at=complete_at,
    )
    return Seen(view, shares, {node: number for number, node in enumerate(nodes)})


def _excluded(collective: Collective, sale: Served, state: Sale) -> tuple[tuple[int, ...], bool]:
    """(leaves, whether they account for every withdrawal and opt-out that counts), by ordinals and never by times."""
    pool = collective.registry.pool(sale.offer.scope_id, sale.offer.epoch)
    withdrawn = {o: leaf for leaf, o in collective.registry.withdrawn_leaves(pool).items() if o <= state.withdrawals}
    target = sale.offer.listing_id if any(sale.offer.listing_id) else sale.sale_id
    opted_out = {o.ordinal: o.number for o in collective.market.opt_outs(target) if o.ordinal <= state.opt_outs}
    accounted = len(withdrawn) == state.withdrawals and len(opted_out) == state.opt_outs
    return tuple(sorted({*withdrawn.values(), *opted_out.values()})), accounted


def _readies(collective: Collective, sale: Served, state: Sale) -> frozenset[int]:
    """Custodians whose READY counts: mined after the exclusions were fixed, and in the first half of the window."""
    fixed, _ = collective.market.fixed_at(sale.sale_id, first=sale.since) or (0, 0)
    until = state.approved_at + state.delivery_window // 2
    return frozenset(
        ready.index
        for ready in collective.committee.readies(sale.generation.number, sale.sale_id, first=sale.since)
        if ready.block_number > fixed and state.approved_at <= collective.client.block_time(ready.block_number) <= until
    )


def _shares(
    collective: Collective, sale: Served, nodes: tuple[Node, ...], left: tuple[Node, ...], me: int, book: ShareBook
) -> tuple[frozenset[Node], dict[Node, dict[int, VerifiedKeyShare]], int | None]:
    """(nodes that `me` posted, the valid shares of the nodes that are left, when the last of them had enough)."""
    posted: set[Node] = set()
    found: dict[Node, dict[int, VerifiedKeyShare]] = {node: {} for node in left}
    enough_at: dict[Node, int] = {}
    for post in collective.committee.posted_shares(sale.generation.number, sale.sale_id, first=sale.since):
        for number, (c1, c2) in enumerate(zip(post.c1, post.c2, strict=False), post.first_node):
            if number >= len(nodes):
                break
            node = nodes[number]
            if post.index == me:
                posted.add(node)
            if node not in found or len(found[node]) >= sale.generation.threshold:
                continue
            share = book.verified(sale, post.index, node, c1, c2)
            if share is not None:
                found[node][post.index] = share
                if len(found[node]) == sale.generation.threshold:
                    enough_at[node] = post.block_number
    complete = max(enough_at.values()) if left and len(enough_at) == len(left) else None
    return frozenset(posted), found, None if complete is None else collective.client.block_time(complete)
