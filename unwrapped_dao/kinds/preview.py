"""What a member sees before signing: the rows for buyers, the records for the named validators, what stays home."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..errors import InputError
from ..exports import visible
from .imports import Imported, ImportSummary
from .packing import COINS_BYTES, pack_records
from .protocols import Kind, RecordsSummary, Scope
from .readable import readable
from .rows import MAX_ROWS_BYTES


class Preview(BaseModel):
    """Exactly what a contribution would consist of; making one sends nothing anywhere.

    `rows_bytes` are the canonical bytes of `rows`: the envelope's plaintext. `records_bytes` are what the
    validators whom the member chooses receive, sealed to them, and nobody else.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    kind: str
    scope: str
    scope_id: bytes
    sentence: str
    purposes: tuple[str, ...]
    base_terms: str
    rows: tuple[Mapping[str, Any], ...] = Field(repr=False)
    rows_bytes: bytes = Field(repr=False)
    records_bytes: bytes = Field(repr=False)
    records: RecordsSummary
    never_contains: tuple[str, ...]
    stays_home: tuple[str, ...]
    summary: ImportSummary = Field(repr=False)
    moments: Mapping[str, int] = {}
    warning: str | None = None

    def lines(self, show: int = 10, validators: Sequence[str] = ()) -> list[str]:
        """The preview for a person: `show` rows of the buyers' list, then the list of the named validators,
        then the rest. Times and shares are written for reading; `rows` and `records.sample` hold what is signed.
        """
        out = [self.warning] if self.warning else []
        out += [self.sentence, f"Buyers who pay may see these {len(self.rows)} rows:"]
        out += ["  " + self._line(row) for row in self.rows[:show]]
        if len(self.rows) > show:
            out.append(f"  ... and {len(self.rows) - show} more")
        out += [
            f"The validators {', '.join(validators) or 'you choose'} see in full: {self.records.sentence}",
            *self._records(show),
            "Stays on this machine: " + ", ".join(self.stays_home) + ".",
            "If you do nothing, nothing leaves this machine.",
        ]
        return out

    def _records(self, show: int) -> list[str]:
        shown = self.records.sample[:show]
        out = ["  " + self._line({k: v for k, v in record.items() if v is not None}) for record in shown]
        return (
            [*out, f"  ... and {self.records.records - len(shown)} more"] if len(shown) < self.records.records else out
        )

    def _line(self, row: Mapping[str, Any]) -> str:
        """A row on one line that a name in it cannot end, hide or colour: it is what the member consents to."""
        told = (readable(key, value, self.moments) for key, value in row.items())
        return ", ".join(f"{name}={visible(text)}" for name, text in told)


def preview(kind: Kind, imported: Imported[Any], scope: Scope) -> Preview:
    """Both lists for one scope. Raises `InputError` when nothing is left to contribute, and when the files
    cannot all be one person's: nobody can consent for somebody else.
    """
    if scope.kind != kind.name or imported.kind != kind.name:
        raise InputError(f"The scope {scope.name!r} is not for {imported.kind} data.")
    if imported.summary.doubts:
        raise InputError(
            f"Nothing can be contributed of this: {imported.summary.doubts[0]}.",
            hint="Give the files of one account of yours only; everybody else can contribute their own.",
        )
    coins = secrets.token_bytes(COINS_BYTES) if scope.randomised else b""
    rows = scope.project(imported.records, coins)
    if not rows:
        raise InputError(
            f"Nothing in this export fits the scope {scope.name!r}: it would contribute no row.",
            hint="Choose another scope, or an export that covers more time.",
        )
    rows_bytes = scope.encode(rows)
    if len(rows_bytes) > MAX_ROWS_BYTES:
        raise InputError(
            f"This export makes more rows than a contribution may hold ({MAX_ROWS_BYTES >> 20} MiB).",
            hint="Choose a scope that shows less, or an export that covers less time.",
        )
    return Preview(
        kind=kind.name,
        scope=scope.name,
        scope_id=scope.scope_id,
        sentence=scope.sentence,
        purposes=scope.purposes,
        base_terms=scope.base_terms,
        rows=tuple(row.model_dump() for row in rows),
        rows_bytes=rows_bytes,
        records_bytes=pack_records(kind, scope, imported.records, coins),
        records=kind.summarise(imported.records),
        never_contains=scope.never_contains,
        stays_home=kind.stays_home(),
        summary=imported.summary,
        warning=kind.special_category,
        moments=getattr(kind, "moments", {}),
    )
