"""What every source of the kind `music` offers; adding a format is one file here and one line in
`SOURCES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from ....exports import ExportEntry
from ...imports import Ledger
from ..listens import Columns

Intern = Callable[[str, str], str]
"""`dict.setdefault` of one table: equal titles share one object, which is most of a history's memory."""


class SourceRows(NamedTuple):
    """One file's rows as canonical columns, the number of each within the file, and how many rows the file has."""

    columns: Columns
    numbers: Sequence[int]
    total: int


class MusicSource(Protocol):
    """A source that yields canonical listening rows."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def claims(self, entry: ExportEntry) -> bool:
        """Whether this file is of this format."""
        ...

    def read(self, entry: ExportEntry, ledger: Ledger, intern: Intern) -> SourceRows:
        """Read the file. Raises `ExportError` if it is wrong as a whole; single rows go to the ledger."""
        ...
