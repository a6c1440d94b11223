"""Keys and types of an export that could not be read, without one value: what a member can send when a format changed.

Names can hold values, too: an object with an entry a person, a file called after its owner. So a name is kept only
if it looks like one that a programmer chose; all others become `<name>`, and digits in file names become `N`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ..errors import ExportError
from ..exports import DEFAULT_LIMITS, Export, ExportEntry, Limits
from .encodings import in_utf8
from .tables import divided

MAX_BYTES: Final = 64 << 20
MAX_ROWS: Final = 1_000
MAX_DEPTH: Final = 8
_CHOSEN: Final = re.compile(r"[@#]?[A-Za-z][A-Za-z_.-]{0,48}( [A-Za-z_.()-]{1,24}){0,6}")
_TYPES: Final = {
    dict: "object",
    list: "array",
    str: "text",
    bool: "true/false",
    int: "integer",
    float: "number",
    type(None): "null",
}


@dataclass(frozen=True, slots=True)
class FileSchema:
    """One file: its name without digits, its format, and each key's path with the types seen there."""

    file: str
    format: str
    size: int
    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """The files of one export."""

    files: tuple[FileSchema, ...]

    def lines(self) -> list[str]:
        """The report as text, as it would be sent."""
        out = []
        for file in self.files:
            out.append(f"{file.file} ({file.format}, {file.size} bytes)")
            out += [f"  {path}: {types}" for path, types in file.keys]
        return out


def schema_report(
    path: str | os.PathLike[str], *, personal: Callable[[str], bool], limits: Limits = DEFAULT_LIMITS
) -> SchemaReport:
    """Look at every file that is not `personal` (by base name). Raises `ExportError` if there is nothing to open."""
    with Export.open(path, limits=limits) as export:
        return SchemaReport(tuple(_file(entry, personal(entry.base_name)) for entry in export.entries))


def _file(entry: ExportEntry, personal: bool) -> FileSchema:
    name = "/".join(_file_name(part) for part in entry.name.split("/"))
    if personal:
        return FileSchema(name, "personal, not opened", entry.size, ())
    if entry.size > MAX_BYTES:
        return FileSchema(name, "too large to look at", entry.size, ())
    try:
        size = entry.size
        entry = in_utf8(entry)
        head = entry.head(64).lstrip(b"\xef\xbb\xbf \r\n\t")
        if head[:1] in (b"{", b"["):
            return FileSchema(name, *_json(entry))
        if entry.base_name.lower().endswith((".csv", ".tsv", ".txt")):
            return FileSchema(name, "table", size, _columns(entry))
    except ExportError:
        return FileSchema(name, "damaged", entry.size, ())
    return FileSchema(name, "not JSON and not a table", entry.size, ())


def _file_name(part: str) -> str:
    stem, dot, suffix = part.rpartition(".")
    clean = re.sub(r"[0-9]+", "N", stem if dot else part)
    kept = clean if re.fullmatch(r"[A-Za-zN_() -]{1,60}", clean) else "<name>"
    return kept + (f".{suffix}" if dot and re.fullmatch(r"[A-Za-z]{1,5}", suffix) else "")


def _json(entry: ExportEntry) -> tuple[str, int, tuple[tuple[str, str], ...]]:
    data = entry.read().lstrip(b"\xef\xbb\xbf \r\n\t")
    values: list[Any]
    try:
        values, form = [msgspec.json.decode(data)], "JSON"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            lines = [line for line in data.split(b"\n", MAX_ROWS)[:MAX_ROWS] if line.strip()]
            values, form = [msgspec.json.decode(line) for line in lines], "JSON lines"
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return "JSON that is cut short or altered", entry.size, ()
    seen: dict[str, set[str]] = {}
    for value in values:
        _walk(value, "$", seen, 0)
    return form, entry.size, tuple((path, " | ".join(sorted(types))) for path, types in sorted(seen.items()))


def _walk(value: Any, path: str, seen: dict[str, set[str]], depth: int) -> None:
    seen.setdefault(path, set()).add(_TYPES[type(value)])
    if depth >= MAX_DEPTH or len(seen) > 2_000:
        return
    if isinstance(value, dict):
        # Many names in one object are values in the place of names.
        many = len(value) > 64
        for key, inner in list(value.items())[:MAX_ROWS]:
            kept = key if not many and _CHOSEN.fullmatch(key) else "<name>"
            _walk(inner, f"{path}.{kept}", seen, depth + 1)
    elif isinstance(value, list):
        for inner in value[:MAX_ROWS]:
            _walk(inner, f"{path}[]", seen, depth + 1)


def _columns(entry: ExportEntry) -> tuple[tuple[str, str], ...]:
    """The header's names. A table without a header shows its first row as `<name>`s, or is told by its digits."""
    first = entry.head(16_384).decode("utf-8-sig", "replace").partition("\n")[0].strip("\r")
    cells = divided(first)
    # Free text can pass for a name; a header has no digits, and a row of values nearly always has.
    looks = bool(cells) and not any(re.search(r"[0-9]", cell) for cell in cells)
    return tuple(
        (f"column {i}", cell.strip() if looks and _CHOSEN.fullmatch(cell.strip()) else "<name>")
        for i, cell in enumerate(cells[:200])
    )
