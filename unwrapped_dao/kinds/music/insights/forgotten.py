"""Forgotten favourites: what was played much, and then no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .history import History
from .insight import HistoryInsight, NotInFile
from .plays import NOBODY

SPARK_BINS: Final = 24
_SHOWN_TRACKS: Final = 12
_SHOWN_OF_ARTIST: Final = 2
_SHOWN_ARTISTS: Final = 6
_LONGEST_SILENCE: Final = 365
_SHORTEST_SILENCE: Final = 60
_SPAN_NEEDED_DAYS: Final = 2 * _SHORTEST_SILENCE
_PLAYS_OF_TRACK: Final = 6
_PLAYS_OF_ARTIST: Final = 25


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A track, or an artist when `track` is empty: plays heard, first and last day, and plays over
    the history's 24 equal stretches of time.
    """

    artist: str
    track: str
    plays: int
    first_day: int
    last_day: int
    spark: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ForgottenFavourites:
    """Not heard in the last `silence_days` of the file; the most played first, of an artist two tracks at most."""

    silence_days: int
    last_day: int
    tracks: tuple[Forgotten, ...]
    artists: tuple[Forgotten, ...]


def _of(history: History) -> ForgottenFavourites | NotInFile:
    if history.days < _SPAN_NEEDED_DAYS:
        return NotInFile("Forgetting takes time: this file covers less than four months.")
    silence = max(_SHORTEST_SILENCE, min(_LONGEST_SILENCE, history.days // 4))
    until = history.last_day - silence
    tracks = [
        Forgotten(*history.track_name(track), len(days), days[0], days[-1], _spark(history, days))
        for track, days in enumerate(history.track_days)
        if len(days) >= _PLAYS_OF_TRACK and days[-1] <= until and history.tracks[track].artist != NOBODY
    ]
    tracks.sort(key=lambda f: (-f.plays, f.artist, f.track))
    return ForgottenFavourites(silence, history.last_day, _varied(tracks), _artists(history, until))


def _varied(tracks: list[Forgotten]) -> tuple[Forgotten, ...]:
    """The first twelve, two of an artist at most: a shelf, not a discography."""
    shown: list[Forgotten] = []
    of_artist: Counter[str] = Counter()
    for track in tracks:
        of_artist[track.artist] += 1
        if of_artist[track.artist] <= _SHOWN_OF_ARTIST:
            shown.append(track)
        if len(shown) == _SHOWN_TRACKS:
            break
    return tuple(shown)


def _artists(history: History, until: int) -> tuple[Forgotten, ...]:
    found = [
        Forgotten(history.artists[artist], "", len(of), of[0], of[-1], _spark(history, of))
        for artist, of in enumerate(history.artist_days)
        if len(of) >= _PLAYS_OF_ARTIST and of[-1] <= until
    ]
    found.sort(key=lambda f: (-f.plays, f.artist))
    return tuple(found[:_SHOWN_ARTISTS])


def _spark(history: History, days: Sequence[int]) -> tuple[int, ...]:
    bins = [0] * SPARK_BINS
    for day in days:
        bins[(day - history.first_day) * SPARK_BINS // history.days] += 1
    return tuple(bins)


FORGOTTEN: Final = HistoryInsight("forgotten", "Forgotten favourites", _of)
