"""Measures of distributions that the insights share; plain functions of numbers.

Sources: Hill, "Diversity and evenness", Ecology 54 (1973), for the effective number; Gini, "Variabilità e
mutabilità" (1912).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from typing import TypeVar

K = TypeVar("K")


def effective_number(weights: Iterable[int]) -> float:
    """How many equally loved artists would be as varied: the exponential of Shannon's entropy (Hill, q = 1).

    0.0 for nothing, 1.0 for a single one, n for n equal ones.
    """
    values = sorted(w for w in weights if w > 0)
    total = sum(values)
    if not total:
        return 0.0
    return exp(-sum(w / total * log(w / total) for w in values))


def top_share(weights: Iterable[int], size: int) -> float:
    """The part of everything that the `size` largest have."""
    values = sorted(weights, reverse=True)
    total = sum(values)
    return sum(values[:size]) / total if total else 0.0


def gini(weights: Iterable[int]) -> float:
    """0 when all are equal, towards 1 when one has everything."""
    values = sorted(weights)
    total, n = sum(values), len(values)
    if not total:
        return 0.0
    return 2 * sum(i * w for i, w in enumerate(values, start=1)) / (n * total) - (n + 1) / n


def overlap(a: Mapping[K, int], b: Mapping[K, int]) -> float:
    """The part of two distributions that coincides: 1 when equal, 0 when they share nothing.

    This is 1 minus their total variation distance.
    """
    total_a, total_b = sum(a.values()), sum(b.values())
    if not total_a or not total_b:
        return 0.0
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    scale_s, scale_l = (total_a, total_b) if len(a) <= len(b) else (total_b, total_a)
    return sum(sorted(min(w / scale_s, large[k] / scale_l) for k, w in small.items() if k in large))


def median(values: Sequence[int]) -> int:
    """The middle value (the lower one of two), 0 for nothing: an integer, so that units stay exact."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else 0
