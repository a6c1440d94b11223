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
from typing import Annotated, Final

import msgspec

from ....exports import ExportEntry
from ...imports import Ledger
from ..listens import Row, answer, reason
from .json_rows import first_keys, read_rows
from .source import Intern, SourceRows

_NAME = re.compile(r"(endsong|streaming_history_(audio|video))[_0-9-]*(\(\d+\))?(\.json)+$", re.IGNORECASE)
_SKIPS: Final = frozenset({"fwdbtn", "backbtn", "endplay"})
_LOCAL: Final = "spotify:local:"

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
    audiobook_uri: str | None = None
    audiobook_chapter_title: str | None = None
    reason_start: str | None = None
    reason_end: str | None = None
    shuffle: Loose = None
    skipped: Loose = None
    offline_timestamp: Loose = None
    incognito_mode: Loose = None


class _LoosePlay(_Play, gc=False):
    """The same for a row that stands out: times without a zone are UTC, whole floats are integers."""

    ts: str | None = None  # type: ignore[assignment]
    ms_played: int | float | None = None  # type: ignore[assignment]


class SpotifyExtended:
    """The source `spotify-extended`."""

    name = "spotify-extended"
    title = "Spotify extended streaming history"

    def claims(self, entry: ExportEntry) -> bool:
        """By name, or by the first row's keys."""
        if _NAME.fullmatch(entry.base_name):
            return True
        return {"ts", "ms_played"} <= first_keys(entry.head())

    def read(self, entry: ExportEntry, ledger: Ledger, intern: Intern) -> SourceRows:
        """The file's rows; what does not fit goes to the ledger."""
        plays, numbers, total = read_rows(entry, _Play, _LoosePlay, ledger)
        if isinstance(numbers, list):
            plays, numbers = _settle(entry, plays, numbers, ledger)
        return SourceRows(_rows(plays, self.name, intern), numbers, total)


def _settle(
    entry: ExportEntry, plays: list[_Play], numbers: list[int], ledger: Ledger
) -> tuple[list[_Play], list[int]]:
    """Give loose rows the strict types, or leave them out."""
    kept, kept_numbers = [], []
    for play, number in zip(plays, numbers, strict=True):
        when, played = _time(play.ts), play.ms_played  # type: ignore[arg-type]
        if when is None:
            ledger.leave_out(entry.name, number, "the field ts is no time")
        elif played is None or played != int(played):
            ledger.leave_out(entry.name, number, "the field ms_played is no whole number")
        else:
            play.ts, play.ms_played = when, int(played)
            kept.append(play)
            kept_numbers.append(number)
    return kept, kept_numbers


def _time(text: str | None) -> dt.datetime | None:
    """A UTC time from ISO 8601 or the older `YYYY-MM-DD HH:MM:SS UTC`."""
    try:
        found = dt.datetime.fromisoformat((text or "").removesuffix(" UTC"))
        return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None


def _rows(plays: list[_Play], source: str, intern: Intern) -> list[Row]:
    """Canonical rows, one a play. A play without any title keeps its blanks: the importer reports it."""
    out: list[Row] = []
    known: dict[str | None, str] = {None: ""}
    for play in plays:
        uri = play.spotify_track_uri or ""
        artist, track, kind = play.master_metadata_album_artist_name, play.master_metadata_track_name, "music"
        if uri.startswith(_LOCAL):
            uri, kind = "", "local"
        elif track is None and play.episode_name is not None:
            artist, track, kind = play.episode_show_name or play.episode_name, play.episode_name, "podcast"
            uri = play.spotify_episode_uri or ""
        elif track is None and play.audiobook_title is not None:
            artist, kind, uri = play.audiobook_title, "audiobook", ""
            track = play.audiobook_chapter_title or artist
        start, end = play.reason_start, play.reason_end
        if start not in known:
            known[start] = reason(start)
        if end not in known:
            known[end] = reason(end)
        skipped = 1 if end in _SKIPS else 0 if end == "trackdone" else answer(play.skipped)
        album = play.master_metadata_album_album_name
        clock = play.offline_timestamp
        out.append((
            int(play.ts.timestamp()) * 1000 - play.ms_played,
            play.ms_played,
            intern(artist, artist) if artist else "",
            intern(track, track) if track else "",
            intern(album, album) if album else "",
            _id(uri, intern) if uri else "",
            kind,
            known[start],
            known[end],
            answer(play.shuffle),
            skipped,
            1 if play.incognito_mode is True else 0,
            _clock(clock) if clock else 0,
            source,
        ))  # fmt: skip
    return out


def _id(uri: str, intern: Intern) -> str:
    """The 22 characters of `spotify:track:...` or `spotify:episode:...`; anything else is no id."""
    tail = uri[-22:]
    return intern(tail, tail) if uri[-23:-22] == ":" and tail.isascii() and tail.isalnum() else ""


def _clock(value: Loose) -> int:
    """The device's clock in seconds; 0 when absent. Milliseconds (old variant) are told by their size."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 42:
        return 0
    return value // 1000 if value > 1 << 33 else value
