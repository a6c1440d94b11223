"""Secrets as types: they compare in constant time, and nothing prints them. `to_secret_bytes()` is the one way out.

Not here: secrets at rest (keystore).
"""

from __future__ import annotations

import hmac
import secrets
from typing import ClassVar, NoReturn, Self

from ..errors import DeliveryError, PointError
from .bn254 import MINUS_P2, G1Point, G2Point, R, hash_to_g1, pairing_product_is_one
from .tree import Node, PoolId


class Secret:
    """Base of all secrets: no str, no bytes, no pickle, a repr without content."""

    __slots__ = ()

    def to_secret_bytes(self) -> bytes:
        """The secret itself. Never log, print or put it into an error."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: secret>"

    def __str__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is a secret and has no text; see to_secret_bytes().")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is a secret and has no text; see to_secret_bytes().")

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is a secret and is not pickled; see to_secret_bytes().")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and hmac.compare_digest(self.to_secret_bytes(), other.to_secret_bytes())


class SecretBytes(Secret):
    """A key of 32 bytes. Raises PointError for another length."""

    __slots__ = ("_raw",)
    LENGTH: ClassVar[int] = 32
    called: ClassVar[str]

    def __init__(self, raw: bytes) -> None:
        if len(raw) != self.LENGTH:
            raise PointError(f"{self.called} is {self.LENGTH} bytes long.")
        self._raw = bytes(raw)

    @classmethod
    def generate(cls) -> Self:
        """A fresh key from the operating system's randomness."""
        return cls(secrets.token_bytes(cls.LENGTH))

    def to_secret_bytes(self) -> bytes:
        return self._raw


class DataKey(SecretBytes):
    """The key of one version of one contribution (the dek); every version needs its own."""

    __slots__ = ()
    called = "A data key"


class SecretScalar(Secret):
    """A secret exponent in 1..r-1: a committee key, a share of one, or a buyer's key."""

    __slots__ = ("_value",)

    def __init__(self, value: int) -> None:
        if not 1 <= value < R:
            raise PointError("A secret scalar lies between 1 and the group order.")
        self._value = value

    @classmethod
    def generate(cls) -> Self:
        """Uniform in 1..r-1, from the operating system's randomness."""
        return cls(1 + secrets.randbelow(R - 1))

    @classmethod
    def from_secret_bytes(cls, raw: bytes) -> Self:
        """From 32 big-endian bytes; PointError unless canonical and not zero."""
        if len(raw) != 32:
            raise PointError("A secret scalar is 32 bytes long.")
        return cls(int.from_bytes(raw, "big"))

    def to_secret_bytes(self) -> bytes:
        return self._value.to_bytes(32, "big")

    def to_secret_int(self) -> int:
        """For arithmetic inside this package."""
        return self._value


class NodeKey(Secret):
    """The decryption key of one tree node of one pool: the BLS signature x·H(id), checked against Y."""

    __slots__ = ("_point", "node", "pool")

    def __init__(self, pool: PoolId, node: Node, point: G1Point, committee_key: G2Point) -> None:
        """Raises DeliveryError unless e(point, P2) = e(H(id), Y)."""
        if point.is_infinity or not pairing_product_is_one(
            [(point, MINUS_P2), (hash_to_g1(pool.node_id(node)), committee_key)]
        ):
            raise DeliveryError(f"This is not the key of node ({node.height}, {node.index}) under the committee's key.")
        self.pool, self.node, self._point = pool, node, point

    @classmethod
    def from_trusted_point(cls, pool: PoolId, node: Node, point: G1Point) -> Self:
        """Without the pairing check, for a key this process has just made or checked itself."""
        key = object.__new__(cls)
        key.pool, key.node, key._point = pool, node, point
        return key

    @classmethod
    def from_secret_bytes(cls, pool: PoolId, node: Node, raw: bytes, committee_key: G2Point) -> Self:
        """From 64 bytes. Raises PointError for a bad point, DeliveryError for another node's or committee's key."""
        return cls(pool, node, G1Point.from_bytes(raw), committee_key)

    def to_secret_bytes(self) -> bytes:
        return self._point.to_bytes()

    def to_secret_point(self) -> G1Point:
        """For pairings inside this package."""
        return self._point

    def __repr__(self) -> str:
        return f"<NodeKey of node ({self.node.height}, {self.node.index}), epoch {self.pool.epoch}: secret>"

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, NodeKey) and (self.pool, self.node) == (other.pool, other.node)
        return same and super().__eq__(other)
