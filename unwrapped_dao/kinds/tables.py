"""How a table divides its lines into cells: by a comma, or by what spreadsheet programs put in its place."""

from __future__ import annotations

import csv
from typing import Final

DELIMITERS: Final = (",", ";", "\t")


def delimiter_of(first_line: str) -> str:
    """Whatever divides the first line into most cells."""
    return max(DELIMITERS, key=lambda delimiter: len(cells_of(first_line, delimiter)))


def divided(first_line: str) -> list[str]:
    """The cells of a table's first line."""
    return cells_of(first_line, delimiter_of(first_line))


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line; none if it is no row."""
    try:
        return next(csv.reader([line.replace("\0", "")], delimiter=delimiter), [])
    except csv.Error:
        return []
