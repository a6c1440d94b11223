"""BN254 by zksnake (arkworks in Rust). Only points that are already checked enter, because its failures are panics.

Surprises of zksnake 0.1.0, each met here:
- its pairing is e(P,Q)^c, so a GT value needs c⁻¹ on one side; for a product that should be one it does not matter;
- the constructors reduce x ≥ p silently and panic (a BaseException, with text on stderr) for a bad point, while
  `from_bytes` raises ValueError for a G2 point outside the subgroup, so that is the door for G2;
- a GT element has no `to_bytes`; its `str` lists 384 little-endian bytes in hex: powers w⁰ w² w⁴ w¹ w³ w⁵, re then im.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zksnake._algebra import ec_bn254  # type: ignore[import-untyped]

from ..field import P
from .backend import BackendName
from .points import G1_INFINITY, G2_INFINITY, G1Point, G2Point

#: 1/c mod r for c = 2z(6z² + 3z + 1), z = 4965661367192848881 (`suite.c_inverse_mod_r` of key-delivery.json).
C_INVERSE = 0x30644E72E131A029048B6E193FD84104CC37A73FEC2BC5E9B8CA0B2D36636F22

_BYTE_OF_HEX = {f"{value:x}": value for value in range(256)}
#: arkworks' place of the power w^i.
_PLACE_OF_POWER = (0, 3, 1, 4, 2, 5)
_Y_IS_LARGER = 0x80  # arkworks' flag in the last byte of a compressed point

_G1_ZERO = ec_bn254.g1() * 0
_G2_ZERO = ec_bn254.g2() * 0
_GT_ONE = ec_bn254.pairing(_G1_ZERO, ec_bn254.g2())


def _g1(point: G1Point) -> Any:
    handle = point.handle
    if not isinstance(handle, ec_bn254.PointG1):
        handle = _G1_ZERO if point.is_infinity else ec_bn254.PointG1(point.x, point.y)
        object.__setattr__(point, "handle", handle)
    return handle


def _from_g1(handle: Any) -> G1Point:
    return G1_INFINITY if handle.is_zero() else G1Point.trusted(handle.x, handle.y, handle)


def _g2_or_none(point: G2Point) -> Any:
    """The library's form of a point on the twist, None if it is outside the subgroup."""
    if isinstance(point.handle, ec_bn254.PointG2):
        return point.handle
    if point.is_infinity:
        return _G2_ZERO
    # Fp2 elements compare by im, then re: the flag says that y is the larger of y and -y.
    larger = (point.y_im, point.y_re) > (-point.y_im % P, -point.y_re % P)
    compressed = bytearray(point.x_re.to_bytes(32, "little") + point.x_im.to_bytes(32, "little"))
    compressed[-1] |= _Y_IS_LARGER if larger else 0
    try:
        handle = ec_bn254.PointG2.from_bytes(bytes(compressed))
    except ValueError:
        return None
    object.__setattr__(point, "handle", handle)
    return handle


def _g2(point: G2Point) -> Any:
    handle = _g2_or_none(point)
    assert handle is not None, "a G2Point is in the subgroup by construction"
    return handle


def _from_g2(handle: Any) -> G2Point:
    if handle.is_zero():
        return G2_INFINITY
    x, y = handle.x, handle.y
    return G2Point.trusted((x[1], x[0], y[1], y[0]), handle)


def _gt_bytes(element: Any) -> bytes:
    little = bytes([_BYTE_OF_HEX[digits] for digits in str(element)[1:-1].split(", ")])
    return b"".join(
        little[start : start + 32][::-1] for place in _PLACE_OF_POWER for start in (64 * place, 64 * place + 32)
    )


class NativeBackend:
    """zksnake behind the package's point types."""

    name: BackendName = "native"

    def g1_add(self, a: G1Point, b: G1Point) -> G1Point:
        return _from_g1(_g1(a) + _g1(b))

    def g1_mul(self, a: G1Point, scalar: int) -> G1Point:
        return _from_g1(_g1(a) * scalar)

    def g2_add(self, a: G2Point, b: G2Point) -> G2Point:
        return _from_g2(_g2(a) + _g2(b))

    def g2_mul(self, a: G2Point, scalar: int) -> G2Point:
        return _from_g2(_g2(a) * scalar)

    def g2_in_subgroup(self, a: G2Point) -> bool:
        return _g2_or_none(a) is not None

    def pairings(self, points: Sequence[G1Point], q: G2Point) -> list[bytes]:
        if len(points) == 1:
            return [_gt_bytes(ec_bn254.pairing(_g1(points[0]) * C_INVERSE, _g2(q)))]
        scaled = _g2(q) * C_INVERSE  # one multiplication in G2 costs as much as three in G1
        return [_gt_bytes(ec_bn254.pairing(_g1(p), scaled)) for p in points]

    def pairing_product_is_one(self, pairs: Sequence[tuple[G1Point, G2Point]]) -> bool:
        product = ec_bn254.multi_pairing([_g1(p) for p, _ in pairs], [_g2(q) for _, q in pairs])
        return bool(product == _GT_ONE)


BACKEND = NativeBackend()
