"""Points of BN254 as values. A point that exists is valid: canonical, on its curve and, in G2, of order r.

Encodings (EIP-196, EIP-197): 32-byte big-endian coordinates; G1 = x ‖ y, G2 = x.im ‖ x.re ‖ y.im ‖ y.re;
infinity is all zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from ...errors import PointError
from ..field import P, R, is_on_g1_curve, is_on_twist, sqrt
from . import backend


def _words(raw: bytes, count: int, group: str) -> list[int]:
    if not isinstance(raw, (bytes, bytearray, memoryview)) or len(raw) != 32 * count:
        raise PointError(f"A {group} point is {32 * count} bytes long.")
    return [int.from_bytes(raw[i : i + 32], "big") for i in range(0, 32 * count, 32)]


def _check_words(words: Sequence[int], count: int, group: str) -> None:
    if len(words) != count or not all(type(word) is int for word in words):
        raise PointError(f"A {group} point has {count} integer coordinates.")
    if not all(0 <= word < P for word in words):
        raise PointError(f"A coordinate of the {group} point is not below the field modulus.")


@dataclass(frozen=True, slots=True)
class G1Point:
    """A point of G1, infinity = (0, 0) included. Raises PointError for anything else."""

    x: int
    y: int
    # The backend's own form of this point, kept because making it costs as much as a multiplication.
    handle: Any = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_words((self.x, self.y), 2, "G1")
        if not self.is_infinity and not is_on_g1_curve(self.x, self.y):
            raise PointError("The G1 point is not on the curve.")

    @classmethod
    def trusted(cls, x: int, y: int, handle: Any = None) -> Self:
        """Without checks, for results of arithmetic on valid points."""
        point = object.__new__(cls)
        for name, value in (("x", x), ("y", y), ("handle", handle)):
            object.__setattr__(point, name, value)
        return point

    @classmethod
    def from_words(cls, words: Sequence[int], *, allow_infinity: bool = False) -> Self:
        """From (x, y) as a contract returns them."""
        _check_words(words, 2, "G1")
        point = cls(words[0], words[1])
        if point.is_infinity and not allow_infinity:
            raise PointError("The G1 point is the point at infinity, which is never valid here.")
        return point

    @classmethod
    def from_bytes(cls, raw: bytes, *, allow_infinity: bool = False) -> Self:
        """From 64 bytes; PointError unless canonical, on the curve and (by default) not infinity."""
        return cls.from_words(_words(raw, 2, "G1"), allow_infinity=allow_infinity)

    @classmethod
    def from_compressed(cls, word: int) -> Self:
        """From x with y's parity in bit 255, as `NodesDelivered` says it; PointError unless x is of the curve."""
        x = word & ((1 << 255) - 1)
        _check_words((x,), 1, "G1")
        y = sqrt(x * x * x + 3)
        return cls(x, y if y & 1 == word >> 255 else P - y)

    @property
    def words(self) -> tuple[int, int]:
        """(x, y), as contracts take it."""
        return self.x, self.y

    def to_bytes(self) -> bytes:
        """x ‖ y, 64 bytes."""
        return self.x.to_bytes(32, "big") + self.y.to_bytes(32, "big")

    @property
    def is_infinity(self) -> bool:
        return self.x == 0 and self.y == 0

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.words  # without the handle; whoever unpickles checks again

    def __add__(self, other: G1Point) -> G1Point:
        return backend.current().g1_add(self, other)

    def __neg__(self) -> G1Point:
        return G1Point.trusted(self.x, -self.y % P)

    def __sub__(self, other: G1Point) -> G1Point:
        return self + -other

    def __mul__(self, scalar: int) -> G1Point:
        return backend.current().g1_mul(self, scalar % R)

    __rmul__ = __mul__


