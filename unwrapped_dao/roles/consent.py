"""The consent receipt: what a member signs before its data leaves its machine, for the member and its validators.

Rebuilt by each validator from what it received, so that a signature over anything else is noticed.
"""

from __future__ import annotations

import hashlib
from typing import Any

from .. import kinds
from ..chain import eip712
from ..validation.request import AttestationRequest


def consent_message(request: AttestationRequest, rows_bytes: bytes) -> eip712.ConsentReceipt:
    """What the member signs for this request, whose envelope holds these rows."""
    scope = kinds.scope(request.scope)
    return eip712.ConsentReceipt(
        member=request.member,
        scope_id=request.scope_id,
        purposes=tuple(sorted(scope.purpose_digests.values())),
        base_terms=scope.base_terms_digest,
        epoch=request.epoch,
        version=request.version,
        content=request.content,
        rows=hashlib.sha256(rows_bytes).digest(),
        records=hashlib.sha256(request.records_bytes).digest(),
        validators=request.consent.validators,
        signed_at=request.consent.signed_at,
        expiry=request.expiry,
    )


def receipt_document(
    domain: eip712.Domain, request: AttestationRequest, rows_bytes: bytes, names: tuple[str, ...]
) -> dict[str, Any]:
    """The receipt as the member keeps it: what was signed, the signature, and the same in words.

    `names` are the validators as messages call them. No row and no record is in it.
    """
    scope = kinds.scope(request.scope)
    return {
        "receipt": "consent",
        "scope": scope.name,
        "sentence": scope.sentence,
        "purposes": list(scope.purposes),
        "base_terms": scope.base_terms,
        "never_contains": list(scope.never_contains),
        "validators": list(names),
        "signed": eip712.typed_data(domain, consent_message(request, rows_bytes)),
        "signature": "0x" + request.consent.signature.hex(),
    }
