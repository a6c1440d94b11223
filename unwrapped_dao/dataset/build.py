"""`build` and `Dataset`: many members' rows as one table, in an order that depends on nothing but the
release's salt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import rfc8785

from ..errors import InputError
from ..kinds.protocols import Scope
from ..kinds.rows import Column, columns
from .opened import Opened, OpenedInMemory
from .release import Release
from .risk import RiskReport, assess

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

MEMBER: Final = "member"

Group = tuple[str, list[tuple[Any, ...]]]
"""A member's pseudonym and rows, each row in the order of the columns."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An envelope that opened but holds no rows of the scope: left out, and said."""

    pseudonym: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """The rows of a release, read from what was opened each time they are asked for: one member's are in memory at a
    time. `pseudonyms`, `counts` and `numbers` have one entry for each member.

    A member's rows are together and in one split: a tenth of the members each for validation and test, from ten
    members on; below, all are for training.
    """

    release: Release
    scope: Scope
    columns: tuple[Column, ...]
    pseudonyms: tuple[str, ...]
    counts: tuple[int, ...]
    numbers: tuple[int, ...] = field(repr=False)
    opened: Opened = field(repr=False)
    rejected: tuple[Rejected, ...] = ()

    @property
    def num_rows(self) -> int:
        """Rows over all members."""
        return sum(self.counts)

    @property
    def num_members(self) -> int:
        """Members with at least one row."""
        return len(self.pseudonyms)

    @cached_property
    def splits(self) -> dict[str, str]:
        """The split of each pseudonym; pseudonyms are random, so their order is."""
        tenth = len(self.pseudonyms) // 10
        names = ["test"] * tenth + ["validation"] * tenth
        names += ["train"] * (len(self.pseudonyms) - 2 * tenth)
        return dict(zip(self.pseudonyms, names, strict=True))

    def groups(self) -> Iterator[Group]:
        """Each member's rows, in order of pseudonym."""
        names = [column.name for column in self.columns]
        decoder = msgspec.json.Decoder()
        for pseudonym, number in zip(self.pseudonyms, self.numbers, strict=True):
            _, *rows = decoder.decode_lines(self.opened.rows(number))
            yield pseudonym, [tuple(row[name] for name in names) for row in rows]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row as a dict, the member's pseudonym first."""
        names = [column.name for column in self.columns]
        for pseudonym, rows in self.groups():
            for row in rows:
                yield {MEMBER: pseudonym, **dict(zip(names, row, strict=True))}

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of the content: RFC 8785 JSON of a header and of each row, a line each.

        Of the content and not of the Parquet file, whose bytes change with the library that writes it.
        """
        header = {"columns": [c.name for c in self.columns], "scope": self.scope.name, "version": self.scope.version}
        state = hashlib.sha256(rfc8785.dumps(header) + b"\n")  # type: ignore[arg-type]
        # Flat rows of text, small integers, booleans and null with sorted names: this is RFC 8785 (kinds/rows.py).
        encoder = msgspec.json.Encoder()
        names = sorted([MEMBER, *(column.name for column in self.columns)])
        for row in self.rows():
            state.update(encoder.encode({name: row[name] for name in names}) + b"\n")
        return state.hexdigest()

    def risk(self) -> RiskReport:
        """How easily a member's rows can be told from everybody else's."""
        keys = [i for i, column in enumerate(self.columns) if column.type == "string"] or list(range(len(self.columns)))
        found = ([tuple(row[i] for i in keys) for row in rows] for _, rows in self.groups())
        return assess(found, [self.columns[i].name for i in keys])

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table with the written schema. Needs the extra `dataset`."""
        from .parquet import table

        return table(self)

    def to_parquet(self, folder: str | Path) -> Path:
        """Write `data/<split>.parquet`, the data card, the risk report, the terms and checksums into `folder`."""
        from .parquet import write_release

        return write_release(self, Path(folder))

    def write_table(self, path: str | Path) -> Path:
        """Write all rows into one Parquet file, with the split as a column."""
        from .parquet import write_single

        return write_single(self, Path(path))


def build(scope: Scope, members: Iterable[tuple[int, bytes]], release: Release) -> Dataset:
    """A dataset from (member number, canonical row bytes) pairs, in any order, kept in memory.

    Bytes that are no rows of the scope are left out and reported in `rejected`: one bad envelope must not cost the
    buyer the others. Raises `InputError` if a member number comes twice or nothing is left.
    """
    return build_opened(scope, OpenedInMemory(scope, members), release)


def build_opened(scope: Scope, opened: Opened, release: Release) -> Dataset:
    """The same from envelopes that were opened and checked already."""
    named = sorted((release.pseudonym(number), number, count) for number, count in opened.members())
    if not named:
        raise InputError("No envelope of this release holds rows that could be read.")
    pseudonyms, numbers, counts = zip(*named, strict=True)
    rejected = sorted((release.pseudonym(number), reason) for number, reason in opened.rejected())
    return Dataset(
        release, scope, columns(scope.row), pseudonyms, counts, numbers, opened, tuple(Rejected(*r) for r in rejected)
    )
