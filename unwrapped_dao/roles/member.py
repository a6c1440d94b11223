"""A member: previews, joins, contributes, votes, opts out, claims.

Not here: reading exports (kinds), checking them (validator).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from .. import kinds
from ..chain import eip712
from ..chain.collective import Collective
from ..chain.exposure import Exposure, exposure
from ..chain.governor import Action, Support
from ..chain.market import Offer, OptOut
from ..chain.membership import Member as Membership
from ..chain.registry import NO_RECORD, LiveContribution, Pool, PoolState, Record, join_attestations
from ..chain.requests import Attested, Request, signed
from ..chain.signer import Signer
from ..chain.splitter import Payment
from ..crypto import envelope
from ..crypto.envelope import EnvelopeContext
from ..crypto.keys import DataKey
from ..errors import AttestationError, InputError, NotAllowedError, NotFoundError, UnwrappedError
from ..kinds import Preview
from ..offline import offline
from ..storage.pending import PendingEnvelopes, PendingNote
from ..storage.receipts import Receipts
from ..validation.request import Attestation, AttestationRequest, Attester, ConsentProof
from .attesting import Problem, collect
from .consent import consent_message, receipt_document
from .identity import Progress, committee_key, no_progress, pool_identity

ATTESTATION_LIFETIME_S = 86_400
"""How long attestations may be used: a day, so that a slow chain does not waste the validators' work."""


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
class Claim:
    """What a claim paid; `amount` is the sum in base units where there is one currency."""

    payments: tuple[Payment, ...]

    @property
    def amount(self) -> int:
        if len({payment.currency for payment in self.payments}) > 1:
            raise InputError(
                "This claim paid several currencies, which have no common sum.", hint="Read `payments` instead."
            )
        return sum(payment.amount for payment in self.payments)


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """What the chain says about a member."""

    membership: Membership | None
    contributions: tuple[tuple[Pool, LiveContribution], ...]
    claimable: tuple[tuple[Pool, str, int], ...]


def preview(*exports: str | os.PathLike[str], scope: str) -> Preview:
    """What contributing these exports of one person would show. Needs no account, no chain, and can send nothing."""
    definition = kinds.scope(scope)
    kind = kinds.get(definition.kind)
    with offline():
        return kinds.preview(kind, kinds.read(definition.kind, exports), definition)


