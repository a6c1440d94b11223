"""`build` and `Dataset`: many members' rows as one table, in an order that depends on nothing but the
release's salt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rfc8785

from ..errors import InputError, UntrustedDataError
from ..kinds.protocols import Scope
from ..kinds.rows import Column, columns
from .release import Release
from .risk import RiskReport, assess

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

MEMBER: Final = "member"
SPLIT: Final = "split"
SPLITS: Final = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Rejected:
    """An envelope that opened but holds no rows of the scope: left out, and said."""

    pseudonym: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """The rows of a release. `values` holds one list a column, in `columns` order; `members` one pseudonym a row.

    A member's rows are together and in one split: a tenth of the members each for validation and test, from ten
    members on; below, all are for training.
    """

    release: Release
    scope: Scope
    columns: tuple[Column, ...]
    pseudonyms: tuple[str, ...]
    counts: tuple[int, ...]
    values: tuple[list[Any], ...] = field(repr=False)
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

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row as a dict, the member's pseudonym first."""
        names = [column.name for column in self.columns]
        for member, values in zip(self._member_column(), zip(*self.values, strict=True), strict=True):
            yield {MEMBER: member, **dict(zip(names, values, strict=True))}

    def _member_column(self) -> Iterator[str]:
        for pseudonym, count in zip(self.pseudonyms, self.counts, strict=True):
            for _ in range(count):
                yield pseudonym

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of the content: RFC 8785 JSON of a header and of each row, a line each.

        Of the content and not of the Parquet file, whose bytes change with the library that writes it.
        """
        header = {"columns": [c.name for c in self.columns], "scope": self.scope.name, "version": self.scope.version}
        state = hashlib.sha256(rfc8785.dumps(header) + b"\n")  # type: ignore[arg-type]
        for row in self.rows():
            state.update(rfc8785.dumps(row) + b"\n")
        return state.hexdigest()

    def risk(self) -> RiskReport:
        """How easily a member's rows can be told from everybody else's."""
        keys = [i for i, column in enumerate(self.columns) if column.type == "string"] or list(range(len(self.columns)))
        return assess(self.counts, [self.values[i] for i in keys], [self.columns[i].name for i in keys])

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
    """A dataset from (member number, canonical row bytes) pairs, in any order.

    Bytes that are no rows of the scope are left out and reported in `rejected`: one bad envelope must not cost the
    buyer the others. Raises `InputError` if a member number comes twice or nothing is left.
    """
    named = sorted((release.pseudonym(leaf), data) for leaf, data in members)
    pseudonyms = [name for name, _ in named]
    if len(set(pseudonyms)) < len(pseudonyms):
        raise InputError("The same member number comes twice in one release.")
    shape = columns(scope.row)
    values: tuple[list[Any], ...] = tuple([] for _ in shape)
    same: dict[str, str] = {}
    kept: list[str] = []
    counts: list[int] = []
    rejected: list[Rejected] = []
    for pseudonym, data in named:
        try:
            rows = scope.decode(data)
        except UntrustedDataError as error:
            rejected.append(Rejected(pseudonym, error.message))
            continue
        if not rows:
            rejected.append(Rejected(pseudonym, "It holds no row."))
            continue
        for column, cells in zip(shape, values, strict=True):
            found: Sequence[Any] = [getattr(row, column.name) for row in rows]
            cells.extend(same.setdefault(v, v) if isinstance(v, str) else v for v in found)
        kept.append(pseudonym)
        counts.append(len(rows))
    if not kept:
        raise InputError("No envelope of this release holds rows that could be read.")
    return Dataset(release, scope, shape, tuple(kept), tuple(counts), values, tuple(rejected))
