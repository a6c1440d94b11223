"""Spotify's extended streaming history: the lifetime of an account, one file for some years or 12 MB.

`endsong_N.json` (to mid-2023), then `Streaming_History_Audio_YYYY[-YYYY]_N.json` and `..._Video_...`. Facts
of real files that this reader allows for: `ts` is the *stop* time in UTC; any field may be null; endsong is
unsorted; the audio file holds podcasts and the video file music videos; `skipped` was unreliable before 2024,
so how the play ended decides; `offline_timestamp` is the device's clock around the play's start, in seconds,
but in milliseconds or 0 in the old variant. The artist is the album's. The address, the user agent, the user
name, the platform and the country are never decoded.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Final

import msgspec

from ....exports import ExportEntry
from ...imports import Ledger
from ..listens import WRONG_LENGTH, Columns, columns_of, reason
from .json_rows import first_keys, read_rows, whole_number
from .source import Lookup, Peek, Reading, SourceRows

_NAME = re.compile(r"(endsong|streaming_history_(audio|video))[_0-9-]*(\(\d+\))?(\.json)+$", re.IGNORECASE)
_SKIPS: Final = frozenset({"fwdbtn", "backbtn", "endplay"})
_TRACK: Final = "spotify:track:"
_LOCAL: Final = "spotify:local:"
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_MS: Final = 86_400_000

Loose = bool | int | float | str | None


class _Play(msgspec.Struct, gc=False):
    """The wanted fields, as nearly every row has them."""

    ts: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    ms_played: int
    master_metadata_track_name: str | None = None
    master_metadata_album_artist_name: str | None = None
    master_metadata_album_album_name: str | None = None
    spotify_track_uri: str | None = None
    episode_name: str | None = None
    episode_show_name: str | None = None
    spotify_episode_uri: str | None = None
    audiobook_title: str | None = None
    audiobook_chapter_title: str | None = None
    reason_start: str | None = None
    reason_end: str | None = None
    shuffle: Loose = None
    skipped: Loose = None
    offline_timestamp: Loose = None
    incognito_mode: Loose = None


class _LoosePlay(_Play, gc=False):
    """The same for a row that stands out: times without a zone are UTC, whole numbers may be written as text."""

    ts: str | None = None  # type: ignore[assignment]
    ms_played: int | float | str | None = None  # type: ignore[assignment]


class SpotifyExtended:
    """The source `spotify-extended`."""

    name = "spotify-extended"
    title = "Spotify extended streaming history"

    def claims(self, peek: Peek) -> bool:
        """By name, or by the first row's keys."""
        if _NAME.fullmatch(peek.base_name):
            return True
        return {"ts", "ms_played"} <= first_keys(peek.head)

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's rows; what does not fit goes to the ledger."""
        ledger = reading.ledger
        plays, numbers, total = read_rows(entry, _Play, _LoosePlay, ledger)
        if isinstance(numbers, list):
            plays, numbers = _settle(entry, plays, numbers, ledger)
        return SourceRows(_columns(plays, self.name), numbers, total)


def _settle(
    entry: ExportEntry, plays: list[_Play], numbers: list[int], ledger: Ledger
) -> tuple[list[_Play], list[int]]:
    """Give loose rows the strict types, or leave them out."""
    kept, kept_numbers = [], []
    for play, number in zip(plays, numbers, strict=True):
        when, played = _time(play.ts), whole_number(play.ms_played)  # type: ignore[arg-type]
        if when is None:
            ledger.leave_out(entry.name, number, "the field ts is no time")
        elif played is None:
            ledger.leave_out(entry.name, number, "the field ms_played is no whole number")
        else:
            play.ts, play.ms_played = when, played
            kept.append(play)
            kept_numbers.append(number)
    return kept, kept_numbers


def _time(text: str | None) -> dt.datetime | None:
    """A UTC time from ISO 8601 or the older `YYYY-MM-DD HH:MM:SS UTC`, from the year 1000 on."""
    try:
        found = dt.datetime.fromisoformat((text or "").removesuffix(" UTC"))
        found = found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year >= 1000 else None


