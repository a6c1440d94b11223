"""Binges: the same track again and again, in a row or in a day, and an artist without a break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .history import History
from .insight import HistoryInsight
from .plays import NOBODY, with_hours

_SHOWN: Final = 5
_IN_A_ROW: Final = 3
_ARTIST_RUN: Final = 5


@dataclass(frozen=True, slots=True)
class Binge:
    """A track (or an artist, when `track` is empty), how often, and the day on which it began."""

    artist: str
    track: str
    plays: int
    day: int


@dataclass(frozen=True, slots=True)
class Binges:
    """`in_a_row` and `in_a_day` name a track once; `repeat_share` is the part of heard plays of a track that
    was already heard on the same day.
    """

    in_a_row: tuple[Binge, ...]
    in_a_day: tuple[Binge, ...]
    artist_runs: tuple[Binge, ...]
    repeat_share: float


def _of(history: History) -> Binges:
    heard = history.heard
    size = len(history.tracks)
    per_day = Counter([day * size + track for day, track in zip(heard.day, heard.track, strict=True)])
    # Of plays whose hour is not told nobody knows which came first.
    ordered = with_hours(heard)
    days = [(plays, pair // size, pair % size) for pair, plays in per_day.items() if plays >= _IN_A_ROW]
    return Binges(
        in_a_row=_tracks(history, _runs(ordered.day, ordered.track, _IN_A_ROW)),
        in_a_day=_tracks(history, days),
        artist_runs=_artists(history, _runs(ordered.day, ordered.artist, _ARTIST_RUN)),
        repeat_share=1 - len(per_day) / len(heard) if heard else 0.0,
    )


def _runs(days: Sequence[int], codes: Sequence[int], least: int) -> Iterator[tuple[int, int, int]]:
    """(plays, day, code) of each run of one code."""
    if not codes:
        return
    first = 0
    for i, (code, following) in enumerate(zip(codes, [*codes[1:], -1], strict=True), start=1):
        if code != following:
            if i - first >= least:
                yield i - first, days[first], code
            first = i


def _tracks(history: History, found: Iterator[tuple[int, int, int]] | list[tuple[int, int, int]]) -> tuple[Binge, ...]:
    named = [item for item in found if history.tracks[item[2]].artist != NOBODY]
    named.sort(key=lambda item: (-item[0], item[1], history.track_name(item[2])))
    first: dict[int, Binge] = {}
    for plays, day, track in named:
        first.setdefault(track, Binge(*history.track_name(track), plays, day))
    return tuple(first.values())[:_SHOWN]


def _artists(history: History, found: Iterator[tuple[int, int, int]]) -> tuple[Binge, ...]:
    named = sorted((-plays, day, history.artists[code]) for plays, day, code in found if code != NOBODY)
    first: dict[str, Binge] = {}
    for plays, day, name in named:
        first.setdefault(name, Binge(name, "", -plays, day))
    return tuple(first.values())[:_SHOWN]


BINGES: Final = HistoryInsight("binges", "Binges", _of)
