"""A validator: checks what a member shows it, attests, keeps ciphertext until the seal, publishes it then.

It sees the member's full records while it checks; it keeps fingerprints and ciphertext only.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from .. import kinds
from ..chain import eip712
from ..chain.batch import items_hash
from ..chain.collective import Collective
from ..chain.pinned import BlockId, pinned
from ..chain.registry import LiveContribution, Pool, PoolState, Record
from ..chain.signer import Signer
from ..crypto import envelope
from ..crypto.envelope import EnvelopeContext
from ..errors import AttestationError, NotAllowedError, WorkspaceBusyError
from ..kinds.rows import BoundedRows
from ..storage.cid import CID, cid_of
from ..storage.interfaces import ContentStore
from ..storage.pending import PendingEnvelopes, PendingNote
from ..validation import FingerprintIndex, FingerprintKey, Outcome, Submission, validate
from ..validation.attestation import AttestationContent
from ..validation.request import Attestation, AttestationRequest, BatchRequest
from .consent import consent_message
from .earnings import Collected, Earnings
from .holdings import Holding, Holdings
from .identity import Progress, committee_key, no_progress, pool_identity

LONGEST_QUESTION_S = 3_600
"""What a member asks of its own data is asked now."""
_ROWS_PER_RECORDS, _ROWS_AT_LEAST = 4, 1 << 16
"""Bytes of rows for each byte of records that a scope may make (those here make at most 1.6), and of few records."""
_COMPARISONS = 20
"""How often a verdict is made anew because another validator wrote to the index meanwhile."""
LONGEST_EXPIRY_S = 7 * 86_400
"""Attestations that could be used for longer than a week would outlive the validator's knowledge of the index."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing a pool did: the CIDs that are in the store now, and member numbers whose envelope is missing."""

    published: tuple[CID, ...]
    missing: tuple[int, ...]


