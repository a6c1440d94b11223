"""BN254 in plain integers, for contract tests: hash to G1, its hints, keys and deliveries.

Written apart from the package, so that contracts and package are each compared with something that is
neither. Points are pairs of ints, None is infinity; G2 points are (x.im, x.re, y.im, y.re) as EIP-197.
Secrets here are test values; nothing is constant-time.

Source: RFC 9380 (5.2, 5.3.1, 6.6.1, appendix F.1); shared vectors of key delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eth_hash.auto import keccak
from py_ecc.bn128 import FQ2, G2, multiply

P = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
R = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
DST = b"UNWRAPPED-DAO-V1-BN254G1_XMD:KECCAK-256_SVDW_RO_"
P1 = (1, 2)

Point = tuple[int, int]
Point2 = tuple[int, int, int, int]

_C2 = (P - 1) // 2  # -1/2
_C3 = pow(-12 % P, (P + 1) // 4, P)
_C3 = _C3 if _C3 % 2 == 0 else P - _C3
_C4 = -16 * pow(3, -1, P) % P


def g(x: int) -> int:
    """Right-hand side of the curve: x³ + 3."""
    return (x * x * x + 3) % P


def sqrt(v: int) -> int | None:
    """A square root mod p, or None."""
    root = pow(v, (P + 1) // 4, P)
    return root if root * root % P == v else None


def add(a: Point | None, b: Point | None) -> Point | None:
    """a + b in G1."""
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def mul(a: Point | None, k: int) -> Point:
    """k·a in G1 for k not a multiple of r."""
    total: Point | None = None
    for bit in bin(k % R)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, a)
    assert total is not None
    return total


def negate(a: Point) -> Point:
    """−a in G1."""
    return a[0], (P - a[1]) % P


def decompress(word: int) -> Point:
    """The point of an x with y's parity in the highest bit."""
    x = word % 2**255
    y = sqrt(g(x))
    assert y is not None and x < P
    return x, y if y % 2 == word >> 255 else P - y


def mul2(k: int) -> Point2:
    """k·P2 in G2."""
    x, y = multiply(G2, k)
    return int(x.coeffs[1]), int(x.coeffs[0]), int(y.coeffs[1]), int(y.coeffs[0])


def g2_outside_subgroup() -> Point2:
    """A point of the twist whose order is not r (found from x = 1 upwards)."""
    b = FQ2([3, 0]) / FQ2([9, 1])
    for candidate in range(1, 100):
        x = FQ2([candidate, 0])
        if (y := _sqrt2(x * x * x + b)) is not None:
            # The subgroup has index about p in the twist, so a point found this way is outside it.
            return int(x.coeffs[1]), int(x.coeffs[0]), int(y.coeffs[1]), int(y.coeffs[0])
    raise AssertionError("no such point below 100")


def _sqrt2(a: FQ2) -> FQ2 | None:
    """Square root in Fp2 = Fp[u]/(u² + 1) by the norm (p ≡ 3 mod 4)."""
    re, im = int(a.coeffs[0]), int(a.coeffs[1])
    norm = sqrt((re * re + im * im) % P)
    if norm is None:
        return None
    for sign in (norm, P - norm):
        x = sqrt((re + sign) * pow(2, -1, P) % P)
        if x:
            y = im * pow(2 * x, -1, P) % P
            root = FQ2([x, y])
            if root * root == a:
                return root
    return None


def hash_to_field(message: bytes) -> tuple[int, int]:
    """(u0, u1) of RFC 9380 5.2 with expand_message_xmd over Keccak-256."""
    suffix = DST + bytes([len(DST)])
    b0 = keccak(bytes(136) + message + (96).to_bytes(2, "big") + b"\0" + suffix)
    blocks = [keccak(b0 + b"\1" + suffix)]
    for i in (2, 3):
        mixed = bytes(x ^ y for x, y in zip(b0, blocks[-1], strict=True))
        blocks.append(keccak(mixed + bytes([i]) + suffix))
    uniform = b"".join(blocks)
    return int.from_bytes(uniform[:48], "big") % P, int.from_bytes(uniform[48:], "big") % P


def candidates(u: int) -> tuple[int, list[int]]:
    """inv0(tv1·tv2) and the three x candidates of the SVDW map."""
    t = 4 * u * u % P
    tv2, tv1 = (1 + t) % P, (1 - t) % P
    product = tv1 * tv2 % P
    inverse = pow(product, P - 2, P)
    tv4 = u * tv1 * inverse * _C3 % P
    third = (1 + _C4 * pow(tv2 * tv2 * inverse, 2, P)) % P
    return inverse, [(_C2 - tv4) % P, (_C2 + tv4) % P, third]


def map_to_g1(u: int) -> tuple[Point, list[int]]:
    """The SVDW map of u, and its hints: a root of -g(x_1) if that is rejected, then tag·2^254 + y."""
    _, xs = candidates(u)
    roots = [sqrt(g(x)) for x in xs]
    at = next(i for i, root in enumerate(roots) if root is not None)
    y = roots[at] or 0
    y = y if y % 2 == u % 2 else P - y
    witness = sqrt(-g(xs[0]) % P)
    return (xs[at], y), [*([witness] if at and witness else []), (at + 1) * 2**254 + y]


def hash_to_g1(message: bytes) -> Point:
    """H(message)."""
    u0, u1 = hash_to_field(message)
    point = add(map_to_g1(u0)[0], map_to_g1(u1)[0])
    assert point is not None
    return point


def hash_hints(messages: Sequence[bytes]) -> list[int]:
    """One inverse of all tv1·tv2, then the hints of every map in order."""
    product, words = 1, []
    for u in (u for message in messages for u in hash_to_field(message)):
        product = product * (1 - (4 * u * u) ** 2) % P
        words += map_to_g1(u)[1]
    return [pow(product, -1, P), *words] if messages else []


def deliver(message: bytes, x: int, buyer: Point, u: int) -> tuple[Point, Point]:
    """(C1, C2) = (u·P1, x·H(id) + u·B1): one node's delivery."""
    c2 = add(mul(hash_to_g1(message), x), mul(buyer, u))
    assert c2 is not None
    return mul(P1, u), c2


def schnorr(x: int, k: int, challenge: Callable[[Point], int]) -> tuple[Point, int]:
    """(T, s) with T = k·P1, s = k + c·x; `challenge` hashes T into the transcript."""
    t = mul(P1, k)
    return t, (k + challenge(t) * x) % R
