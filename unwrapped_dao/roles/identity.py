"""How a pool and its points look to the cryptography: the bridge from chain values to curve values, for every role."""

from __future__ import annotations

from collections.abc import Callable

from ..chain.collective import Collective
from ..chain.committee import Generation
from ..chain.market import Offer
from ..chain.registry import Pool
from ..crypto.bn254 import G1Point, G2Point
from ..crypto.delivery import BuyerKey, SaleId
from ..crypto.tree import Node, PoolId, cover

Progress = Callable[[str, int, int], None]
"""(what, done, total): called now and then by long work."""


def no_progress(what: str, done: int, total: int) -> None:
    """Say nothing."""


def pool_identity(collective: Collective, pool: Pool) -> PoolId:
    """What node ids of this pool bind."""
    return PoolId.of(collective.client.chain_id, collective.registry.address, pool.scope_id, pool.epoch)


def sale_identity(collective: Collective, sale_id: bytes) -> SaleId:
    """What a custodian's blinding binds."""
    return SaleId.of(collective.client.chain_id, collective.market.address, sale_id)


def committee_key(generation: Generation) -> G2Point:
    """Y, checked to be a point of the subgroup."""
    return G2Point.from_words(generation.y)


def buyer_key(offer: Offer) -> BuyerKey:
    """(B1, B2), checked to belong together."""
    return BuyerKey(G1Point.from_words(offer.b1), G2Point.from_words(offer.b2))


def sale_cover(collective: Collective, pool: Pool, sale_id: bytes) -> tuple[Node, ...]:
    """The unique cover of a sale whose exclusions are fixed."""
    return cover(pool.members, pool.height, collective.market.excluded_leaves(sale_id))