class Validator:
    """One account in the registry's validator set, with the fingerprint key and index that all of them share."""

    def __init__(
        self,
        collective: Collective,
        account: Signer,
        key: FingerprintKey,
        index: FingerprintIndex,
        pending: PendingEnvelopes,
    ) -> None:
        self._collective = collective
        self._account = account
        self._key = key
        self._index = index
        self._pending = pending
        self._holdings = Holdings(collective, index, pending)

    def __repr__(self) -> str:
        return f"<Validator {self.address}>"

    @property
    def address(self) -> str:
        return str(self._account.address)

    @property
    def name(self) -> str:
        """As `Attester`."""
        return self.address

    def require_index(self) -> None:
        """Raises IndexUnavailableError while the index that the validators share cannot be reached."""
        self._index.revision()

    def earnings(self) -> Earnings:
        """What this account was credited (by a vote), or earned as a custodian besides, and has not collected yet."""
        return Earnings(self._collective, self._account)

    def collect(self, progress: Progress = no_progress) -> Collected:
        """Have it all paid; again pays nothing."""
        return self.earnings().collect(progress)

    def attest(self, request: AttestationRequest) -> Attestation:
        """Check a contribution end to end and sign it.

        Raises AttestationError or another UntrustedDataError when the parts do not fit together, NotAllowedError with
        the reasons when the data is refused.
        """
        pool, number = self._require_current(request)
        rows = self._open(request, pool, number)
        self._require_consent(request, rows)
        submission = Submission(
            member=request.member,
            scope_id=request.scope_id,
            epoch=request.epoch,
            version=request.version,
            content=request.content,
            expiry=request.expiry,
            records_bytes=request.records_bytes,
            rows_bytes=rows,
        )
        live = self._live(request, pool)
        outcome = self._remembered(submission, live.record.fingerprint if live else None, pool, number)
        self._keep(request, pool)
        content = outcome.attestation
        assert content is not None
        return Attestation(content, self.address, eip712.sign(self._account, self._domain(), _message(content)))

    def attest_batch(self, request: BatchRequest) -> bytes:
        """Sign a relayed batch of contributions that this validator attested one by one.

        It says nothing new: each item carries this validator's own signature, and the batch ends no later than any.
        Raises AttestationError for anything else.
        """
        contents = [one.content for one in request.attested]
        if len({(content.scope_id, content.epoch) for content in contents}) != 1:
            raise AttestationError("A batch is of one pool, and not empty.")
        if not self._collective.client.now() < request.expiry <= min(content.expiry for content in contents):
            raise AttestationError("A batch ends in the future, and no later than the attestations that it is made of.")
        domain = self._domain()
        for one in request.attested:
            eip712.require_signed_by(self.address, domain, _message(one.content), one.signature)
        items = [
            (
                content.member,
                Record(content.version, content.weight, content.content, content.fingerprint, content.report),
            )
            for content in contents
        ]
        digest = items_hash(contents[0].scope_id, contents[0].epoch, items)
        return eip712.sign(self._account, domain, eip712.Contributions(digest, request.expiry))

    def publish(self, pool: Pool, store: ContentStore, progress: Progress = no_progress) -> Publication:
        """Publish the live envelopes of a sealed pool, and delete every other version of it that is kept here."""
        if pool.state is not PoolState.SEALED:
            raise NotAllowedError(
                f"Epoch {pool.epoch} is not sealed; until then no ciphertext is published.",
                hint="Seal the pool first (`unwrapped-dao pool seal`).",
            )
        live = self._collective.registry.contributions(pool)
        published, missing = [], []
        for done, contribution in enumerate(live):
            progress("publishing", done, len(live))
            content = contribution.record.content
            if self._pending.has(content):
                with self._pending.open(content) as file:
                    cid = store.publish(file)
                if cid.digest != content:
                    raise AttestationError(f"The store named {cid} what the chain names {content.hex()}.")
                published.append(cid)
            else:
                missing.append(contribution.number)
        self.forget_stale(pool)
        return Publication(tuple(published), tuple(missing))

    def forget_stale(self, pool: Pool) -> int:
        """Delete kept envelopes of this pool that are not its live versions; how many there were."""
        live = {c.record.content for c in self._collective.registry.contributions(pool)}
        return self._pending.keep_only(f"{pool.id:#x}", live)

    # --- what members may ask for ----------------------------------------------------------------------------------

    def held(self, member: str, expiry: int, signature: bytes) -> list[Holding]:
        """What is held about a member, told to that member only. Raises AttestationError for anybody else."""
        self._require_asked(member, False, expiry, signature)
        return self._holdings.of(member)

    def forget(self, member: str, expiry: int, signature: bytes) -> tuple[list[Holding], list[Holding]]:
        """(erased, kept): erase what may be erased of the member who signed for it. Again changes nothing."""
        self._require_asked(member, True, expiry, signature)
        return self._holdings.erase(member)

    def release(self, first: int, last: BlockId) -> dict[int, int]:
        """Erase what was replaced or withdrawn in blocks `first` to `last`, as the chain stood then; pool id: how many.

        Call it with final blocks only: an envelope that is gone cannot be published if its withdrawal is undone.
        """
        then = Collective.at(pinned(self._collective.client, last), self._collective.deployment)
        holdings = Holdings(then, self._index, self._pending)
        pools = {pool.id: pool for pool in then.registry.pools() if pool.state is not PoolState.SEALED}
        changed = then.registry.superseded(first, last.number)
        return {
            pool_id: count
            for pool_id, members in changed.items()
            if pool_id in pools and (count := holdings.release(pools[pool_id], members))
        }

    def clean(self, pool: Pool) -> int:
        """After the seal: erase the fingerprints of what is not in the pool; how many there were."""
        return self._holdings.clean(pool)

    def kept_pools(self) -> list[Pool]:
        """The pools of which envelopes are kept here."""
        notes = [self._pending.note(content) for content in self._pending.contents()]
        ids = {int(note.pool_id, 16) for note in notes if note is not None}
        return [pool for pool in self._collective.registry.pools() if pool.id in ids] if ids else []

    # --- checks ----------------------------------------------------------------------------------------------------

    def _require_current(self, request: AttestationRequest) -> tuple[Pool, int]:
        """The request fits the state of the chain."""
        registry = self._collective.registry
        pool = registry.pool(request.scope_id, request.epoch)
        member = self._collective.membership.member(request.member)
        if member is None or member.has_left:
            raise NotAllowedError(
                f"{request.member} is not a member.", hint="Join first (`unwrapped-dao member join`)."
            )
        if pool.state not in (PoolState.OPEN, PoolState.ANNOUNCED):
            raise NotAllowedError(f"Epoch {request.epoch} takes no more contributions.")
        if request.version != registry.next_version(pool, request.member, member.number):
            raise AttestationError(f"Version {request.version} is not the next one of this member in this epoch.")
        now = self._collective.client.now()
        if not now < request.expiry <= now + LONGEST_EXPIRY_S:
            raise AttestationError("The attestation's expiry is in the past, or more than a week away.")
        return pool, member.number

    def _open(self, request: AttestationRequest, pool: Pool, number: int) -> bytes:
        """The rows in the envelope, once its CID, header and capsule are what they must be."""
        with request.open_envelope() as file:
            if cid_of(file).digest != request.content:
                raise AttestationError("The envelope does not hash to the content that was to be attested.")
        expected = EnvelopeContext(pool_identity(self._collective, pool), number, pool.height)
        most = _ROWS_PER_RECORDS * len(request.records_bytes) + _ROWS_AT_LEAST
        rows = BoundedRows(most, "The envelope holds more rows than any scope makes of these records.")
        with request.open_envelope() as file:
            reader = envelope.open_with_dek(file, rows, request.dek, expected=expected)
        generation = self._collective.committee.generation(pool.generation)
        envelope.verify_capsule(reader.header, request.dek, committee_key(generation))
        return rows.getvalue()

    def _require_consent(self, request: AttestationRequest, rows: bytes) -> None:
        """The member signed for exactly this, and for showing it to this validator."""
        if self.address.lower() not in {address.lower() for address in request.consent.validators}:
            raise AttestationError("The member did not choose this validator.")
        eip712.require_signed_by(
            request.member, self._domain(), consent_message(request, rows), request.consent.signature
        )

    def _require_asked(self, member: str, erase: bool, expiry: int, signature: bytes) -> None:
        now = self._collective.client.now()
        if not now < expiry <= now + LONGEST_QUESTION_S:
            raise AttestationError("The request has expired, or is valid for more than an hour.")
        message = eip712.DataRequest(member, self.address, erase, expiry)
        eip712.require_signed_by(member, self._domain(), message, signature)

    def _remembered(self, submission: Submission, live: bytes | None, pool: Pool, number: int) -> Outcome:
        """The verdict, once the index holds the contribution; nothing was written between comparing and that."""
        scope = kinds.scope_of(submission.scope_id)
        assert scope is not None
        for _ in range(_COMPARISONS):
            seen = self._index.revision()
            outcome = validate(
                kinds.get(scope.kind), scope, submission, key=self._key, index=self._index, max_weight=pool.max_weight
            )
            if outcome.attestation is None:
                raise NotAllowedError(
                    "The validators refuse this export: " + "; ".join(_refusals(outcome.report.reasons)) + ".",
                    hint="Contribute your own export, whole and unedited; each history counts once.",
                )
            self._require_free(submission.scope_id, outcome.fingerprint, number)
            if outcome.remember(self._index, submission, live=live, as_of=seen):
                return outcome
        raise WorkspaceBusyError("Other validators keep writing to the fingerprint index.")

    def _live(self, request: AttestationRequest, pool: Pool) -> LiveContribution | None:
        return self._collective.registry.contribution_of(pool, request.member)

    def _require_free(self, scope_id: bytes, fingerprint: bytes, number: int) -> None:
        owner = self._collective.registry.fingerprint_owner(scope_id, fingerprint)
        if owner is not None and owner != number:
            raise NotAllowedError(
                "The validators refuse this export: another member contributed the very same history.",
                hint="Contribute your own export; each history counts once.",
            )

    def _domain(self) -> eip712.Domain:
        return eip712.read_domain(self._collective.client, self._collective.registry.address)

    def _keep(self, request: AttestationRequest, pool: Pool) -> None:
        """Keep the ciphertext until the seal."""
        if self._pending.has(request.content):
            return
        with request.open_envelope() as file:
            self._pending.add(
                lambda sink: shutil.copyfileobj(file, sink),
                PendingNote(f"{pool.id:#x}", request.member, request.version),
            )


def _refusals(reasons: tuple[str, ...]) -> list[str]:
    """The reasons that refuse; the others only lower the score."""
    return [reason.removeprefix("refused: ") for reason in reasons if reason.startswith("refused: ")] or list(reasons)


def _message(content: AttestationContent) -> eip712.Contribution:
    """What is signed: the attestation's fields in the order of their EIP-712 type."""
    return eip712.Contribution(**content.model_dump())
