"""The one export format of the kind: a CSV file with a header that names a time and a rate.

The time is ISO 8601 with a zone, or seconds or milliseconds since 1970; a time without a zone is taken as UTC. Names of
the columns as wearables' exports have them; other columns (device, source, comment) are not kept. A copy that a
spreadsheet program saved (semicolons, UTF-16, a decimal comma) is read as well.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import Final

from ...errors import ExportError
from ...exports import ExportEntry, printable
from ..encodings import in_utf8, table_in_utf8
from ..imports import Ledger
from ..tables import delimiter_of, divided
from .beats import Beat, beat_problem

_TIMES: Final = ("time", "timestamp", "datetime", "date_time", "start_time", "starttime")
_RATES: Final = ("bpm", "heart_rate", "heartrate", "heart rate", "value_bpm", "heart_rate_bpm", "beats_per_minute")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class HeartRateCsv:
    """The source `heart-rate-csv`."""

    name = "heart-rate-csv"
    title = "Heart rate as CSV"

    def claims(self, entry: ExportEntry) -> bool:
        """By its header."""
        return _places(entry) is not None

    def read(self, entry: ExportEntry, ledger: Ledger) -> tuple[list[Beat], int]:
        """The measurements, and how many rows the file has."""
        places = _places(entry)
        if places is None:
            raise ExportError(f"The file {printable(entry.name)!r} has no columns for a time and a heart rate.")
        at, rate = places
        beats: list[Beat] = []
        total = 0
        text = table_in_utf8(in_utf8(entry))
        with text.open() as stream:
            lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            reader = csv.reader(lines, delimiter=delimiter_of(_first_line(text)))
            while True:
                try:
                    line = next(reader)
                except StopIteration:
                    break
                except csv.Error:
                    total += 1
                    ledger.leave_out(entry.name, total, "the row is not valid CSV")
                    continue
                if reader.line_num == 1 or not line:
                    continue
                total += 1
                time_s = _seconds(line[at]) if at < len(line) else None
                bpm = _whole(line[rate]) if rate < len(line) else None
                if time_s is None:
                    ledger.leave_out(entry.name, total, "the time is no time")
                elif bpm is None:
                    ledger.leave_out(entry.name, total, "the rate is no number")
                elif problem := beat_problem(Beat(time_s, bpm)):
                    ledger.leave_out(entry.name, total, problem)
                else:
                    beats.append(Beat(time_s, bpm))
        return beats, total


def _first_line(entry: ExportEntry) -> str:
    head = entry.head().decode("utf-8-sig", "replace").replace("\r", "\n")
    return head.lstrip("\n").partition("\n")[0].strip()


def _places(entry: ExportEntry) -> tuple[int, int] | None:
    names = [name.strip().lower() for name in divided(_first_line(in_utf8(entry)))]
    at = next((i for i, name in enumerate(names) if name in _TIMES), None)
    rate = next((i for i, name in enumerate(names) if name in _RATES), None)
    return None if at is None or rate is None else (at, rate)


def _seconds(text: str) -> int | None:
    text = text.strip()
    if re.fullmatch(r"\d{1,14}", text, re.ASCII):
        return int(text) if len(text) < 12 else int(text) // 1_000
    try:
        when = dt.datetime.fromisoformat(text)
        when = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
        return (when - _EPOCH) // dt.timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None


def _whole(text: str) -> int | None:
    """Beats a minute, halves rounded up."""
    found = re.fullmatch(r"(\d{1,4})(?:[.,](\d)\d*)?", text.strip(), re.ASCII)
    return int(found[1]) + (int(found[2] or 0) >= 5) if found else None
