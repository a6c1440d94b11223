"""Obsessions: single tracks played again and again within one week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .history import History
from .insight import HistoryInsight

WINDOW_DAYS: Final = 7
_PLAYS_NEEDED: Final = 8
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Obsession:
    """A track's fullest seven days: their first day, the plays in them, and what came before and after."""

    artist: str
    track: str
    first_day: int
    plays: int
    before: int
    after: int

    @property
    def burnt_out(self) -> bool:
        """Whether the week was most of what there ever was."""
        return self.after * 2 < self.plays


@dataclass(frozen=True, slots=True)
class Obsessions:
    """The fullest weeks of single tracks, the fullest first, one for each track."""

    tracks: tuple[Obsession, ...]


def _of(history: History) -> Obsessions:
    best: list[tuple[int, int, int]] = []
    for track, days in enumerate(history.track_days):
        if len(days) >= _PLAYS_NEEDED:
            plays, start = fullest(days)
            if plays >= _PLAYS_NEEDED:
                best.append((plays, start, track))
    best.sort(key=lambda item: (-item[0], item[1], history.track_name(item[2])))
    found = []
    for plays, start, track in best[:_SHOWN]:
        artist, title = history.track_name(track)
        total = len(history.track_days[track])
        first_day = history.track_days[track][start]
        found.append(Obsession(artist, title, first_day, plays, start, total - start - plays))
    return Obsessions(tuple(found))


def fullest(days: Sequence[int]) -> tuple[int, int]:
    """(plays, index of the first) of the earliest fullest window of ascending `days`."""
    plays, first, left = 0, 0, 0
    for right, day in enumerate(days):
        while day - days[left] >= WINDOW_DAYS:
            left += 1
        if right - left + 1 > plays:
            plays, first = right - left + 1, left
    return plays, first


OBSESSIONS: Final = HistoryInsight("obsessions", "Obsessions", _of)
