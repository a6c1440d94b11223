"""Reads a JSON array of rows so that one bad row never loses the file.

The fast path decodes all rows at once into msgspec structs that have only the wanted fields: the others (addresses,
user agents, devices) never become objects. If any row does not fit, the array is cut into raw rows and each is decoded
alone, so that the bad ones can be named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from ....errors import ExportError
from ....exports import ExportEntry, printable
from ...imports import FORMAT_CHANGED, Ledger

T = TypeVar("T", bound=msgspec.Struct)

_BOM = b"\xef\xbb\xbf"


def json_bytes(entry: ExportEntry) -> bytes:
    """The entry's bytes without a byte order mark."""
    data = entry.read()
    return data[len(_BOM) :] if data.startswith(_BOM) else data


def first_keys(head: bytes) -> set[str]:
    """The keys named in the first object of a JSON array, from its first bytes; values are not looked at."""
    start = head.find(b"{")
    if start < 0 or not head[:start].strip().lstrip(_BOM).startswith(b"["):
        return set()
    end = head.find(b"}", start)
    first = head[start : end if end > 0 else len(head)]
    return {key.decode("ascii") for key in re.findall(rb'"([A-Za-z_]{1,64})"\s*:', first)}


def read_rows(
    entry: ExportEntry, struct: type[T], lenient: type[T], ledger: Ledger
) -> tuple[list[T], Sequence[int], int]:
    """The rows that fit, the number of each within the file, and how many the file has.

    Rows that do not fit even `lenient` are left out in the ledger. Raises `ExportError` for what is no JSON array, or
    an array of something else.
    """
    data = json_bytes(entry)
    try:
        fitting: list[T] = msgspec.json.decode(data, type=list[struct])  # type: ignore[valid-type]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return read_one_by_one(entry, lenient, ledger)
    return fitting, range(len(fitting)), len(fitting)


def read_one_by_one(entry: ExportEntry, struct: type[T], ledger: Ledger) -> tuple[list[T], list[int], int]:
    """The same, row by row, for files in which some rows do not fit."""
    data = json_bytes(entry)
    shown = printable(entry.name)
    try:
        raws = _raw_rows(data)
    except msgspec.ValidationError as error:
        raise ExportError(f"The file {shown!r} is no list of plays.", hint=FORMAT_CHANGED) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExportError(f"The file {shown!r} is not complete JSON; it was cut short or altered.") from error
    decoder = msgspec.json.Decoder(struct)
    fitting: list[T] = []
    numbers: list[int] = []
    for number, raw in enumerate(raws):
        try:
            fitting.append(decoder.decode(raw))
            numbers.append(number)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            ledger.leave_out(entry.name, number, why(error))
    if raws and not fitting:
        raise ExportError(
            f"The file {shown!r} is no list of plays: none of its {len(raws)} rows has the fields.", hint=FORMAT_CHANGED
        )
    return fitting, numbers, len(raws)


def _raw_rows(data: bytes) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(data, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Half of a character, a line break in a title, or NaN in one row makes the whole file no JSON: mend it.
        mended = _TOKENS.sub(_mend, data)
        if mended == data:
            raise
        return msgspec.json.decode(mended, type=list[msgspec.Raw])


_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|\bNaN\b|-?\bInfinity\b|,(?=\s*[\]}])', re.DOTALL)
_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|u[dD][c-fC-F][0-9a-fA-F]{2}|.)", re.DOTALL
)
_CONTROLS = re.compile(rb"[\x00-\x1f]")


def _mend(token: re.Match[bytes]) -> bytes:
    """Text without lone surrogates and bare control characters; null for what is no number; no comma before an end."""
    text = token[0]
    if text[:1] == b'"':
        text = _ESCAPES.sub(_whole_character, text) if b"\\u" in text else text
        return _CONTROLS.sub(lambda found: b"\\u%04x" % ord(found[0]), text)
    return b"" if text == b"," else b"null"


def _whole_character(escape: re.Match[bytes]) -> bytes:
    """A lone surrogate becomes the replacement character; pairs and all other escapes stay."""
    lone = escape[0][:3].lower() == b"\\ud" and escape[1] is None
    return b"\\ufffd" if lone else escape[0]


def whole_number(value: float | str | None) -> int | None:
    """A whole number however it is written (`5`, `5.0`, `"5"`); None for what is none."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*([+-]?\d{1,18})(?:\.0*)?\s*", value, re.ASCII)
        return int(found[1]) if found else None
    if value is None or (isinstance(value, float) and not value.is_integer()):
        return None
    return int(value)


def why(error: Exception) -> str:
    """The field and the types, never a value. msgspec's own message can quote one."""
    found = re.search(r"`\$\.([A-Za-z_]{1,64})`$", str(error))
    if isinstance(error, msgspec.ValidationError):
        return f"the field {found[1]} has an unexpected type" if found else "the row does not have the expected fields"
    return "the row is not valid JSON"
