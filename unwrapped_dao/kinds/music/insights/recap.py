"""The yearly recap: each calendar year on one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .discovery import WARM_UP_DAYS
from .history import History, add_up
from .insight import HistoryInsight
from .streaks import FullDay, Run, full_day, longest_run
from .tops import Top, top_artists, top_tracks
from .words import day_of

_TOP: Final = 5
_PLAYS_NEEDED: Final = 30


@dataclass(frozen=True, slots=True)
class Year:
    """One year. `months` is weight by month, January first; `change` the weight against the year before
    (0.1 is a tenth more), None unless the file covers both from end to end; `find` the year's best new artist.
    """

    year: int
    weight: int
    plays: int
    active_days: int
    artists: int
    tracks: int
    new_artists: int
    months: tuple[int, ...]
    top_artists: tuple[Top, ...]
    top_tracks: tuple[Top, ...]
    fullest: FullDay
    streak: Run
    peak_hour: int | None
    find: str
    change: float | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Recap:
    """Years with 30 plays or more, in order."""

    years: tuple[Year, ...]


def _of(history: History) -> Recap:
    years: list[Year] = []
    for number in history.years:
        months = range(number * 12, number * 12 + 12)
        tracks = add_up(history.month_tracks.get(month, {}) for month in months)
        if sum(tracks.values()) >= _PLAYS_NEEDED:
            years.append(_year(history, number, tracks, years[-1] if years else None))
    return Recap(tuple(years))


def _year(history: History, number: int, tracks: Mapping[int, int], before: Year | None) -> Year:
    months = [history.month_artists.get(number * 12 + i, {}) for i in range(12)]
    artists = add_up(months)
    days = {day: weight for day, weight in history.day_weight.items() if day_of(day).year == number}
    by_month = [0] * 12
    for day, weight in days.items():
        by_month[day_of(day).month - 1] += weight
    weight = sum(days.values())
    first, last = day_of(history.first_day), day_of(history.last_day)
    whole = (first.year, first.month, first.day) <= (number, 1, 7) and (
        last.year, last.month, last.day) >= (number, 12, 25)  # fmt: skip
    new = [artist for artist, day in history.first_heard.items() if day_of(day).year == number]
    finds = {a: artists.get(a, 0) for a in new if history.first_heard[a] >= history.first_day + WARM_UP_DAYS}
    found = history.rank_artists(finds, 1)
    by_hour = [history.month_hours.get(number * 12 + i, [0] * 24) for i in range(12)]
    hours = [sum(of_month[hour] for of_month in by_hour) for hour in range(24)]
    compared = before is not None and before.year == number - 1 and before.whole and whole and before.weight
    return Year(
        year=number,
        weight=weight,
        plays=sum(tracks.values()),
        active_days=len(days),
        artists=len(artists),
        tracks=len(tracks),
        new_artists=len(new),
        months=tuple(by_month),
        top_artists=top_artists(history, artists, _TOP, weight),
        top_tracks=top_tracks(history, tracks, _TOP, sum(tracks.values())),
        fullest=full_day(history, days),
        streak=longest_run(sorted(days)),
        peak_hour=max(range(24), key=lambda hour: (hours[hour], -hour)) if history.clocked else None,
        find=history.artists[found[0][0]] if found else "",
        change=weight / before.weight - 1 if compared and before else None,
        whole=whole,
    )


RECAP: Final = HistoryInsight("recap", "Year by year", _of)
