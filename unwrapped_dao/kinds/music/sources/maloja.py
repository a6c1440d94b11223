"""Maloja: a JSON object with `scrobbles`; times in seconds are the start, `duration` is the time played if known."""

from __future__ import annotations

import msgspec

from ....errors import ExportError
from ....exports import ExportEntry, printable
from ..listens import UNKNOWN_LENGTH, Row, columns_of
from .json_rows import json_bytes, whole_number, why
from .source import Peek, Reading, SourceRows, plain_row


class _Album(msgspec.Struct, gc=False):
    albumtitle: str | None = None


class _Track(msgspec.Struct, gc=False):
    title: str
    artists: list[str] | str
    album: _Album | str | None = None


class _Scrobble(msgspec.Struct, gc=False):
    """Older ones have the track's fields beside the time."""

    time: int | float | str
    track: _Track | None = None
    duration: int | float | None = None
    title: str | None = None
    artists: list[str] | str | None = None
    album: _Album | str | None = None


class _File(msgspec.Struct):
    scrobbles: list[msgspec.Raw]


class Maloja:
    """The source `maloja`."""

    name = "maloja"
    title = "Maloja export"

    def claims(self, peek: Peek) -> bool:
        """By the names that the file starts with."""
        own = b'"maloja"' in peek.head or b'"artists"' in peek.head or b'"time"' in peek.head
        return own and b'"scrobbles"' in peek.head and peek.head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{")

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's scrobbles. Of several artists all are named, as the file lists them."""
        try:
            raws = msgspec.json.decode(json_bytes(entry), type=_File).scrobbles
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ExportError(f"The file {printable(entry.name)!r} is no complete Maloja export.") from error
        decoder = msgspec.json.Decoder(_Scrobble)
        rows: list[Row] = []
        numbers: list[int] = []
        for number, raw in enumerate(raws):
            try:
                found = decoder.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                reading.ledger.leave_out(entry.name, number, why(error))
                continue
            at, track = whole_number(found.time), found.track
            if track is None and found.title is not None and found.artists is not None:
                track = _Track(found.title, found.artists, found.album)
            if track is None:
                reading.ledger.leave_out(entry.name, number, "the row does not have the expected fields")
                continue
            if at is None:
                reading.ledger.leave_out(entry.name, number, "the field time is no time")
                continue
            names = track.artists if isinstance(track.artists, str) else ", ".join(track.artists)
            known = found.duration is not None and 0 <= found.duration < 1e9
            rows.append(
                plain_row(
                    self.name, at * 1000, names, track.title,
                    album=_title(track.album),
                    played_ms=int((found.duration or 0) * 1000) if known else UNKNOWN_LENGTH,
                )
            )  # fmt: skip
            numbers.append(number)
        return SourceRows(columns_of(rows), numbers, len(raws))


def _title(album: _Album | str | None) -> str:
    return album if isinstance(album, str) else (album.albumtitle or "") if album else ""
