"""Binds the parts of the kind `heart-rate` together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Final

from ...errors import ExportError, NothingToReadError
from ...exports import DEFAULT_LIMITS, Export, Limits
from ..imports import Imported, Ledger
from ..protocols import SAMPLE, CheckResult, RecordsSummary, Scope
from ..schema_report import SchemaReport, schema_report
from . import checks
from .beats import COLUMNS, Beats, day_of
from .csv_source import HeartRateCsv
from .scopes import SCOPES

WARNING: Final = (
    "Heart rate is data concerning health, a special category under Article 9 GDPR: contribute it only if you "
    "explicitly consent to each purpose named below; you may withdraw, but what a buyer received cannot be recalled."
)
_SOURCE: Final = HeartRateCsv()


class HeartRate:
    """The kind `heart-rate` (see `kinds.protocols.Kind` for what each method means)."""

    name = "heart-rate"
    title = "Heart rate"
    special_category: str | None = WARNING
    moments: Mapping[str, int] = MappingProxyType({"time_s": 1_000})

    @property
    def sources(self) -> Sequence[HeartRateCsv]:
        """The one format that can be read."""
        return (_SOURCE,)

    @property
    def scopes(self) -> Mapping[str, Scope]:
        """What can leave the machine."""
        return SCOPES

    def read(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Imported[Beats]:
        """An export's measurements. Raises nothing but `ExportError`."""
        ledger = Ledger()
        found = []
        with Export.open(path, limits=limits) as export:
            for name, why in export.unopened:
                ledger.ignore(name, f"an archive that cannot be opened: {why}")
            for entry in export.entries:
                if not entry.base_name.lower().endswith((".csv", ".txt")) and len(export.entries) > 1:
                    ledger.ignore(entry.name, "no CSV file; never opened")
                elif not entry.size or not _SOURCE.claims(entry):
                    ledger.ignore(entry.name, "without columns for a time and a heart rate")
                else:
                    beats, total = _SOURCE.read(entry, ledger)
                    ledger.file(entry.name, _SOURCE.name, total, len(beats))
                    found += beats
            label = export.label
        if not ledger.files:
            raise NothingToReadError(f"{label!r} holds no CSV file with columns for a time and a heart rate.")
        if not found:
            raise ExportError(f"{label!r} holds no heart rate that could be read.")
        records = Beats(found)
        summary = ledger.summary(duplicates=len(found) - len(records), records=len(records))
        return Imported(self.name, records, summary)

    def schema(self, path: str | os.PathLike[str]) -> SchemaReport:
        """Keys and types of an export that could not be read."""
        return schema_report(path, personal=lambda name: not name.lower().endswith((".csv", ".json")))

    def merge(self, imports: Sequence[Imported[Beats]]) -> Imported[Beats]:
        """One history of several exports."""
        ledger = Ledger()
        for one in imports:
            ledger.absorb(one.summary)
        records = Beats(beat for one in imports for beat in one.records.beats())
        told = sum(one.summary.records + one.summary.duplicates for one in imports)
        return Imported(self.name, records, ledger.summary(duplicates=told - len(records), records=len(records)))

    def summarise(self, records: Beats) -> RecordsSummary:
        """What validators will see, in figures."""
        first, last = (day_of(records.time_s[i]).isoformat() for i in (0, -1)) if len(records) else ("", "")
        sentence = f"{len(records)} measurements from {first} to {last}, each with the fields {', '.join(COLUMNS)}."
        pairs = islice(zip(records.time_s, records.bpm, strict=True), SAMPLE)
        sample = tuple(dict(zip(COLUMNS, pair, strict=True)) for pair in pairs)
        return RecordsSummary(len(records), COLUMNS, first, last, sentence, sample)

    def stays_home(self) -> tuple[str, ...]:
        """What an export may hold that no record ever does."""
        return ("names", "devices", "sources", "comments", "all other columns and files")

    def encode_records(self, records: Beats) -> bytes:
        """Canonical bytes."""
        return records.to_bytes()

    def decode_records(self, data: bytes) -> Beats:
        """Records from canonical bytes, or `UntrustedDataError`."""
        return Beats.from_bytes(data)

    def check(self, records: Beats) -> tuple[CheckResult, ...]:
        """Every check's result."""
        return checks.run_checks(records)

    def identity(self, records: Beats) -> Iterator[bytes]:
        """The canonical dataset for the exact fingerprint."""
        return checks.identity(records)

    def traces(self, records: Beats) -> Mapping[str, Sequence[bytes]]:
        """The elements of the near-duplicate sketches."""
        return checks.traces(records)

    def worth(self, records: Beats, novelty_ppm: Mapping[str, int]) -> int:
        """New information in parts per million."""
        return checks.worth(records, novelty_ppm)


HEART_RATE: Final = HeartRate()
