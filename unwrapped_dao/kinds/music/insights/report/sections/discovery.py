"""Discovery: the curve of all artists met so far, and how much of each month was new."""

from __future__ import annotations

from ...discovery import Discovery
from ...findings import Findings
from ...insight import NotInFile
from ...words import amount, count, month, pace, percent, plural
from ..markup import Child, Html, el, join, name
from ..parts import chart, columns, facts, missing, numbers, section, time_axis, titled
from ..plot import Point, curve, stretched

_MONTHS_NEEDED = 4


def chapter(found: Findings) -> Html:
    """The discovery curve."""
    d, timed = found.discovery, found.history.timed
    if d.rate is None:
        headline: Child = f"{plural(d.artists, 'artist')}, {plural(d.tracks, 'track')}"
        lede: Child = "How fast you find new music takes half a year to tell; this file is shorter."
    else:
        said = pace(d.rate)
        headline = said[0].upper() + said[1:]
        lede = _trend(d)
    items: list[tuple[Child, Child]] = [(count(d.artists), "artists in all"), (count(d.tracks), "tracks in all")]
    if d.boldest:
        items.append(
            (month(d.boldest.month), f"your boldest month: {percent(d.boldest.fresh_share)} went to new artists")
        )
    finds = el(
        "ol",
        [
            el("li", el("b", str(f.year)), name(f.artist), el("small", f"{amount(f.weight, timed)} since"))
            for f in d.finds
        ],
        class_="finds",
    )
    best = titled("Each year's best find", finds) if d.finds else None
    if len(d.months) < _MONTHS_NEEDED:
        reason = "A curve takes months, and this file covers fewer than four."
        parts: tuple[Child, ...] = (missing(NotInFile(reason)), best, facts(items))
    else:
        fresh = titled("How much of each month was new", _fresh(d), note="Plays of artists met in the 30 days before.")
        parts = (_curve(d), columns(fresh, best or facts(items)), facts(items) if d.finds else None)
    return section(
        "discovery",
        "Discovery",
        headline,
        lede,
        *parts,
        numbers(
            "New means heard for the first time in this file, for 30 seconds or more. In a file's first 90 days "
            "nearly everything looks new, so rates leave them out (paler in the chart).",
            ("Month", "New artists", "New tracks", "Plays", "Of them new"),
            (
                (month(m.month), count(m.artists), count(m.tracks), count(m.plays), percent(m.fresh_share))
                for m in d.months
            ),
        ),
    )


def _trend(d: Discovery) -> str:
    if d.early_rate is None or d.late_rate is None or not d.early_rate:
        return ""
    change = d.late_rate / d.early_rate - 1
    if change > 0.15:
        turn = f"You are getting more curious: {percent(change)} more than in the first half of this file."
    elif change < -0.15:
        turn = f"You are settling down: {percent(-change)} fewer than in the first half of this file."
    else:
        turn = "As curious in the second half of this file as in the first."
    return turn


def _curve(d: Discovery) -> Html:
    total, points = 0, [(0.0, 100.0)]
    marks: list[Child] = []
    whole = sum(m.artists for m in d.months) or 1
    for i, m in enumerate(d.months):
        total += m.artists
        points.append((i + 1.0, 100 - 94 * total / whole))
        text = (
            f"{month(m.month)}: {plural(total, 'artist')}|{count(m.artists)} new artists, {count(m.tracks)} new tracks"
        )
        marks.append(el("rect", x=i, y=0, width=1, height=100, class_="hit", data_t=text))
    line = curve(points)
    months = len(d.months)
    warm = d.settled_month - d.months[0].month if d.settled_month is not None else 0
    svg = stretched(
        "Artists met so far", f"A curve that climbs to {plural(whole, 'artist')}.", months, 100,
        el("rect", x=0, y=0, width=warm, height=100, class_="warm") if warm else None,
        el("path", d=f"{line}L{months},100L0,100Z", class_="under"),
        el("path", d=line, class_="line c1"),
        marks, class_="fluid",
    )  # fmt: skip
    labels = _labels(points, whole, months, d.months[0].month)
    return chart(svg, labels, time_axis(d.months[0].month, months), label="Artists met so far")


def _labels(points: list[Point], whole: int, months: int, first_month: int) -> Html:
    """Where the curve passes half of all artists, and its end."""
    half = next((p for p in points if p[1] <= 100 - 94 / 2), points[-1])
    marks = [el("span", f"{count(whole)} artists", class_="dot end", style="left:100%;top:6%")]
    if half[0] / months < 0.62:
        marks.insert(
            0,
            el(
                "span",
                f"half of them by {month(first_month + max(0, round(half[0]) - 1), short=True)}",
                class_="dot",
                style=f"left:{100 * half[0] / months:.2f}%;top:{half[1]:.2f}%",
            ),
        )
    return el("div", marks, class_="dots", aria_hidden="true")


def _fresh(d: Discovery) -> Html:
    months = len(d.months)
    bars = []
    for i, m in enumerate(d.months):
        warm = d.settled_month is not None and m.month < d.settled_month
        height = 100 * m.fresh_share
        bars.append(
            el("rect", x=i + 0.1, y=100 - height, width=0.8, height=height, class_="col warm" if warm else "col")
        )
        bars.append(
            el(
                "rect",
                x=i,
                y=0,
                width=1,
                height=100,
                class_="hit",
                data_t=f"{month(m.month)}|{percent(m.fresh_share)} new",
            )
        )
    svg = stretched(
        "How much was new", "A bar for each month: the share of plays of artists met in the 30 days before.",
        months, 100, bars, class_="fluid low",
    )  # fmt: skip
    return chart(
        join(svg, el("span", "100%", class_="top", aria_hidden="true")), time_axis(d.months[0].month, months),
        label="Share of plays that were new, by month",
    )  # fmt: skip
