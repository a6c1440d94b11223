"""The committee's key: generation, proof of possession, heartbeat, shares (why they hold: docs/protocol.md).

Not here: the distributed key generation; these are the values it ends in, and a 1-of-1 committee's way to make them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ..errors import DeliveryError, InputError, PointError
from . import shamir
from .bn254 import MINUS_P2, P1, P2, G1Point, G2Point, R, hash_to_g1, pairing_product_is_one
from .hashing import SUITE, committee_pok_challenge, heartbeat_digest, schnorr_nonce
from .keys import NodeKey, SecretScalar
from .tree import Node, PoolId

WEEK_S = 604_800


@dataclass(frozen=True, slots=True)
class CommitteeKey:
    """X = x·P1 and Y = x·P2 of a generation, or of one custodian's share. Raises PointError unless both have one x."""

    X: G1Point
    Y: G2Point

    def __post_init__(self) -> None:
        if self.X.is_infinity or self.Y.is_infinity:
            raise PointError("A committee key is never the point at infinity.")
        if not pairing_product_is_one([(self.X, MINUS_P2), (P1, self.Y)]):
            raise PointError("The two halves of the committee key do not belong together.")

    @classmethod
    def of(cls, secret: SecretScalar) -> Self:
        """The public key of a secret."""
        key = object.__new__(cls)
        object.__setattr__(key, "X", P1 * secret.to_secret_int())
        object.__setattr__(key, "Y", P2 * secret.to_secret_int())
        return key


@dataclass(frozen=True, slots=True)
class Board:
    """Where a generation lives: chain, KeyCommittee contract (20 bytes) and generation number (uint64)."""

    chain_id: int
    committee: bytes
    generation: int

    def __post_init__(self) -> None:
        if len(self.committee) != 20 or not 0 <= self.chain_id < 1 << 256 or not 0 <= self.generation < 1 << 64:
            raise InputError("The committee's address, chain id or generation is out of range.")

    @classmethod
    def of(cls, chain_id: int, committee: str, generation: int) -> Self:
        """From a 0x-address."""
        try:
            return cls(chain_id, bytes.fromhex(committee.removeprefix("0x")), generation)
        except ValueError:
            raise InputError("The committee's address is not hexadecimal.") from None

    def heartbeat(self, week: int) -> bytes:
        """The 32-byte message that a live committee signs; week = seconds // 604800."""
        return heartbeat_digest(SUITE, self.chain_id, self.committee, self.generation, week)


@dataclass(frozen=True, slots=True)
class PossessionProof:
    """Schnorr's proof of knowledge of x: s·P1 = T + c·X, with c bound to the board and the whole key."""

    T: G1Point
    s: int


def prove_possession(secret: SecretScalar, board: Board) -> PossessionProof:
    """Prove knowledge of the key's secret to one board and generation."""
    key = CommitteeKey.of(secret)
    context = b"".join((board.chain_id.to_bytes(32, "big"), board.committee, board.generation.to_bytes(8, "big")))
    k = schnorr_nonce(secret.to_secret_bytes(), secrets.token_bytes(32), context)
    T = P1 * k  # noqa: N806  # the proof's own letter
    return PossessionProof(T, (k + _challenge(key, T, board) * secret.to_secret_int()) % R)


def verify_possession(key: CommitteeKey, proof: PossessionProof, board: Board) -> None:
    """Raises DeliveryError unless the proof shows knowledge of this key's secret on this board."""
    if proof.T.is_infinity or not 0 <= proof.s < R:
        raise DeliveryError("The proof of the committee key's secret is malformed.")
    if P1 * proof.s != proof.T + key.X * _challenge(key, proof.T, board):
        raise DeliveryError("The proof of the committee key's secret is wrong, or is for another board or generation.")


def _challenge(key: CommitteeKey, t_point: G1Point, board: Board) -> int:
    return committee_pok_challenge(
        board.chain_id, board.committee, board.generation, key.X.words, key.Y.words, t_point.words
    )


def sign_heartbeat(secret: SecretScalar, board: Board, week: int) -> G1Point:
    """S = x·H(hb); of a share, its part, to be combined by `shamir.combine_points`."""
    return hash_to_g1(board.heartbeat(week)) * secret.to_secret_int()


def verify_heartbeat(committee_key: G2Point, signature: G1Point, board: Board, week: int) -> None:
    """Raises DeliveryError unless e(S, −P2)·e(H(hb), Y) = 1."""
    message = hash_to_g1(board.heartbeat(week))
    if signature.is_infinity or not pairing_product_is_one([(signature, MINUS_P2), (message, committee_key)]):
        raise DeliveryError(f"The heartbeat of week {week} is not signed by this committee key.")


def sign_node(secret: SecretScalar, pool: PoolId, node: Node) -> NodeKey:
    """The node key x·H(id), for a 1-of-1 custodian and for tests."""
    return NodeKey.from_trusted_point(pool, node, hash_to_g1(pool.node_id(node)) * secret.to_secret_int())


def split_secret(secret: SecretScalar, threshold: int, count: int) -> dict[int, SecretScalar]:
    """Shares 1..count of a committee secret by a dealer, who knows it: for tests and development."""
    return shamir.split(secret, threshold, count)


def public_shares(shares: Mapping[int, SecretScalar]) -> dict[int, CommitteeKey]:
    """X_j and Y_j of each share."""
    return {index: CommitteeKey.of(share) for index, share in shares.items()}
