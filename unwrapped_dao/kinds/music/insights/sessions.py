"""Sessions: stretches of listening without a pause of half an hour."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from .clock import HOURS_NOT_TOLD
from .history import History
from .insight import HistoryInsight, NotInFile
from .measures import median
from .plays import NOBODY, Plays, with_hours

GAP_MS: Final = 30 * 60_000
"""A pause of half an hour ends a session: the usual choice for music and web logs alike."""
_BUCKETS_MIN: Final = (10, 30, 60, 120, 240)
BUCKETS: Final = ("under 10 min", "10 to 30 min", "30 to 60 min", "1 to 2 h", "2 to 4 h", "4 h and more")
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Session:
    """A session: its local day and hour, how long it lasted, pauses included, and its plays."""

    day: int
    hour: int
    length_ms: int
    plays: int


@dataclass(frozen=True, slots=True)
class Opener:
    """A track and how many sessions it opened."""

    artist: str
    track: str
    times: int


@dataclass(frozen=True, slots=True)
class Sessions:
    """`lengths` counts sessions by `BUCKETS`, `starts` by hour of the day. Sessions without a play of 30
    seconds do not count.
    """

    sessions: int
    median_ms: int
    median_plays: int
    per_active_day: float
    longest: Session
    lengths: tuple[int, ...]
    starts: tuple[int, ...]
    openers: tuple[Opener, ...]


def _of(history: History) -> Sessions | NotInFile:
    if not history.clocked:
        return HOURS_NOT_TOLD
    plays = with_hours(history.heard)
    if not plays:
        return NotInFile("This file holds no play of 30 seconds or more.")
    breaks = _breaks(plays)
    found: list[Session] = []
    first_tracks: list[int] = []
    for start, end in zip(breaks, [*breaks[1:], len(plays)], strict=True):
        length = plays.start_ms[end - 1] + plays.played_ms[end - 1] - plays.start_ms[start]
        found.append(Session(plays.day[start], plays.hour[start], max(0, length), end - start))
        first_tracks.append(plays.track[start])
    lengths = [0] * len(BUCKETS)
    for session in found:
        lengths[sum(1 for edge in _BUCKETS_MIN if session.length_ms >= edge * 60_000)] += 1
    starts = Counter(session.hour for session in found)
    openers = Counter(track for track in first_tracks if history.tracks[track].artist != NOBODY)
    return Sessions(
        sessions=len(found),
        median_ms=median([session.length_ms for session in found]),
        median_plays=median([session.plays for session in found]),
        per_active_day=len(found) / len(set(plays.day)),
        longest=max(found, key=lambda s: (s.length_ms, s.plays, -s.day)),
        lengths=tuple(lengths),
        starts=tuple(starts[hour] for hour in range(24)),
        openers=tuple(
            Opener(*history.track_name(track), times)
            for track, times in history.rank_tracks(openers, _SHOWN)
            if times > 1
        ),
    )


def _breaks(plays: Plays) -> list[int]:
    """The index of each session's first play."""
    out, busy_until = [], -GAP_MS * 2
    for i, (start, played) in enumerate(zip(plays.start_ms, plays.played_ms, strict=True)):
        if start - busy_until >= GAP_MS:
            out.append(i)
        busy_until = max(busy_until, start + played)
    return out


SESSIONS: Final = HistoryInsight("sessions", "Sessions", _of)
