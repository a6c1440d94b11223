"""Reads an export into `Listens`: finds the files that a source claims, and merges what they tell.

Files that are known to be personal are never opened, whatever a source would say. Exact repeats count once:
real
exports hold them within and across files, nobody plays one track twice at the same millisecond, and padding
by
copying must not pay. They are counted in the summary. When two formats tell the same play, the one that says more
is kept (`merging`).
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, compress
from pathlib import PurePosixPath
from typing import Final

from ...errors import ExportError
from ...exports import DEFAULT_LIMITS, Export, ExportEntry, Limits
from ..imports import Imported, Ledger
from .listens import COLUMNS, Columns, Listens, misfits
from .merging import merge_tellings
from .sources import SOURCES
from .sources.source import MusicSource, Peek, Reading, SourceRows

_PERSONAL: Final = re.compile(
    r"(user[a-z]+|identity|identifiers|payments?|searchqueries|inferences|playlists?|yourlibrary|follow|marquee|"
    r"duonewfamily|familyplan|wrapped|yoursoundcapsule|messagedata|podcastinteractivity|"
    r"dataprofile|accountactivity|addtocollection|purchases?)[a-z]*[0-9_ ()-]*(\.[a-z]+)+",
    re.IGNORECASE,
)
_READABLE: Final = (".json", ".jsonl", ".csv", ".html", ".xlsx", ".txt", "")


def read_export(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Imported[Listens]:
    """Read a zip, a folder or a file. Raises nothing but `ExportError`."""
    reading = Reading(Ledger())
    ledger = reading.ledger
    tellings: dict[tuple[str, str, str], list[Columns]] = defaultdict(list)
    with Export.open(path, limits=limits) as export:
        claimed = [(_source_of(entry, ledger), entry) for entry in export.entries]
        for source in SOURCES:
            for entry in [entry for claimant, entry in claimed if claimant is source]:
                found = source.read(entry, reading)
                kept = _keep_possible(entry, found, ledger)
                ledger.file(entry.name, source.name, found.total, len(kept[0]))
                tellings[source.name, source.title, str(PurePosixPath(entry.name).parent)].append(kept)
        label = export.label
    if not ledger.files:
        raise ExportError(
            f"{label!r} holds no listening history in a known format.",
            hint=f"Known are {', '.join(source.title for source in SOURCES)}; give the file just as it came.",
        )
    if not any(len(part[0]) for parts in tellings.values() for part in parts):
        rows = sum(report.rows for report in ledger.files)
        raise ExportError(f"{label!r} holds no play that could be read, out of {rows} rows.")
    return _finish([(name, joined(parts)) for (name, _, _), parts in tellings.items()], ledger)


def is_personal(base_name: str) -> bool:
    """Whether a file of that name is known to be personal; such a file is never opened."""
    return _PERSONAL.fullmatch(base_name) is not None


def joined(parts: Sequence[Columns]) -> Columns:
    """The columns of several files as one table; one file's as they are."""
    if len(parts) == 1:
        return parts[0]
    return [list(chain.from_iterable(column)) for column in zip(*parts, strict=True)] or [[] for _ in COLUMNS]


def _finish(tellings: Sequence[tuple[str, Columns]], ledger: Ledger) -> Imported[Listens]:
    """One history of all tellings, and the account."""
    told = sum(len(columns[0]) for _, columns in tellings)
    listens = merge_tellings([(source, Listens(columns)) for source, columns in tellings])
    return Imported("music", listens, ledger.summary(duplicates=told - len(listens), records=len(listens)))


def merge_imports(imports: Sequence[Imported[Listens]]) -> Imported[Listens]:
    """One history of several exports of one person. Plays that several tell count once."""
    ledger = Ledger()
    tellings: list[tuple[str, Columns]] = []
    earlier = 0
    for one in imports:
        ledger.absorb(one.summary)
        earlier += one.summary.duplicates
        columns = one.records.columns()
        sources = one.records.texts("source")
        for source in sorted(set(sources)):
            mine = [name == source for name in sources]
            tellings.append((source, columns if all(mine) else [list(compress(c, mine)) for c in columns]))
    found = _finish(tellings, ledger)
    return replace(found, summary=replace(found.summary, duplicates=found.summary.duplicates + earlier))


def _source_of(entry: ExportEntry, ledger: Ledger) -> MusicSource | None:
    """The source that claims a file, or None with the reason in the ledger."""
    base = entry.base_name
    if is_personal(base):
        ledger.ignore(entry.name, "personal and not needed; never opened")
    elif base.startswith("._") or "__MACOSX" in entry.name:
        ledger.ignore(entry.name, "left by the computer that zipped it; never opened")
    elif PurePosixPath(base.lower()).suffix not in _READABLE:
        ledger.ignore(entry.name, "of no file type that holds a history; never opened")
    elif entry.size == 0:
        ledger.ignore(entry.name, "empty")
    else:
        peek = Peek(entry)
        for source in SOURCES:
            if source.claims(peek):
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
    if len(bad) > 200:
        keep = [i not in bad for i in range(len(found.columns[0]))]
        return [list(compress(column, keep)) for column in found.columns]
    # A reader's lists are nobody else's: taking few places out of them is cheaper than any copy.
    columns = [column if isinstance(column, list) else list(column) for column in found.columns]
    for i in sorted(bad, reverse=True):
        for column in columns:
            del column[i]
    return columns
