"""The record, its canonical bytes, and the reader of the one export format: CSV `start,kwh` with a reading an hour."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from unwrapped_dao.errors import UntrustedDataError
from unwrapped_dao.exports import ExportEntry
from unwrapped_dao.kinds.imports import Ledger

FORMAT: Final = "unwrapped-electricity/readings/1"
MOST_WH: Final = 100_000
"""No household uses more in an hour."""
_FIRST_HOUR: Final = 946_684_800 // 3_600
_LAST_HOUR: Final = 4_102_444_800 // 3_600
_KWH: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,6}))?", re.ASCII)


class Readings:
    """Watt-hours by hour since 1970 (UTC): immutable, sorted, one reading an hour."""

    def __init__(self, by_hour: Mapping[int, int]) -> None:
        self.by_hour: Final = dict(sorted(by_hour.items()))

    def __len__(self) -> int:
        return len(self.by_hour)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Readings) and self.by_hour == other.by_hour

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.by_hour.items())

    def to_bytes(self) -> bytes:
        """A header line and a line of pairs, in JSON without spaces."""
        lines = ({"format": FORMAT, "records": len(self)}, list(self))
        return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Readings:
        """The inverse; raises `UntrustedDataError` for any other bytes."""
        try:
            pairs = [(int(hour), int(wh)) for hour, wh in json.loads(data.split(b"\n")[1])]
        except (ValueError, TypeError, IndexError, RecursionError) as error:
            raise UntrustedDataError("These bytes are no electricity readings.") from error
        found = cls(dict(pairs))
        within = all(_FIRST_HOUR <= hour < _LAST_HOUR and 0 <= wh <= MOST_WH for hour, wh in pairs)
        if not within or any(a >= b for (a, _), (b, _) in pairwise(pairs)) or found.to_bytes() != data:
            raise UntrustedDataError("These electricity readings are not in canonical form.")
        return found


def day_of(hour: int) -> dt.date:
    """The UTC day of an hour since 1970."""
    return (dt.datetime(1970, 1, 1) + dt.timedelta(hours=hour)).date()


class MeterCsv:
    """The source `meter-csv`."""

    name = "meter-csv"
    title = "Meter readings as CSV"

    def claims(self, entry: ExportEntry) -> bool:
        """By its header."""
        return entry.head(64).lstrip(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").startswith(b"start,kwh\n")

    def read(self, entry: ExportEntry, ledger: Ledger) -> dict[int, int]:
        """The readings; rows that do not fit go to the ledger, numbered from 0 after the header."""
        kept: dict[int, int] = {}
        total = repeats = 0
        for number, line in enumerate(_lines(entry)):
            total += 1
            hour, wh = _hour(line[0]) if line else None, _watt_hours(line[1]) if len(line) > 1 else None
            if hour is None:
                ledger.leave_out(entry.name, number, "the start is no full hour from 2000 to 2100")
            elif wh is None:
                ledger.leave_out(entry.name, number, "the reading is no number of kWh from 0 to 100")
            elif hour in kept:
                repeats += 1
                kept[hour] = max(kept[hour], wh)
            else:
                kept[hour] = wh
        ledger.file(entry.name, self.name, total, len(kept) + repeats)
        return kept


def _lines(entry: ExportEntry) -> Iterable[list[str]]:
    with entry.open() as stream:
        reader = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=""))
        first = True
        while True:
            try:
                line = next(reader)
            except StopIteration:
                return
            except csv.Error:
                line = []
            if not first:
                yield line
            first = False


def _hour(text: str) -> int | None:
    try:
        when = dt.datetime.fromisoformat(text)
        seconds, rest = divmod(int((when if when.tzinfo else when.replace(tzinfo=dt.UTC)).timestamp()), 3_600)
    except (ValueError, OverflowError):
        return None
    return seconds if not rest and _FIRST_HOUR <= seconds < _LAST_HOUR else None


def _watt_hours(text: str) -> int | None:
    found = _KWH.fullmatch(text.strip())
    wh = int(found[1]) * 1_000 + int((found[2] or "0").ljust(6, "0")[:3]) if found else MOST_WH + 1
    return wh if wh <= MOST_WH else None
