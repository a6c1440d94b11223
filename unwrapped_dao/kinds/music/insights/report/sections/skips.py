"""Skips and loyalty: what is cut short, and what stays."""

from __future__ import annotations

from collections.abc import Callable

from ...findings import Findings
from ...insight import NotInFile
from ...loyalty import TOP, Loyalty
from ...skips import SkipAnswers, SkipShare
from ...words import duration, hour, percent, plural
from ..markup import Child, Html, el, join, name
from ..parts import Unanswered, bars, chart, columns, facts, hour_axis, missing, numbers, section, titled
from ..plot import curve, nice_ceiling, stretched

_YEARS_NEEDED = 3


def chapter(found: Findings) -> Html | Unanswered:
    """Skips and loyalty."""
    answers, loyalty = found.skips.answers, found.loyalty
    parts: list[Child] = []
    rows: list[tuple[Child, ...]] = []
    if isinstance(answers, NotInFile) and not (loyalty.staying or loyalty.companions or loyalty.kept):
        return Unanswered("skips", "Skips and loyalty", answers.reason)
    if isinstance(answers, NotInFile):
        headline: Child = "What stays with you"
        lede: Child = ""
        parts.append(missing(answers))
        if isinstance(found.skips.short_share, float) and found.skips.short_share:
            parts.append(
                el("p", f"What it does tell: {percent(found.skips.short_share)} of plays ended within 30 seconds.")
            )
    else:
        headline = f"You skip {_one_in(answers.overall.share)}"
        lede = _lede(answers, found.history.timed)
        parts.append(_skipping(answers))
        rows = [(s.name, f"{s.plays:,}", percent(s.share)) for _, s in answers.by_year]
    parts.append(_staying(loyalty))
    method = (
        "A play is skipped when it ended by a button or another choice, and heard out when the track ended; when "
        "the app was closed it is neither. Before 2024 the export's own field for skips is not believed. "
        "Staying counts artists met after the first 90 days with three plays in their first month."
    )
    if not isinstance(answers, NotInFile) and answers.known_share < 0.995:
        method += f" Known for {percent(answers.known_share)} of plays."
    return section(
        "skips", "Skips and loyalty", headline, lede, *parts, numbers(method, ("Year", "Plays known", "Skipped"), rows)
    )


def _one_in(share: float) -> str:
    if share <= 0:
        return "nothing"
    if share > 0.45:
        return f"{percent(share)} of what you play"
    n = round(1 / share)
    return f"every {n}{'nd' if n == 2 else 'rd' if n == 3 else 'th'} track" if n <= 20 else "almost nothing"


def _lede(answers: SkipAnswers, timed: bool) -> str:
    text = ""
    if timed:
        text = (
            f"When you skip, you give a track {duration(answers.before_skip_ms)}; "
            f"{percent(answers.instant_share)} of skips come within ten seconds. "
        )
    shuffled, ordered = answers.shuffled, answers.in_order
    if shuffled.plays > 100 and ordered.plays > 100:
        text += f"On shuffle you skip {percent(shuffled.share)}, otherwise {percent(ordered.share)}."
    return text


