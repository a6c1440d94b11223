"""Shapes for inline SVG: curves, arcs, steps of colour. Plain geometry; no text, no names, no colours.

Charts stretch with the page (`preserveAspectRatio="none"`) and carry no lettering: letters are HTML beside
them, which keeps its size on a phone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import cos, pi, sin
from typing import Final

from .markup import Child, Html, el, number

Point = tuple[float, float]

STEPS: Final = 9
"""Colour steps of a heat map, beside 0 for nothing."""


def step(value: float, largest: float) -> int:
    """0 for nothing, else 1 to `STEPS` in equal steps up to the largest."""
    if value <= 0 or largest <= 0:
        return 0
    return max(1, min(STEPS, round(value / largest * STEPS)))


def stretched(title: str, description: str, width: float, height: float, *children: Child, class_: str) -> Html:
    """A chart that fills its box in both directions."""
    return el(
        "svg", el("title", title), el("desc", description), *children, class_=class_, role="img",
        viewBox=f"0 0 {number(width)} {number(height)}", preserveAspectRatio="none",
    )  # fmt: skip


def curve(points: Sequence[Point]) -> str:
    """A smooth path through points of ascending x that never overshoots them (Fritsch and Carlson, 1980)."""
    return "M" + _at(points[0]) + _onward(points, _tangents(points))


def band(upper: Sequence[Point], lower: Sequence[Point]) -> str:
    """The area between two curves over the same x."""
    back, slopes = list(reversed(lower)), list(reversed(_tangents(lower)))
    return curve(upper) + "L" + _at(back[0]) + _onward(back, slopes) + "Z"


def _onward(points: Sequence[Point], slopes: Sequence[float]) -> str:
    """From the first point, already drawn, through the others."""
    out = []
    for (x0, y0), (x1, y1), m0, m1 in zip(points, points[1:], slopes, slopes[1:], strict=False):
        third = (x1 - x0) / 3
        out.append(f"C{_at((x0 + third, y0 + m0 * third))} {_at((x1 - third, y1 - m1 * third))} {_at((x1, y1))}")
    return "".join(out)


def _tangents(points: Sequence[Point]) -> list[float]:
    if len(points) < 2:
        return [0.0] * len(points)
    secants = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(points)]
    out = [secants[0]]
    for before, after in itertools.pairwise(secants):
        out.append(0.0 if before * after <= 0 else 2 * before * after / (before + after))
    return [*out, secants[-1]]


def _at(point: Point) -> str:
    return f"{number(point[0])},{number(point[1])}"


def sector(inner: float, outer: float, start: float, end: float) -> str:
    """A piece of a ring around the origin. Angles are turns, clockwise from the top; half a turn at most."""
    a, b = on_circle(outer, start), on_circle(outer, end)
    c, d = on_circle(inner, end), on_circle(inner, start)
    r, s = number(outer), number(inner)
    return f"M{_at(a)}A{r},{r} 0 0 1 {_at(b)}L{_at(c)}A{s},{s} 0 0 0 {_at(d)}Z"


def on_circle(radius: float, turns: float) -> Point:
    """The point at that many turns clockwise from the top."""
    return radius * sin(2 * pi * turns), -radius * cos(2 * pi * turns)


def smoothed(values: Sequence[int]) -> list[float]:
    """A moving mean over three, weighted 1, 2, 1, for the eye; figures beside the chart are not smoothed."""
    padded = [values[0], *values, values[-1]] if values else []
    return [(a + 2 * b + c) / 4 for a, b, c in zip(padded, padded[1:], padded[2:], strict=False)]


def nice_ceiling(value: float) -> float:
    """A round number at or a little above `value`, for the top of an axis."""
    if value <= 0:
        return 1.0
    size = 1.0
    while size * 10 <= value:
        size *= 10
    while size > value:
        size /= 10
    return next(size * factor for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if size * factor >= value)
