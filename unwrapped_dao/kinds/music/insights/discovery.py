"""Discovery: how fast somebody meets artists and tracks that are new to them.

"New" means new in this file: what was loved before its first day looks new at first, so the first 90 days are
a warm-up that no rate counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from .history import History
from .insight import HistoryInsight
from .plays import NOBODY
from .words import month_of

WARM_UP_DAYS: Final = 90
_SPAN_NEEDED_DAYS: Final = 2 * WARM_UP_DAYS
FRESH_DAYS: Final = 30
_PLAYS_FOR_BEST: Final = 50


@dataclass(frozen=True, slots=True)
class MonthOfFinds:
    """One month: artists and tracks heard for the first time, plays heard, and the share of those plays that
    went to artists met within the 30 days before.
    """

    month: int
    artists: int
    tracks: int
    plays: int
    fresh_share: float


@dataclass(frozen=True, slots=True)
class Find:
    """An artist met in a year who became that year's best find, with everything heard since."""

    year: int
    artist: str
    first_day: int
    weight: int


@dataclass(frozen=True, slots=True)
class Discovery:
    """The curve by month, and what it says. Rates are new artists for every 100 plays after the warm-up;
    None when the file is too short for them. `settled_month` is the first month after the warm-up.
    """

    months: tuple[MonthOfFinds, ...]
    artists: int
    tracks: int
    rate: float | None
    early_rate: float | None
    late_rate: float | None
    settled_month: int | None
    boldest: MonthOfFinds | None
    finds: tuple[Find, ...]


def _of(history: History) -> Discovery:
    heard = history.heard
    first_track = dict(zip(reversed(heard.track), reversed(heard.day), strict=True))
    month_of_day = dict(zip(heard.day, heard.month, strict=True))
    new_artists = Counter(month_of_day[day] for day in history.first_heard.values())
    new_tracks = Counter(month_of_day[day] for day in first_track.values())
    plays = Counter(heard.month)
    fresh = _fresh_plays(history)
    months = tuple(
        MonthOfFinds(m, new_artists[m], new_tracks[m], plays[m], fresh[m] / plays[m] if plays[m] else 0.0)
        for m in history.months
    )
    settled = None
    rate = early = late = None
    boldest = None
    if history.days >= _SPAN_NEEDED_DAYS:
        settled = month_of(history.first_day + WARM_UP_DAYS) + 1
        counted = [m for m in months if m.month >= settled]
        half = len(counted) // 2
        rate, early, late = _rate(counted), _rate(counted[:half]), _rate(counted[half:])
        lively = [m for m in counted if m.plays >= _PLAYS_FOR_BEST]
        boldest = max(lively, key=lambda m: (m.fresh_share, -m.month), default=None)
    finds = _finds(history, settled)
    return Discovery(months, len(history.first_heard), len(first_track), rate, early, late, settled, boldest, finds)


def _fresh_plays(history: History) -> Counter[int]:
    """month → heard plays of artists that were first heard at most 30 days before."""
    first = dict(history.first_heard)
    first[NOBODY] = -(10**9)
    heard = history.heard
    return Counter(
        month
        for month, day, artist in zip(heard.month, heard.day, heard.artist, strict=True)
        if day - first[artist] < FRESH_DAYS
    )


def _rate(months: list[MonthOfFinds]) -> float | None:
    plays = sum(m.plays for m in months)
    return 100 * sum(m.artists for m in months) / plays if plays else None


def _finds(history: History, settled: int | None) -> tuple[Find, ...]:
    """Each year's find that was heard most since; none from the warm-up."""
    if settled is None:
        return ()
    best: dict[int, tuple[int, int]] = {}
    warm_until = history.first_day + WARM_UP_DAYS
    for artist, weight in history.rank_artists(history.artist_weight, len(history.artists)):
        day = history.first_heard.get(artist)
        if day is not None and day >= warm_until:
            best.setdefault(month_of(day) // 12, (artist, weight))
    return tuple(
        Find(year, history.artists[artist], history.first_heard[artist], weight)
        for year, (artist, weight) in sorted(best.items())
    )


DISCOVERY: Final = HistoryInsight("discovery", "Discovery", _of)
