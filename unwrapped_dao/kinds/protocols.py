"""What a kind of personal data must offer; nothing outside a kind's folder knows more about its records than this.

A *kind* bundles the record type, the *sources* that read export files into records, the *scopes* that cut
records down to what a buyer may see, the checks and the fingerprints. `Records` is opaque to everybody else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

from pydantic import BaseModel

from ..exports import DEFAULT_LIMITS, ExportEntry, Limits

if TYPE_CHECKING:
    from .imports import Imported
    from .schema_report import SchemaReport

SAMPLE = 10
"""Records that a preview can show in full."""
PPM = 1_000_000
"""Shares, scores and penalties are integers in parts per million: equal on every machine, unlike floats."""

Axis = Literal["authenticity", "ownership", "quality"]


SHAPE_BUCKET = "shape"
"""The trace bucket whose elements hold no time: there a copy that was shifted in time is still known."""
ORDER_BUCKET = "order"
"""A looser one, whose elements people may share now and then (what follows what); it needs more in common."""
TIMELESS_BUCKETS = (SHAPE_BUCKET, ORDER_BUCKET)


class CheckResult(NamedTuple):
    """What one check of a kind found. `penalty_ppm` is 0 (fine) to 1,000,000; `reason` says why it is not 0.

    A reason holds figures and words of the check only, never a value of a record.
    """

    check: str
    axis: Axis
    penalty_ppm: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordsSummary:
    """What the named validators will see in full: how many records, of which fields, over which time."""

    records: int
    fields: tuple[str, ...]
    first: str
    last: str
    sentence: str
    sample: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """The first few records (SAMPLE) in full, to look at on the member's own machine."""


@runtime_checkable
class Source(Protocol):
    """One export format of one service: says which files are its own and reads them."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def claims(self, entry: ExportEntry) -> bool:
        """Whether this file is of this format, judged by name and first bytes."""
        ...


@runtime_checkable
class Scope(Protocol):
    """What can leave the machine: a versioned schema, a pure projection, allowed purposes and base terms."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def kind(self) -> str: ...

    @property
    def sentence(self) -> str: ...

    @property
    def purposes(self) -> tuple[str, ...]: ...

    @property
    def base_terms(self) -> str: ...

    @property
    def never_contains(self) -> tuple[str, ...]: ...

    @property
    def row(self) -> type[BaseModel]: ...

    @property
    def schema_digest(self) -> bytes: ...

    @property
    def base_terms_digest(self) -> bytes: ...

    @property
    def purpose_digests(self) -> Mapping[str, bytes]: ...

    @property
    def scope_id(self) -> bytes: ...

    @property
    def randomised(self) -> bool:
        """Whether the projection draws coins: 32 secret random bytes, fresh for each contribution."""
        ...

    def project(self, records: Any, coins: bytes = b"") -> tuple[BaseModel, ...]:
        """The rows a buyer may see. Pure: the same records and coins give the same rows on every machine."""
        ...

    def encode(self, rows: Sequence[BaseModel]) -> bytes:
        """The canonical bytes of the rows: what is encrypted and attested."""
        ...

    def decode(self, data: bytes) -> tuple[BaseModel, ...]:
        """The rows of canonical bytes; raises `UntrustedDataError` for any others."""
        ...

    def count(self, data: bytes) -> int:
        """How many rows canonical bytes hold, without holding them all. Raises as `decode`."""
        ...

    def accepts(self, records: Any, data: bytes, coins: bytes = b"") -> bool:
        """Whether `data` are canonical bytes of rows that this scope makes of these records and coins."""
        ...


@dataclass(frozen=True, slots=True)
class WrittenInsights:
    """What was written for a member about their own records, and the same in lines of text for a terminal."""

    files: tuple[Path, ...]
    highlights: tuple[str, ...]


@runtime_checkable
class Insights(Protocol):
    """What members get from their own records, offline; a kind may have them (`Kind` objects with `insights`)."""

    def write(
        self, records: Any, folder: Path, *, timezone: str | None = None, include_private: bool = False, names: int = 0
    ) -> WrittenInsights:
        """Write the report's files. The same records and zone give the same bytes. Raises `InputError`."""
        ...

    def compare(
        self,
        records: Sequence[Any],
        folder: Path,
        *,
        labels: Sequence[str],
        timezones: Sequence[str | None],
    ) -> Path:
        """Write a page that compares two people's records; both stay where they are."""
        ...


@runtime_checkable
class Kind(Protocol):
    """A sort of personal data. Implementations are stateless; `kinds.get(name)` finds them.

    A kind may also have `insights: Insights`, `services: Sequence[Service]` (how to ask for an export), and
    `moments: Mapping[str, int]` (fields of records and rows that count from 1970 UTC, and how many milliseconds a unit
    is: a preview writes them as times); each is left out where there are none.
    """

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def special_category(self) -> str | None:
        """A warning to show before anything else when the law protects this data specially, else None."""
        ...

    @property
    def sources(self) -> Sequence[Source]: ...

    @property
    def scopes(self) -> Mapping[str, Scope]: ...

    def read(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Imported[Any]:
        """Read an export into records and a summary. Raises nothing but `ExportError`; touches no network."""
        ...

    def schema(self, path: str | os.PathLike[str]) -> SchemaReport:
        """Keys and types of an export, without values, for a format that changed."""
        ...

    def merge(self, imports: Sequence[Imported[Any]]) -> Imported[Any]:
        """One import of several exports of one person: what several tell counts once."""
        ...

    def summarise(self, records: Any) -> RecordsSummary:
        """What validators will see, in figures."""
        ...

    def stays_home(self) -> tuple[str, ...]:
        """What an export may hold that no record ever does."""
        ...

    def encode_records(self, records: Any) -> bytes:
        """The canonical bytes of the records, for the validators."""
        ...

    def decode_records(self, data: bytes) -> Any:
        """Records from canonical bytes; raises `UntrustedDataError` for any others."""
        ...

    def check(self, records: Any) -> tuple[CheckResult, ...]:
        """Every check's result, in a fixed order, passed or not."""
        ...

    def identity(self, records: Any) -> Iterator[bytes]:
        """The canonical dataset for the exact fingerprint, in an order independent of the export's."""
        ...

    def traces(self, records: Any) -> Mapping[str, Sequence[bytes]]:
        """The elements of the near-duplicate sketches, by bucket: stretches of time, and the timeless ones."""
        ...

    def worth(self, records: Any, novelty_ppm: Mapping[str, int]) -> int:
        """Information new to the collective, 0 to 1,000,000 and saturating; `novelty_ppm` is by trace bucket."""
        ...
