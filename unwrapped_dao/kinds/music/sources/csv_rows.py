"""Reads a CSV file row by row as dicts of the wanted columns only."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ....errors import ExportError
from ....exports import ExportEntry, printable
from ...imports import FORMAT_CHANGED, Ledger
from ...tables import delimiter_of
from .source import Peek

MOST_LINES: Final = 12
"""Of a row: titles with line breaks exist, but not with so many."""


def csv_lines(entry: ExportEntry, ledger: Ledger) -> Iterator[tuple[int, list[str] | None]]:
    """Every line with its number from 0, a header included; None for one that is no CSV, which goes to the ledger.

    A quote that is never closed would take all lines after it along, up to the next one. A row of more lines than any
    title has is no row: its first line is left out, and the others are read again.
    """
    delimiter = delimiter_of(Peek(entry).first_line)
    with entry.open() as stream:
        lines = _Remembered(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=""))
        reader = csv.reader(lines, delimiter=delimiter)
        number = -1
        while True:
            number += 1
            lines.taken.clear()
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                row = None
            if row is None or (len(lines.taken) > 1 and not _closes(lines.taken, delimiter)):
                ledger.leave_out(entry.name, number, "the row is not valid CSV")
                lines.again(lines.taken[1:])
                reader = csv.reader(lines, delimiter=delimiter)
                yield number, None
            else:
                yield number, row


class _Remembered:
    """Lines that are remembered until a row is made of them, and can be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) > MOST_LINES:
            raise csv.Error("a quote that is not closed")
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.taken.append(line)
        return line

    def again(self, lines: Sequence[str]) -> None:
        self._waiting.extendleft(reversed(lines))


def _closes(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a row of several lines ends where its quote does, and not with the file or at the next row's quote."""
    try:
        next(csv.reader(iter(lines), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def plain_name(column: str) -> str:
    """A column's name without case, without blanks around it, and without what follows a number sign."""
    return column.partition("#")[0].strip().lower().replace("’", "'")


def csv_dicts(
    entry: ExportEntry, ledger: Ledger, wanted: Mapping[str, Sequence[str]], required: Sequence[str]
) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Rows after the header, numbered as lines are. `wanted` gives each column's names in turn, the newest first.

    A column that the file does not have is missing from the dicts; one that a short row lacks is "". Raises
    `ExportError` if the file lacks a required one.
    """
    lines = csv_lines(entry, ledger)
    _, header = next(lines, (0, []))
    place = {plain_name(name): i for i, name in reversed(list(enumerate(header or ())))}
    columns = {
        field: next((place[n.lower()] for n in names if n.lower() in place), -1) for field, names in wanted.items()
    }
    columns = {field: i for field, i in columns.items() if i >= 0}
    if not columns.keys() >= set(required):
        raise ExportError(
            f"The file {printable(entry.name)!r} does not have the columns of its format.", hint=FORMAT_CHANGED
        )
    for number, line in lines:
        if line is None:
            yield number, None
        elif line:
            yield number, {field: line[i].strip() if i < len(line) else "" for field, i in columns.items()}
