"""Streaks, binges and intent: three short chapters about how music is put on."""

from __future__ import annotations

from ...binges import Binge
from ...findings import Findings
from ...insight import NotInFile
from ...intent import CHOSEN, WAYS
from ...words import amount, count, date, percent, plural
from ..markup import Child, Html, el, join, name
from ..parts import Unanswered, bars, facts, key, numbers, section, titled


def chapter(found: Findings) -> Html:
    """Streaks and binges."""
    s, b, timed = found.streaks, found.binges, found.history.timed
    busiest = s.busiest
    items: list[tuple[Child, Child]] = [
        (percent(s.active_days / s.days), f"of days with music: {count(s.active_days)} of {count(s.days)}"),
        (
            amount(busiest.weight, timed),
            join(f"on {date(busiest.day)}, mostly ", name(busiest.artist)) if busiest.artist else date(busiest.day),
        ),
    ]
    if s.silence.days:
        items.append((plural(s.silence.days, "day"), f"the longest silence, from {date(s.silence.first_day)}"))
    items.append((percent(b.repeat_share), "of plays repeat a track of the same day"))
    parts = [
        titled(title, _binges(found_, what))
        for title, found_, what in (
            ("In a row", b.in_a_row, "in a row"),
            ("In one day", b.in_a_day, "in a day"),
            ("One artist without a break", b.artist_runs, "in a row"),
        )
        if found_
    ]
    return section(
        "streaks",
        "Streaks and binges",
        f"{plural(s.longest.days, 'day')} in a row" if s.longest.days > 1 else "One day at a time",
        f"From {date(s.longest.first_day)} to {date(s.longest.first_day + s.longest.days - 1)}, "
        "not one day without music."
        if s.longest.days > 1
        else "No two days in a row had music."
        if s.days > 1
        else "This file holds one day.",
        facts(items),
        el("div", parts, class_="columns three") if parts else None,
        numbers(
            "Days are those of your time zone. In a row means that nothing else of 30 seconds or more came in between."
        ),
    )


def _binges(items: tuple[Binge, ...], what: str) -> Html:
    top = items[0].plays
    return bars(
        (
            join(
                name(i.track or i.artist), " ",
                el("small", join(name(i.artist), ", ") if i.track else None, date(i.day)),
            ),
            el("span", f"{i.plays}×", title=what),
            i.plays / top,
        )
        for i in items
    )  # fmt: skip


def intent(found: Findings) -> Html | Unanswered:
    """Intent."""
    answer = found.intent
    if isinstance(answer, NotInFile):
        return Unanswered("intent", "Intent", answer.reason)
    lede: Child = None
    if answer.shuffled is not None:
        lede = f"{percent(answer.shuffled)} of plays were on shuffle."
    rows = [
        el(
            "li",
            el("span", str(y.year), class_="what"),
            el("span", [
                el("span", class_=f"f{i + 1}", style=f"width:{100 * n / sum(y.ways):.2f}%",
                   data_t=f"{y.year}: {WAYS[i]}|{percent(n / sum(y.ways))}")
                for i, n in enumerate(y.ways) if n
            ], class_="stack"),
            el("span", _or_dash(y.shuffled), class_="value"),
        )
        for y in answer.years
    ]  # fmt: skip
    colours = key((f"f{i + 1}", way) for i, way in enumerate(WAYS) if answer.ways[i])
    return section(
        "intent",
        "Intent",
        f"{percent(answer.share(CHOSEN))} of plays you chose yourself",
        lede,
        el(
            "figure",
            el("div", el("ol", rows, class_="stacks"), class_="plot", tabindex=0, role="group",
               aria_label="How plays began, by year. Arrow keys read values."),
            el("figcaption", colours, el("p", "At the right, the share on shuffle.", class_="note")),
            class_="chart", data_chart=True,
        ),
        numbers(
            "From the export's reason for each start: a click or the play button is chosen, the end of the track "
            "before is by itself, a button to go on or back is skipping."
            + (f" Known for {percent(answer.known_share)} of plays." if answer.known_share < 0.995 else ""),
            ("Year", *WAYS, "shuffled"),
            (
                (str(y.year), *(percent(n / sum(y.ways)) for n in y.ways), _or_dash(y.shuffled))
                for y in answer.years
            ),
        ),
    )  # fmt: skip


def _or_dash(share: float | None) -> str:
    return "–" if share is None else percent(share)
