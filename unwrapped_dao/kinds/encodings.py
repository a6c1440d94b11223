"""Files whose text is not UTF-8: what spreadsheet programs and editors make of one saved again."""

from __future__ import annotations

import codecs
import io
from dataclasses import replace
from typing import Final

from ..exports import ExportEntry

_UTF_16: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_TABLES: Final = (".csv", ".tsv", ".txt")
_CHUNK: Final = 1 << 20


def in_utf8(entry: ExportEntry) -> ExportEntry:
    """The file as UTF-8 text; itself if it is that already, or is no text. UTF-16 is told by its byte order mark, or
    by every second byte being zero.

    Raises `ExportError` if it cannot be read.
    """
    head = entry.head(64)
    if head[:2] in _UTF_16:
        return _recoded(entry, _UTF_16[head[:2]])
    zeros = [not any(head[first::2]) for first in (0, 1)]
    if len(head) < 16 or zeros[0] == zeros[1]:
        return entry
    return _recoded(entry, "utf-16-be" if zeros[0] else "utf-16-le")


def table_in_utf8(entry: ExportEntry) -> ExportEntry:
    """The same for a table, which has no other way to say it: not one letter outside ASCII that is valid UTF-8, and
    some that are not, are Windows-1252, the encoding of western spreadsheets.
    """
    if not entry.base_name.lower().endswith(_TABLES):
        return entry
    decoder = codecs.getincrementaldecoder("utf-8")()
    with entry.open() as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                break
            if not chunk:
                return entry
    valid = entry.read().decode("utf-8", "ignore").isascii()
    return _recoded(entry, "cp1252") if valid else entry


def _recoded(entry: ExportEntry, encoding: str) -> ExportEntry:
    data = entry.read().decode(encoding, "replace").encode("utf-8", "replace")
    return replace(entry, size=len(data), _open=lambda: io.BytesIO(data))
