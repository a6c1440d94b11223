"""Reads a CSV file row by row as dicts of the wanted columns only."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from ....errors import ExportError
from ....exports import ExportEntry, printable
from ...imports import FORMAT_CHANGED, Ledger
from ...tables import delimiter_of
from .source import Peek


def csv_lines(entry: ExportEntry, ledger: Ledger) -> Iterator[tuple[int, list[str] | None]]:
    """Every line with its number from 0, a header included; None for one that is no CSV, which goes to the ledger."""
    delimiter = delimiter_of(Peek(entry).first_line)
    with entry.open() as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
        reader = csv.reader(text, delimiter=delimiter)
        number = -1
        while True:
            number += 1
            try:
                line = next(reader)
            except StopIteration:
                return
            except csv.Error:
                ledger.leave_out(entry.name, number, "the row is not valid CSV")
                line = None
            yield number, line


def plain_name(column: str) -> str:
    """A column's name without case, without blanks around it, and without what follows a number sign."""
    return column.partition("#")[0].strip().lower()


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
