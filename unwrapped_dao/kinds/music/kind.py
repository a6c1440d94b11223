"""Binds the parts of the kind `music` together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

from ...exports import DEFAULT_LIMITS, Limits
from ..helpdesk import Service
from ..imports import Imported
from ..protocols import SAMPLE, CheckResult, Insights, RecordsSummary, Scope
from ..schema_report import SchemaReport, schema_report
from .checks import run_checks
from .listens import COLUMNS, Listens, day_of
from .reading import is_personal, merge_imports, read_export
from .scopes import SCOPES
from .services import SERVICES
from .sources import SOURCES
from .sources.source import MusicSource
from .traces import identity, traces
from .worth import worth


class Music:
    """The kind `music` (see `kinds.protocols.Kind` for what each method means)."""

    name = "music"
    title = "Music listening"
    special_category: str | None = None
    moments: Mapping[str, int] = MappingProxyType({"start_ms": 1, "clock_s": 1_000, "hour": 3_600_000})

    @property
    def sources(self) -> Sequence[MusicSource]:
        """The export formats that can be read."""
        return SOURCES

    @property
    def scopes(self) -> Mapping[str, Scope]:
        """What can leave the machine."""
        return SCOPES

    @property
    def services(self) -> Sequence[Service]:
        """How each service is asked for an export."""
        return SERVICES

    @property
    def insights(self) -> Insights:
        """The report on one's own history. Loaded when asked for: nothing else needs it."""
        from .insights.kind_insights import MUSIC_INSIGHTS

        return MUSIC_INSIGHTS

    def read(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Imported[Listens]:
        """An export's listens. Raises nothing but `ExportError`."""
        return read_export(path, limits=limits)

    def schema(self, path: str | os.PathLike[str]) -> SchemaReport:
        """Keys and types of an export that could not be read."""
        return schema_report(path, personal=is_personal)

    def merge(self, imports: Sequence[Imported[Listens]]) -> Imported[Listens]:
        """One history of several exports."""
        return merge_imports(imports)

    def summarise(self, records: Listens) -> RecordsSummary:
        """What validators will see, in figures."""
        starts = records.integers("start_ms")
        first, last = (day_of(starts[i]).isoformat() for i in (0, -1)) if starts else ("", "")
        names = ", ".join(COLUMNS)
        sentence = f"{len(records)} plays from {first} to {last}, each with the fields {names}."
        sample = tuple(listen._asdict() for listen in islice(records, SAMPLE))
        return RecordsSummary(len(records), COLUMNS, first, last, sentence, sample)

    def stays_home(self) -> tuple[str, ...]:
        """What an export may hold that no record ever does."""
        return (
            "name and user name", "e-mail", "IP addresses", "user agents", "devices and platform", "country",
            "searches", "payments", "playlists", "followers", "inferences",
        )  # fmt: skip

    def encode_records(self, records: Listens) -> bytes:
        """Canonical bytes of the listens."""
        return records.to_bytes()

    def decode_records(self, data: bytes) -> Listens:
        """Listens from canonical bytes, or `UntrustedDataError`."""
        return Listens.from_bytes(data)

    def check(self, records: Listens) -> tuple[CheckResult, ...]:
        """Every check's result."""
        return run_checks(records)

    def identity(self, records: Listens) -> Iterator[bytes]:
        """The canonical dataset for the exact fingerprint."""
        return identity(records)

    def traces(self, records: Listens) -> Mapping[str, Sequence[bytes]]:
        """The elements of the near-duplicate sketches."""
        return traces(records)

    def worth(self, records: Listens, novelty_ppm: Mapping[str, int]) -> int:
        """New information in parts per million."""
        return worth(records, novelty_ppm)


MUSIC = Music()
