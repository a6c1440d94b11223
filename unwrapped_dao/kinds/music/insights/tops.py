"""Tops: the artists, tracks and albums of any stretch of days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .history import History
from .insight import HistoryInsight, NotInFile
from .plays import NOBODY

SIZE: Final = 10


@dataclass(frozen=True, slots=True)
class Top:
    """One place in a list: a name, whose it is when it is a title, the weight or plays, and the share of the
    list's whole.
    """

    name: str
    artist: str
    value: int
    share: float


@dataclass(frozen=True, slots=True)
class Tops:
    """Artists and albums by weight, tracks by plays, over the days from `first_day` to `last_day`."""

    first_day: int
    last_day: int
    weight: int
    artists: tuple[Top, ...]
    tracks: tuple[Top, ...]
    albums: tuple[Top, ...] | NotInFile


def tops(history: History, first_day: int, last_day: int, size: int = SIZE) -> Tops:
    """The tops of those days, both counted."""
    if first_day <= history.first_day and last_day >= history.last_day:
        plays, heard = history.all, history.heard
    else:
        plays = history.all.where([first_day <= day <= last_day for day in history.all.day])
        heard = history.heard.where([first_day <= day <= last_day for day in history.heard.day])
    artists = _sums(plays.artist, plays.weight)
    artists.pop(NOBODY, None)
    return Tops(
        first_day,
        last_day,
        sum(plays.weight),
        top_artists(history, artists, size, sum(plays.weight)),
        top_tracks(history, Counter(heard.track), size, len(heard)),
        _albums(history, _sums(plays.album, plays.weight), size, sum(plays.weight)),
    )


def top_artists(history: History, weights: Mapping[int, int], size: int, whole: int) -> tuple[Top, ...]:
    """Places by weight."""
    ranked = history.rank_artists(weights, size)
    return tuple(Top(history.artists[code], "", weight, weight / (whole or 1)) for code, weight in ranked if weight)


def top_tracks(history: History, plays: Mapping[int, int], size: int, whole: int) -> tuple[Top, ...]:
    """Places by plays heard."""
    out = []
    for code, times in history.rank_tracks(plays, size):
        artist, title = history.track_name(code)
        out.append(Top(title, artist, times, times / (whole or 1)))
    return tuple(out)


def _albums(history: History, weights: Mapping[int, int], size: int, whole: int) -> tuple[Top, ...] | NotInFile:
    named = {code: weight for code, weight in weights.items() if history.albums[code].name and weight}
    if not named:
        return NotInFile("This file does not name albums.")

    def names(code: int) -> tuple[str, str]:
        album = history.albums[code]
        return history.artists[album.artist], album.name

    ranked = sorted(named, key=lambda code: (-named[code], *names(code)))[:size]
    return tuple(Top(names(c)[1], names(c)[0], named[c], named[c] / (whole or 1)) for c in ranked)


def _sums(codes: Sequence[int], weights: Sequence[int]) -> dict[int, int]:
    out: dict[int, int] = {}
    for code, weight in zip(codes, weights, strict=True):
        out[code] = out.get(code, 0) + weight
    return out


def _of(history: History) -> Tops:
    return tops(history, history.first_day, history.last_day)


TOPS: Final = HistoryInsight("tops", "Tops", _of)
