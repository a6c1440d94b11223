"""Binds the parts together (see `unwrapped_dao.kinds.protocols.Kind` for what each method means)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from unwrapped_dao.errors import ExportError
from unwrapped_dao.exports import DEFAULT_LIMITS, Export, Limits
from unwrapped_dao.kinds import Imported, RecordsSummary, Scope
from unwrapped_dao.kinds.imports import Ledger
from unwrapped_dao.kinds.protocols import SAMPLE, CheckResult
from unwrapped_dao.kinds.schema_report import SchemaReport, schema_report

from . import checks
from .records import MeterCsv, Readings, day_of
from .scopes import SCOPES

_SOURCE: Final = MeterCsv()


class Electricity:
    """The kind `electricity`."""

    name = "electricity"
    title = "Electricity readings"
    special_category: str | None = None

    @property
    def sources(self) -> Sequence[MeterCsv]:
        """The one format that can be read."""
        return (_SOURCE,)

    @property
    def scopes(self) -> Mapping[str, Scope]:
        """What can leave the machine."""
        return SCOPES

    def read(self, path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Imported[Readings]:
        """An export's readings. Raises nothing but `ExportError`."""
        ledger, found = Ledger(), dict[int, int]()
        with Export.open(path, limits=limits) as export:
            for entry in export.entries:
                if _SOURCE.claims(entry):
                    for hour, wh in _SOURCE.read(entry, ledger).items():
                        found[hour] = max(wh, found.get(hour, 0))
                else:
                    ledger.ignore(entry.name, "no readings with the columns start and kwh")
            label = export.label
        if not found:
            raise ExportError(f"{label!r} holds no electricity readings.")
        return self._imported(Readings(found), ledger, sum(report.kept for report in ledger.files))

    def merge(self, imports: Sequence[Imported[Readings]]) -> Imported[Readings]:
        """One history of several exports: of two readings for an hour, the higher."""
        ledger, found = Ledger(), dict[int, int]()
        for one in imports:
            ledger.absorb(one.summary)
            for hour, wh in one.records:
                found[hour] = max(wh, found.get(hour, 0))
        return self._imported(Readings(found), ledger, sum(report.kept for report in ledger.files))

    def _imported(self, records: Readings, ledger: Ledger, kept: int) -> Imported[Readings]:
        return Imported(self.name, records, ledger.summary(duplicates=kept - len(records), records=len(records)))

    def schema(self, path: str | os.PathLike[str]) -> SchemaReport:
        """Keys and types of an export that could not be read."""
        return schema_report(path, personal=lambda name: not name.lower().endswith(".csv"))

    def summarise(self, records: Readings) -> RecordsSummary:
        """What validators will see, in figures."""
        hours = list(records.by_hour)
        first, last = day_of(hours[0]).isoformat(), day_of(hours[-1]).isoformat()
        sentence = f"{len(records)} readings from {first} to {last}, each an hour and its watt-hours."
        sample = tuple({"hour": hour, "watt_hours": wh} for hour, wh in islice(records, SAMPLE))
        return RecordsSummary(len(records), ("hour", "watt_hours"), first, last, sentence, sample)

    def stays_home(self) -> tuple[str, ...]:
        """What an export may hold that no record ever does."""
        return ("name", "address", "meter number", "tariff", "all other columns and files")

    def encode_records(self, records: Readings) -> bytes:
        """Canonical bytes."""
        return records.to_bytes()

    def decode_records(self, data: bytes) -> Readings:
        """Records from canonical bytes, or `UntrustedDataError`."""
        return Readings.from_bytes(data)

    def check(self, records: Readings) -> tuple[CheckResult, ...]:
        """Every check's result."""
        return checks.run_checks(records)

    def identity(self, records: Readings) -> Iterator[bytes]:
        """The canonical dataset for the exact fingerprint."""
        return checks.identity(records)

    def traces(self, records: Readings) -> Mapping[str, Sequence[bytes]]:
        """The elements of the near-duplicate sketches."""
        return checks.traces(records)

    def worth(self, records: Readings, novelty_ppm: Mapping[str, int]) -> int:
        """New information in parts per million."""
        return checks.worth(records, novelty_ppm)


ELECTRICITY: Final = Electricity()
