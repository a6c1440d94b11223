"""The page that compares two histories."""

from __future__ import annotations

from ..clock import Clock
from ..comparison import Comparison, Lent, Side
from ..insight import NotInFile
from ..words import WEEKDAYS, amount, count, date, hour, percent, plural
from .document import footer, navigation, page
from .markup import Child, Html, el, join, name
from .parts import columns, facts, key, missing, numbers, section, titled
from .sections.clock import dial_figure

_NAVIGATION = (("taste", "Taste"), ("shared", "Shared"), ("hours", "Hours"), ("lend", "To lend"))


def side_by_side(c: Comparison) -> str:
    """The whole page."""
    a, b = name(c.a.label), name(c.b.label)
    hero = el(
        "header",
        el(
            "div",
            el("p", "Two listeners", class_="eyebrow"),
            el("h1", el("span", percent(c.taste), class_="big"), " ", el("span", "taste in common", class_="unit")),
            el("p", a, " and ", b, class_="when"),
            el("p", f"{plural(c.shared_artists, 'artist')} and {plural(c.shared_tracks, 'track')}", class_="size"),
            class_="wrap",
        ),
        class_="hero plain",
        id="top",
    )  # fmt: skip
    return page(
        "Two listeners",
        hero,
        navigation(_NAVIGATION),
        el("main", _taste(c, a, b), _shared(c, a, b), _hours(c, a, b), _lend(c, a, b), class_="wrap"),
        footer(),
    )


def _taste(c: Comparison, a: Html, b: Html) -> Html:
    def side(s: Side, label: Html) -> Html:
        return titled(
            label,
            facts(
                (
                    (amount(s.weight, s.timed), f"from {date(s.first_day)} to {date(s.last_day)}"),
                    (count(s.artists), f"artists, as wide as {round(s.effective):,} equal ones"),
                    (percent(s.shared_listening), "of listening goes to artists of both"),
                )
            ),
        )

    return section(
        "taste",
        "Taste",
        "How much is the same",
        "In common is the part of two people's listening that coincides, artist by artist: "
        "0% shares nothing, 100% is one person.",
        columns(side(c.a, a), side(c.b, b)),
    )


def _shared(c: Comparison, a: Html, b: Html) -> Html:
    if not c.artists:
        return section("shared", "Shared", "No artist in common", "Two worlds. Time to lend each other a record.")
    top = max(max(s.share_a, s.share_b) for s in c.artists) or 1.0
    rows = [
        el(
            "li", name(s.artist, class_="what"),
            el("span", el("span", class_="arm", style=f"--w:{s.share_a / top:.4f}"), el("small", percent(s.share_a)),
               class_="left"),
            el("span", el("span", class_="arm", style=f"--w:{s.share_b / top:.4f}"), el("small", percent(s.share_b)),
               class_="right"),
        )
        for s in c.artists
    ]  # fmt: skip
    tracks = (
        (join(name(t.track), " ", el("small", name(t.artist))), count(t.plays_a), count(t.plays_b)) for t in c.tracks
    )
    return section(
        "shared", "Shared", join("You meet at ", name(c.artists[0].artist)), None,
        key((("c1", a), ("c2", b))),
        el("ol", rows, class_="butterfly"),
        numbers("Tracks that both have played, by the plays of the one who played it less. Names are the same when "
                "they are written the same, but for case.", ("Track", a, b), tracks, summary="Tracks of both"),
    )  # fmt: skip


def _hours(c: Comparison, a: Html, b: Html) -> Html:
    def clock(s: Side, label: Html) -> Child:
        if not isinstance(s.clock, Clock):
            return titled(label, missing(s.clock))
        return titled(label, dial_figure(s.clock, s.timed, label=f"Clock of {s.label}", note=s.zone))

    if isinstance(c.hours, NotInFile) or isinstance(c.meeting, NotInFile):
        told = isinstance(c.a.clock, Clock) and isinstance(c.b.clock, Clock)
        headline = "You are never there together" if told else "When you listen"
        lede = c.hours.reason if told and isinstance(c.hours, NotInFile) else None
        return section("hours", "Hours", headline, lede, columns(clock(c.a, a), clock(c.b, b)))
    day, at = c.meeting
    return section(
        "hours", "Hours", f"Put something on together on {WEEKDAYS[day]} at {hour(at)}",
        f"{percent(c.hours)} of your listening falls into the same hours of the week, each on your own clock.",
        columns(clock(c.a, a), clock(c.b, b)),
    )  # fmt: skip


def _lend(c: Comparison, a: Html, b: Html) -> Html:
    def shelf(lent: tuple[Lent, ...]) -> Html:
        if not lent:
            return el("p", "Nothing that the other does not know.", class_="note")
        rows = [el("li", name(item.artist), el("small", percent(item.share))) for item in lent]
        return el("ol", rows, class_="finds")

    return section(
        "lend", "To lend", "What one loves and the other never played", None,
        columns(
            titled(join(a, " could lend ", b), shelf(c.a_lends)), titled(join(b, " could lend ", a), shelf(c.b_lends))
        ),
    )  # fmt: skip
