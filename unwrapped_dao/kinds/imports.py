"""What came of reading an export: the records, and an account of every file and every row that did not fit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..errors import ExportError
from ..exports import printable
from ..wording import plural

R = TypeVar("R")

LISTED_PROBLEMS = 10_000
"""Row problems listed one by one; beyond, they are only counted, so that a hostile file cannot fill the memory."""


FAILED = "could not be read"
"""How the reason of a file begins that holds a history, as far as can be seen, and could not be read."""


FORMAT_CHANGED = (
    "The format may have changed: `unwrapped-dao export-schema FILE` prints its keys without one value, to send to "
    "whoever maintains the reader."
)
"""The advice for a file that looks like a known one and is none."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that was left out, and why. `row` counts from 0 within the file; the reason holds none of its values."""

    file: str
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file of the export: which format it is of, how many rows it had and how many were kept."""

    file: str
    source: str
    rows: int
    kept: int


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """Everything that happened to an export's files and rows: rows = kept + left out, for each file and in all.

    `duplicates` counts kept rows that were then merged away as exact repeats, or as the same play told by two
    formats; `ignored` says why a file was not read; `doubts` why it cannot all be one person's.
    """

    files: tuple[FileReport, ...]
    ignored: tuple[tuple[str, str], ...]
    problems: tuple[RowProblem, ...]
    left_out: tuple[tuple[str, int], ...]
    duplicates: int
    records: int
    doubts: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows found in all files that were read."""
        return sum(report.rows for report in self.files)

    @property
    def failed(self) -> tuple[tuple[str, str], ...]:
        """The files among `ignored` whose loss may be a loss of records."""
        return tuple((name, reason) for name, reason in self.ignored if reason.startswith(FAILED))

    def lines(self) -> list[str]:
        """The summary for a person, a line each."""
        out = [f"{r.file}: {r.kept:,} of {plural(r.rows, 'row')} kept ({r.source})" for r in self.files]
        out += [f"{plural(count, 'row')} left out: {reason}" for reason, count in self.left_out]
        if self.duplicates:
            out.append(f"{plural(self.duplicates, 'row')} told again what another tells, and count once")
        out += [f"WARNING: {doubt}" for doubt in self.doubts]
        out += [f"WARNING: {name} {reason}" for name, reason in self.failed]
        if self.ignored:
            reasons = Counter(reason for _, reason in self.ignored if not reason.startswith(FAILED))
            out += [f"{plural(count, 'file')} not read: {reason}" for reason, count in sorted(reasons.items())]
        out.append(f"{plural(self.records, 'record')} in all")
        return out


@dataclass(frozen=True, slots=True)
class Imported(Generic[R]):
    """An export that was read: the records of its kind, and the account of the import."""

    kind: str
    records: R
    summary: ImportSummary


@dataclass(slots=True)
class Ledger:
    """Collects what happens during one import; `summary()` closes it."""

    files: list[FileReport] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    doubts: tuple[str, ...] = ()

    def file(self, name: str, source: str, rows: int, kept: int) -> None:
        """Note a file that was read."""
        self.files.append(FileReport(printable(name), source, rows, kept))

    def ignore(self, name: str, reason: str) -> None:
        """Note a file that was not read."""
        self.ignored.append((printable(name), reason))

    def fail(self, name: str, error: ExportError) -> None:
        """Note a file that should have been read and could not be."""
        self.ignored.append((printable(name), f"{FAILED}: {error.message}"))

    def leave_out(self, name: str, row: int, reason: str) -> None:
        """Note a row that was left out; `reason` must not quote it."""
        self.left_out[reason] += 1
        if len(self.problems) < LISTED_PROBLEMS:
            self.problems.append(RowProblem(printable(name), row, reason))

    def absorb(self, summary: ImportSummary) -> None:
        """Add the account of another import."""
        self.files += summary.files
        self.ignored += summary.ignored
        self.problems += summary.problems[: LISTED_PROBLEMS - len(self.problems)]
        self.left_out.update(dict(summary.left_out))
        self.doubts = tuple(dict.fromkeys((*self.doubts, *summary.doubts)))

    def summary(self, *, duplicates: int, records: int) -> ImportSummary:
        """The finished account."""
        return ImportSummary(
            files=tuple(self.files),
            ignored=tuple(self.ignored),
            problems=tuple(self.problems),
            left_out=tuple(sorted(self.left_out.items())),
            duplicates=duplicates,
            records=records,
            doubts=self.doubts,
        )
