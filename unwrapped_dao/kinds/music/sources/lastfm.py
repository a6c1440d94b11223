"""Last.fm scrobbles, as other people's tools write them, for there is no export of its own.

CSV with a header (the columns' names differ from tool to tool), CSV without one, and JSON: pages as the interface
gives them, the tracks of all pages in one list, or an object with `scrobbles` whose dates are milliseconds.

A scrobble has the time at which the play started and no length. Scrobbles are public unless their owner hid them, so
they prove less than a service's own export; the checks know.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ....errors import ExportError
from ....exports import ExportEntry, printable
from ...tables import cells_of, delimiter_of, divided
from ..listens import Row, columns_of
from .csv_rows import csv_dicts, csv_lines, plain_name
from .json_rows import first_keys, json_bytes
from .source import Peek, Reading, SourceRows, plain_row
from .table_dates import AMBIGUOUS, TableDates, is_rewritten

_HEADER: Final = {
    "artist": ("artist", "artist_name", "artist name", "artists"),
    "album": ("album", "album_name", "album name", "album title", "release"),
    "track": ("track", "track_name", "track name", "title", "track title", "song", "song title"),
    "number": ("uts", "unix_time", "unix time", "unixtime", "timestamp", "epoch", "date", "time"),
    "text": ("utc_time", "date/time", "datetime", "date time", "date", "time", "played_at", "timestamp"),
}  # fmt: skip
NOT_SCROBBLES: Final = frozenset({"listening time", "isrc"})
"""Columns of a service's own table, which tells more."""
_DATE_NAMES: Final = frozenset(_HEADER["number"] + _HEADER["text"])
_MONTHS: Final[dict[str, int]] = dict(
    jan=1, feb=2, mar=3, apr=4, may=5, jun=6, jul=7, aug=8, sep=9, oct=10, nov=11, dec=12
)  # fmt: skip
_DATE: Final = re.compile(r"(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4}),? (\d\d):(\d\d)(?::(\d\d))?", re.ASCII)


_LOOKED_AT: Final = 5
_Told = tuple[int, int | None, str, str, str, str]
"""The number of a row, its start if it is understood, its date as written, artist, album, title."""


def _scrobbles(entry: ExportEntry, reading: Reading, found: list[_Told], total: int, otherwise: str) -> SourceRows:
    """The rows whose dates are understood, if need be from those of the whole column."""
    dates = TableDates(told for _, start, told, *_ in found if start is None)
    rows: list[Row] = []
    numbers: list[int] = []
    for number, start, told, artist, album, track in found:
        when = dates.ms(told) if start is None else start
        if when is None:
            reading.ledger.leave_out(entry.name, number, AMBIGUOUS if is_rewritten(told) else otherwise)
        else:
            rows.append(plain_row("lastfm", when, artist, track, album=album))
            numbers.append(number)
    return SourceRows(columns_of(rows), numbers, total)


def _is_date(text: str) -> bool:
    return written_ms(text) is not None or is_rewritten(text)


class LastfmCsv:
    """`uts,utc_time,artist,...` or `Artist;Album;AlbumId;Track;Date#user`: a header, in whatever order and language of
    tables.
    """

    name = "lastfm"
    title = "Last.fm CSV"

    def claims(self, peek: Peek) -> bool:
        """By its header: an artist, a title and a time."""
        names = {plain_name(cell) for cell in divided(peek.first_line)}
        if names & NOT_SCROBBLES:
            return False
        return all(names & set(_HEADER[field]) for field in ("artist", "track")) and bool(names & _DATE_NAMES)

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's scrobbles."""
        found: list[_Told] = []
        total = 0
        for number, line in csv_dicts(entry, reading.ledger, _HEADER, ("artist", "track")):
            total += 1
            if line is None:
                continue
            # A spreadsheet program may have made 1,7E+09 of the number; the written date beside it is whole.
            start = _epoch_ms(line.get("number", ""))
            told = line.get("text") or line.get("number", "")
            start = written_ms(told) if start is None else start
            found.append((number, start, told, line["artist"], line.get("album", ""), line["track"]))
        return _scrobbles(entry, reading, found, total, "the field uts is no time")


