"""Polynomials over Fr: secret ones, and what is public of them in G1 (Feldman 1987). Indices 1..n, the secret f(0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from ..errors import InputError
from . import shamir
from .bn254 import G1_INFINITY, P1, G1Point, R
from .hashing import keccak256
from .keys import Secret, SecretScalar


class Polynomial(Secret):
    """A dealer's secret polynomial of degree threshold - 1."""

    __slots__ = ("_coefficients",)

    def __init__(self, coefficients: Sequence[SecretScalar]) -> None:
        """Constant term first, none zero: a zero would have no valid commitment."""
        if not coefficients:
            raise InputError("A polynomial has at least its constant term.")
        self._coefficients = tuple(coefficients)

    def share(self, index: int) -> int:
        """f(index), a secret. Zero once in 2^254."""
        return shamir.evaluate([c.to_secret_int() for c in self._coefficients], index)

    def commit(self) -> PublicPolynomial:
        """a_k·P1 for each coefficient."""
        return PublicPolynomial(tuple(P1 * c.to_secret_int() for c in self._coefficients))

    def to_secret_bytes(self) -> bytes:
        return b"".join(c.to_secret_bytes() for c in self._coefficients)


@dataclass(frozen=True, slots=True)
class PublicPolynomial:
    """Commitments C_k = a_k·P1, constant term first."""

    points: tuple[G1Point, ...]

    def __post_init__(self) -> None:
        if not self.points:
            raise InputError("A polynomial has at least its constant term.")

    @classmethod
    def from_words(cls, words: Sequence[tuple[int, int]]) -> Self:
        """From (x, y) pairs; PointError unless all are points and none is infinity."""
        return cls(tuple(G1Point.from_words(point) for point in words))

    @property
    def words(self) -> tuple[tuple[int, int], ...]:
        """(x, y) of each commitment, as contracts take them."""
        return tuple(point.words for point in self.points)

    @property
    def digest(self) -> bytes:
        """keccak256 of the words, as the contract stores it of a formed generation."""
        return keccak256(b"".join(point.to_bytes() for point in self.points))

    @property
    def threshold(self) -> int:
        return len(self.points)

    def at(self, index: int) -> G1Point:
        """f(index)·P1 by Horner's rule."""
        value = G1_INFINITY
        for point in reversed(self.points):
            value = value * index + point
        return value


def weighted_sum(terms: Mapping[int, PublicPolynomial], weights: Mapping[int, int]) -> PublicPolynomial:
    """Σ weight_i·f_i, by its commitments. Raises InputError if the degrees differ."""
    if len({term.threshold for term in terms.values()}) != 1:
        raise InputError("Polynomials of one key generation have one degree.")
    sums = [G1_INFINITY] * next(iter(terms.values())).threshold
    for index, term in terms.items():
        for k, point in enumerate(term.points):
            sums[k] = sums[k] + (point if weights[index] == 1 else point * weights[index])
    return PublicPolynomial(tuple(sums))


def weights_of(dealers: Sequence[int], *, resharing: bool) -> dict[int, int]:
    """What each dealer's polynomial counts: 1 for a fresh key; for a resharing λ_i, as Σ λ_i·x_i is the old secret."""
    return shamir.lagrange_at_zero(dealers) if resharing else dict.fromkeys(dealers, 1)


def combine_shares(shares: Mapping[int, int], weights: Mapping[int, int]) -> SecretScalar:
    """x_j = Σ weight_i·f_i(j) of one receiver, by dealer."""
    return SecretScalar(sum(weights[i] * share for i, share in shares.items()) % R)
