"""Delivery of node keys to one buyer: shares, their combination, the equation, the opening (docs/protocol.md).

A share of custodian j is (C1, C2) = (u·P1, x_j·H(id) + u·B1). It is ElGamal towards B1, checkable by everybody:
e(C2, −P2)·e(H(id), Y_j)·e(C1, B2) = 1. t of them combine to a delivery under Y; only b opens it: C2 − b·C1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ..errors import DeliveryError, InputError, PointError
from . import shamir
from .bn254 import (
    G1_INFINITY,
    MINUS_P2,
    P1,
    P2,
    G1Point,
    G2Point,
    hash_to_g1,
    pairing_product_is_one,
)
from .hashing import batch_weights, share_blinding
from .keys import NodeKey, SecretScalar
from .tree import Node, PoolId


@dataclass(frozen=True, slots=True)
class BuyerKey:
    """B1 = b·P1 and B2 = b·P2 of one sale. Raises PointError unless e(B1, −P2)·e(P1, B2) = 1, neither at infinity."""

    B1: G1Point
    B2: G2Point

    def __post_init__(self) -> None:
        if self.B1.is_infinity or self.B2.is_infinity:
            raise PointError("A buyer key at infinity would publish the decryption key.")
        if not pairing_product_is_one([(self.B1, MINUS_P2), (P1, self.B2)]):
            raise PointError("The two halves of the buyer key do not belong together.")

    @classmethod
    def of(cls, secret: SecretScalar) -> Self:
        """The public key of a buyer's secret b."""
        key = object.__new__(cls)
        object.__setattr__(key, "B1", P1 * secret.to_secret_int())
        object.__setattr__(key, "B2", P2 * secret.to_secret_int())
        return key


@dataclass(frozen=True, slots=True)
class SaleId:
    """A sale on one market of one chain: market 20 bytes, sale 32 bytes."""

    chain_id: int
    market: bytes
    sale: bytes

    def __post_init__(self) -> None:
        if len(self.market) != 20 or len(self.sale) != 32 or not 0 <= self.chain_id < 1 << 256:
            raise InputError("The market's address, the sale id or the chain id is out of range.")

    @classmethod
    def of(cls, chain_id: int, market: str, sale: bytes | str) -> Self:
        """From a 0x-address and a sale id as bytes or 0x-hex."""
        try:
            sale_bytes = bytes.fromhex(sale.removeprefix("0x")) if isinstance(sale, str) else bytes(sale)
            return cls(chain_id, bytes.fromhex(market.removeprefix("0x")), sale_bytes)
        except ValueError:
            raise InputError("The market's address or the sale id is not hexadecimal.") from None


@dataclass(frozen=True, slots=True)
class KeyShare:
    """What a custodian posts for one node of one sale: not yet believed. Its index counts from 1."""

    index: int
    C1: G1Point
    C2: G1Point

    def verify(self, public_share: G2Point, node_id: bytes, buyer: BuyerKey) -> VerifiedKeyShare:
        """Check against the custodian's Y_j. Raises DeliveryError naming the custodian."""
        if not _equation_holds(self.C1, self.C2, public_share, node_id, buyer.B2):
            raise DeliveryError(f"The key share of custodian {self.index} is wrong for this node and buyer.")
        return VerifiedKeyShare(self.index, self.C1, self.C2, node_id, buyer)


@dataclass(frozen=True, slots=True)
class VerifiedKeyShare:
    """A share that passed its equation for one node and buyer; made by `KeyShare.verify` alone."""

    index: int
    C1: G1Point
    C2: G1Point
    node_id: bytes
    buyer: BuyerKey


@dataclass(frozen=True, slots=True)
class NodeDelivery:
    """A node key of one pool, encrypted to a buyer: what the market takes and emits."""

    C1: G1Point
    C2: G1Point

    def verify(self, committee_key: G2Point, node_id: bytes, buyer: BuyerKey) -> None:
        """The contract's equation e(C2, −P2)·e(H(id), Y)·e(C1, B2) = 1; raises DeliveryError if it fails."""
        if not _equation_holds(self.C1, self.C2, committee_key, node_id, buyer.B2):
            raise DeliveryError("This delivery is not the key of this node for this buyer.")

    def open(self, pool: PoolId, node: Node, secret: SecretScalar, committee_key: G2Point) -> NodeKey:
        """σ = C2 − b·C1, checked as Y's signature of the node id. Raises DeliveryError for another sale's delivery."""
        return NodeKey(pool, node, self.C2 - self.C1 * secret.to_secret_int(), committee_key)


