"""Four habits, each named for what is counted. None of them says anything about health or mood.

- late night: the share of listening from midnight to five
- comfort: the share of heard plays of a track that was heard ten times or more before
- repeat: the share of heard plays of a track that was already heard on the same day
- volatility: how far one week's artists are from the week's before, 0 the same, 1 all others
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .history import History
from .insight import HistoryInsight
from .measures import overlap
from .words import month_of

COMFORT_AFTER: Final = 10
_LATE_UNTIL: Final = 5
_PLAYS_NEEDED: Final = 60
_WEEK_PLAYS: Final = 15
_WEEKS_NEEDED: Final = 4


@dataclass(frozen=True, slots=True)
class Habit:
    """The four figures over one stretch of time, each 0 to 1; None where the file cannot tell."""

    label: str
    late: float | None
    comfort: float
    repeat: float
    volatility: float | None


@dataclass(frozen=True, slots=True)
class Habits:
    """The whole history, and each year with plays enough."""

    whole: Habit
    years: tuple[Habit, ...]


def _of(history: History) -> Habits:
    heard = history.heard
    seen = [0] * len(history.tracks)
    plays = Counter(heard.month)
    comfort: dict[int, int] = {}
    last_day = [-1] * len(history.tracks)
    repeats: dict[int, int] = {}
    for month, day, track in zip(heard.month, heard.day, heard.track, strict=True):
        if seen[track] >= COMFORT_AFTER:
            comfort[month] = comfort.get(month, 0) + 1
        if last_day[track] == day:
            repeats[month] = repeats.get(month, 0) + 1
        seen[track] += 1
        last_day[track] = day
    told = {month: sum(hours) for month, hours in history.month_hours.items()}
    late = {month: sum(hours[:_LATE_UNTIL]) for month, hours in history.month_hours.items()}
    turns = _turns(history)

    def habit(label: str, months: range) -> Habit:
        whole, listening = _sum(plays, months) or 1, _sum(told, months) or 1
        weeks = [turn for month, turn in turns if month in months]
        return Habit(
            label,
            _sum(late, months) / listening if history.clocked else None,
            _sum(comfort, months) / whole,
            _sum(repeats, months) / whole,
            sum(weeks) / len(weeks) if len(weeks) >= _WEEKS_NEEDED else None,
        )

    years = [
        habit(str(year), range(year * 12, year * 12 + 12))
        for year in history.years
        if _sum(plays, range(year * 12, year * 12 + 12)) >= _PLAYS_NEEDED
    ]
    return Habits(habit("all years", history.months), tuple(years))


def _sum(table: Mapping[int, int], months: range) -> int:
    return sum(table.get(month, 0) for month in months)


def _turns(history: History) -> list[tuple[int, float]]:
    """(month, distance to the week before) for each week that, like the one before, has plays enough. A
    week counts in the month of its Monday."""
    weeks: dict[int, dict[int, int]] = {}
    for day, plays in history.day_artist_plays.items():
        artists = weeks.setdefault((day + 3) // 7, {})
        for artist, times in plays.items():
            artists[artist] = artists.get(artist, 0) + times
    return [
        (month_of(week * 7 - 3), 1 - overlap(weeks[week - 1], artists))
        for week, artists in weeks.items()
        if week - 1 in weeks and min(sum(artists.values()), sum(weeks[week - 1].values())) >= _WEEK_PLAYS
    ]


HABITS: Final = HistoryInsight("habits", "Habits of playing", _of)
