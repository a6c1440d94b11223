"""Relaying contributions: as one batch that their validators sign anew, else one by one.

Not here: the other requests, and what was done already (relaying.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ..chain import eip712
from ..chain.batch import BatchItem, Skipped, items_hash
from ..chain.collective import Collective
from ..chain.membership import Member
from ..chain.registry import NO_RECORD, PoolState, Record, join_attestations
from ..chain.requests import VerifiedRequest
from ..chain.signer import Signer
from ..errors import ContractRefusedError, UnwrappedError
from ..validation.attestation import AttestationContent
from ..validation.request import Attestation, BatchAttester, BatchRequest


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that was relayed alone and refused."""

    who: str
    sentence: str


class RelayingContributions:
    """One account that pays for the contributions of others.

    `validators` are those that can be asked to sign a batch; a contribution that others attested is relayed alone.
    """

    def __init__(self, collective: Collective, account: Signer, validators: Sequence[BatchAttester] = ()) -> None:
        self._collective = collective
        self._account = account
        self._validators = {validator.address.lower(): validator for validator in validators}
        self.unhelpful: list[tuple[str, UnwrappedError]] = []
        """Validators that did not sign a batch, and why."""

    def reason_not_to_send(
        self, request: VerifiedRequest, consent: eip712.Consent, member: Member
    ) -> tuple[bool, str] | None:
        """(done, sentence) where the chain shows that recording it would change nothing, or be refused."""
        registry, who, found = self._collective.registry, request.member, request.contribution
        assert found is not None
        pool = registry.pool(consent.scope_id, consent.epoch)
        live = registry.contribution_of(pool, who)
        if live is not None and live.record.content == consent.content:
            return True, f"The contribution of {who} is recorded already."
        if member.has_left:
            return False, f"{who} has left."
        if pool.state not in (PoolState.OPEN, PoolState.ANNOUNCED):
            return False, f"The pool of {who}'s contribution takes no more: it is {pool.state.name.lower()}."
        if consent.version != registry.next_version(pool, who, member.number):
            return False, f"{who} contributed or withdrew since this was signed."
        if self._collective.client.now() >= min(consent.expiry, found.expiry):
            return False, f"The contribution of {who} has expired; they may sign another."
        current = [v for v in request.attestations if registry.is_validator(v)]
        if len(current) < pool.attestations:
            return False, f"The contribution of {who} has {len(current)} of {pool.attestations} attestations needed."
        return None

    def send(self, requests: Sequence[VerifiedRequest]) -> list[Skipped | Refused]:
        """One batch if its validators can be asked, else one by one; what was not recorded."""
        registry, client = self._collective.registry, self._collective.client
        found = [(request, request.contribution) for request in requests if request.contribution is not None]
        pool = registry.pool(found[0][1].scope_id, found[0][1].epoch)
        signers = _signers_of(self._collective, requests[0])
        lives = {r.member: live.record for r in requests if (live := registry.contribution_of(pool, r.member))}
        expiry = min(one.expiry for _, one in found)
        assert client.now() < expiry
        signatures = self._batch_signatures(found, signers, expiry) if len(requests) > 1 else None
        if signatures is None:
            return [
                refused
                for request, one in found
                if (refused := self._contribute_alone(request, one, lives.get(request.member))) is not None
            ]
        items = [
            BatchItem(r.member, _record(one), _consent_of(r).expiry, r.signature, lives.get(r.member))
            for r, one in found
        ]
        receipt = registry.contribute_batch(
            self._account,
            scope_id=pool.scope_id,
            epoch=pool.epoch,
            items=items,
            expiry=expiry,
            attestations=join_attestations(signatures),
        )
        return list(registry.skipped(receipt))

    def _batch_signatures(
        self, found: Sequence[tuple[VerifiedRequest, eip712.Contribution]], signers: Sequence[str], expiry: int
    ) -> list[tuple[str, bytes]] | None:
        """What these validators sign for all of it; None if one of them does not: its single signatures still hold."""
        registry, signatures = self._collective.registry, []
        first = found[0][1]
        digest = items_hash(first.scope_id, first.epoch, [(r.member, _record(one)) for r, one in found])
        domain = eip712.read_domain(self._collective.client, registry.address)
        for who in signers:
            if (validator := self._validators.get(who.lower())) is None:
                return None
            attested = tuple(_attestation(one, who, r.attestations[who]) for r, one in found)
            try:
                signature = validator.attest_batch(BatchRequest(attested, expiry))
                # One bad signature would sink the whole batch.
                eip712.require_signed_by(who, domain, eip712.Contributions(digest, expiry), signature)
            except UnwrappedError as problem:
                del self._validators[who.lower()]  # the batches after this one do not wait for it
                self.unhelpful.append((who, problem))
                return None
            signatures.append((who, signature))
        return signatures

    def _contribute_alone(
        self, request: VerifiedRequest, found: eip712.Contribution, live: Record | None
    ) -> Refused | None:
        signers = _signers_of(self._collective, request)
        try:
            self._collective.registry.contribute(
                self._account,
                member=request.member,
                scope_id=found.scope_id,
                epoch=found.epoch,
                record=_record(found),
                live=live or NO_RECORD,
                expiry=found.expiry,
                attestations=join_attestations([(who, request.attestations[who]) for who in signers]),
                consent_expiry=_consent_of(request).expiry,
                consent=request.signature,
            )
        except ContractRefusedError as problem:
            return Refused(request.member, problem.message)
        return None


def _consent_of(request: VerifiedRequest) -> eip712.Consent:
    assert isinstance(request.message, eip712.Consent)
    return request.message


def _signers_of(collective: Collective, request: VerifiedRequest) -> list[str]:
    """The validators whose signatures are used: as many as the pool needs, lowest address first."""
    found = request.contribution
    assert found is not None
    needed = collective.registry.pool(found.scope_id, found.epoch).attestations
    current = [who for who in request.attestations if collective.registry.is_validator(who)]
    return sorted(current, key=lambda who: int(who, 16))[:needed]


def _record(found: eip712.Contribution) -> Record:
    return Record(found.version, found.weight, found.content, found.fingerprint, found.report)


def _attestation(found: eip712.Contribution, validator: str, signature: bytes) -> Attestation:
    return Attestation(AttestationContent(**msgspec.structs.asdict(found)), validator, signature)
