"""Dates that a spreadsheet program has written in its own way when a table was saved again: `05.03.2024 20:12`.

A column has one way, so that its dates are read together: dots are day first; slashes and dashes are whatever one of
the dates can only be. If none tells, the date is None: guessing would move plays by months. Times are taken as UTC, as
they were before: a spreadsheet program changes how a time is written and not the time.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Final

AMBIGUOUS: Final = "a date that a spreadsheet program rewrote, whose day and month cannot be told apart"
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DATE: Final = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2}),?\s+(\d{1,2}):(\d\d)(?::(\d\d))?(?:\s*([AaPp])\.?[Mm]\.?)?", re.ASCII
)


def is_rewritten(text: str) -> bool:
    """Whether a text is such a date."""
    return _DATE.fullmatch(text.strip()) is not None


class TableDates:
    """What the rewritten dates of one column have in common; `ms` reads one of them."""

    def __init__(self, texts: Iterable[str]) -> None:
        found = [date for text in texts if (date := _DATE.fullmatch(text.strip()))]
        days_first = any(int(date[1]) > 12 for date in found) or any(date[2] == "." for date in found)
        months_first = any(int(date[3]) > 12 for date in found)
        self._day_first = days_first if days_first != months_first else None

    def ms(self, text: str) -> int | None:
        """UTC milliseconds; None for what is no such date, and where the column does not tell which part is the day."""
        found = _DATE.fullmatch(text.strip())
        if found is None or self._day_first is None:
            return None
        day, month = (int(found[1]), int(found[3])) if self._day_first else (int(found[3]), int(found[1]))
        year, hour = int(found[4]), int(found[5])
        if found[8]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if found[8] in "pP" else 0)
        try:
            when = dt.datetime(
                year + (2000 if year < 100 else 0), month, day, hour, int(found[6]), int(found[7] or 0), tzinfo=dt.UTC
            )
        except ValueError:
            return None
        return (when - _EPOCH) // dt.timedelta(milliseconds=1)
