"""BN254 by py_ecc (pure Python): the reference the native library is compared with, and the fallback without it.

py_ecc accepts G2 points outside the subgroup, so `g2_in_subgroup` multiplies by r.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128 import optimized_curve as curve
from py_ecc.optimized_bn128 import optimized_pairing

from ..field import P, R
from .backend import BackendName
from .points import G1_INFINITY, G2_INFINITY, G1Point, G2Point


def _g1(point: G1Point) -> Any:
    return curve.Z1 if point.is_infinity else (FQ(point.x), FQ(point.y), FQ.one())


def _from_g1(projective: Any) -> G1Point:
    if curve.is_inf(projective):
        return G1_INFINITY
    x, y = curve.normalize(projective)
    return G1Point.trusted(int(x), int(y))


def _g2(point: G2Point) -> Any:
    if point.is_infinity:
        return curve.Z2
    return FQ2([point.x_re, point.x_im]), FQ2([point.y_re, point.y_im]), FQ2.one()


def _from_g2(projective: Any) -> G2Point:
    if curve.is_inf(projective):
        return G2_INFINITY
    x, y = curve.normalize(projective)
    return G2Point.trusted((int(x.coeffs[1]), int(x.coeffs[0]), int(y.coeffs[1]), int(y.coeffs[0])))


# (p¹² - 1)/r = (p⁶ - 1)·(p² + 1)·(p⁴ - p² + 1)/r. py_ecc raises to the whole 2,790-bit number; the first two factors
# cost almost nothing: f(w)^(p²) = f(γw) with γ = w^(p²-1) = 82^((p-1)/6), as coefficients lie in Fp, 82 = (9+u)(9-u).
_GAMMA = pow(82, (P - 1) // 6, P)
_HARD_PART = (P**4 - P**2 + 1) // R


def _frobenius_squared(f: Any, times: int) -> Any:
    """f^(p^(2·times))."""
    step = pow(_GAMMA, times, P)
    return FQ12([int(c) * pow(step, i, P) % P for i, c in enumerate(f.coeffs)])


def _final_exponentiation(f: Any) -> Any:
    f = _frobenius_squared(f, 3) / f
    return (_frobenius_squared(f, 1) * f) ** _HARD_PART


class ReferenceBackend:
    """py_ecc behind the package's point types."""

    name: BackendName = "reference"

    def g1_add(self, a: G1Point, b: G1Point) -> G1Point:
        return _from_g1(curve.add(_g1(a), _g1(b)))

    def g1_mul(self, a: G1Point, scalar: int) -> G1Point:
        return _from_g1(curve.multiply(_g1(a), scalar))

    def g2_add(self, a: G2Point, b: G2Point) -> G2Point:
        return _from_g2(curve.add(_g2(a), _g2(b)))

    def g2_mul(self, a: G2Point, scalar: int) -> G2Point:
        return _from_g2(curve.multiply(_g2(a), scalar))

    def g2_in_subgroup(self, a: G2Point) -> bool:
        return bool(curve.is_inf(curve.multiply(_g2(a), R)))

    def pairings(self, points: Sequence[G1Point], q: G2Point) -> list[bytes]:
        return [self._pairing(p, q) for p in points]

    def _pairing(self, p: G1Point, q: G2Point) -> bytes:
        # py_ecc works in Fp[w]/(w¹² - 18w⁶ + 82), where u = w⁶ - 9.
        c = [int(coefficient) for coefficient in _final_exponentiation(self._miller(p, q)).coeffs]
        pairs = (((c[i] + 9 * c[i + 6]) % P, c[i + 6]) for i in range(6))
        return b"".join(word.to_bytes(32, "big") for pair in pairs for word in pair)

    def pairing_product_is_one(self, pairs: Sequence[tuple[G1Point, G2Point]]) -> bool:
        product = FQ12.one()
        for p, q in pairs:
            product *= self._miller(p, q)
        return bool(_final_exponentiation(product) == FQ12.one())

    def _miller(self, p: G1Point, q: G2Point) -> Any:
        return optimized_pairing.pairing(_g2(q), _g1(p), final_exponentiate=False)


BACKEND = ReferenceBackend()
