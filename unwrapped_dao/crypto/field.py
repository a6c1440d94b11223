"""The two prime fields of BN254, and Fp2 = Fp[u]/(u² + 1), on plain integers.

Curve: y² = x³ + 3 over Fp with r points (r prime, cofactor 1); its twist y² = x³ + 3/(9+u) over Fp2.
Sources: EIP-196 and EIP-197 (parameters, generators, encodings).
"""

from __future__ import annotations

#: Field modulus p and group order r, EIP-196. p = 3 mod 4.
P = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
R = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001

#: An element re + im·u of Fp2.
Fp2 = tuple[int, int]


def fp2_mul(a: Fp2, b: Fp2) -> Fp2:
    """The product in Fp2."""
    return (a[0] * b[0] - a[1] * b[1]) % P, (a[0] * b[1] + a[1] * b[0]) % P


def _twist_b() -> Fp2:
    inverse_norm = pow(82, -1, P)  # 1/(9+u) = (9-u)/82
    return 27 * inverse_norm % P, -3 * inverse_norm % P


TWIST_B = _twist_b()


def is_on_g1_curve(x: int, y: int) -> bool:
    """Whether y² = x³ + 3."""
    return (y * y - x * x * x - 3) % P == 0


def is_on_twist(x: Fp2, y: Fp2) -> bool:
    """Whether y² = x³ + 3/(9+u)."""
    left = fp2_mul(y, y)
    cube = fp2_mul(fp2_mul(x, x), x)
    return left == ((cube[0] + TWIST_B[0]) % P, (cube[1] + TWIST_B[1]) % P)


def is_square(a: int) -> bool:
    """Whether a has a square root in Fp; zero has one (RFC 9380 section 4).

    The Jacobi symbol by reciprocity: four times faster than Euler's criterion through `pow`.
    Only for public values: its running time depends on a.
    """
    a, n, sign = a % P, P, 1
    if a == 0:
        return True
    while a:
        twos = (a & -a).bit_length() - 1
        a >>= twos
        if twos & 1 and n & 7 in (3, 5):
            sign = -sign
        if a & 3 == 3 and n & 3 == 3:
            sign = -sign
        a, n = n % a, a
    return sign == 1


def sqrt(a: int) -> int:
    """A root of the square a; meaningless for a non-square (p = 3 mod 4, RFC 9380 appendix I.1)."""
    return pow(a, (P + 1) // 4, P)


def inv0(a: int) -> int:
    """1/a, and 0 for 0 (RFC 9380 section 4)."""
    return pow(a, -1, P) if a % P else 0
