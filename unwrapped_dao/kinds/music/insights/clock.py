"""The clock: how much is played in each hour of the week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .history import History
from .insight import HistoryInsight, NotInFile
from .plays import with_hours

_LATE: Final = range(0, 5)
HOURS_NOT_TOLD: Final = NotInFile("This file tells the day of a play but not the hour.")


@dataclass(frozen=True, slots=True)
class Clock:
    """Weight by weekday (Monday first) and hour. A play counts in the hour in which it starts.

    `peak` and `quiet` are (weekday, hour) of the fullest cell and the first hour of the quietest five;
    `late_share` is the part played from midnight to five.
    """

    week: tuple[tuple[int, ...], ...]
    peak: tuple[int, int]
    quiet: int
    late_share: float
    weekend_share: float
    weeks: float

    @property
    def total(self) -> int:
        """All weight."""
        return sum(map(sum, self.week))

    @property
    def by_hour(self) -> tuple[int, ...]:
        """Weight by hour of the day."""
        return tuple(map(sum, zip(*self.week, strict=True)))

    @property
    def by_weekday(self) -> tuple[int, ...]:
        """Weight by weekday, Monday first."""
        return tuple(map(sum, self.week))

    def profile(self, weekdays: range) -> tuple[float, ...]:
        """The share of each hour in those weekdays' listening; zeros when there is none."""
        hours = [sum(self.week[day][hour] for day in weekdays) for hour in range(24)]
        total = sum(hours)
        return tuple(value / total if total else 0.0 for value in hours)


def _of(history: History) -> Clock | NotInFile:
    if not history.clocked:
        return HOURS_NOT_TOLD
    cells = [0] * 168
    plays = with_hours(history.all)
    for day, hour, weight in zip(plays.day, plays.hour, plays.weight, strict=True):
        cells[(day + 3) % 7 * 24 + hour] += weight  # day 0, 1 January 1970, was a Thursday
    week = tuple(tuple(cells[day * 24 : day * 24 + 24]) for day in range(7))
    total = sum(cells) or 1
    top = max(range(168), key=lambda cell: (cells[cell], -cell))
    hours = [sum(cells[hour::24]) for hour in range(24)]
    quiet = min(range(24), key=lambda hour: (sum(hours[(hour + i) % 24] for i in range(5)), hour))
    return Clock(
        week=week,
        peak=(top // 24, top % 24),
        quiet=quiet,
        late_share=sum(hours[hour] for hour in _LATE) / total,
        weekend_share=(sum(cells[120:])) / total,
        weeks=history.days / 7,
    )


CLOCK: Final = HistoryInsight("clock", "Hours of the week", _of)
