"""The canonical record of the kind `heart-rate`: a `Beat`, one measurement, and `Beats`, a history of them.

Canonical bytes, format `unwrapped-dao/heart-rate/beats/1`: three lines of JSON, a header, the seconds since 1970 (UTC,
strictly ascending), the beats a minute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from ...errors import UntrustedDataError

FORMAT: Final = "unwrapped-dao/heart-rate/beats/1"
COLUMNS: Final = ("time_s", "bpm")
MAX_BYTES: Final = 1 << 30
EARLIEST_S: Final = 946_684_800
LATEST_S: Final = 4_102_444_800
SLOWEST: Final = 20
FASTEST: Final = 260
"""Beats a minute that a wrist can honestly report."""


class Beat(NamedTuple):
    """One measurement: seconds since 1970 (UTC), beats a minute."""

    time_s: int
    bpm: int


def beat_problem(beat: Beat) -> str | None:
    """Why this cannot be a record, or None. Never quotes a value."""
    if not EARLIEST_S <= beat.time_s < LATEST_S:
        return "the time is outside 2000 to 2100"
    if not SLOWEST <= beat.bpm <= FASTEST:
        return f"the rate is outside {SLOWEST} to {FASTEST} beats a minute"
    return None


class Beats:
    """A history: immutable, sorted, one measurement a second (of several, the lowest: order decides nothing)."""

    __slots__ = ("bpm", "time_s")

    def __init__(self, beats: Iterable[Beat]) -> None:
        lowest: dict[int, int] = {}
        for time_s, bpm in beats:
            lowest[time_s] = min(bpm, lowest.get(time_s, FASTEST))
        ordered = sorted(lowest.items())
        self.time_s = tuple(time_s for time_s, _ in ordered)
        self.bpm = tuple(bpm for _, bpm in ordered)

    def __len__(self) -> int:
        return len(self.time_s)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Beats) and (self.time_s, self.bpm) == (other.time_s, other.bpm)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Beats: {len(self)} records>"

    def beats(self) -> list[Beat]:
        """The measurements in order."""
        return [Beat(*pair) for pair in zip(self.time_s, self.bpm, strict=True)]

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        return msgspec.json.Encoder().encode_lines([_header(len(self)), self.time_s, self.bpm])

    @classmethod
    def from_bytes(cls, data: bytes) -> Beats:
        """From canonical bytes; raises `UntrustedDataError` unless they are exactly what `to_bytes` gives."""
        if len(data) > MAX_BYTES:
            raise UntrustedDataError("These records are absurdly large.")
        try:
            head, times, rates, rest = data.split(b"\n", 3)
            header = msgspec.json.decode(head)
            time_s = msgspec.json.decode(times, type=list[int])
            bpm = msgspec.json.decode(rates, type=list[int])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise UntrustedDataError("These bytes are no heart rate records.") from error
        if rest or len(time_s) != len(bpm) or header != _header(len(bpm)):
            raise UntrustedDataError("These bytes are no heart rate records of a known format.")
        found = [Beat(*pair) for pair in zip(time_s, bpm, strict=True)]
        if any(beat_problem(beat) for beat in found) or any(a >= b for a, b in pairwise(time_s)):
            raise UntrustedDataError("A heart rate record is outside its limits or out of order.")
        beats = cls(found)
        if beats.to_bytes() != data:
            raise UntrustedDataError("These heart rate records are not in canonical form.")
        return beats


def _header(size: int) -> dict[str, object]:
    return {"columns": list(COLUMNS), "format": FORMAT, "records": size}


def day_of(time_s: int) -> dt.date:
    """The UTC day of a time."""
    return (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=time_s)).date()
