"""Last.fm scrobbles, as the common export tools write them: CSV with a header, CSV without, or JSON pages.

A scrobble has the time at which the play started and no length. Scrobbles are public unless their owner hid them, so
they prove less than a service's own export; the checks know.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from typing import Any, Final

import msgspec

from ....errors import ExportError
from ....exports import ExportEntry, printable
from ..listens import Row, columns_of
from .csv_rows import csv_dicts, csv_lines
from .json_rows import json_bytes
from .source import Peek, Reading, SourceRows, plain_row

_HEADER: Final = {
    "uts": ("uts",), "artist": ("artist",), "album": ("album",), "track": ("track",),
}  # fmt: skip
_MONTHS: Final[dict[str, int]] = dict(
    jan=1, feb=2, mar=3, apr=4, may=5, jun=6, jul=7, aug=8, sep=9, oct=10, nov=11, dec=12
)  # fmt: skip
_DATE: Final = re.compile(r"(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4}),? (\d\d):(\d\d)", re.ASCII)


class LastfmCsv:
    """`uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid`."""

    name = "lastfm"
    title = "Last.fm CSV"

    def claims(self, peek: Peek) -> bool:
        """By its header."""
        names = peek.first_line.lower().replace('"', "").split(",")
        return "uts" in names and "track" in names and "artist" in names

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's scrobbles."""
        rows: list[Row] = []
        numbers: list[int] = []
        total = 0
        for number, line in csv_dicts(entry, reading.ledger, _HEADER, ("uts", "artist", "track")):
            total += 1
            if line is None:
                continue
            uts = line.get("uts", "")
            if not (uts.isascii() and uts.isdigit()) or len(uts) > 12:
                reading.ledger.leave_out(entry.name, number, "the field uts is no time")
                continue
            rows.append(
                plain_row(self.name, int(uts) * 1000, line["artist"], line["track"], album=line.get("album", ""))
            )
            numbers.append(number)
        return SourceRows(columns_of(rows), numbers, total)


class LastfmPlainCsv:
    """`artist,album,title,"d Mon YYYY HH:MM"`, without a header."""

    name = "lastfm"
    title = "Last.fm CSV without a header"

    def claims(self, peek: Peek) -> bool:
        """By the date in the first row's fourth column."""
        if b"\0" in peek.head:
            return False
        try:
            line = next(csv.reader([peek.first_line]), [])
        except csv.Error:
            return False
        return len(line) == 4 and _DATE.fullmatch(line[3].strip()) is not None

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's scrobbles."""
        rows: list[Row] = []
        numbers: list[int] = []
        total = 0
        for number, line in csv_lines(entry, reading.ledger):
            if line == []:
                continue
            total += 1
            if line is None:
                continue
            when = _minute(line[3].strip()) if len(line) == 4 else None
            if when is None:
                reading.ledger.leave_out(entry.name, number, "not four columns with a date at the end")
                continue
            rows.append(plain_row(self.name, when, line[0].strip(), line[2].strip(), album=line[1].strip()))
            numbers.append(number)
        return SourceRows(columns_of(rows), numbers, total)


class LastfmJson:
    """Pages of `user.getRecentTracks`, alone or in a list."""

    name = "lastfm"
    title = "Last.fm JSON"

    def claims(self, peek: Peek) -> bool:
        """By the names that a page starts with."""
        head = peek.head.lstrip(b"\xef\xbb\xbf \r\n\t[")
        start = head.lstrip(b"{ \r\n\t")
        return head.startswith(b"{") and (
            (start.startswith((b'"track"', b'"@attr"')) and b'"#text"' in head) or start.startswith(b'"recenttracks"')
        )

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's scrobbles. The track that was playing at the time of the export has no time and is left out."""
        rows: list[Row] = []
        numbers: list[int] = []
        number = -1
        for page in _pages(entry):
            tracks = page.get("track")
            for track in [tracks] if isinstance(tracks, dict) else tracks if isinstance(tracks, list) else []:
                number += 1
                row = self._row(track)
                if isinstance(row, str):
                    reading.ledger.leave_out(entry.name, number, row)
                else:
                    rows.append(row)
                    numbers.append(number)
        return SourceRows(columns_of(rows), numbers, number + 1)

    def _row(self, track: Any) -> Row | str:
        if not isinstance(track, dict):
            return "the row does not have the expected fields"
        date = track.get("date")
        uts = date.get("uts") if isinstance(date, dict) else None
        if date is None:
            return "still playing when exported, so it has no time"
        if not isinstance(uts, str | int) or not str(uts).isascii() or not str(uts).isdigit() or len(str(uts)) > 12:
            return "the field date is no time"
        artist, album = _text(track.get("artist")), _text(track.get("album"))
        name = track.get("name")
        return plain_row(self.name, int(uts) * 1000, artist, name if isinstance(name, str) else "", album=album)


def _text(value: Any) -> str:
    """`{"#text": ...}`, `{"name": ...}` (extended pages) or plain text."""
    if isinstance(value, dict):
        value = value.get("#text") or value.get("name")
    return value if isinstance(value, str) else ""


def _pages(entry: ExportEntry) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(json_bytes(entry))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExportError(
            f"The file {printable(entry.name)!r} is not complete JSON; it was cut short or altered."
        ) from error
    pages = found if isinstance(found, list) else [found]
    inner = [p.get("recenttracks", p) for p in pages if isinstance(p, dict)]
    return [page for page in inner if isinstance(page, dict)]


def _minute(text: str) -> int | None:
    found = _DATE.fullmatch(text)
    month = _MONTHS.get(found[2].lower()) if found else None
    if found is None or month is None:
        return None
    try:
        when = dt.datetime(int(found[3]), month, int(found[1]), int(found[4]), int(found[5]), tzinfo=dt.UTC)
    except ValueError:
        return None
    return (when - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)
