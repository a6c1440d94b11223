"""Proof of contribution: is this data genuine, the sender's own, good and new, and what is it worth?

`validate(...)` runs a kind's checks, compares with what the validators have seen, and gives a deterministic
`Report` and, unless it refuses, the content of an attestation. Signing it is `chain.eip712`'s work.
"""

from __future__ import annotations

from .attestation import AttestationContent
from .fingerprint import FingerprintKey, fingerprint
from .index import FingerprintIndex, Overlap
from .replica import ReplicatedIndex
from .report import Report
from .score import Thresholds, score
from .sketch import Sketch
from .submission import Outcome, Submission, require_rows, validate
from .table import Held

__all__ = [
    "AttestationContent",
    "FingerprintIndex",
    "FingerprintKey",
    "Held",
    "Outcome",
    "Overlap",
    "ReplicatedIndex",
    "Report",
    "Sketch",
    "Submission",
    "Thresholds",
    "fingerprint",
    "require_rows",
    "score",
    "validate",
]
