"""Forgotten favourites: a shelf of tracks to play again."""

from __future__ import annotations

from ...findings import Findings
from ...forgotten import Forgotten
from ...insight import NotInFile
from ...words import date, plural, span
from ..markup import Child, Html, el, join, name
from ..parts import Unanswered, numbers, section, titled


def chapter(found: Findings) -> Html | Unanswered:
    """Forgotten favourites."""
    answer = found.forgotten
    if isinstance(answer, NotInFile):
        return Unanswered("forgotten", "Forgotten", answer.reason)
    if not answer.tracks:
        lately = f"in the last {plural(answer.silence_days, 'day')} of this file"
        lede = f"Everything you played much, you played again {lately}."
        return section("forgotten", "Forgotten", "Nothing forgotten", lede)
    first = answer.tracks[0]
    silence = span(answer.last_day - first.last_day)
    headline: Child = join("You have not played ", name(first.track), f" for {silence}")
    silent = "year" if answer.silence_days == 365 else plural(answer.silence_days, "day")
    lede = f"Once among your favourites, and not once in the last {silent} of this file. A shelf to visit again."
    shelf = el("div", [_card(f, answer.last_day) for f in answer.tracks], class_="cards shelf")
    artists = el("div", [_card(f, answer.last_day) for f in answer.artists], class_="cards shelf")
    return section(
        "forgotten",
        "Forgotten",
        headline,
        lede,
        titled("Tracks you left behind", shelf),
        titled("Artists you left behind", artists) if answer.artists else None,
        numbers(
            f"Tracks with six plays or more and artists with 25 or more, none of them in the last "
            f"{plural(answer.silence_days, 'day')} of the file. The little bars are plays over the whole history.",
            ("Track or artist", "By", "Plays", "First", "Last"),
            (
                (
                    name(f.track or f.artist),
                    name(f.artist),
                    plural(f.plays, "play"),
                    date(f.first_day),
                    date(f.last_day),
                )
                for f in (*answer.tracks, *answer.artists)
            ),
        ),
    )


def _card(one: Forgotten, last_day: int) -> Html:
    top = max(one.spark)
    spark = el(
        "svg",
        el("title", "Plays over the years"),
        [
            el("rect", x=i, y=10 - 10 * v / top, width=0.72, height=10 * v / top)
            for i, v in enumerate(one.spark)
            if v
        ],
        viewBox=f"0 0 {len(one.spark)} 10", preserveAspectRatio="none", class_="spark", role="img",
    )  # fmt: skip
    return el(
        "article",
        el("h4", name(one.track or one.artist)),
        el("p", name(one.artist), class_="by") if one.track else None,
        spark,
        el("p", f"{plural(one.plays, 'play')}, the last on {date(one.last_day)}", class_="note"),
    )