def make_share(index: int, share: SecretScalar, pool: PoolId, node: Node, sale: SaleId, buyer: BuyerKey) -> KeyShare:
    """A custodian's share for one node. The same inputs give the same share, and another node another blinding."""
    node_id = pool.node_id(node)
    u = share_blinding(share.to_secret_bytes(), sale.chain_id, sale.market, sale.sale, node_id, buyer.B1.to_bytes())
    if u == 0:
        raise InputError("This share's blinding is zero, which never happens by chance.")
    return _blinded_share(index, share, node_id, buyer, SecretScalar(u))


def _blinded_share(index: int, share: SecretScalar, node_id: bytes, buyer: BuyerKey, u: SecretScalar) -> KeyShare:
    blinding = u.to_secret_int()
    return KeyShare(index, P1 * blinding, hash_to_g1(node_id) * share.to_secret_int() + buyer.B1 * blinding)


def combine_shares(shares: Sequence[VerifiedKeyShare], threshold: int) -> NodeDelivery:
    """Lagrange-combine shares of one node and sale. Any `threshold` of them give a delivery of the same key.

    Raises InputError for fewer than `threshold`, for one custodian twice, or for shares of different nodes or buyers.
    """
    if not 1 <= threshold <= len(shares):
        raise InputError(f"A delivery needs {threshold} key shares; {len(shares)} were given.")
    chosen = sorted(shares, key=lambda share: share.index)[:threshold]
    if len({share.index for share in chosen}) != threshold:
        raise InputError("One custodian's key share was given twice.")
    if len({(share.node_id, share.buyer) for share in chosen}) != 1:
        raise InputError("These key shares are for different nodes or buyers.")
    return NodeDelivery(
        shamir.combine_points({share.index: share.C1 for share in chosen}),
        shamir.combine_points({share.index: share.C2 for share in chosen}),
    )


def verify_batch(
    committee_key: G2Point, buyer: BuyerKey, node_ids: Sequence[bytes], deliveries: Sequence[NodeDelivery]
) -> None:
    """All deliveries of one sale by one pairing product, with 128-bit weights hashed from every input.

    Raises DeliveryError if any is wrong (and does not say which), InputError if the lengths differ.
    """
    if len(node_ids) != len(deliveries) or not deliveries:
        raise InputError("A batch has one delivery for each of its nodes, and at least one.")
    if any(d.C1.is_infinity or d.C2.is_infinity for d in deliveries):
        raise DeliveryError("A delivery with a point at infinity would publish the node key.")
    transcript = committee_key.to_bytes() + buyer.B2.to_bytes() + b"".join(node_ids)
    transcript += b"".join(d.C1.to_bytes() + d.C2.to_bytes() for d in deliveries)
    sums = [G1_INFINITY, G1_INFINITY, G1_INFINITY]
    for weight, node_id, delivery in zip(batch_weights(transcript, len(deliveries)), node_ids, deliveries, strict=True):
        for at, point in enumerate((delivery.C2, hash_to_g1(node_id), delivery.C1)):
            sums[at] = sums[at] + point * weight
    if not pairing_product_is_one(list(zip(sums, (MINUS_P2, committee_key, buyer.B2), strict=True))):
        raise DeliveryError("A delivery of this batch is not the key of its node for this buyer.")


def _equation_holds(c1: G1Point, c2: G1Point, key: G2Point, node_id: bytes, b2: G2Point) -> bool:
    if c1.is_infinity or c2.is_infinity or key.is_infinity or b2.is_infinity:
        return False
    return pairing_product_is_one([(c2, MINUS_P2), (hash_to_g1(node_id), key), (c1, b2)])