@dataclass(frozen=True, slots=True)
class G2Point:
    """A point of G2 in EIP-197's order of words, infinity = zeros included. Raises PointError for anything else."""

    x_im: int
    x_re: int
    y_im: int
    y_re: int
    handle: Any = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_words(self.words, 4, "G2")
        if self.is_infinity:
            return
        if not is_on_twist((self.x_re, self.x_im), (self.y_re, self.y_im)):
            raise PointError("The G2 point is not on the curve.")
        if not backend.current().g2_in_subgroup(self):
            raise PointError("The G2 point is not in the subgroup of order r.")

    @classmethod
    def trusted(cls, words: tuple[int, int, int, int], handle: Any = None) -> Self:
        """Without checks, for results of arithmetic on valid points."""
        point = object.__new__(cls)
        for name, value in zip(("x_im", "x_re", "y_im", "y_re"), words, strict=True):
            object.__setattr__(point, name, value)
        object.__setattr__(point, "handle", handle)
        return point

    @classmethod
    def from_words(cls, words: Sequence[int], *, allow_infinity: bool = False) -> Self:
        """From (x.im, x.re, y.im, y.re) as a contract returns them."""
        _check_words(words, 4, "G2")
        point = cls(words[0], words[1], words[2], words[3])
        if point.is_infinity and not allow_infinity:
            raise PointError("The G2 point is the point at infinity, which is never valid here.")
        return point

    @classmethod
    def from_bytes(cls, raw: bytes, *, allow_infinity: bool = False) -> Self:
        """From 128 bytes; PointError unless canonical, of order r and (by default) not infinity."""
        return cls.from_words(_words(raw, 4, "G2"), allow_infinity=allow_infinity)

    @property
    def words(self) -> tuple[int, int, int, int]:
        """(x.im, x.re, y.im, y.re), as contracts take it."""
        return self.x_im, self.x_re, self.y_im, self.y_re

    def to_bytes(self) -> bytes:
        """x.im ‖ x.re ‖ y.im ‖ y.re, 128 bytes."""
        return b"".join(word.to_bytes(32, "big") for word in self.words)

    @property
    def is_infinity(self) -> bool:
        return not any(self.words)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.words

    def __add__(self, other: G2Point) -> G2Point:
        return backend.current().g2_add(self, other)

    def __neg__(self) -> G2Point:
        return G2Point.trusted((self.x_im, self.x_re, -self.y_im % P, -self.y_re % P))

    def __mul__(self, scalar: int) -> G2Point:
        return backend.current().g2_mul(self, scalar % R)

    __rmul__ = __mul__


#: The generators of EIP-197, and what the precompile multiplies against.
P1 = G1Point.trusted(1, 2)
P2 = G2Point.trusted(
    (
        0x198E9393920D483A7260BFB731FB5D25F1AA493335A9E71297E485B7AEF312C2,
        0x1800DEEF121F1E76426A00665E5C4479674322D4F75EDADD46DEBD5CD992F6ED,
        0x090689D0585FF075EC9E99AD690C3395BC4B313370B38EF355ACDADCD122975B,
        0x12C85EA5DB8C6DEB4AAB71808DCB408FE3D1E7690C43D37B4CE6CC0166FA7DAA,
    )
)
MINUS_P2 = -P2
G1_INFINITY = G1Point.trusted(0, 0)
G2_INFINITY = G2Point.trusted((0, 0, 0, 0))


def pairing(p: G1Point, q: G2Point) -> bytes:
    """The reduced optimal-ate pairing e(p, q) = Σ (a_i + b_i·u)·w^i, w⁶ = 9+u, as 384 bytes a_0 ‖ b_0 ‖ … ‖ b_5."""
    return pairings([p], q)[0]


def pairings(points: Sequence[G1Point], q: G2Point) -> list[bytes]:
    """e(p, q) for each of several p: cheaper than one by one."""
    return backend.current().pairings(points, q)


def pairing_product_is_one(pairs: Sequence[tuple[G1Point, G2Point]]) -> bool:
    """Whether Π e(p_i, q_i) = 1: the question that EIP-197's precompile answers."""
    return backend.current().pairing_product_is_one(pairs)
