"""From check results and overlap to scores, a weight, and the reasons; integers only, in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..kinds.protocols import PPM, Axis, CheckResult
from .index import Overlap


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on validators refuse, in parts per million. All of a collective's validators use the same.

    Two people share no play to the millisecond, so a tenth in common is far above chance and far below a copy.
    """

    others: int = 50_000
    shape: int = 150_000
    order: int = 400_000
    authenticity: int = 250_000
    novelty: int = 10_000


DEFAULT: Final = Thresholds()


class Score(NamedTuple):
    """The four axes, their product, the weight, and whether and why the contribution is refused."""

    authenticity: int
    ownership: int
    quality: int
    uniqueness: int
    score: int
    weight: int
    refused: bool
    reasons: tuple[str, ...]


def score(
    checks: Sequence[CheckResult], overlap: Overlap, sizes: Mapping[str, int], worth: int, max_weight: int,
    thresholds: Thresholds = DEFAULT,
) -> Score:  # fmt: skip
    """`sizes` is the number of trace elements by bucket name; `worth` is the kind's, of what is new."""
    axes: dict[Axis, int] = {"authenticity": PPM, "ownership": PPM, "quality": PPM}
    reasons = []
    for result in checks:
        axes[result.axis] = axes[result.axis] * (PPM - result.penalty_ppm) // PPM
        if result.penalty_ppm:
            reasons.append(f"{result.check}: {result.reason}")
    total = sum(sizes.values())
    new = sum(size * overlap.novelty_ppm.get(name, PPM) for name, size in sizes.items()) // max(1, total)
    uniqueness = new * (PPM - overlap.others_ppm) // PPM
    product = PPM
    for value in (*axes.values(), uniqueness):
        product = product * value // PPM
    refusals = []
    if overlap.exact_other:
        refusals.append("refused: another member contributed this very history")
    elif overlap.others_ppm >= thresholds.others:
        refusals.append(f"refused: {overlap.others_ppm // 10_000}% in common with another member's contribution")
    elif overlap.shape_ppm >= thresholds.shape:
        refusals.append(f"refused: {overlap.shape_ppm // 10_000}% in common with another member's, shifted in time")
    elif overlap.order_ppm >= thresholds.order:
        refusals.append(f"refused: {overlap.order_ppm // 10_000}% of what follows what is another member's")
    if total and new < thresholds.novelty:
        refusals.append("refused: this member contributed all of it before")
    if axes["authenticity"] < thresholds.authenticity:
        refusals.append("refused: it does not look like a genuine export")
    if not total:
        refusals.append("refused: there is nothing to compare, the records are too few or too short")
    weight = 0 if refusals else min(max_weight, max(1, max_weight * worth // PPM * product // PPM))
    return Score(**axes, uniqueness=uniqueness, score=product, weight=weight, refused=bool(refusals),
                 reasons=(*refusals, *reasons))  # fmt: skip