class LastfmPlainCsv:
    """`artist,album,title,"d Mon YYYY HH:MM"`, without a header."""

    name = "lastfm"
    title = "Last.fm CSV without a header"

    def claims(self, peek: Peek) -> bool:
        """By the dates in the first rows' fourth column; what was playing at the time of the export has none."""
        if b"\0" in peek.head or len(divided(peek.first_line)) != 4:
            return False
        lines = peek.head.decode("utf-8-sig", "replace").splitlines()[:_LOOKED_AT]
        delimiter = delimiter_of(peek.first_line)
        found = [cells[3] for line in lines if len(cells := cells_of(line, delimiter)) == 4]
        return any(_is_date(text.strip()) for text in found)

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's scrobbles."""
        found: list[_Told] = []
        total = 0
        for number, line in csv_lines(entry, reading.ledger):
            if line == []:
                continue
            total += 1
            if line is None:
                continue
            told = line[3] if len(line) == 4 else ""
            artist, album, track = (cell.strip() for cell in (*line, "", "", "")[:3])
            found.append((number, written_ms(told), told, artist, album, track))
        return _scrobbles(entry, reading, found, total, "not four columns with a date at the end")


class LastfmJson:
    """Pages of `user.getRecentTracks`, alone or in a list, or their tracks."""

    name = "lastfm"
    title = "Last.fm JSON"

    def claims(self, peek: Peek) -> bool:
        """By the names that a page, or a track, starts with."""
        head = peek.head.lstrip(b"\xef\xbb\xbf \r\n\t[")
        start = head.lstrip(b"{ \r\n\t")
        pages = start.startswith((b'"track"', b'"@attr"')) and b'"#text"' in head
        tracks = b'"#text"' in head and b'"uts"' in head and b'"artist"' in head
        scrobbles = b'"scrobbles"' in head and b'"track"' in head and b'"date"' in head and b'"artists"' not in head
        keys = first_keys(peek.head)
        plain = {"artist", "date"} <= keys and bool(keys & {"name", "track"})
        return head.startswith(b"{") and (plain or pages or tracks or scrobbles or start.startswith(b'"recenttracks"'))

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's scrobbles. The track that was playing at the time of the export has no time and is left out."""
        rows: list[Row] = []
        numbers: list[int] = []
        number = -1
        for number, track in enumerate(_tracks(_decoded(entry))):
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
        if date is None:
            return "still playing when exported, so it has no time"
        told = str(date.get("uts")) if isinstance(date, dict) else str(date)
        start = _epoch_ms(told) or written_ms(told)
        if start is None:
            return "the field date is no time"
        artist, album = _text(track.get("artist")), _text(track.get("album"))
        name = track.get("name", track.get("track"))
        return plain_row(self.name, start, artist, name if isinstance(name, str) else "", album=album)


def _text(value: Any) -> str:
    """`{"#text": ...}`, `{"name": ...}` (extended pages) or plain text."""
    if isinstance(value, dict):
        value = value.get("#text") or value.get("name")
    return value if isinstance(value, str) else ""


def _decoded(entry: ExportEntry) -> Any:
    try:
        return msgspec.json.decode(json_bytes(entry))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExportError(
            f"The file {printable(entry.name)!r} is not complete JSON; it was cut short or altered."
        ) from error


def _tracks(value: Any, depth: int = 0) -> Iterator[Any]:
    """The tracks of a page, of a list of pages, or of a list of tracks."""
    if isinstance(value, list) and depth < 4:
        for inner in value:
            yield from _tracks(inner, depth + 1)
    elif isinstance(value, dict) and not ({"name", "artist"} <= value.keys() or depth >= 4):
        for key in ("recenttracks", "track", "scrobbles"):
            inner = value.get(key)
            if isinstance(inner, dict | list):
                yield from _tracks(inner, depth + 1)
                return
        if depth:
            yield value
    elif depth:
        yield value


def _epoch_ms(text: str) -> int | None:
    """Seconds or milliseconds since 1970, told by their size: no scrobble is older than 1973 or later than 5138."""
    if not (text.isascii() and text.isdigit()) or len(text) > 14:
        return None
    value = int(text)
    return value if value >= 100_000_000_000 else value * 1000


def written_ms(text: str) -> int | None:
    """`5 Mar 2024 20:12`, `05 Mar 2024, 20:12:30` or ISO 8601, in UTC unless a zone is told."""
    found = _DATE.fullmatch(text.strip())
    month = _MONTHS.get(found[2].lower()) if found else None
    try:
        if found and month:
            day, year, hour, minute, second = (int(found[i] or 0) for i in (1, 3, 4, 5, 6))
            when = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
        elif len(text.strip()) >= 16:
            when = dt.datetime.fromisoformat(text.strip().removesuffix(" UTC"))
            when = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
        else:
            return None
        return (when - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None
