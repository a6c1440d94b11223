"""Diversity and drift: a curve of width, and how much each year has in common with every other."""

from __future__ import annotations

from typing import Final

from ...diversity import CONCENTRATION_TOP, Diversity, Period
from ...findings import Findings
from ...insight import NotInFile
from ...words import percent, plural
from ..markup import Child, Html, el, join, name
from ..parts import chart, columns, facts, missing, numbers, section, titled
from ..plot import curve, nice_ceiling, step, stretched

_QUARTERS_ON_A_PHONE: Final = 4
"""Labels like `2024 Q2` that stand side by side there."""


def chapter(found: Findings) -> Html:
    """Diversity and drift."""
    d = found.diversity
    lede: Child = join(
        f"{_shared_out(d)} ",
        join("Number one, ", name(d.top_artist), f", has {percent(d.top_artist_share)}.") if d.top_artist else "",
    )
    parts: list[Child] = []
    if len(d.curve) >= 3:
        parts.append(titled("How wide your taste was", _curve(d.curve), note="In artists who would share it equally."))
    else:
        parts.append(missing(NotInFile("The curve of width needs three stretches of time with 60 plays or more.")))
    turn = d.biggest_turn
    if len(d.periods) >= 3:
        note = None
        if turn:
            note = f"From {turn[0].label} to {turn[1].label} you changed most: {percent(turn[2])} in common."
        parts.append(titled("What two years have in common" if len(d.periods[0].label) == 4 else "What stayed the same",
                            _matrix(d), note=note))  # fmt: skip
    items: list[tuple[Child, Child]] = []
    if d.widest and d.narrowest and d.widest != d.narrowest:
        items = [
            (d.widest.label, f"your widest: {round(d.widest.effective):,} artists' worth"),
            (d.narrowest.label, f"your narrowest: {round(d.narrowest.effective):,}"),
        ]
    if d.artists > CONCENTRATION_TOP:
        items.append((percent(d.top_share), f"of your listening goes to your top {CONCENTRATION_TOP}"))
    method = (
        "Width is the exponential of Shannon's entropy over artists (Hill's number of order one). In common is the "
        "part of two periods' listening that coincides, artist by artist. Periods with fewer than 60 plays are left "
        f"out. The Gini coefficient over all artists is {d.gini:.2f}."
    )
    rows = ((p.label, f"{p.artists:,}", f"{p.effective:.1f}", percent(p.top_share)) for p in d.curve)
    return section(
        "diversity", "Diversity and drift", f"As wide as {plural(round(d.effective), 'artist')}", lede,
        columns(*parts), facts(items) if items else None,
        numbers(method, ("Period", "Artists", "Width", f"Top {CONCENTRATION_TOP}"), rows),
    )  # fmt: skip


def _shared_out(d: Diversity) -> str:
    """How many artists were heard, and how equally."""
    heard, wide = f"You have heard {plural(d.artists, 'artist')}", round(d.effective)
    if wide >= d.artists:
        return f"{heard}, one about as much as another." if d.artists > 1 else f"{heard}, and nobody else."
    some = "some more than others" if 2 * wide > d.artists else "some far more than others"
    return f"{heard}, {some}: your listening is as varied as if {wide:,} of them shared it equally."


def _curve(periods: tuple[Period, ...]) -> Html:
    top = nice_ceiling(max(p.effective for p in periods))
    points = [(i + 0.5, 100 - 96 * p.effective / top) for i, p in enumerate(periods)]
    line = curve(points)
    n = len(periods)
    marks = [
        el("rect", x=i, y=0, width=1, height=100, class_="hit",
           data_t=f"{p.label}|{p.effective:.0f} artists' worth, of {p.artists:,} heard")
        for i, p in enumerate(periods)
    ]  # fmt: skip
    svg = stretched(
        "Width of taste", "A line over time: how many equally loved artists would be as varied.", n, 100,
        el("path", d=f"{line}L{n - 0.5},100L0.5,100Z", class_="under alt"), el("path", d=line, class_="line c3"), marks,
        class_="fluid mid-high",
    )  # fmt: skip
    every = max(1, -(-n // 6))
    labels = [
        el("span", p.label, style=f"left:{100 * (i + 0.5) / n:.2f}%")
        for i, p in enumerate(periods)
        if i % every == every // 2
    ]
    crowded = "axis mid many" if len(labels) > _QUARTERS_ON_A_PHONE else "axis mid"
    axis = el("div", labels, class_=crowded, aria_hidden="true")
    return chart(
        join(svg, el("span", f"{top:g}", class_="top", aria_hidden="true")), axis, label="Width of taste over time"
    )


def _matrix(d: Diversity) -> Html:
    largest = max((v for i, row in enumerate(d.drift) for j, v in enumerate(row) if i != j), default=1.0)
    few = len(d.periods) <= 9
    rows = []
    for i, period in enumerate(d.periods):
        cells: list[Child] = []
        for j, other in enumerate(d.periods):
            if j > i:
                cells.append(el("td"))
            elif i == j:
                cells.append(el("td", el("span", "·", aria_hidden="true"), class_="same"))
            else:
                value = d.drift[i][j]
                cells.append(
                    el("td", f"{value * 100:.0f}" if few else None, class_=f"h{step(value, largest)}",
                       data_t=f"{other.label} and {period.label}|{percent(value)} in common")
                )  # fmt: skip
        rows.append(el("tr", el("th", period.label if few else _short(period.label), scope="row"), cells))
    head = el("tr", el("td"), [el("th", _short(p.label), scope="col") for p in d.periods])
    table = el(
        "table", el("caption", "Listening in common between two periods, in per cent", class_="hidden"),
        el("tbody", rows), el("tfoot", head), class_="matrix",
    )  # fmt: skip
    return chart(table, label="Listening in common between periods")


def _short(label: str) -> str:
    return f"’{label[2:]}" if len(label) == 4 else label
