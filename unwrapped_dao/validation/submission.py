"""One contribution before a validator: records and rows in, report and attestation content out. Signs nothing.

Not here: recomputing the capsule and the CID (a role joins crypto, storage and this), and the signature.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import UntrustedDataError
from ..kinds.packing import unpack_records
from ..kinds.protocols import TIMELESS_BUCKETS, Kind, Scope
from .attestation import AttestationContent
from .fingerprint import FingerprintKey, fingerprint
from .index import FingerprintIndex, Revision
from .report import Report, code_digest
from .score import DEFAULT, Thresholds, score
from .sketch import Sketch


@dataclass(frozen=True, slots=True)
class Submission:
    """What a member sends to its validators, opened. `content` is the sha2-256 digest of the envelope's CID."""

    member: str
    scope_id: bytes
    epoch: int
    version: int
    content: bytes
    expiry: int
    records_bytes: bytes = field(repr=False)
    rows_bytes: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The report, its salt, and unless refused the content to sign. `remember` once the attestation is given."""

    report: Report
    salt: bytes = field(repr=False)
    attestation: AttestationContent | None
    fingerprint: bytes
    sketch: Sketch = field(repr=False)

    def remember(
        self,
        index: FingerprintIndex,
        submission: Submission,
        *,
        live: bytes | None = None,
        as_of: Revision | None = None,
    ) -> bool:
        """Put the contribution into the validators' index; again is the same.

        `live` is the fingerprint of what this member has on-chain in this pool. False, and nothing is remembered, if
        the index changed since it was `as_of`: compare again then.
        """
        return index.record(
            kind=self.report.kind,
            scope_id=submission.scope_id,
            epoch=submission.epoch,
            member=submission.member,
            version=submission.version,
            fingerprint=self.fingerprint,
            sketch=self.sketch,
            live=live,
            as_of=as_of,
        )


def require_rows(scope: Scope, records: object, rows_bytes: bytes, coins: bytes = b"") -> None:
    """Raise `UntrustedDataError` unless `rows_bytes` are exactly what the scope makes of these records. Pure."""
    if not scope.accepts(records, rows_bytes, coins):
        raise UntrustedDataError(
            f"The encrypted rows are not what the scope {scope.name!r} makes of the records.",
            hint="Preview the export again and send what the preview shows, unedited.",
        )


def validate(
    kind: Kind, scope: Scope, submission: Submission, *, key: FingerprintKey, index: FingerprintIndex,
    max_weight: int, thresholds: Thresholds = DEFAULT,
) -> Outcome:  # fmt: skip
    """Score a submission. Deterministic for equal records, index and code.

    Raises `UntrustedDataError` when the bytes are malformed or the rows do not follow from the records.
    """
    if scope.kind != kind.name or submission.scope_id != scope.scope_id:
        raise UntrustedDataError("The submission names another scope than it was sent for.")
    records, coins = unpack_records(kind, scope, submission.records_bytes)
    require_rows(scope, records, submission.rows_bytes, coins)
    mark = fingerprint(key, kind.name, kind.identity(records))
    sketch = Sketch.of(key, kind.traces(records))
    overlap = index.compare(
        kind=kind.name,
        scope_id=submission.scope_id,
        epoch=submission.epoch,
        member=submission.member,
        fingerprint=mark,
        sketch=sketch,
    )
    sizes = {
        sketch.names[tag]: bucket.size
        for tag, bucket in sketch.buckets.items()
        if sketch.names[tag] not in TIMELESS_BUCKETS
    }
    checks = kind.check(records)
    worth = kind.worth(records, overlap.novelty_ppm)
    found = score(checks, overlap, sizes, worth, max_weight, thresholds)
    report = Report(
        kind=kind.name,
        scope=scope.name,
        authenticity=found.authenticity,
        ownership=found.ownership,
        quality=found.quality,
        uniqueness=found.uniqueness,
        score=found.score,
        worth=worth,
        weight=found.weight,
        refused=found.refused,
        reasons=found.reasons,
        checks=checks,
        code_digest=code_digest(kind),
    )
    salt = key.report_salt(submission.content)
    attestation = None
    if not found.refused:
        attestation = AttestationContent.answering(
            submission, weight=found.weight, fingerprint=mark, report=report.digest(salt)
        )
    return Outcome(report, salt, attestation, mark, sketch)
