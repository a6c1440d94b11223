"""Loyalty: whether artists stay once they were met."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from .discovery import WARM_UP_DAYS
from .history import History, add_up
from .insight import HistoryInsight
from .words import month_of

MONTHS_LATER: Final = (1, 3, 6, 12, 24, 36)
_MONTH_DAYS: Final = 30
_LOOK_DAYS: Final = 90
_MET_PLAYS: Final = 3
_COHORT_NEEDED: Final = 10
TOP: Final = 10
_COMPANIONS: Final = 6
_COMPANION_MONTHS: Final = 6


@dataclass(frozen=True, slots=True)
class Staying:
    """Of `met` artists, the part heard again in the three months from `months_later` months after the first play."""

    months_later: int
    met: int
    share: float


@dataclass(frozen=True, slots=True)
class Companion:
    """An artist heard in `months_heard` of the `months_known` months since the first."""

    artist: str
    months_heard: int
    months_known: int


@dataclass(frozen=True, slots=True)
class Loyalty:
    """`kept` has, for each year after the first, how many of the year before's ten top artists are in that
    year's top ten.
    """

    staying: tuple[Staying, ...]
    kept: tuple[tuple[int, int], ...]
    companions: tuple[Companion, ...]


def _of(history: History) -> Loyalty:
    return Loyalty(_staying(history), _kept(history), _companions(history))


def _staying(history: History) -> tuple[Staying, ...]:
    """Only artists met after the warm-up, and liked enough for three plays in their first month."""
    met = []
    for days in history.artist_days:
        if (
            days
            and days[0] >= history.first_day + WARM_UP_DAYS
            and bisect_left(days, days[0] + _MONTH_DAYS) >= _MET_PLAYS
        ):
            met.append(days)
    out = []
    for months in MONTHS_LATER:
        start, end = months * _MONTH_DAYS, months * _MONTH_DAYS + _LOOK_DAYS
        old = [days for days in met if days[0] + end <= history.last_day]
        if len(old) >= _COHORT_NEEDED:
            back = sum(1 for days in old if bisect_left(days, days[0] + end) > bisect_left(days, days[0] + start))
            out.append(Staying(months, len(old), back / len(old)))
    return tuple(out)


def _kept(history: History) -> tuple[tuple[int, int], ...]:
    tops: dict[int, frozenset[int]] = {}
    for year in history.years:
        sums = add_up(history.month_artists.get(month, {}) for month in range(year * 12, year * 12 + 12))
        if len(sums) > TOP:
            tops[year] = frozenset(artist for artist, _ in history.rank_artists(sums, TOP))
    return tuple((year, len(tops[year] & tops[year - 1])) for year in sorted(tops) if year - 1 in tops)


def _companions(history: History) -> tuple[Companion, ...]:
    found = []
    for artist, days in enumerate(history.artist_days):
        if len(days) < _COMPANION_MONTHS:
            continue
        known = history.last_month - month_of(days[0]) + 1
        if known >= _COMPANION_MONTHS:
            heard = len({month_of(day) for day in set(days)})
            found.append(Companion(history.artists[artist], heard, known))
    found.sort(key=lambda c: (-c.months_heard, -c.months_heard / c.months_known, c.artist))
    return tuple(found[:_COMPANIONS])


LOYALTY: Final = HistoryInsight("loyalty", "Loyalty", _of)
