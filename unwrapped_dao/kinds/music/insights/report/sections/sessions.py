"""Sessions: how long one sits with music, when it begins, and what opens it."""

from __future__ import annotations

from ...findings import Findings
from ...insight import NotInFile
from ...sessions import BUCKETS
from ...words import count, date, duration, hour, percent, plural
from ..markup import Child, Html, el, join, name
from ..parts import bars, chart, columns, facts, hour_axis, missing, numbers, section, titled
from ..plot import stretched


def chapter(found: Findings) -> Html:
    """Sessions."""
    s = found.sessions
    if isinstance(s, NotInFile):
        return section("sessions", "Sessions", "How you sit down to listen", None, missing(s))
    timed = found.history.timed
    headline = f"{plural(s.sessions, 'time')} you put music on"
    lede = f"Half of those sessions have {plural(s.median_plays, 'track')} or more"
    lede += f" and last {duration(s.median_ms)} or longer." if timed else "."
    top = max(s.lengths) or 1
    lengths = bars(
        (
            (label, join(count(n), el("small", percent(n / s.sessions), class_="share-of")), n / top)
            for label, n in zip(BUCKETS, s.lengths, strict=True)
        ),
        "plain",
    )
    longest = s.longest
    items: list[tuple[Child, Child]] = [(f"{s.per_active_day:.1f}", "sessions on a day with music")]
    if timed:
        items.insert(
            0, (duration(longest.length_ms), f"the longest: {date(longest.day)}, {plural(longest.plays, 'play')}")
        )
    openers = (
        bars(
            (
                join(name(o.track), " ", el("small", name(o.artist))),
                plural(o.times, "time"),
                o.times / s.openers[0].times,
            )
            for o in s.openers
        )
        if s.openers
        else None
    )
    return section(
        "sessions",
        "Sessions",
        headline,
        lede,
        columns(
            titled("How long they last", lengths) if timed else missing(
                NotInFile("How long a session lasts needs the time played.")),
            titled("When they begin", _starts(s.starts)),
        ),
        columns(
            titled("What opens them", openers, note="The first track of a session.") if openers else None,
            facts(items),
        ),
        numbers(
            "A session ends with a pause of half an hour. Lengths include the pauses within.",
            ("Hour", "Sessions begun"),
            ((hour(h), count(n)) for h, n in enumerate(s.starts)),
        ),
    )  # fmt: skip


def _starts(starts: tuple[int, ...]) -> Html:
    top = max(starts) or 1
    shapes = []
    for h, n in enumerate(starts):
        height = 96 * n / top
        shapes.append(el("rect", x=h + 0.12, y=100 - height, width=0.76, height=height, class_="col two"))
        shapes.append(
            el("rect", x=h, y=0, width=1, height=100, class_="hit", data_t=f"{hour(h)}|{plural(n, 'session')} begun")
        )
    svg = stretched(
        "When sessions begin", "A bar for each hour of the day: sessions that begin in it.", 24, 100, shapes,
        class_="fluid mid-high",
    )  # fmt: skip
    return chart(svg, hour_axis(), label="Sessions begun by hour")
