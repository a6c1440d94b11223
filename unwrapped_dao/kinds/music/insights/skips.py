"""Skips: what is not listened to the end, by whom, when, and how soon.

How a play ended says it best: forward, back, or another title chosen is a skip; the end of the track is none;
a closed app is neither. The export's own field `skipped` is unreliable before 2024 and believed only after.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

from .history import History
from .insight import HistoryInsight, NotInFile
from .measures import median
from .plays import NOBODY

SKIP_ENDS: Final = frozenset({"fwdbtn", "backbtn", "endplay"})
_FULL_END: Final = "trackdone"
_BELIEVED_FROM_MS: Final = 1_704_067_200_000  # 2024-01-01
_ANSWERS_NEEDED: Final = 100
_INSTANT_MS: Final = 10_000
_ARTIST_PLAYS: Final = 40
_TRACK_PLAYS: Final = 15
_SHOWN: Final = 6
_UNKNOWN: Final = -1


@dataclass(frozen=True, slots=True)
class SkipShare:
    """Somebody's or something's skips: known plays and how many of them were skipped."""

    name: str
    artist: str
    plays: int
    skipped: int

    @property
    def share(self) -> float:
        """Skipped plays among those known."""
        return self.skipped / self.plays if self.plays else 0.0


@dataclass(frozen=True, slots=True)
class SkipAnswers:
    """What the known endings say. `known_share` is their part of all plays; `before_skip_ms` the median time
    until a skip; `instant_share` the part of skips within ten seconds. `by_hour` is empty without
    hours, and both are 0 where the file does not tell how long plays lasted.
    """

    known_share: float
    overall: SkipShare
    by_year: tuple[tuple[int, SkipShare], ...]
    by_hour: tuple[SkipShare, ...]
    shuffled: SkipShare
    in_order: SkipShare
    before_skip_ms: int
    instant_share: float
    most_skipped: tuple[SkipShare, ...]
    least_skipped: tuple[SkipShare, ...]
    never_skipped: tuple[SkipShare, ...]


@dataclass(frozen=True, slots=True)
class Skips:
    """Skips where the file tells endings, and the share of plays under 30 seconds where it tells durations."""

    answers: SkipAnswers | NotInFile
    short_share: float | NotInFile


def _verdict(end: str, skipped: int, *, believed: bool) -> int:
    """1 skipped, 0 not, -1 unknown."""
    if end in SKIP_ENDS:
        return 1
    if end == _FULL_END:
        return 0
    return skipped if believed or not end else _UNKNOWN


def _verdicts(history: History) -> list[int]:
    """The verdict play by play; plays are in order of time, so one cut parts those before 2024."""
    plays = history.all
    cut = bisect_left(plays.start_ms, _BELIEVED_FROM_MS)
    out: list[int] = []
    ends = set(plays.reason_end)
    for believed, part in ((False, slice(0, cut)), (True, slice(cut, None))):
        known = {(end, s): _verdict(end, s, believed=believed) for end in ends for s in (_UNKNOWN, 0, 1)}
        out += map(known.__getitem__, zip(plays.reason_end[part], plays.skipped[part], strict=True))
    return out


def _of(history: History) -> Skips:
    verdicts = _verdicts(history)
    short: float | NotInFile = NotInFile("This file does not tell how long each play lasted.")
    if history.timed:
        short = 1 - len(history.heard) / len(history.all)
    known = len(verdicts) - verdicts.count(_UNKNOWN)
    if known < _ANSWERS_NEEDED:
        few = f"Too few plays tell how they ended: {known} of the {_ANSWERS_NEEDED} that it takes."
        return Skips(NotInFile(few if known else "This file does not tell how each play ended."), short)
    return Skips(_answers(history, verdicts, known), short)


def _answers(history: History, verdicts: list[int], known: int) -> SkipAnswers:
    plays = history.all
    skips = [verdict == 1 for verdict in verdicts]
    is_known = [verdict >= 0 for verdict in verdicts]

    def shares(column: Sequence[int]) -> tuple[Counter[int], Counter[int]]:
        return Counter(compress(column, is_known)), Counter(compress(column, skips))

    by_month, skipped_by_month = shares(plays.month)
    years = []
    for year in history.years:
        total = sum(by_month[m] for m in range(year * 12, year * 12 + 12))
        part = sum(skipped_by_month[m] for m in range(year * 12, year * 12 + 12))
        if total >= _ANSWERS_NEEDED:
            years.append((year, SkipShare(str(year), "", total, part)))
    by_hour, skipped_by_hour = shares(plays.hour)
    modes, skipped_modes = shares(plays.shuffle)
    before = list(compress(plays.played_ms, skips)) if history.timed else []
    by_artist, skipped_by_artist = shares(plays.artist)
    artists = [
        SkipShare(history.artists[artist], "", total, skipped_by_artist[artist])
        for artist, total in by_artist.items()
        if total >= _ARTIST_PLAYS and artist != NOBODY
    ]
    by_track, skipped_by_track = shares(plays.track)
    faithful = [
        SkipShare(history.tracks[track].name, history.artists[history.tracks[track].artist], total, 0)
        for track, total in by_track.items()
        if total >= _TRACK_PLAYS and not skipped_by_track[track] and history.tracks[track].artist != NOBODY
    ]
    return SkipAnswers(
        known_share=known / len(verdicts),
        overall=SkipShare("all", "", known, sum(skips)),
        by_year=tuple(years),
        by_hour=tuple(
            SkipShare(str(hour), "", by_hour[hour], skipped_by_hour[hour]) for hour in range(24)
        ) if history.clocked else (),
        shuffled=SkipShare("shuffled", "", modes[1], skipped_modes[1]),
        in_order=SkipShare("in order", "", modes[0], skipped_modes[0]),
        before_skip_ms=median(before),
        instant_share=sum(1 for ms in before if ms < _INSTANT_MS) / len(before) if before else 0.0,
        most_skipped=tuple(sorted(artists, key=lambda a: (-a.share, -a.plays, a.name))[:_SHOWN]),
        least_skipped=tuple(sorted(artists, key=lambda a: (a.share, -a.plays, a.name))[:_SHOWN]),
        never_skipped=tuple(sorted(faithful, key=lambda t: (-t.plays, t.artist, t.name))[:_SHOWN]),
    )  # fmt: skip


SKIPS: Final = HistoryInsight("skips", "Skips", _of)
