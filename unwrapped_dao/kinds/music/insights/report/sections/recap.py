"""The yearly recap: a poster for each year, and its calendar."""

from __future__ import annotations

import datetime as dt

from ...findings import Findings
from ...recap import Year
from ...words import MONTHS, amount, count, date, day_of, hour, percent, plural
from ..markup import Child, Html, el, join, name
from ..parts import Unanswered, numbers, section
from ..plot import step

_EPOCH = dt.date(1970, 1, 1).toordinal()


def chapter(found: Findings) -> Html | Unanswered:
    """Year by year."""
    years = found.recap.years
    if not years:
        return Unanswered("recap", "Year by year", "A recap needs a year with 30 plays.")
    timed = found.history.timed
    chosen = max((y for y in years if y.whole), key=lambda y: y.year, default=years[-1])
    tabs = el(
        "div",
        [
            el(
                "button", str(y.year), type="button", role="tab", id=f"tab-{y.year}", aria_controls=f"year-{y.year}",
                aria_selected="true" if y is chosen else "false", tabindex=0 if y is chosen else -1,
            )
            for y in years
        ],
        class_="tabs", role="tablist", aria_label="Choose a year",
    )  # fmt: skip
    panels = [
        el("div", _poster(found, y, timed), id=f"year-{y.year}", role="tabpanel", aria_labelledby=f"tab-{y.year}",
           class_="panel", data_chosen=True if y is chosen else None)
        for y in years
    ]  # fmt: skip
    fullest = max(years, key=lambda y: (y.weight, -y.year))
    return section(
        "recap",
        "Year by year",
        f"{fullest.year} was your fullest year" if len(years) > 1 else f"Your {fullest.year}",
        f"{amount(fullest.weight, timed)} of music, {plural(fullest.artists, 'artist')}. Choose a year:"
        if len(years) > 1
        else f"{amount(fullest.weight, timed)} of music, {plural(fullest.artists, 'artist')}.",
        tabs if len(years) > 1 else None,
        panels,
        numbers(
            "Artists are ranked by " + ("time" if timed else "plays") + ", tracks by plays of 30 seconds or more. "
            "A best find is an artist first heard in that year.",
            ("Year", "Listening", "Plays", "Artists", "Tracks", "New artists", "Days with music"),
            (
                (str(y.year), amount(y.weight, timed), count(y.plays), count(y.artists), count(y.tracks),
                 count(y.new_artists), count(y.active_days))
                for y in years
            ),
        ),
    )  # fmt: skip


def _poster(found: Findings, y: Year, timed: bool) -> Html:
    change = None
    if y.change is not None:
        change = f"{percent(abs(y.change))} {'more' if y.change >= 0 else 'less'} than the year before"
    elif not y.whole:
        change = "not the whole year is in this file"
    small: list[tuple[Child, Child]] = [
        (count(y.artists), f"artists, {count(y.new_artists)} of them new"),
        (count(y.tracks), "tracks"),
        (plural(y.streak.days, "day"), "longest streak"),
        (amount(y.fullest.weight, timed), f"on {day_of(y.fullest.day).day} {MONTHS[day_of(y.fullest.day).month - 1]}"),
    ]
    if y.peak_hour is not None:
        small.append((hour(y.peak_hour), "your hour"))
    if y.find:
        small.append((name(y.find), "best find"))
    return el(
        "div",
        el(
            "div",
            el("p", str(y.year), class_="year", aria_hidden="true"),
            el("p", amount(y.weight, timed), class_="sum"),
            el("p", change, class_="change") if change else None,
            _months(y, timed),
            class_="poster-head",
        ),
        el(
            "div",
            _list("Artists", [(name(t.name), amount(t.value, timed)) for t in y.top_artists]),
            _list(
                "Tracks",
                [(join(name(t.name), " ", el("small", name(t.artist))), f"{t.value}×") for t in y.top_tracks],
            ),
            class_="poster-tops",
        ),
        el("dl", [el("div", el("dt", label), el("dd", value)) for value, label in small], class_="poster-facts"),
        calendar(found, y.year),
        class_="poster",
    )


def _list(title: str, items: list[tuple[Child, str]]) -> Html:
    rows = [el("li", el("span", what, class_="what"), el("span", value, class_="value")) for what, value in items]
    return el("div", el("h3", title), el("ol", rows))


def _months(y: Year, timed: bool) -> Html:
    top = max(y.months) or 1
    shapes: list[Child] = []
    for i, weight in enumerate(y.months):
        height = 40 * weight / top
        text = f"{MONTHS[i]} {y.year}|{amount(weight, timed)}"
        shapes.append(el("rect", x=i * 10 + 1, y=40 - height, width=8, height=height, rx=1, class_="bar", data_t=text))
        shapes.append(el("text", MONTHS[i][0], x=i * 10 + 5, y=48, class_="letter"))
    svg = el(
        "svg", el("title", f"Months of {y.year}"), el("desc", "A bar for each month."), shapes, viewBox="0 0 120 50",
        role="img", class_="monthbars",
    )  # fmt: skip
    return el("div", svg, class_="plot", data_chart=True, tabindex=0, role="group",
              aria_label=f"Months of {y.year}. Arrow keys read values.")  # fmt: skip


def calendar(found: Findings, year: int) -> Html:
    """Every day of a year, weeks from left to right, Monday on top."""
    weights = found.history.day_weight
    first = dt.date(year, 1, 1).toordinal() - _EPOCH
    last = dt.date(year, 12, 31).toordinal() - _EPOCH
    offset = (first + 3) % 7
    known = sorted(weights[d] for d in range(first, last + 1) if d in weights)
    largest = known[int(len(known) * 0.97)] if known else 1
    cells: list[Child] = []
    for day in range(first, last + 1):
        place = day - first + offset
        weight = weights.get(day, 0)
        cells.append(
            el("rect", x=place // 7 * 10, y=place % 7 * 10, width=8.6, height=8.6, rx=1.6,
               class_=f"m{step(min(weight, largest), largest)}",
               data_t=f"{date(day)}|{amount(weight, found.history.timed)}" if weight else None)
        )  # fmt: skip
    weeks = (last - first + offset) // 7 + 1
    for m in range(12):
        place = dt.date(year, m + 1, 1).toordinal() - _EPOCH - first + offset
        cells.append(el("text", MONTHS[m][:3], x=place // 7 * 10, y=-4, class_="letter"))
    svg = el(
        "svg", el("title", f"Calendar of {year}"), el("desc", "A square for each day; brighter is more music."), cells,
        viewBox=f"0 -12 {weeks * 10 - 1} 81", role="img", class_="calendar",
    )  # fmt: skip
    return el("div", svg, class_="plot days", data_chart=True, tabindex=0, role="group",
              aria_label=f"Days of {year}. Arrow keys read values.")  # fmt: skip
