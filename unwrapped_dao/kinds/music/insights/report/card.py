"""The share card: one SVG of sums and shapes. No artist, no track, no date of a play, no name of anybody.

A picture leaves the machine as soon as somebody posts it, so it says nothing that another data set could be
joined on: years, sums, the hours of the week, and how wide a taste is.
"""

from __future__ import annotations

from typing import Final

from ..diversity import CONCENTRATION_TOP
from ..findings import Findings
from ..insight import NotInFile
from ..words import WEEKDAYS, count, hour, percent, plural
from .markup import Child, Html, el
from .plot import on_circle, sector, step
from .sections.clock import turn
from .sections.hero import headline_sum

WIDTH, HEIGHT = 1080, 1350
_RAMP: Final = (
    "#221b31", "#35204c", "#562062", "#7d2569", "#a93768", "#cf4f5b", "#e97553", "#f5a05c", "#fbc877", "#fdeab0",
)  # fmt: skip
_SERIF: Final = "ui-serif, 'New York', 'Iowan Old Style', Georgia, 'Noto Serif', serif"
_SANS: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, Inter, 'Helvetica Neue', sans-serif"
_INK, _SOFT = "#f8f1e4", "#b9adc4"


def card(found: Findings) -> str:
    """The card's SVG document."""
    history = found.history
    big, unit = headline_sum(found)
    first, last = history.years[0], history.years[-1]
    years = str(first) if first == last else f"{first} – {last}"
    parts: list[Child] = [
        el("title", "A share card of listening sums"),
        el("desc", f"{big} {unit}, {years}; no artists, no tracks, no names."),
        _background(),
        _text("UNWRAPPED", 80, 104, 28, fill=_SOFT, weight=600, spacing=6),
        _text(years, 1000, 104, 32, fill=_SOFT, anchor="end"),
        _text(big, 72, 278, 184, family=_SERIF, weight=600, spacing=-4),
        _text(unit, 80, 348, 46, fill=_INK, family=_SERIF),
    ]
    if isinstance(found.clock, NotInFile):
        parts.append(_months(found))
    else:
        parts.append(_dial(found))
    for i, (value, label) in enumerate(_figures(found)):
        x, y = 80 + i % 2 * 470, 1126 + i // 2 * 112
        parts.append(_text(value, x, y, 54, family=_SERIF, weight=600))
        parts.append(_text(label, x, y + 40, 28, fill=_SOFT))
    parts.append(_text("made offline from my own file", 1000, 1325, 22, fill=_SOFT, anchor="end"))
    svg = el("svg", parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", width=WIDTH,
             height=HEIGHT, role="img")  # fmt: skip
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg}\n'


def _text(
    text: str, x: float, y: float, size: int, *, fill: str = _INK, family: str = _SANS, weight: int = 400,
    anchor: str | None = None, spacing: int | None = None,
) -> Html:  # fmt: skip
    return el(
        "text", text, x=x, y=y, font_size=size, fill=fill, font_family=family, font_weight=weight, text_anchor=anchor,
        letter_spacing=spacing,
    )  # fmt: skip


def _background() -> Html:
    stops = [el("stop", offset=offset, stop_color=colour) for offset, colour in (("0", "#2b1b3d"), ("1", "#100c18"))]
    glow = [
        el("stop", offset="0", stop_color="#a93768", stop_opacity="0.34"),
        el("stop", offset="1", stop_color="#a93768", stop_opacity="0"),
    ]
    return el(
        "g",
        el(
            "defs",
            el("linearGradient", stops, id="ground", x1=0, y1=0, x2="0.4", y2=1),
            el("radialGradient", glow, id="glow"),
        ),
        el("rect", width=WIDTH, height=HEIGHT, fill="url(#ground)"),
        el("circle", cx=540, cy=706, r=520, fill="url(#glow)"),
    )


def _dial(found: Findings) -> Html:
    clock = found.clock
    if isinstance(clock, NotInFile):
        return el("g")
    largest = max(map(max, clock.week))
    cells: list[Child] = []
    for d in range(7):
        for h in range(24):
            inner = 112 + d * 29
            path = sector(inner, inner + 26.4, turn(h) + 0.0012, turn(h + 1) - 0.0012)
            cells.append(el("path", d=path, fill=_RAMP[step(clock.week[d][h], largest)]))
    for h in range(0, 24, 6):
        x, y = on_circle(336, turn(h))
        cells.append(_text(str(h), x, y + 8, 24, fill=_SOFT, anchor="middle"))
    day, at = clock.peak
    cells.append(_text(WEEKDAYS[day], 0, -6, 38, family=_SERIF, weight=600, anchor="middle"))
    cells.append(_text(hour(at), 0, 40, 38, family=_SERIF, anchor="middle"))
    return el("g", cells, transform="translate(540 706)")


def _months(found: Findings) -> Html:
    """For files without hours: the months of the year, summed over the years."""
    sums = [0] * 12
    for y in found.recap.years:
        for i, weight in enumerate(y.months):
            sums[i] += weight
    top = max(sums) or 1
    bars: list[Child] = []
    for i, weight in enumerate(sums):
        height = 8 + 480 * weight / top
        bars.append(
            el("rect", x=90 + i * 76, y=960 - height, width=56, height=height, rx=8, fill=_RAMP[step(weight, top)])
        )
        bars.append(_text("JFMAMJJASOND"[i], 118 + i * 76, 1000, 24, fill=_SOFT, anchor="middle"))
    return el("g", bars)


def _figures(found: Findings) -> list[tuple[str, str]]:
    """Four sums."""
    artists = found.diversity.artists
    out = [
        (count(artists), f"artist{'' if artists == 1 else 's'}, taste as wide as {round(found.diversity.effective):,}"),
        (plural(found.streaks.longest.days, "day"), "longest streak with music"),
    ]
    if found.discovery.rate is not None and found.discovery.rate >= 0.05:
        out.append((f"{found.discovery.rate:.1f}", "new artists in a hundred plays"))
    else:
        out.append((count(found.discovery.tracks), "tracks"))
    if found.habits.whole.comfort:
        out.append((percent(found.habits.whole.comfort), "of plays were old friends"))
    elif found.diversity.artists > CONCENTRATION_TOP:
        out.append((percent(found.diversity.top_share), "of it goes to ten artists"))
    else:
        out.append((plural(found.streaks.active_days, "day"), "with music"))
    return out
