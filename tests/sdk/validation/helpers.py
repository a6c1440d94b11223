"""Submissions for tests: from records to a verdict in one call."""

from __future__ import annotations

import hashlib
from typing import Any

from unwrapped_dao import kinds
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.validation import FingerprintIndex, FingerprintKey, Outcome, Submission, validate

MUSIC = kinds.get("music")
SCOPE = kinds.scope("artist-preferences")
KEY = FingerprintKey(b"k" * 32)
MAX_WEIGHT = 1_000


def address(number: int) -> str:
    return "0x" + hashlib.sha256(bytes([number])).hexdigest()[:40]


def submit(
    index: FingerprintIndex,
    records: Listens,
    member: int,
    *,
    remember: bool = True,
    scope: kinds.Scope = SCOPE,
    **changes: Any,
) -> Outcome:
    facts: dict[str, Any] = {
        "member": address(member), "scope_id": SCOPE.scope_id, "epoch": 1, "version": 1,
        "content": bytes([member]) * 32, "expiry": 99, "records_bytes": MUSIC.encode_records(records),
        "rows_bytes": SCOPE.encode(SCOPE.project(records)),
    }  # fmt: skip
    submission = Submission(**(facts | changes))
    outcome = validate(MUSIC, scope, submission, key=KEY, index=index, max_weight=MAX_WEIGHT)
    if remember and outcome.attestation:
        outcome.remember(index, submission)
    return outcome


def changed(records: Listens, **columns: Any) -> Listens:
    """The records with some columns replaced, by functions of (row as dict)."""
    from unwrapped_dao.kinds.music.listens import COLUMNS

    rows = []
    for row in records.rows():
        named = dict(zip(COLUMNS, row, strict=True))
        named |= {name: make(named) for name, make in columns.items()}
        rows.append(tuple(named.values()))
    return Listens.of_rows(rows)  # type: ignore[arg-type]