class Member:
    """One account acting as a member. `validators` are those this member chose to show the data to.

    `unreached` are chosen ones that do not answer. `at_once`: they may be asked side by side.
    """

    def __init__(
        self,
        collective: Collective,
        account: Signer,
        pending: PendingEnvelopes,
        receipts: Receipts,
        validators: Sequence[Attester] = (),
        *,
        unreached: Sequence[Problem] = (),
        at_once: bool = False,
    ) -> None:
        self._collective = collective
        self._account = account
        self._pending = pending
        self._receipts = receipts
        self._validators = tuple(validators)
        self._unreached = tuple(unreached)
        self._at_once = at_once

    def __repr__(self) -> str:
        return f"<Member {self.address}>"

    @property
    def address(self) -> str:
        return str(self._account.address)

    # --- contributing ----------------------------------------------------------------------------------------------

    def preview(self, *exports: str | os.PathLike[str], scope: str) -> Preview:
        """What contributing these would show: rows to buyers, records to the chosen validators. Sends nothing."""
        return preview(*exports, scope=scope)

    def join(self) -> Membership:
        """Become a member, or come back with the old number; does nothing for a member."""
        membership = self._collective.membership
        found = membership.member(self.address)
        if found is None or found.has_left:
            membership.join(self._account)
            found = membership.member(self.address)
        if found is None:
            raise NotFoundError(
                "The chain does not show the membership yet.", hint="Wait for a block and run it again."
            )
        return found

    def contribute(self, preview: Preview, progress: Progress = no_progress) -> Contributed:
        """Join if needed, encrypt, have it attested, record it, mint. Again with the same preview changes nothing."""
        member = self.join()
        pool = self._collective.registry.current_pool(preview.scope_id)
        rows_digest = hashlib.sha256(preview.rows_bytes).hexdigest()
        live = self._collective.registry.contribution_of(pool, self.address)
        if live is not None and self._is_same(live, rows_digest):
            self._keep_only(pool, live.record.content)
            return Contributed(pool, member.number, live.record, already=True)
        if pool.state not in (PoolState.OPEN, PoolState.ANNOUNCED):
            raise NotAllowedError(
                f"Epoch {pool.epoch} of {preview.scope} takes no more contributions.",
                hint="Wait until the next epoch is opened (`unwrapped-dao pool list`).",
            )
        version = self._collective.registry.next_version(pool, self.address, member.number)
        progress("encrypting", 0, 1)
        dek = DataKey.generate()
        content = self._encrypt(preview, pool, member.number, version, dek, rows_digest)
        try:
            record = self._record(preview, pool, version, content, dek, live, progress)
        except UnwrappedError:
            if self._recorded(pool, content) is None:  # an answer may be lost after the chain took it
                self._pending.discard(content)
                raise
            record = self._recorded(pool, content).record  # type: ignore[union-attr]
        self._keep_only(pool, content)
        return Contributed(pool, member.number, record)

    def sign_contribution(self, preview: Preview, progress: Progress = no_progress) -> Request:
        """Encrypt and have it attested like `contribute`, then sign instead of sending: a relayer records it.

        The member must have joined, since the envelope is locked to its number. Until the request is relayed, or
        expires with its attestations, the envelope waits here and with the validators.
        """
        registry = self._collective.registry
        member = self._collective.membership.member(self.address)
        if member is None or member.has_left:
            raise NotAllowedError(
                f"{self.address} is not a member yet.",
                hint="Join first: `unwrapped-dao member join --sign FILE`, and let a relayer submit it.",
            )
        pool = registry.current_pool(preview.scope_id)
        version = registry.next_version(pool, self.address, member.number)
        progress("encrypting", 0, 1)
        dek = DataKey.generate()
        digest = hashlib.sha256(preview.rows_bytes).hexdigest()
        content = self._encrypt(preview, pool, member.number, version, dek, digest)
        try:
            attestations = self._attested(preview, pool, version, content, dek, progress)
        except UnwrappedError:
            self._pending.discard(content)
            raise
        live = registry.contribution_of(pool, self.address)
        self._keep_only(pool, content, *([live.record.content] if live else []))  # earlier requests are superseded
        agreed = attestations[0].content
        found = Attested(
            weight=agreed.weight,
            fingerprint=f"0x{agreed.fingerprint.hex()}",
            report=f"0x{agreed.report.hex()}",
            expiry=agreed.expiry,
            signatures={a.validator: f"0x{a.signature.hex()}" for a in attestations},
        )
        consent = eip712.Consent(pool.scope_id, pool.epoch, version, content, agreed.expiry)
        return signed(self._collective, self._account, "contribution", consent, found)

    def withdraw(self, scope: str, epoch: int | None = None) -> Pool:
        """Take a contribution back: burnt before the seal, excluded from all later approvals after it.

        Again changes nothing.
        """
        pool = self._pool(scope, epoch)
        live = self._collective.registry.contribution_of(pool, self.address)
        if live is None and self._has_withdrawn(pool):
            self._keep_only(pool)
            return pool
        if live is None:
            raise NotFoundError(f"You have no contribution in epoch {pool.epoch} of {scope}.")
        if self._collective.registry.withdrawal_ordinal(pool, live.number) == 0:
            self._collective.registry.withdraw(self._account, pool.scope_id, pool.epoch, live.record)
        pool = self._collective.registry.pool(pool.scope_id, pool.epoch)
        if pool.state is not PoolState.SEALED:
            self._keep_only(pool)
        return pool

    def leave(self) -> None:
        """End the vote for later snapshots; again changes nothing. Withdraws nothing and opts out of nothing."""
        found = self._collective.membership.member(self.address)
        if found is None or not found.has_left:
            self._collective.membership.leave(self._account)

    # --- votes and sales -------------------------------------------------------------------------------------------

    def propose(self, *offers: Offer, note: str = "") -> int:
        """Propose to approve these offers and nothing else; returns the proposal's id, also if it exists already.

        A `note` makes it another proposal, to try again after a defeat.
        """
        market = self._collective.market
        sale_ids = [market.sale_id(offer) for offer in offers]
        if not sale_ids:
            raise InputError("A sale proposal needs at least one offer.")
        action = Action(market.address, market.approve_calldata(sale_ids))
        title = "Approve " + ", ".join(f"0x{sale_id.hex()}" for sale_id in sale_ids)
        return self.propose_calls([action], f"{title}. {note}" if note else title)

    def propose_calls(self, actions: Sequence[Action], description: str) -> int:
        """Propose calls from the governor's list; returns the proposal's id, also if it exists already."""
        governor = self._collective.governor
        for proposal in governor.proposals():
            if proposal.actions == tuple(actions) and proposal.description == description:
                return proposal.id
        return governor.propose(self._account, actions, description)

    def vote(self, proposal_id: int, support: Support) -> None:
        """Cast a ballot. Waits out the voting delay. The same ballot again changes nothing, another one is refused."""
        proposal = self._collective.governor.proposal(proposal_id)
        self._collective.client.wait_until(proposal.vote_start + 1)
        member = self._collective.membership.member(self.address)
        cast = self._collective.governor.ballot_of(proposal_id, member) if member is not None else None
        if cast == support:
            return
        if cast is not None:
            raise NotAllowedError(
                f"Your ballot on this proposal is cast already: {cast}.",
                hint="A ballot is final; `unwrapped-dao member opt-out` refuses a sale until it is approved.",
            )
        self._collective.governor.vote(self._account, proposal_id, support)

    def opt_out(self, offer: Offer | bytes) -> OptOut:
        """Refuse one sale. Final; again changes nothing."""
        market = self._collective.market
        sale_id = offer if isinstance(offer, bytes) else market.sale_id(offer)
        if (found := self._opted_out(sale_id)) is not None:
            return found
        market.opt_out(self._account, sale_id)
        if (found := self._opted_out(sale_id)) is None:
            raise NotFoundError("The chain does not show the opt-out yet.", hint="Wait for a block and run it again.")
        return found

    def claim(self) -> Claim:
        """Collect everything that is due from all pools and currencies; pays nothing if nothing is due."""
        splitter = self._collective.splitter
        lines = [(pool.id, currency) for pool, currency, _ in self._claimable()]
        if not lines:
            return Claim(())
        _, payments = splitter.claim(self._account, self.address, lines)
        return Claim(tuple(payments))

    def status(self) -> MemberStatus:
        """Membership, contributions and what can be claimed."""
        membership = self._collective.membership.member(self.address)
        if membership is None:
            return MemberStatus(None, (), ())
        mine = [(pool, self._collective.registry.contribution_of(pool, self.address)) for pool in self._all_pools()]
        held = tuple((pool, found) for pool, found in mine if found is not None)
        return MemberStatus(membership, held, tuple(self._claimable()))

    def exposure(self, pool: Pool, contribution: LiveContribution) -> Exposure:
        """Who could read this contribution now, and after which votes."""
        return exposure(self._collective, pool, contribution)

    # --- steps -----------------------------------------------------------------------------------------------------

    def _encrypt(
        self, preview: Preview, pool: Pool, number: int, version: int, dek: DataKey, rows_digest: str
    ) -> bytes:
        """Seal the rows into a pending envelope and return its content digest."""
        generation = self._collective.committee.generation(pool.generation)
        context = EnvelopeContext(pool_identity(self._collective, pool), number, pool.height)
        note = PendingNote(f"{pool.id:#x}", self.address, version, rows_digest)
        cid = self._pending.add(
            lambda sink: _ignore(
                envelope.seal(
                    BytesIO(preview.rows_bytes), sink, context=context, committee_key=committee_key(generation), dek=dek
                )
            ),
            note,
        )
        return cid.digest

    def _record(
        self,
        preview: Preview,
        pool: Pool,
        version: int,
        content: bytes,
        dek: DataKey,
        live: LiveContribution | None,
        progress: Progress,
    ) -> Record:
        """Have it attested and record it."""
        attestations = self._attested(preview, pool, version, content, dek, progress)
        agreed = attestations[0].content
        record = Record(version, agreed.weight, content, agreed.fingerprint, agreed.report)
        progress("recording", 0, 1)
        self._collective.registry.contribute(
            self._account,
            member=self.address,
            scope_id=pool.scope_id,
            epoch=pool.epoch,
            record=record,
            live=live.record if live else NO_RECORD,
            expiry=agreed.expiry,
            attestations=join_attestations([(a.validator, a.signature) for a in attestations]),
        )
        return record

    def _attested(
        self, preview: Preview, pool: Pool, version: int, content: bytes, dek: DataKey, progress: Progress
    ) -> list[Attestation]:
        """Consent, keep the receipt, and collect the validators' signatures."""
        client = self._collective.client
        now = client.now()
        request = AttestationRequest(
            member=self.address,
            scope=preview.scope,
            scope_id=preview.scope_id,
            epoch=pool.epoch,
            version=version,
            content=content,
            expiry=now + ATTESTATION_LIFETIME_S,
            dek=dek,
            open_envelope=lambda: self._pending.open(content),
            records_bytes=preview.records_bytes,
            consent=ConsentProof(tuple(v.address for v in self._validators), now, b""),
        )
        request = self._consented(request, preview)
        return self._attest(request, pool.attestations, progress)

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
            asked = ("member", "scope_id", "epoch", "version", "content", "expiry")
            if any(getattr(content, name) != getattr(request, name) for name in asked):
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

    def _keep_only(self, pool: Pool, *live: bytes) -> None:
        """Delete versions that were replaced, withdrawn or never recorded, a killed command's among them."""
        self._pending.keep_only(f"{pool.id:#x}", live)

    def _has_withdrawn(self, pool: Pool) -> bool:
        member = self._collective.membership.member(self.address)
        return member is not None and self._collective.registry.withdrawn_version(pool, member.number) > 0

    def _opted_out(self, sale_id: bytes) -> OptOut | None:
        everybodys = self._collective.market.opt_outs(sale_id)
        return next((o for o in everybodys if o.member.lower() == self.address.lower()), None)

    def _recorded(self, pool: Pool, content: bytes) -> LiveContribution | None:
        live = self._collective.registry.contribution_of(pool, self.address)
        return live if live is not None and live.record.content == content else None

    def _is_same(self, live: LiveContribution, rows_digest: str) -> bool:
        note = self._pending.note(live.record.content)
        return note is not None and note.rows_digest == rows_digest

    def _pool(self, scope: str, epoch: int | None) -> Pool:
        scope_id = kinds.scope(scope).scope_id
        if epoch is None:
            return self._collective.registry.current_pool(scope_id)
        return self._collective.registry.pool(scope_id, epoch)

    def _all_pools(self) -> list[Pool]:
        return self._collective.registry.pools()

    def _claimable(self) -> list[tuple[Pool, str, int]]:
        """(pool, currency, amount) of everything that a claim would pay now."""
        splitter = self._collective.splitter
        sold = dict.fromkeys((revenue.pool_id, revenue.currency) for revenue in splitter.revenue())
        pools = {pool.id: pool for pool in self._all_pools()}
        due = [(pools[pool], currency, splitter.claimable(self.address, pool, currency)) for pool, currency in sold]
        return [line for line in due if line[2] > 0]


_TELL = "Tell the collective, and name another validator."


def _ignore(_: object) -> None:
    """The sealed header is not needed again."""
