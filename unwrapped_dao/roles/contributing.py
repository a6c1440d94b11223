"""A contribution on its way: encrypted, shown to the validators its member chose, recorded or signed for a relayer.

Not here: reading an export (kinds), waiting for m of the validators (attesting.py), what a consent says (consent.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from ..chain import eip712
from ..chain.collective import Collective
from ..chain.registry import NO_RECORD, LiveContribution, Pool, PoolState, Record, join_attestations
from ..chain.requests import Attested, Request, signed
from ..chain.signer import Signer
from ..crypto import envelope
from ..crypto.envelope import EnvelopeContext
from ..crypto.keys import DataKey
from ..errors import AttestationError, NotAllowedError, UnwrappedError
from ..kinds import Preview
from ..storage.pending import PendingEnvelopes, PendingNote
from ..storage.receipts import Receipts
from ..validation.request import Attestation, AttestationRequest, Attester, ConsentProof
from .attesting import Problem, collect
from .consent import consent_message, receipt_document
from .identity import Progress, committee_key, pool_identity

ATTESTATION_LIFETIME_S = 86_400
"""How long attestations may be used: a day, so that a slow chain does not waste the validators' work."""
_TELL = "Tell the collective, and name another validator."


@dataclass(frozen=True, slots=True)
class Contributed:
    """A recorded contribution. `already` tells that it had been recorded by an earlier, interrupted call."""

    pool: Pool
    number: int
    record: Record
    already: bool = False

    @property
    def weight(self) -> int:
        return self.record.weight


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A version that is encrypted, waits among the pending envelopes, and is not recorded yet."""

    preview: Preview
    pool: Pool
    version: int
    content: bytes
    dek: DataKey


class Contributing:
    """One member's contributions. `validators`, `unreached` and `at_once` as in Member."""

    def __init__(
        self,
        collective: Collective,
        account: Signer,
        pending: PendingEnvelopes,
        receipts: Receipts,
        validators: Sequence[Attester],
        *,
        unreached: Sequence[Problem],
        at_once: bool,
    ) -> None:
        self._collective = collective
        self._account = account
        self._address = str(account.address)
        self._pending = pending
        self._receipts = receipts
        self._validators = tuple(validators)
        self._unreached = tuple(unreached)
        self._at_once = at_once

    def require_open(self, preview: Preview) -> None:
        """Raises NotAllowedError for a pool that takes no more, unless this very preview is recorded there."""
        pool = self._collective.registry.current_pool(preview.scope_id)
        if pool.state in (PoolState.OPEN, PoolState.ANNOUNCED):
            return
        live = self._collective.registry.contribution_of(pool, self._address)
        if live is None or not self._is_same(live, preview):
            raise NotAllowedError(
                f"Epoch {pool.epoch} of {preview.scope} takes no more contributions.",
                hint="Wait until the next epoch is opened (`unwrapped-dao pool list`).",
            )

    def record(self, preview: Preview, number: int, progress: Progress) -> Contributed:
        """Encrypt, have it attested, record it, mint. `number` is the member's. Again with the same preview: nothing.

        Raises as `require_open` and `attesting.collect`.
        """
        self.require_open(preview)
        registry = self._collective.registry
        pool = registry.current_pool(preview.scope_id)
        live = registry.contribution_of(pool, self._address)
        if live is not None and self._is_same(live, preview):
            self.keep_only(pool, live.record.content)
            return Contributed(pool, number, live.record, already=True)
        sealed = self._seal(preview, pool, number, progress)
        try:
            record = self._record(sealed, live, progress)
        except UnwrappedError:
            recorded = registry.contribution_of(pool, self._address)
            if recorded is None or recorded.record.content != sealed.content:
                self._pending.discard(sealed.content)
                raise
            record = recorded.record  # the chain took it, and only its answer was lost
        self.keep_only(pool, sealed.content)
        return Contributed(pool, number, record)

    def sign(self, preview: Preview, number: int, progress: Progress) -> Request:
        """Encrypt and have it attested like `record`, then sign instead of sending: a relayer records it.

        Until the request is relayed, or expires with its attestations, the envelope waits here and with the validators.
        """
        registry = self._collective.registry
        pool = registry.current_pool(preview.scope_id)
        sealed = self._seal(preview, pool, number, progress)
        try:
            attestations = self._attested(sealed, progress)
        except UnwrappedError:
            self._pending.discard(sealed.content)
            raise
        live = registry.contribution_of(pool, self._address)
        self.keep_only(pool, sealed.content, *([live.record.content] if live else []))  # earlier requests: superseded
        agreed = attestations[0].content
        found = Attested(
            weight=agreed.weight,
            fingerprint=f"0x{agreed.fingerprint.hex()}",
            report=f"0x{agreed.report.hex()}",
            expiry=agreed.expiry,
            signatures={a.validator: f"0x{a.signature.hex()}" for a in attestations},
        )
        consent = eip712.Consent(pool.scope_id, pool.epoch, sealed.version, sealed.content, agreed.expiry)
        return signed(self._collective, self._account, "contribution", consent, found)

    def keep_only(self, pool: Pool, *live: bytes) -> None:
        """Delete versions that were replaced, withdrawn or never recorded, a killed command's among them."""
        self._pending.keep_only(f"{pool.id:#x}", live)

    def _seal(self, preview: Preview, pool: Pool, number: int, progress: Progress) -> _Sealed:
        """The rows under a fresh data key, in a pending envelope."""
        version = self._collective.registry.next_version(pool, self._address, number)
        progress("encrypting", 0, 1)
        dek = DataKey.generate()
        key = committee_key(self._collective.committee.generation(pool.generation))
        context = EnvelopeContext(pool_identity(self._collective, pool), number, pool.height)
        cid = self._pending.add(
            lambda sink: _ignore(
                envelope.seal(BytesIO(preview.rows_bytes), sink, context=context, committee_key=key, dek=dek)
            ),
            PendingNote(f"{pool.id:#x}", self._address, version, _rows_digest(preview)),
        )
        return _Sealed(preview, pool, version, cid.digest, dek)

    def _record(self, sealed: _Sealed, live: LiveContribution | None, progress: Progress) -> Record:
        """Have it attested and record it, in the place of what is live."""
        attestations = self._attested(sealed, progress)
        agreed = attestations[0].content
        record = Record(sealed.version, agreed.weight, sealed.content, agreed.fingerprint, agreed.report)
        progress("recording", 0, 1)
        self._collective.registry.contribute(
            self._account,
            member=self._address,
            scope_id=sealed.pool.scope_id,
            epoch=sealed.pool.epoch,
            record=record,
            live=live.record if live else NO_RECORD,
            expiry=agreed.expiry,
            attestations=join_attestations([(a.validator, a.signature) for a in attestations]),
        )
        return record

    def _attested(self, sealed: _Sealed, progress: Progress) -> list[Attestation]:
        """Consent, keep the receipt, and collect the validators' signatures."""
        now = self._collective.client.now()
        request = AttestationRequest(
            member=self._address,
            scope=sealed.preview.scope,
            scope_id=sealed.preview.scope_id,
            epoch=sealed.pool.epoch,
            version=sealed.version,
            content=sealed.content,
            expiry=now + ATTESTATION_LIFETIME_S,
            dek=sealed.dek,
            open_envelope=lambda: self._pending.open(sealed.content),
            records_bytes=sealed.preview.records_bytes,
            consent=ConsentProof(tuple(v.address for v in self._validators), now, b""),
        )
        return self._attest(self._consented(request, sealed.preview), sealed.pool.attestations, progress)

    def _consented(self, request: AttestationRequest, preview: Preview) -> AttestationRequest:
        """The request with the consent signed, after its receipt was kept."""
        domain = eip712.read_domain(self._collective.client, self._collective.registry.address)
        signature = eip712.sign(self._account, domain, consent_message(request, preview.rows_bytes))
        consented = replace(request, consent=replace(request.consent, signature=signature))
        names = tuple(validator.name for validator in self._validators)
        document = receipt_document(domain, consented, preview.rows_bytes, names)
        self._receipts.keep(f"consent-{request.content.hex()}", document)
        return consented

    def _attest(self, request: AttestationRequest, needed: int, progress: Progress) -> list[Attestation]:
        """Ask the chosen validators until `needed` agree on the very same content."""
        registry = self._collective.registry
        domain = eip712.read_domain(self._collective.client, registry.address)
        current = {address.lower() for address in registry.validators()}
        seen: set[str] = set()

        def check(validator: Attester, attestation: Attestation) -> None:
            content, address = attestation.content, attestation.validator.lower()
            if not content.answers(request):
                raise AttestationError("It attested another contribution than it was asked to.", hint=_TELL)
            if address != validator.address.lower() or address not in current:
                raise AttestationError(f"It answered as {attestation.validator}, which is not it.", hint=_TELL)
            eip712.require_signed_by(
                address, domain, eip712.Contribution(**content.model_dump()), attestation.signature
            )
            if address in seen:
                raise AttestationError("It was named twice, and counts once.", hint="Name another validator.")
            seen.add(address)

        return collect(
            self._validators,
            request,
            needed,
            check,
            progress,
            at_once=self._at_once,
            unreached=self._unreached,
        )

    def _is_same(self, live: LiveContribution, preview: Preview) -> bool:
        note = self._pending.note(live.record.content)
        return note is not None and note.rows_digest == _rows_digest(preview)


def _rows_digest(preview: Preview) -> str:
    return hashlib.sha256(preview.rows_bytes).hexdigest()


def _ignore(_: object) -> None:
    """The sealed header is not needed again."""
