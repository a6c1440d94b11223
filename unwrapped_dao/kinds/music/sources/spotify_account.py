"""Spotify's account data: the last twelve months, in files of exactly 10,000 rows.

`StreamingHistoryN.json` (older), `StreamingHistory_music_N.json`, `..._podcast_N`, `..._audiobook_N`, in a
folder `MyData/` or `Spotify Account Data/`; one real export had doubled extensions. `endTime` is the stop
time
in UTC, to the minute; there is no album and no id. Podcasts in the older files look like music and are taken
for it. All other files of the folder are personal and are never opened.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

import msgspec

from ....exports import ExportEntry
from ..listens import WRONG_LENGTH, Row, columns_of
from .json_rows import first_keys, read_rows, whole_number
from .source import Peek, Reading, SourceRows

_NAME = re.compile(r"streaming_?history_?(music|podcast|audiobook)?_?\d*(\(\d+\))?(\.json)+$", re.IGNORECASE)
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", re.ASCII)


class _Play(msgspec.Struct, gc=False):
    """One row: music and video have artist and track; podcasts and audiobooks have their own names for them."""

    endTime: str  # noqa: N815 (the file's own word)
    msPlayed: int  # noqa: N815
    artistName: str | None = None  # noqa: N815
    trackName: str | None = None  # noqa: N815
    podcastName: str | None = None  # noqa: N815
    episodeName: str | None = None  # noqa: N815
    audiobookName: str | None = None  # noqa: N815
    authorName: str | None = None  # noqa: N815
    chapterName: str | None = None  # noqa: N815


class _LoosePlay(_Play, gc=False):
    """The same for a row that stands out."""

    msPlayed: int | float | str | None = None  # type: ignore[assignment]  # noqa: N815


class SpotifyAccount:
    """The source `spotify-account`."""

    name = "spotify-account"
    title = "Spotify account data"

    def claims(self, peek: Peek) -> bool:
        """By name, or by the first row's keys."""
        return bool(_NAME.fullmatch(peek.base_name)) or {"endTime", "msPlayed"} <= first_keys(peek.head)

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's rows; what does not fit goes to the ledger."""
        ledger = reading.ledger
        typed = re.search("podcast|audiobook", entry.base_name, re.IGNORECASE)
        file_kind = typed[0].lower() if typed else "music"
        plays, numbers, total = read_rows(entry, _Play, _LoosePlay, ledger)
        days: dict[str, int] = {}
        rows: list[Row] = []
        kept: list[int] = []
        for play, number in zip(plays, numbers, strict=True):
            end_ms = _minute_ms(play.endTime, days)
            if end_ms is None:
                ledger.leave_out(entry.name, number, "the field endTime is no time")
                continue
            length = whole_number(play.msPlayed)
            if length is None:
                ledger.leave_out(entry.name, number, "the field msPlayed is no whole number")
                continue
            kind, artist, track = file_kind, play.artistName, play.trackName
            if play.podcastName is not None or play.episodeName is not None:
                kind, artist, track = "podcast", play.podcastName, play.episodeName
            elif play.audiobookName is not None:
                kind, artist = "audiobook", play.audiobookName
                track = play.chapterName or play.audiobookName
            played = length if length >= 0 else WRONG_LENGTH
            rows.append((
                end_ms - played, played, artist or "", track or "", "", "",
                kind,
                "", "", -1, -1, 0, 0, self.name,
            ))  # fmt: skip
            kept.append(number)
        return SourceRows(columns_of(rows), kept, total)


def _minute_ms(text: str, days: dict[str, int]) -> int | None:
    """`YYYY-MM-DD HH:MM` as UTC milliseconds; days are remembered, because parsing dates is slow. Seconds are cut off,
    as this service does; a time with a zone is taken at its word.
    """
    if not _TIME.fullmatch(text):
        return _iso_minute_ms(text)
    day = days.get(text[:10])
    if day is None:
        try:
            day = days[text[:10]] = (dt.date.fromisoformat(text[:10]).toordinal() - _EPOCH) * 86_400_000
        except ValueError:
            return None
    hours, minutes = int(text[11:13]), int(text[14:16])
    return day + (hours * 60 + minutes) * 60_000 if hours < 24 and minutes < 60 else None


def _iso_minute_ms(text: str) -> int | None:
    try:
        when = dt.datetime.fromisoformat(text)
        when = when.astimezone(dt.UTC) if when.tzinfo else when.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None
    return (when.toordinal() - _EPOCH) * 86_400_000 + (when.hour * 60 + when.minute) * 60_000
