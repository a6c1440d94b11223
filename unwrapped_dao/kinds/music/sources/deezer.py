"""Deezer: a spreadsheet (.xlsx) whose sheet `10_listeningHistory` has a row a play, lengths in seconds.

The few parts of Office Open XML (ECMA-376) that are needed are read here: sheet names, shared strings, cells. Two
passes, so that addresses and devices, which share the table of strings, are never kept.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import partial
from itertools import takewhile
from typing import Any, Final
from xml.parsers import expat

from ....errors import ExportError
from ....exports import Export, ExportEntry, printable
from ...imports import FORMAT_CHANGED
from ...tables import divided
from ..listens import UNKNOWN_LENGTH, Row, columns_of
from .csv_rows import csv_dicts, plain_name
from .source import Peek, Reading, SourceRows, plain_row
from .table_dates import AMBIGUOUS, TableDates, is_rewritten

SHEET: Final = "10_listeningHistory"
_NAMES: Final = {
    "track": ("song title", "title", "titre", "titre de la chanson", "titel", "songtitel", "título", "titolo",
              "título de la canción", "título da música", "titolo della canzone"),
    "artist": ("artist", "artiste", "künstler", "interpret", "artista", "artiest"),
    "album": ("album title", "album", "titre de l'album", "albumtitel", "título do álbum", "título del álbum",
              "titolo dell'album"),
    "seconds": ("listening time", "temps d'écoute", "durée d'écoute", "hörzeit", "hördauer", "tiempo de escucha",
                "tempo de audição", "tempo di ascolto", "luistertijd"),
    "date": ("date", "datum", "fecha", "data"),
}  # fmt: skip
_WANTED: Final = {name: field for field, names in _NAMES.items() for name in names}
_ORDER: Final = ("track", "artist", "", "album", "", "seconds", "", "", "date")
"""The same in every language, as is the name of the third column: ISRC (ISO 3901)."""
_NEEDED: Final = frozenset({"track", "artist", "date"})
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Excel's day 0 (its 1900 leap-year error included).
_EXCEL_EPOCH: Final = dt.datetime(1899, 12, 30, tzinfo=dt.UTC)


class Deezer:
    """The source `deezer`."""

    name = "deezer"
    title = "Deezer export (.xlsx)"

    def claims(self, peek: Peek) -> bool:
        """By being a spreadsheet that has the sheet."""
        if not peek.head.startswith(b"PK"):
            return False
        try:
            with Export.inside(peek.entry) as book:
                return _sheet_file(book) is not None
        except ExportError:
            return False

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The sheet's plays."""
        with Export.inside(entry) as book:
            sheet = _sheet_file(book)
            if sheet is None:
                raise ExportError(f"The spreadsheet {printable(entry.name)!r} has no sheet {SHEET}.")
            cells = list(_cells(sheet))
            header, strings = _header(book, cells)
            if not set(header.values()) >= _NEEDED:
                raise ExportError(
                    f"The spreadsheet {printable(entry.name)!r} does not have the columns of its format.",
                    hint=FORMAT_CHANGED,
                )
            wanted = {int(v) for _, column, kind, v in cells if kind == "s" and column in header and v.isdigit()}
            strings |= _strings(book, wanted)
        lines: dict[int, dict[str, str]] = {}
        for number, column, kind, value in cells[1:] if cells else []:
            if column in header and number > cells[0][0]:
                text = strings.get(int(value), "") if kind == "s" and value.isdigit() else value
                lines.setdefault(number, {})[header[column]] = text
        rows: list[Row] = []
        numbers: list[int] = []
        for row_number, (_, line) in enumerate(sorted(lines.items())):
            start = _date_ms(line.get("date", ""))
            if start is None:
                reading.ledger.leave_out(entry.name, row_number, "the field Date is no time")
                continue
            rows.append(
                plain_row(
                    self.name, start, line.get("artist", "").strip(), line.get("track", "").strip(),
                    album=line.get("album", "").strip(), played_ms=_milliseconds(line.get("seconds", "")),
                )
            )  # fmt: skip
            numbers.append(row_number)
        return SourceRows(columns_of(rows), numbers, len(lines))


class DeezerCsv:
    """The history's sheet alone, as a spreadsheet program saves it."""

    name = "deezer"
    title = "Deezer history as CSV"

    def claims(self, peek: Peek) -> bool:
        """By its header."""
        header = {_WANTED.get(plain_name(cell)) for cell in divided(peek.first_line)}
        return header >= _NEEDED | {"seconds"}

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The table's plays."""
        rows: list[Row] = []
        numbers: list[int] = []
        lines = list(csv_dicts(entry, reading.ledger, _NAMES, tuple(_NEEDED)))
        total = len(lines)
        dates = TableDates(line.get("date", "") for _, line in lines if line)
        for number, line in lines:
            if line is None:
                continue
            told = line.get("date", "")
            start = _date_ms(told)
            start = dates.ms(told) if start is None else start
            if start is None:
                why = AMBIGUOUS if is_rewritten(told) else "the field Date is no time"
                reading.ledger.leave_out(entry.name, number, why)
                continue
            rows.append(
                plain_row(self.name, start, line["artist"], line["track"], album=line.get("album", ""),
                          played_ms=_milliseconds(line.get("seconds", "")))
            )  # fmt: skip
            numbers.append(number)
        return SourceRows(columns_of(rows), numbers, total)


