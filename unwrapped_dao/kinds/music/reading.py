"""Reads an export into `Listens`: finds the files that a source claims, and merges what they tell.

Files that are known to be personal are never opened, whatever a source would say. Exact repeats count once:
real
exports hold them within and across files, nobody plays one track twice at the same millisecond, and padding
by
copying must not pay. They are counted in the summary. When two formats tell the same play (same stop minute,
artist, title and milliseconds played), the one that says more is kept.
"""

from __future__ import annotations

import os
import re
from itertools import compress
from pathlib import PurePosixPath
from typing import Any, Final

from ...errors import ExportError
from ...exports import DEFAULT_LIMITS, Export, ExportEntry, Limits
from ..imports import Imported, Ledger
from .listens import COLUMNS, Columns, Listens, Row, misfits
from .sources import SOURCES
from .sources.source import MusicSource, SourceRows

_PERSONAL: Final = re.compile(
    r"(user[a-z]+|identity|identifiers|payments?|searchqueries|inferences|playlists?|yourlibrary|follow|marquee|"
    r"duonewfamily|familyplan|wrapped|yoursoundcapsule|messagedata|podcastinteractivity|"
    r"dataprofile|accountactivity|addtocollection|purchases?)[a-z]*[0-9_ ()-]*(\.[a-z]+)+",
    re.IGNORECASE,
)
_READABLE: Final = (".json", ".jsonl", ".csv", ".html", ".xlsx", ".txt", "")


def read_export(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Imported[Listens]:
    """Read a zip, a folder or a file. Raises nothing but `ExportError`."""
    ledger = Ledger()
    columns: list[list[Any]] = [[] for _ in COLUMNS]
    intern = {}.setdefault  # type: ignore[var-annotated]
    formats: set[str] = set()
    with Export.open(path, limits=limits) as export:
        for entry in export.entries:
            source = _source_of(entry, ledger)
            if source is not None:
                found = source.read(entry, ledger, intern)
                kept = _keep_possible(entry, found, ledger)
                ledger.file(entry.name, source.name, found.total, len(kept[0]))
                formats.add(source.name)
                for whole, part in zip(columns, kept, strict=True):
                    whole += part
        label = export.label
    if not ledger.files:
        raise ExportError(
            f"{label!r} holds no listening history in a known format.",
            hint=f"Known are {', '.join(source.title for source in SOURCES)}; give the file just as it came.",
        )
    before = len(columns[0])
    if not before:
        raise ExportError(
            f"{label!r} holds no play that could be read, out of {sum(f.rows for f in ledger.files)} rows."
        )
    listens = (
        Listens(columns) if len(formats) == 1 else Listens.of_rows(merge_formats(list(zip(*columns, strict=True))))
    )
    return Imported("music", listens, ledger.summary(duplicates=before - len(listens), records=len(listens)))


def _source_of(entry: ExportEntry, ledger: Ledger) -> MusicSource | None:
    """The source that claims a file, or None with the reason in the ledger."""
    base = entry.base_name
    if _PERSONAL.fullmatch(base):
        ledger.ignore(entry.name, "personal and not needed; never opened")
    elif base.startswith("._") or "__MACOSX" in entry.name:
        ledger.ignore(entry.name, "left by the computer that zipped it; never opened")
    elif PurePosixPath(base.lower()).suffix not in _READABLE:
        ledger.ignore(entry.name, "of no file type that holds a history; never opened")
    elif entry.size == 0:
        ledger.ignore(entry.name, "empty")
    else:
        for source in SOURCES:
            if source.claims(entry):
                return source
        ledger.ignore(entry.name, "not a listening history in a known format; only its first bytes were looked at")
    return None


def _keep_possible(entry: ExportEntry, found: SourceRows, ledger: Ledger) -> Columns:
    """The rows within their limits; the others go to the ledger."""
    bad = misfits(found.columns)
    if not bad:
        return found.columns
    for i in sorted(bad):
        ledger.leave_out(entry.name, found.numbers[i], bad[i])
    keep = [True] * len(found.columns[0])
    for i in bad:
        keep[i] = False
    return [list(compress(column, keep)) for column in found.columns]


def same_play(row: Row) -> tuple[int, str, str, int]:
    """What two formats agree on for one play: stop minute, artist, title, milliseconds played."""
    return (row[0] + row[1]) // 60_000, row[2], row[3], row[1]


def merge_formats(rows: list[Row]) -> list[Row]:
    """Rows of several formats of one person, each play once: the telling with more answers wins."""
    told = {same_play(row) for row in rows if row[13] != "spotify-account"}
    return [row for row in rows if row[13] != "spotify-account" or same_play(row) not in told]
