"""Streaks: days in a row with music, the longest silence, the fullest day, and the calendar of all days."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .history import History
from .insight import HistoryInsight


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row: the first and how many; none is a run of 0."""

    first_day: int
    days: int


@dataclass(frozen=True, slots=True)
class FullDay:
    """A day, its weight, and the plays heard of named artists; `artist` was played most often on it."""

    day: int
    weight: int
    plays: int
    artist: str


@dataclass(frozen=True, slots=True)
class Streaks:
    """`calendar` is (day, weight) for each day with a play, in order. `at_end` is the streak the file ends
    in.
    """

    active_days: int
    days: int
    longest: Run
    silence: Run
    at_end: Run
    busiest: FullDay
    calendar: tuple[tuple[int, int], ...]


def longest_run(days: Sequence[int]) -> Run:
    """The earliest longest run within ascending days without repeats."""
    best, first, length = Run(0, 0), 0, 0
    for i, day in enumerate(days):
        if i and day == days[i - 1] + 1:
            length += 1
        else:
            first, length = day, 1
        if length > best.days:
            best = Run(first, length)
    return best


def full_day(history: History, days: Iterable[int]) -> FullDay:
    """The fullest of the given days; each of them has a play."""
    weights = history.day_weight
    day = max(days, key=lambda d: (weights[d], -d))
    plays = history.day_artist_plays.get(day, {})
    top = history.rank_artists(plays, 1)
    return FullDay(day, weights[day], sum(plays.values()), history.artists[top[0][0]] if top else "")


def _of(history: History) -> Streaks:
    days = sorted(history.day_weight)
    silence = Run(0, 0)
    for before, after in itertools.pairwise(days):
        if after - before - 1 > silence.days:
            silence = Run(before + 1, after - before - 1)
    end = 1
    while end < len(days) and days[-end] - days[-end - 1] == 1:
        end += 1
    return Streaks(
        active_days=len(days),
        days=history.days,
        longest=longest_run(days),
        silence=silence,
        at_end=Run(days[-end], end),
        busiest=full_day(history, history.day_weight),
        calendar=tuple((day, history.day_weight[day]) for day in days),
    )


STREAKS: Final = HistoryInsight("streaks", "Streaks", _of)
