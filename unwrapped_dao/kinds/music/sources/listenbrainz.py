"""ListenBrainz: `listens/<year>/<month>.jsonl` in a zip (with a `user.json`), or an older JSON array.

`listened_at` is when the play started. `duration_ms` is the title's length, not the time played, so it is not
used; the few players
that send `duration_played` are.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from ....errors import ExportError
from ....exports import ExportEntry, printable
from ..listens import UNKNOWN_LENGTH, Row, columns_of
from .json_rows import json_bytes, read_rows, whole_number, why
from .source import Peek, Reading, SourceRows, plain_row

_LATEST_S: Final = 4_102_444_800


class _Info(msgspec.Struct, gc=False):
    duration_played: int | float | str | None = None


class _Track(msgspec.Struct, gc=False):
    track_name: str | None = None
    artist_name: str | None = None
    release_name: str | None = None
    additional_info: _Info | None = None


class _Listen(msgspec.Struct, gc=False):
    listened_at: int | float | str
    track_metadata: _Track


class ListenBrainz:
    """The source `listenbrainz`."""

    name = "listenbrainz"
    title = "ListenBrainz export"

    def claims(self, peek: Peek) -> bool:
        """By the two fields that every listen has."""
        head = peek.head
        return b'"listened_at"' in head and b'"track_metadata"' in head

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's listens."""
        data = json_bytes(entry).lstrip()
        if data.startswith(b"["):
            listens, numbers, total = read_rows(entry, _Listen, _Listen, reading.ledger)
        else:
            listens, numbers, total = self._lines(entry, data, reading)
        rows: list[Row] = []
        kept: list[int] = []
        for listen, number in zip(listens, numbers, strict=True):
            at, track = whole_number(listen.listened_at), listen.track_metadata
            if at is None or not 0 < at < _LATEST_S:
                reading.ledger.leave_out(entry.name, number, "the field listened_at is no time")
                continue
            played = _seconds(track.additional_info.duration_played) if track.additional_info else None
            rows.append(
                plain_row(
                    self.name, at * 1000, track.artist_name or "", track.track_name or "",
                    album=track.release_name or "",
                    played_ms=UNKNOWN_LENGTH if played is None else int(played * 1000),
                )
            )  # fmt: skip
            kept.append(number)
        return SourceRows(columns_of(rows), kept, total)

    def _lines(self, entry: ExportEntry, data: bytes, reading: Reading) -> tuple[list[_Listen], list[int], int]:
        decoder = msgspec.json.Decoder(_Listen)
        listens: list[_Listen] = []
        numbers: list[int] = []
        lines = [line for line in data.split(b"\n") if line.strip()]
        for number, line in enumerate(lines):
            try:
                listens.append(decoder.decode(line))
                numbers.append(number)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                reading.ledger.leave_out(entry.name, number, why(error))
        if lines and not listens:
            raise ExportError(
                f"The file {printable(entry.name)!r} is no list of listens: none of its rows has the fields."
            )
        return listens, numbers, len(lines)


def _seconds(value: float | str | None) -> float | None:
    """A length that can be one, else None."""
    number = whole_number(value) if isinstance(value, str) else value
    return number if number is not None and math.isfinite(number) and 0 <= number < 1e9 else None
