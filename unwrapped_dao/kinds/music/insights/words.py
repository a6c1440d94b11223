"""How the report writes numbers, times and names: for people, and safe to show.

Names come from a stranger's file. `clean` takes out what could disturb a page or a terminal; escaping for
HTML is the business of `report.markup`.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Final

from ....wording import plural as plural

LONGEST_NAME: Final = 90
"""Characters of a name that are shown; the record allows a thousand."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible, but words of some scripts and many emoji are written with them."""

_MARKS_IN_A_ROW: Final = 4

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip

_HOUR_MS: Final = 3_600_000
_UNIX_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


def clean(name: str, longest: int = LONGEST_NAME) -> str:
    """`name` on one line, without control characters and direction overrides, cut to `longest` characters.

    Letters of every script, emoji and their joiners stay. More than four combining marks on one letter do
    not: nobody writes so, and they would climb over the lines above.
    """
    out: list[str] = []
    marks = 0
    for c in name[: longest * 8]:
        category = unicodedata.category(c)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MARKS_IN_A_ROW or (category == "Cf" and c not in _JOINERS):
            continue
        if category == "Cs":
            out.append("\N{REPLACEMENT CHARACTER}")
        elif category[0] == "Z" or category == "Cc":
            out.append(" ")
        else:
            out.append(c)
    text = " ".join("".join(out).split())
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    return text or "(no name)"


def count(number: int) -> str:
    """1234 as `1,234`."""
    return f"{number:,}"


def duration(ms: int) -> str:
    """Milliseconds as `41 h`, `2 h 05 min`, `35 min` or `20 s`: two figures are enough for a person."""
    if ms < 60_000:
        return f"{ms // 1000} s"
    minutes = (ms + 30_000) // 60_000
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 600:
        return f"{minutes // 60} h {minutes % 60:02} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{(minutes + 30) // 60:,} h"


def amount(weight: int, timed: bool) -> str:
    """A weight as people say it: time, or plays when the file holds no durations."""
    return duration(weight) if timed else plural(weight, "play")


def hours(ms: int) -> int:
    """Whole hours, rounded."""
    return (ms + _HOUR_MS // 2) // _HOUR_MS


def percent(share: float) -> str:
    """0.123 as `12%`; below one per cent with one decimal; nothing but nothing is `0%`."""
    value = share * 100
    if 0 < value < 0.1:
        return "under 0.1%"
    if 0 < value < 0.95:
        return f"{value:.1f}%"
    if 99.5 <= value < 100:
        return "over 99%"
    return f"{value:.0f}%"


def pace(rate: float) -> str:
    """How often a new artist is met, from new artists for every hundred plays: two figures, and no `0.0`.

    >>> pace(2.34), pace(0.03)
    ('2.3 new artists in every hundred plays', 'one new artist in every 3,300 plays')
    """
    if rate <= 0:
        return "no new artist at all"
    if rate >= 1.05:
        return f"{rate:.1f} new artists in every hundred plays"
    plays = 100 / rate
    if plays < 105:
        return "one new artist in every hundred plays"
    size = 10 ** (len(str(int(plays))) - 2)
    return f"one new artist in every {round(plays / size) * size:,} plays"


def day_of(day: int) -> dt.date:
    """The date of a day number (days since 1970-01-01)."""
    return dt.date.fromordinal(day + _UNIX_EPOCH)


def date(day: int) -> str:
    """`3 March 2021`."""
    d = day_of(day)
    return f"{d.day} {MONTHS[d.month - 1]} {d.year}"


def month_of(day: int) -> int:
    """The month number of a day: year × 12 + month − 1."""
    d = day_of(day)
    return d.year * 12 + d.month - 1


def month(number: int, short: bool = False) -> str:
    """`March 2021`, or `Mar 2021`."""
    name = MONTHS[number % 12]
    return f"{name[:3] if short else name} {number // 12}"


def hour(number: int) -> str:
    """`22:00`."""
    return f"{number % 24:02}:00"


def span(days: int) -> str:
    """A number of days as `7 years 4 months`, `5 months` or `12 days`."""
    if days < 60:
        return plural(days, "day")
    months = round(days / 30.44)
    if months < 12:
        return plural(months, "month")
    years, rest = divmod(months, 12)
    return plural(years, "year") + (f" {plural(rest, 'month')}" if rest else "")
