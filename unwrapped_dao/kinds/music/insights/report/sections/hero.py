"""The cover: how much music, over how long, and every week as a stripe."""

from __future__ import annotations

from typing import Final

from ...findings import Findings
from ...insight import NotInFile
from ...words import WEEKDAYS, amount, count, date, hour, hours, percent, plural, span
from ..markup import Child, Html, el, name
from ..parts import time_axis
from ..plot import step, stretched

_MOST_STRIPES: Final = 420
_FEWEST_STRIPES: Final = 21
_FEW_HOURS_MS: Final = 5 * 3_600_000


def section(found: Findings) -> Html:
    """The cover."""
    history = found.history
    big, unit = headline_sum(found)
    size = " · ".join(
        (plural(len(history.heard), "play"), plural(found.diversity.artists, "artist"),
         plural(found.discovery.tracks, "track"))
    )  # fmt: skip
    cover = (
        el(
            "div",
            el("p", "Your listening, unwrapped", class_="eyebrow"),
            el("h1", el("span", big, class_="big"), " ", el("span", unit, class_="unit")),
            el(
                "p",
                _when(history.days, history.first_day, history.last_day),
                class_="when",
            ),
            el("p", size, class_="size"),
        ),
        _most(found),
    )
    striped = history.days >= _FEWEST_STRIPES
    return el(
        "header",
        el("div", cover, class_="wrap cover"),
        _stripes(found) if striped else None,
        class_="hero" if striped else "hero plain",
        id="top",
    )


def headline_sum(found: Findings) -> tuple[str, str]:
    """The figure on the cover and what it counts."""
    history = found.history
    if not history.timed:
        return count(history.total), "plays of music"
    if history.total < _FEW_HOURS_MS:
        minutes = (history.total + 30_000) // 60_000
        return count(minutes), "minute of music" if minutes == 1 else "minutes of music"
    return count(hours(history.total)), "hours of music"


def _when(days: int, first: int, last: int) -> str:
    """The time that a history covers; of one day only the day."""
    return f"on {date(first)}." if first == last else f"in {span(days)}, from {date(first)} to {date(last)}."


def _most(found: Findings) -> Html | None:
    """The five artists with most of it."""
    if not found.tops.artists:
        return None
    rows = [el("li", name(t.name), el("span", amount(t.value, found.history.timed))) for t in found.tops.artists[:5]]
    return el("div", el("h2", "Most of it"), el("ol", rows), class_="most")


def _stripes(found: Findings) -> Html:
    """One stripe a week (or more days, in a very long history), from dark to bright with the listening."""
    history = found.history
    days = max(7, -(-history.days // _MOST_STRIPES))
    if history.days < 120:
        days = 1
    sums = [0] * -(-history.days // days)
    for day, weight in history.day_weight.items():
        sums[(day - history.first_day) // days] += weight
    # The last stripe is narrower in days; it is shown as it is.
    largest = sorted(sums)[int(len(sums) * 0.98)] if sums else 1
    stripes = [
        el("rect", x=i, y=0, width=1.06, height=10, class_=f"m{step(min(weight, largest), largest)}",
           data_t=f"{'Week from ' if days == 7 else ''}{date(history.first_day + i * days)}: "
           f"{amount(weight, history.timed)}")
        for i, weight in enumerate(sums)
    ]  # fmt: skip
    svg = stretched(
        "Your listening as stripes",
        "Each stripe is a stretch of days; the brighter it is, the more was played.",
        len(sums), 10, stripes, class_="stripes",
    )  # fmt: skip
    return el(
        "div", svg, time_axis(history.first_month, len(history.months)), class_="ribbon plot", data_chart=True,
        tabindex=0, role="group", aria_label="Listening by week. Arrow keys read values.",
    )  # fmt: skip


def glance(found: Findings) -> Html:
    """Six figures at a glance."""
    tiles: list[tuple[Child, Child]] = []
    if found.history.timed:
        whole = found.history.total // 86_400_000
        if whole >= 2:
            tiles.append((plural(whole, "day"), "of music, played in one go by day and by night"))
    if not isinstance(found.clock, NotInFile):
        day, at = found.clock.peak
        tiles.append((f"{WEEKDAYS[day]} {hour(at)}", "the hour of the week that is most yours"))
    strongest = found.phases.strongest
    if strongest:
        tiles.append(
            (name(strongest.artist), f"your strongest phase: {percent(strongest.share)} of all you played for "
             f"{plural(strongest.last_month - strongest.first_month + 1, 'month')}")
        )  # fmt: skip
    if found.obsessions.tracks:
        one = found.obsessions.tracks[0]
        tiles.append((name(one.track), f"{plural(one.plays, 'time')} in one week, by {date(one.first_day + 6)}"))
    tiles.append(
        (
            plural(found.streaks.longest.days, "day"),
            f"in a row with music, from {date(found.streaks.longest.first_day)}",
        )
    )
    busiest = found.streaks.busiest
    tiles.append((amount(busiest.weight, found.history.timed), f"on {date(busiest.day)}, your fullest day"))
    if len(tiles) < 6:
        wide = round(found.diversity.effective)
        tiles.append(
            (
                plural(wide, "artist"),
                "is as wide as your taste was"
                if wide == 1
                else "in equal parts would be as varied: your width of taste",
            )
        )
    return el("div", [el("div", el("b", value), el("span", label)) for value, label in tiles[:6]], class_="glance wrap")
