"""The clock of the week: seven rings of twenty-four hours."""

from __future__ import annotations

from ...clock import Clock
from ...findings import Findings
from ...insight import NotInFile
from ...words import WEEKDAYS, amount, hour, percent
from ..markup import Child, Html, el
from ..parts import Unanswered, chart, columns, facts, hour_axis, key, numbers, section, titled
from ..plot import curve, on_circle, sector, step, stretched

_GAP = 0.045
"""The part of the circle, at midnight, that is left free for the names of the rings."""
_INNER, _RING = 58.0, 15.0
_WEEKS_NEEDED = 4


def chapter(found: Findings) -> Html | Unanswered:
    """Hours of the week."""
    clock = found.clock
    if isinstance(clock, NotInFile):
        return Unanswered("clock", "Hours", clock.reason)
    timed = found.history.timed
    day, at = clock.peak
    lede = f"No hour of the week has more of your music: {amount(clock.week[day][at], timed)} in all. "
    if clock.late_share >= 0.005:
        lede += f"{_cap(percent(clock.late_share))} of your listening is between midnight and five."
    return section(
        "clock",
        "Hours",
        f"{WEEKDAYS[day]} at {hour(at)} is yours",
        lede,
        columns(
            dial_figure(clock, timed, note=found.history.zone.sentence),
            el(
                "div",
                titled("Workdays and weekends", _profiles(clock)),
                facts(_facts(clock)),
            ),
        ),
        numbers(
            "A play counts in the hour in which it starts. "
            "Colour goes in equal steps from nothing to the fullest hour.",
            ("", *(hour(h)[:2] for h in range(24))),
            (
                (WEEKDAYS[d], *(_cell(clock.week[d][h], timed) for h in range(24)))
                for d in range(7)
            ),
        ),
    )  # fmt: skip


def _facts(clock: Clock) -> list[tuple[Child, Child]]:
    """Habits of the week; a file of a few days has none."""
    top: tuple[Child, Child] = (WEEKDAYS[_top_day(clock)], "the weekday with most music")
    if clock.weeks < _WEEKS_NEEDED:
        return [top]
    return [
        (f"{hour(clock.quiet)}–{hour(clock.quiet + 5)}", "your quietest five hours"),
        (percent(clock.weekend_share), "on Saturdays and Sundays (28.6% would be even)"),
        top,
    ]


def _cap(text: str) -> str:
    return text[0].upper() + text[1:]


def _top_day(clock: Clock) -> int:
    return max(range(7), key=lambda d: (clock.by_weekday[d], -d))


def _cell(weight: int, timed: bool) -> str:
    return f"{weight / 3_600_000:.1f}" if timed else str(weight)


def dial_figure(clock: Clock, timed: bool, *, label: str = "Clock of the week", note: str = "") -> Html:
    """The dial as a chart, with the value under the pointer in its middle."""
    day, at = clock.peak
    middle = el(
        "div",
        el("b", f"{WEEKDAYS[day][:3]} {hour(at)}"),
        el("span", amount(clock.week[day][at], timed)),
        class_="middle",
        data_readout=True,
        aria_hidden="true",
    )
    return chart(
        dial(clock, timed), middle, label=label, class_="dial",
        caption=f"One ring for each weekday, Monday inside. Midnight is at the top. {note}".rstrip(),
    )  # fmt: skip


def dial(clock: Clock, timed: bool) -> Html:
    """The rings. Cells are classes `h0` to `h9`, coloured by the page."""
    largest = max(map(max, clock.week))
    cells: list[Child] = []
    for d in range(7):
        inner = _INNER + d * _RING
        for h in range(24):
            weight = clock.week[d][h]
            peak = " peak" if (d, h) == clock.peak else ""
            cells.append(
                el(
                    "path",
                    d=sector(inner, inner + _RING - 1.4, turn(h) + 0.0012, turn(h + 1) - 0.0012),
                    class_=f"h{step(weight, largest)}{peak}",
                    data_t=f"{WEEKDAYS[d][:3]} {hour(h)}|{amount(weight, timed)}",
                )
            )
    letters: list[Child] = [
        el("text", "MTWTFSS"[d], x=0.0, y=-(_INNER + d * _RING + _RING / 2 - 4.2), class_="ring") for d in range(7)
    ]
    for h in range(0, 24, 3):
        x, y = on_circle(_INNER + 7 * _RING + 11, turn(h))
        letters.append(el("text", str(h), x=x, y=y + 4.5, class_="hour"))
    return el(
        "svg", el("title", "Clock of the week"),
        el("desc", f"Seven rings of twenty-four hours. The fullest is {WEEKDAYS[clock.peak[0]]} at "
           f"{hour(clock.peak[1])}. The table below has every value."),
        cells, letters, viewBox="-180 -180 360 360", role="img", class_="rings",
    )  # fmt: skip


def turn(at: int) -> float:
    """Where an hour begins on the dial, in turns."""
    return _GAP / 2 + at / 24 * (1 - _GAP)


def _profiles(clock: Clock) -> Html:
    work, rest = clock.profile(range(5)), clock.profile(range(5, 7))
    top = max(*work, *rest) or 1.0
    lines = [
        el("path", d=curve([(h + 0.5, 100 - 92 * v / top) for h, v in enumerate(values)]), class_=f"line {class_}")
        for values, class_ in ((work, "c1"), (rest, "c2"))
    ]
    marks = [
        el("rect", x=h, y=0, width=1, height=100, class_="hit",
           data_t=f"{hour(h)}|{percent(work[h])} of workdays, {percent(rest[h])} of weekends")
        for h in range(24)
    ]  # fmt: skip
    svg = stretched(
        "Workdays and weekends", "Two lines over the hours of the day: the share of listening on workdays and on "
        "weekends.", 24, 100, lines, marks, class_="fluid low",
    )  # fmt: skip
    colours = key((("c1", "Monday to Friday"), ("c2", "Saturday and Sunday")))
    return chart(svg, hour_axis(), label="Listening by hour, workdays and weekends", caption=colours)
