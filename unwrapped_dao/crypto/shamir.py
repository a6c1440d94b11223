"""Shamir's sharing over Fr with indices 1..n: share j is f(j), the secret f(0)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from ..errors import InputError
from .bn254 import G1_INFINITY, G1Point, R
from .keys import SecretScalar


def split(secret: SecretScalar, threshold: int, count: int) -> dict[int, SecretScalar]:
    """Shares 1..count of which any `threshold` give the secret and fewer say nothing. The dealer knows everything.

    Raises InputError unless 1 ≤ threshold ≤ count.
    """
    if not 1 <= threshold <= count < 256:
        raise InputError(f"A committee of {count} cannot have threshold {threshold}.")
    while True:
        coefficients = [secret.to_secret_int(), *(secrets.randbelow(R) for _ in range(threshold - 1))]
        values = {index: evaluate(coefficients, index) for index in range(1, count + 1)}
        if all(values.values()):  # a share of zero has no public key; it happens once in 2^254
            return {index: SecretScalar(value) for index, value in values.items()}


def evaluate(coefficients: Sequence[int], index: int) -> int:
    """The polynomial with these coefficients, constant term first, at `index`, mod r."""
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * index + coefficient) % R
    return value


def lagrange_at_zero(indices: Sequence[int]) -> dict[int, int]:
    """λ_j with Σ λ_j·f(j) = f(0). Raises InputError for a repeated index or one outside 1..255."""
    return lagrange_at(indices, 0)


def lagrange_at(indices: Sequence[int], x: int) -> dict[int, int]:
    """λ_j with Σ λ_j·f(j) = f(x). Raises InputError for a repeated index or one outside 1..255."""
    if not indices or len(set(indices)) != len(indices) or not all(0 < j < 256 for j in indices):
        raise InputError("Shares are combined by distinct indices between 1 and 255.")
    result = {}
    for j in indices:
        numerator = denominator = 1
        for m in indices:
            if m != j:
                numerator = numerator * (m - x) % R
                denominator = denominator * (m - j) % R
        result[j] = numerator * pow(denominator, -1, R) % R
    return result


def combine(shares: Mapping[int, SecretScalar]) -> SecretScalar:
    """f(0) from at least threshold shares. What a committee never does: it exists for tests and for recovery."""
    weights = lagrange_at_zero(list(shares))
    return SecretScalar(sum(weights[j] * share.to_secret_int() for j, share in shares.items()) % R)


def combine_points(points: Mapping[int, G1Point]) -> G1Point:
    """Σ λ_j·P_j: f(0)·P from points f(j)·P."""
    weights = lagrange_at_zero(list(points))
    total = G1_INFINITY
    for j, point in points.items():
        total = total + point * weights[j]
    return total
