"""The capsule: one data key wrapped for every node on a leaf's path. Boneh–Franklin on BN254, suite 1.

R = r·P2 with r = hash_to_scalar(dek, context); per node, gt = e(r·H(id), Y) gives a key and a 16-byte commitment.
Bytes: R (128) ‖ for each node, root first: commit (16) ‖ wrapped (48). Layout and MUSTs: docs/spec/envelope.md.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import CapsuleError, InputError, PointError
from .bn254 import P2, G2Point, hash_to_g1, pairing, pairings
from .hashing import capsule_keys, capsule_scalar
from .keys import DataKey, NodeKey
from .tree import Node, PoolId, path

R_LENGTH = 128
COMMIT_LENGTH = 16
WRAPPED_LENGTH = 48
WRAP_LENGTH = COMMIT_LENGTH + WRAPPED_LENGTH
_ZERO_NONCE = bytes(12)  # safe: each kek encrypts one data key, once


def capsule_length(tree_height: int) -> int:
    """Bytes of a capsule for a tree of this height."""
    return R_LENGTH + WRAP_LENGTH * (tree_height + 1)


@dataclass(frozen=True, slots=True)
class Wrap:
    """The data key for one node: a commitment to the node's key, and the AES-256-GCM ciphertext with its tag."""

    commit: bytes
    wrapped: bytes


def wrap_for_node(dek: DataKey, context: bytes, r_bytes: bytes, node: bytes, gt: bytes) -> Wrap:
    """One wrap (fixed by key-delivery.json): node is the 32-byte id, gt the 384-byte pairing."""
    kek, commit = capsule_keys(gt, node, r_bytes, context)
    return Wrap(commit, AESGCM(kek).encrypt(_ZERO_NONCE, dek.to_secret_bytes(), node + r_bytes + context))


def unwrap_for_node(wrap: Wrap, context: bytes, r_bytes: bytes, node: bytes, gt: bytes) -> DataKey:
    """The data key, before the check of r. Raises CapsuleError of kind `commit` (another key) or `wrap` (altered)."""
    kek, commit = capsule_keys(gt, node, r_bytes, context)
    if not hmac.compare_digest(commit, wrap.commit):
        raise CapsuleError("This key is not the one that the wrapped data key was made for.", kind="commit")
    try:
        return DataKey(AESGCM(kek).decrypt(_ZERO_NONCE, wrap.wrapped, node + r_bytes + context))
    except InvalidTag:
        raise CapsuleError("The wrapped data key was altered.", kind="wrap") from None


@dataclass(frozen=True, slots=True)
class Capsule:
    """R and the wraps, root first. R is decoded only when it is used: reading a header needs no curve."""

    r_bytes: bytes
    wraps: tuple[Wrap, ...]

    @classmethod
    def from_bytes(cls, raw: bytes, tree_height: int) -> Self:
        """Raises CapsuleError (kind `malformed`) for another length."""
        if len(raw) != capsule_length(tree_height):
            raise CapsuleError(f"A capsule for height {tree_height} is {capsule_length(tree_height)} bytes long.")
        starts = range(R_LENGTH, len(raw), WRAP_LENGTH)
        wraps = tuple(Wrap(raw[at : at + COMMIT_LENGTH], raw[at + COMMIT_LENGTH : at + WRAP_LENGTH]) for at in starts)
        return cls(raw[:R_LENGTH], wraps)

    def to_bytes(self) -> bytes:
        return self.r_bytes + b"".join(wrap.commit + wrap.wrapped for wrap in self.wraps)


def _scalar(dek: DataKey, context: bytes) -> int:
    r = capsule_scalar(dek.to_secret_bytes(), context)
    if r == 0:
        raise InputError("This data key gives a zero exponent; make another.", hint="Try again with a fresh data key.")
    return r


def seal_capsule(
    dek: DataKey, context: bytes, pool: PoolId, leaf: int, tree_height: int, committee_key: G2Point
) -> Capsule:
    """Wrap a data key for every node on the leaf's path. The same inputs give the same bytes.

    context: the header bytes before the capsule. Raises InputError for a leaf outside the tree or Y at infinity.
    """
    if committee_key.is_infinity:
        raise InputError("The committee key is the point at infinity.")
    r = _scalar(dek, context)
    r_bytes = (P2 * r).to_bytes()
    y_to_the_r = committee_key * r  # e(r·H, Y) = e(H, r·Y): one multiplication instead of one per node
    ids = [pool.node_id(node) for node in path(leaf, tree_height)]
    gts = pairings([hash_to_g1(node) for node in ids], y_to_the_r)
    wraps = (wrap_for_node(dek, context, r_bytes, node, gt) for node, gt in zip(ids, gts, strict=True))
    return Capsule(r_bytes, tuple(wraps))


def open_capsule(
    capsule: Capsule, context: bytes, pool: PoolId, leaf: int, tree_height: int, node_key: NodeKey
) -> DataKey:
    """Unwrap with the key of one node on the leaf's path, then recompute r and R from the data key.

    Raises CapsuleError; its `kind` is `node` (key of another pool or branch), `malformed` (R is no valid point),
    `commit` (wrong key, or altered header or R), `wrap` (altered ciphertext) or `randomness` (R is not made from
    this data key).
    """
    _require_on_path(node_key.node, pool, leaf, tree_height, node_key.pool)
    try:
        r_point = G2Point.from_bytes(capsule.r_bytes)
    except PointError as error:
        raise CapsuleError(f"The capsule's point R is invalid. {error.message}") from error
    gt = pairing(node_key.to_secret_point(), r_point)
    wrap = capsule.wraps[tree_height - node_key.node.height]
    dek = unwrap_for_node(wrap, context, capsule.r_bytes, pool.node_id(node_key.node), gt)
    require_randomness(capsule, context, dek)
    return dek


def require_randomness(capsule: Capsule, context: bytes, dek: DataKey) -> None:
    """Raise CapsuleError (kind `randomness`) unless R is what this data key and context give."""
    r = capsule_scalar(dek.to_secret_bytes(), context)
    if r == 0 or not hmac.compare_digest((P2 * r).to_bytes(), capsule.r_bytes):
        raise CapsuleError("The capsule's point R was not made from its data key.", kind="randomness")


def _require_on_path(node: Node, pool: PoolId, leaf: int, tree_height: int, key_pool: PoolId) -> None:
    if key_pool != pool:
        raise CapsuleError("This node key is for another pool, registry or chain.", kind="node")
    if not node.is_in_tree(tree_height) or not node.covers(leaf):
        raise CapsuleError(
            f"Node ({node.height}, {node.index}) does not cover member number {leaf}.",
            kind="node",
            hint="Use the delivered node key whose range contains this member.",
        )