def _skipping(answers: SkipAnswers) -> Html:
    top = nice_ceiling(max([s.share for s in answers.by_hour if s.plays >= 20], default=0) or 0.1)
    parts: list[Child] = []
    if answers.by_hour:
        columns_ = []
        for h, s in enumerate(answers.by_hour):
            enough = s.plays >= 20
            height = 100 * s.share / top if enough else 0.0
            text = f"{hour(h)}|{percent(s.share)} skipped" if enough else f"{hour(h)}|too few plays"
            columns_.append(el("rect", x=h + 0.12, y=100 - height, width=0.76, height=height, class_="col"))
            columns_.append(el("rect", x=h, y=0, width=1, height=100, class_="hit", data_t=text))
        svg = stretched(
            "Skips by hour", "A bar for each hour of the day: the share of plays that were skipped.", 24, 100, columns_,
            class_="fluid low",
        )  # fmt: skip
        label = el("span", percent(top), class_="top", aria_hidden="true")
        parts.append(
            titled("When patience is short", chart(join(svg, label), hour_axis(), label="Share skipped by hour"))
        )
    if len(answers.by_year) >= _YEARS_NEEDED:
        parts[-1:] = [el("div", *parts[-1:], titled("Over the years", _years(answers)))]
    if answers.never_skipped:
        parts.append(
            titled("Never skipped", _list(answers.never_skipped, lambda s: plural(s.plays, "play"), lambda s: s.plays))
        )
    both = columns(*parts) if parts else None
    shares = None
    if answers.most_skipped and answers.least_skipped[0].name != answers.most_skipped[0].name:
        most = answers.most_skipped[0].share

        def skipped(s: SkipShare) -> str:
            return f"{percent(s.share)} skipped"

        shares = columns(
            titled("You skip them most", _list(answers.most_skipped, skipped, lambda s: s.share, most)),
            titled("You hear them out", _list(answers.least_skipped, skipped, lambda s: s.share, most)),
        )
    return join(both, shares)


def _years(answers: SkipAnswers) -> Html:
    years = answers.by_year
    top = nice_ceiling(max(s.share for _, s in years) or 0.1)
    points = [(i + 0.5, 100 - 96 * s.share / top) for i, (_, s) in enumerate(years)]
    marks = [
        el("rect", x=i, y=0, width=1, height=100, class_="hit", data_t=f"{year}|{percent(s.share)} skipped")
        for i, (year, s) in enumerate(years)
    ]
    svg = stretched(
        "Skips by year", "A line over the years: the share of plays that were skipped.", len(years), 100,
        el("path", d=curve(points), class_="line c1"), marks, class_="fluid low",
    )  # fmt: skip
    every = -(-len(years) // 8)
    labels = [
        el("span", str(year), style=f"left:{100 * (i + 0.5) / len(years):.2f}%")
        for i, (year, _) in enumerate(years)
        if i % every == 0
    ]
    axis = el("div", labels, class_="axis mid", aria_hidden="true")
    label = el("span", percent(top), class_="top", aria_hidden="true")
    return chart(join(svg, label), axis, label="Share skipped by year")


def _list(
    items: tuple[SkipShare, ...],
    value: Callable[[SkipShare], str],
    width: Callable[[SkipShare], float],
    longest: float | None = None,
) -> Html:
    top = longest or max(map(width, items)) or 1
    return bars(
        (
            join(name(s.name), " ", el("small", name(s.artist)) if s.artist else None),
            value(s),
            width(s) / top,
        )
        for s in items
    )


def _staying(loyalty: Loyalty) -> Html:
    parts: list[Child] = []
    if loyalty.staying:
        items = (
            (f"after {plural(s.months_later, 'month')}" if s.months_later < 12 else
             f"after {plural(s.months_later // 12, 'year')}", percent(s.share), s.share)
            for s in loyalty.staying
        )  # fmt: skip
        parts.append(
            titled(
                "Artists who stay", bars(items, "plain"), note="Of those you met and liked, how many you still hear."
            )
        )
    if loyalty.companions:
        companions = bars(
            (name(c.artist), f"{c.months_heard} of {c.months_known} months", c.months_heard / c.months_known)
            for c in loyalty.companions
        )
        parts.append(titled("Companions", companions, note="Heard in the most months since you met."))
    kept = None
    if loyalty.kept:
        average = sum(n for _, n in loyalty.kept) / len(loyalty.kept)
        kept = facts(
            [
                (f"{average:.1f} of {TOP}".replace(".0 ", " "), "top artists are still there a year later"),
                *((f"{n} of {TOP}", f"kept from {y - 1} to {y}") for y, n in loyalty.kept[-3:]),
            ]
        )
    return join(columns(*parts) if parts else None, kept)
