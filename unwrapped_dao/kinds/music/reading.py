"""Reads an export into `Listens`: finds the files that a source claims, and merges what they tell.

Files that are known to be personal are never opened, whatever a source would say. Exact repeats count once: real
exports hold them within and across files, nobody plays one track twice at the same millisecond, and padding by copying
must not pay. They are counted in the summary. When two formats tell the same play, the one that says more is kept
(`merging`).
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

from ...errors import ExportError, NothingToReadError
from ...exports import DEFAULT_LIMITS, Export, ExportEntry, Limits, printable
from ..encodings import in_utf8, table_in_utf8
from ..imports import FORMAT_CHANGED, Imported, Ledger
from .accounts import Part, doubts, plain_names
from .listens import COLUMNS, Columns, Listens, misfits
from .merging import merge_tellings, untold
from .near_misses import UNFINISHED, advice
from .sources import SOURCES
from .sources.source import MusicSource, Peek, Reading, SourceRows

_PERSONAL: Final = re.compile(
    r"(user[a-z]+|identity|identifiers|payments?|searchqueries|inferences|playlists?|yourlibrary|follow|marquee|"
    r"duonewfamily|familyplan|wrapped|yoursoundcapsule|messagedata|podcastinteractivity|"
    r"dataprofile|accountactivity|addtocollection|purchases?|search-history|suchverlauf|zoekgeschiedenis|"
    r"historial de b[uú]squedas?|historique des recherches|cronologia ricerche|hist[oó]rico de pesquisas?|検索履歴)"
    r"[a-z]*[0-9_ ()-]*(\.[a-z]+)+",
    re.IGNORECASE,
)
_READABLE: Final = (".json", ".jsonl", ".csv", ".tsv", ".htm", ".html", ".xlsx", ".txt", "")
_ARCHIVES: Final = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz")
_DESKTOP: Final = (".ds_store", "desktop.ini", "thumbs.db")


def read_export(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Imported[Listens]:
    """Read a zip, a folder or a file. Raises nothing but `ExportError`.

    A file that cannot be read is named in the account and loses none of the others; it is an error if there is none.
    """
    ledger = Ledger()
    artists: dict[tuple[str, int | None], set[str]] = {}
    failures: list[ExportError] = []
    tellings: dict[tuple[str, str, str], list[tuple[str, Columns]]] = defaultdict(list)
    with Export.open(path, limits=limits) as export:
        for name, why in export.unopened:
            ledger.ignore(name, f"an archive that cannot be opened: {why}")
        claimed: list[tuple[MusicSource, ExportEntry]] = []
        for entry in export.entries:
            try:
                found = _claim(entry, ledger)
            except ExportError as error:
                ledger.fail(entry.name, error)
                failures.append(error)
            else:
                claimed += [found] if found else []
        for source in SOURCES:
            for entry in [entry for claimant, entry in claimed if claimant is source]:
                reading = Reading(Ledger(), artists)
                try:
                    rows = source.read(entry, reading)
                    kept = _keep_possible(entry, rows, reading.ledger)
                except ExportError as error:
                    ledger.fail(entry.name, error)
                    failures.append(error)
                    continue
                reading.ledger.file(entry.name, source.name, rows.total, len(kept[0]))
                ledger.absorb(reading.ledger.summary(duplicates=0, records=0))
                tellings[source.name, source.title, str(PurePosixPath(entry.name).parent)].append(
                    (entry.base_name, kept)
                )
        label = export.label
    parts = [
        Part(source, plain_names([name for name, _ in told]), joined([columns for _, columns in told]))
        for (source, _, _), told in tellings.items()
    ]
    if not any(len(part.columns[0]) for part in parts):
        raise failures[0] if failures else _nothing_in(label, ledger)
    return _finish(parts, ledger)


def _nothing_in(label: str, ledger: Ledger) -> ExportError:
    """Why there is not one play, as far as the account tells."""
    rows = sum(report.rows for report in ledger.files)
    if rows:
        worst, count = max(ledger.left_out.items(), key=lambda item: item[1], default=("", 0))
        because = f"; {count} for this reason: {worst}" if count else ""
        return ExportError(
            f"{label!r} holds no play that could be read, out of {rows} rows{because}.", hint=FORMAT_CHANGED
        )
    if ledger.files:
        return ExportError(
            f"{label!r} has the files of a listening history, but they hold no play at all.",
            hint="Give the longer history if the service has one, or come back when it has recorded some plays.",
        )
    known = ", ".join(dict.fromkeys(source.title for source in SOURCES))
    instead = advice([name for name, _ in ledger.ignored])
    return NothingToReadError(
        f"{label!r} holds no listening history in a known format.",
        hint=instead or f"Known are {known}. Is it one of them, and just as it came? {FORMAT_CHANGED}",
    )


def is_personal(base_name: str) -> bool:
    """Whether a file of that name is known to be personal; such a file is never opened."""
    return _PERSONAL.fullmatch(base_name) is not None


def joined(parts: Sequence[Columns]) -> Columns:
    """The columns of several files as one table; one file's as they are."""
    if len(parts) == 1:
        return parts[0]
    return [list(chain.from_iterable(column)) for column in zip(*parts, strict=True)] or [[] for _ in COLUMNS]


def _finish(parts: Sequence[Part], ledger: Ledger) -> Imported[Listens]:
    """One history of all tellings, and the account."""
    told = sum(len(part.columns[0]) for part in parts)
    ledger.doubts = ledger.doubts or doubts(parts, untold)
    listens = merge_tellings([(part.source, Listens(part.columns)) for part in parts])
    return Imported("music", listens, ledger.summary(duplicates=told - len(listens), records=len(listens)))


def merge_imports(imports: Sequence[Imported[Listens]]) -> Imported[Listens]:
    """One history of several exports of one person. Plays that several tell count once."""
    ledger = Ledger()
    parts: list[Part] = []
    earlier = 0
    for one in imports:
        ledger.absorb(one.summary)
        earlier += one.summary.duplicates
        columns = one.records.columns()
        sources = one.records.texts("source")
        for source in sorted(set(sources)):
            mine = [name == source for name in sources]
            names = plain_names([report.file for report in one.summary.files if report.source == source])
            parts.append(Part(source, names, columns if all(mine) else [list(compress(c, mine)) for c in columns]))
    found = _finish(parts, ledger)
    return replace(found, summary=replace(found.summary, duplicates=found.summary.duplicates + earlier))


def _claim(entry: ExportEntry, ledger: Ledger) -> tuple[MusicSource, ExportEntry] | None:
    """The source that claims a file, and the file as UTF-8; None with the reason in the ledger."""
    base = entry.base_name
    suffix = PurePosixPath(base.lower()).suffix
    if is_personal(base):
        ledger.ignore(entry.name, "personal and not needed; never opened")
    elif base.startswith("._") or base.lower() in _DESKTOP or "__MACOSX" in entry.name:
        ledger.ignore(entry.name, "left by the computer that zipped it; never opened")
    elif suffix in UNFINISHED:
        raise ExportError(
            f"The download of {printable(base)!r} has not finished.", hint="Wait until it has, or download it again."
        )
    elif suffix in _ARCHIVES:
        ledger.ignore(entry.name, "an archive of a kind that is not opened: unpack it and give the folder")
    elif suffix not in _READABLE:
        ledger.ignore(entry.name, "of no file type that holds a history; never opened")
    elif entry.size == 0:
        ledger.ignore(entry.name, "empty")
    else:
        text = in_utf8(entry)
        peek = Peek(text)
        for source in SOURCES:
            if source.claims(peek):
                return source, table_in_utf8(text)
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
