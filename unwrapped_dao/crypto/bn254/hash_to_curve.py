"""Hash to G1: RFC 9380, suite BN254G1_XMD:KECCAK-256_SVDW_RO_ under the project's domain tag.

m = 1, L = 48, count = 2, Z = 1, h_eff = 1; expand_message_xmd with Keccak-256 (b = 32, s = 136 bytes).
`hash_hints` gives the roots and inverses with which a contract checks the map instead of computing it
(docs/spec/hash-hints.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ..field import P, inv0, is_square, sqrt
from ..hashing import HASH_TO_G1_DST, expand_message_xmd
from .points import G1Point

_L = 48
_TAG = 254  # p < 2^254: two bits above y name the candidate

# RFC 9380 section 6.6.1 for A = 0, B = 3 and Z = 1, so g(Z) = 4.
_C1 = 4
_C2 = -pow(2, -1, P) % P  # -Z/2
_C3 = sqrt(-_C1 * 3)  # sqrt(-g(Z)·(3Z² + 4A)) with sgn0 = 0
if _C3 & 1:
    _C3 = P - _C3
_C4 = -4 * _C1 * pow(3, -1, P) % P  # -4·g(Z)/(3Z² + 4A)


class _Candidates(NamedTuple):
    inverse: int  # inv0(tv1·tv2), the step that costs an inversion
    xs: tuple[int, int, int]


def _g(x: int) -> int:
    return (x * x * x + 3) % P


def _candidates(u: int) -> _Candidates:
    """The three x of which RFC 9380 F.1 takes the first with g(x) square."""
    tv1 = u * u * _C1 % P
    tv2 = (1 + tv1) % P
    tv1 = (1 - tv1) % P
    inverse = inv0(tv1 * tv2)
    tv4 = u * tv1 * inverse * _C3 % P
    x3 = pow(tv2 * tv2 * inverse % P, 2, P) * _C4 + 1
    return _Candidates(inverse, ((_C2 - tv4) % P, (_C2 + tv4) % P, x3 % P))


def _first_square(xs: tuple[int, int, int]) -> int:
    """Index of the chosen candidate; one of the three is always square."""
    return next(index for index, x in enumerate(xs) if index == 2 or is_square(_g(x)))


def map_to_g1(u: int) -> G1Point:
    """The SVDW map of one field element (RFC 9380 section 6.6.1). Only for public u: not constant time."""
    xs = _candidates(u).xs
    x = xs[_first_square(xs)]
    return G1Point.trusted(x, _root_like(u, x))


def _root_like(u: int, x: int) -> int:
    """The root y of g(x) with sgn0(y) = sgn0(u)."""
    y = sqrt(_g(x))
    return y if y & 1 == u & 1 else P - y


def hash_to_field(message: bytes, dst: bytes = HASH_TO_G1_DST) -> tuple[int, int]:
    """Two elements of Fp from a message (RFC 9380 section 5.2)."""
    uniform = expand_message_xmd(message, dst, 2 * _L)
    return int.from_bytes(uniform[:_L], "big") % P, int.from_bytes(uniform[_L:], "big") % P


@lru_cache(maxsize=4096)
def hash_to_g1(message: bytes, dst: bytes = HASH_TO_G1_DST) -> G1Point:
    """The point H(message) of G1. Remembers recent messages: members of one pool share the upper nodes of its tree."""
    u0, u1 = hash_to_field(message, dst)
    q0, q1 = map_to_g1(u0), map_to_g1(u1)
    if q0.x == q1.x:
        return q0 + q1
    # The chord rule here rather than in the library, which would check q0, q1 and the sum for membership again.
    slope = (q1.y - q0.y) * inv0(q1.x - q0.x) % P
    x = (slope * slope - q0.x - q1.x) % P
    return G1Point.trusted(x, (slope * (q0.x - x) - q0.y) % P)


def _map_hints(u: int) -> list[int]:
    xs = _candidates(u).xs
    chosen = _first_square(xs)
    # p = 3 mod 4, so -1 is no square: a root of -g(x1) proves that g(x1) has none. It proves the same of g(x2) when
    # x3 is taken, as g(x1)·g(x2)·g(x3) always is a square. g(x) is never 0, for a zero would be a point of order two
    # and r is odd.
    witness = [sqrt(-_g(xs[0]))] if chosen else []
    return [*witness, (chosen + 1) << _TAG | _root_like(u, xs[chosen])]


def hash_hints(messages: Sequence[bytes], dst: bytes = HASH_TO_G1_DST) -> list[int]:
    """The words that replace modexp when a contract hashes these messages (docs/spec/hash-hints.md).

    First one inverse for all, then per message two maps of one or two words: a witness unless the first candidate is
    taken, and tag·2^254 + y. No messages, no words.
    """
    us = [u for message in messages for u in hash_to_field(message, dst)]
    product = 1
    for u in us:
        square = u * u * _C1 % P
        product = product * (1 - square) * (1 + square) % P
    words = [word for u in us for word in _map_hints(u)]
    # Nobody knows a message whose product is 0; such a list is hashed without hints.
    return [inv0(product), *words] if product and us else []