def _columns(plays: list[_Play], source: str) -> Columns:
    """Canonical columns, built column by column with lookups in C: three times as fast as row by row.

    What is no plain song (podcasts, audiobooks, local files) is put right one by one afterwards. A play without
    any title keeps its blanks: the importer reports it.
    """
    if not plays:
        return columns_of(())

    played = [play.ms_played for play in plays]
    uris = [play.spotify_track_uri for play in plays]
    ends = [play.reason_end for play in plays]
    if min(played) < 0:
        # -1 would mean a length that is not known; these are wrong, and said to be.
        played = [ms if ms >= 0 else WRONG_LENGTH for ms in played]
    known, ids = Lookup(reason), Lookup(_track_id)
    # Two attributes of a difference cost half of what `timestamp` does.
    since = [play.ts - _EPOCH for play in plays]
    skips = Lookup[str | None, int | None](lambda end: 1 if end in _SKIPS else 0 if end == "trackdone" else None)
    # In a table 1 and true are one key, so they have to be one answer.
    answers = Lookup[Loose, int](lambda value: 1 if value == 1 else 0 if value == 0 else -1)
    privacy = Lookup[Loose, int](lambda value: 1 if value == 1 else 0)
    columns: list[list[Any]] = [
        [age.days * _DAY_MS + age.seconds * 1_000 - ms for age, ms in zip(since, played, strict=True)],
        played,
        _filled([play.master_metadata_album_artist_name for play in plays]),
        _filled([play.master_metadata_track_name for play in plays]),
        _filled([play.master_metadata_album_album_name for play in plays]),
        list(map(ids.__getitem__, uris)),
        ["music"] * len(plays),
        list(map(known.__getitem__, [play.reason_start for play in plays])),
        list(map(known.__getitem__, ends)),
        list(map(answers.__getitem__, [play.shuffle for play in plays])),
        list(map(skips.__getitem__, ends)),
        list(map(privacy.__getitem__, [play.incognito_mode for play in plays])),
        _clocks([play.offline_timestamp for play in plays]),
        [source] * len(plays),
    ]
    skipped = columns[10]
    for i in [i for i, known_skip in enumerate(skipped) if known_skip is None]:
        skipped[i] = answers[plays[i].skipped]
    if "" in ids.values():
        for i in [i for i, text in enumerate(columns[5]) if not text]:
            columns[2][i], columns[3][i], columns[5][i], columns[6][i] = _unusual(plays[i])
    return columns


def _filled(texts: list[str | None]) -> list[Any]:
    return [text or "" for text in texts] if None in texts else texts


def _track_id(uri: str | None) -> str:
    """The 22 characters of `spotify:track:...`, or "" for whatever else."""
    tail = uri[len(_TRACK) :] if uri and uri.startswith(_TRACK) else ""
    return tail if len(tail) == 22 and tail.isascii() and tail.isalnum() else ""


def _unusual(play: _Play) -> tuple[str, str, str, str]:
    """Artist, title, id and kind of a play without an ordinary id."""
    artist, track, uri = play.master_metadata_album_artist_name, play.master_metadata_track_name, play.spotify_track_uri
    episode, kind = "", "music"
    if uri and uri.startswith(_LOCAL):
        kind = "local"
    elif track is None and play.episode_name is not None:
        artist, track, kind = play.episode_show_name or play.episode_name, play.episode_name, "podcast"
        tail = (play.spotify_episode_uri or "").removeprefix("spotify:episode:")
        episode = tail if len(tail) == 22 and tail.isascii() and tail.isalnum() else ""
    elif track is None and play.audiobook_title is not None:
        artist, kind = play.audiobook_title, "audiobook"
        track = play.audiobook_chapter_title or artist
    return artist or "", track or "", episode, kind


def _clocks(values: list[Loose]) -> list[int]:
    """The column of device clocks: nearly every file has whole seconds throughout, or nothing."""
    numbers: list[Any] = [value or 0 for value in values]
    if set(map(type, numbers)) == {int} and min(numbers) >= 0 and max(numbers) <= 1 << 33:
        return numbers
    return list(map(_clock, values))


def _clock(value: Loose) -> int:
    """The device's clock in seconds; 0 when absent. Milliseconds (old variant) are told by their size."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 42:
        return 0
    return value // 1000 if value > 1 << 33 else value