def _entry(book: Export, name: str) -> ExportEntry | None:
    return next((entry for entry in book.entries if entry.name == name), None)


def _sheet_file(book: Export) -> ExportEntry | None:
    """The file of the wanted sheet, through the workbook's relations."""
    workbook, relations = _entry(book, "xl/workbook.xml"), _entry(book, "xl/_rels/workbook.xml.rels")
    if workbook is None or relations is None:
        return None
    sheets = {at.get("name", ""): at.get("r:id") for tag, at in _starts(workbook) if tag == "sheet"}
    targets = {at.get("Id"): at.get("Target", "") for tag, at in _starts(relations) if tag == "Relationship"}
    files = {
        name: _entry(book, "xl/" + targets[key].removeprefix("/xl/")) for name, key in sheets.items() if key in targets
    }
    named = next((name for name in files if name.casefold().endswith(SHEET.partition("_")[2].casefold())), None)
    return files[named] if named else next(filter(None, map(partial(_history, book), files.values())), None)


def _history(book: Export, sheet: ExportEntry | None) -> ExportEntry | None:
    """The sheet if its columns are those of a history with lengths: its name may be another language's."""
    if sheet is None:
        return None
    cells = _cells(sheet)
    first = next(cells, None)
    if first is None:
        return None
    header, _ = _header(book, [first, *takewhile(lambda cell: cell[0] == first[0], cells)])
    return sheet if set(header.values()) >= _NEEDED | {"seconds"} else None


def _header(book: Export, cells: list[tuple[int, str, str, str]]) -> tuple[dict[str, str], dict[int, str]]:
    """Wanted columns by letter, from the first row."""
    if not cells:
        return {}, {}
    first = [cell for cell in cells if cell[0] == cells[0][0]]
    strings = _strings(book, {int(v) for _, _, kind, v in first if kind == "s" and v.isdigit()})
    names = {c: strings.get(int(v), "") if kind == "s" and v.isdigit() else v for _, c, kind, v in first}
    named = {column: field for column, name in names.items() if (field := _WANTED.get(plain_name(name)))}
    if not set(named.values()) >= _NEEDED and plain_name(names.get("C", "")) == "isrc" and len(names) == len(_ORDER):
        named = {column: field for column, field in zip(sorted(names), _ORDER, strict=True) if field}
    return named, strings


def _cells(sheet: ExportEntry) -> Iterator[tuple[int, str, str, str]]:
    """(row, column letters, type, value) of each cell with a value."""
    where, kind, text, taking = "", "", "", False
    for event, tag, detail in _events(sheet):
        if event == "start" and tag == "c":
            where, kind, text = detail.get("r", ""), detail.get("t", ""), ""
        elif event == "start":
            taking = tag in ("v", "t")
        elif event == "text" and taking:
            text += detail
        elif event == "end" and tag in ("v", "t"):
            taking = False
        elif event == "end" and tag == "c" and text:
            found = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", where)
            if found:
                yield int(found[2]), found[1], kind, text


def _strings(book: Export, wanted: set[int]) -> dict[int, str]:
    """The wanted entries of the shared table."""
    entry = _entry(book, "xl/sharedStrings.xml")
    if entry is None or not wanted:
        return {}
    out: dict[int, str] = {}
    index, taking = -1, False
    for event, tag, detail in _events(entry):
        if event == "start" and tag == "si":
            index += 1
        elif event == "start":
            taking = tag == "t"
        elif event == "text" and taking and index in wanted:
            out[index] = out.get(index, "") + detail
        elif event == "end" and tag == "t":
            taking = False
    return out


def _starts(entry: ExportEntry) -> Iterator[tuple[str, dict[str, str]]]:
    for event, tag, detail in _events(entry):
        if event == "start":
            yield tag, detail


def _events(entry: ExportEntry) -> Iterator[tuple[str, str, Any]]:
    """XML as (start | end | text, local name, attributes or text). Documents that declare entities are refused."""
    queue: list[tuple[str, str, Any]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, at: queue.append(("start", tag.rpartition(":")[2], at))
    parser.EndElementHandler = lambda tag: queue.append(("end", tag.rpartition(":")[2], None))
    parser.CharacterDataHandler = lambda text: queue.append(("text", "", text))

    def refuse(*_: object) -> None:
        raise ExportError(f"The spreadsheet part {printable(entry.name)!r} declares entities; refused.")

    parser.StartDoctypeDeclHandler = refuse
    with entry.open() as stream:
        while True:
            chunk = stream.read(1 << 16)
            try:
                parser.Parse(chunk, not chunk)
            except expat.ExpatError as error:
                raise ExportError(f"The spreadsheet part {printable(entry.name)!r} is damaged.") from error
            yield from queue
            queue.clear()
            if not chunk:
                return


def _date_ms(text: str) -> int | None:
    """ISO text, or an Excel serial day; both UTC."""
    try:
        if re.fullmatch(r"\d{1,6}(\.\d+)?", text, re.ASCII):
            when = _EXCEL_EPOCH + dt.timedelta(days=float(text))
            return round((when - _EPOCH).total_seconds()) * 1000
        when = dt.datetime.fromisoformat(text)
        when = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
        return (when - _EPOCH) // dt.timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


def _milliseconds(text: str) -> int:
    digits = text.partition(".")[0]
    return int(digits) * 1000 if digits.isascii() and digits.isdigit() and len(digits) < 9 else UNKNOWN_LENGTH
