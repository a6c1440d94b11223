"""Relaying members' signed requests in batches: what was done already is left out, what is bad is said, nothing is sent
twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from ..chain import eip712
from ..chain.batch import SignedRequest, Skipped
from ..chain.collective import Collective
from ..chain.governor import ProposalState
from ..chain.market import SaleState
from ..chain.requests import Request, VerifiedRequest, verified
from ..chain.signer import Signer
from ..errors import ContractRefusedError, UnwrappedError
from ..validation.request import BatchAttester
from .identity import Progress, no_progress
from .relaying_contributions import Refused, RelayingContributions

M = TypeVar("M", bound=eip712.Message)

BATCH = 100
"""Requests in one transaction: 100 joins, the dearest, are 4.1 million gas of the 16.7 million that one may take."""

ORDER = ("join", "contribution", "ballot", "opt-out", "withdrawal", "leave")
"""Who is joining may do the rest in the same run; who is leaving has voted first."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """What became of one request. `done` also of what an earlier run, or somebody else, had relayed."""

    request: Request
    done: bool
    sentence: str


class Relaying:
    """One account that pays for the requests of others.

    `validators` are those that can be asked to sign a batch of contributions; a contribution that others attested is
    relayed alone.
    """

    def __init__(self, collective: Collective, account: Signer, validators: Sequence[BatchAttester] = ()) -> None:
        self._collective = collective
        self._account = account
        self._contributions = RelayingContributions(collective, account, validators)

    @property
    def unhelpful(self) -> Sequence[tuple[str, UnwrappedError]]:
        """Validators that did not sign a batch, and why; what they had attested was relayed one by one."""
        return self._contributions.unhelpful

    def submit(self, requests: Sequence[Request], progress: Progress = no_progress) -> list[Relayed]:
        """Relay what is good and not done yet; one answer for each request, in their order.

        Killed and called again with the same requests it sends only what did not take effect.
        """
        self._collective.client.wait_for_pending(str(self._account.address))  # an earlier run's last transaction
        answers: dict[int, Relayed] = {}
        good: dict[int, VerifiedRequest] = {}
        seen: set[tuple[object, ...]] = set()
        for at, request in enumerate(requests):
            try:
                found = verified(self._collective, request)
            except UnwrappedError as problem:
                answers[at] = Relayed(request, False, problem.message)
                continue
            if (key := (found.sort, found.member, _target(found))) in seen:
                answers[at] = Relayed(
                    request, False, f"A {found.sort} of {found.member} was given before; that one is relayed."
                )
                continue
            seen.add(key)
            good[at] = found
        total = len(good)
        for batch in self._batches(good):
            progress("relaying", len([at for at in good if at in answers]), total)
            for at, answer in self._relay({at: good[at] for at in batch}).items():
                answers[at] = Relayed(requests[at], *answer)
        progress("relaying", total, total)
        return [answers[at] for at in range(len(requests))]

    # --- batches ---------------------------------------------------------------------------------------------------

    def _batches(self, good: dict[int, VerifiedRequest]) -> Iterator[list[int]]:
        """Positions of requests that fit one call, neighbours in member number together."""

        def place(at: int) -> tuple[int, str, int]:
            request = good[at]
            member = self._collective.membership.member(request.member)
            return ORDER.index(request.sort), str(_target(request)), member.number if member else 2**32

        places = {at: place(at) for at in good}
        for _, group in groupby(sorted(good, key=places.__getitem__), key=lambda at: places[at][:2]):
            positions = list(group)
            for start in range(0, len(positions), BATCH):
                yield positions[start : start + BATCH]

    def _relay(self, batch: dict[int, VerifiedRequest]) -> dict[int, tuple[bool, str]]:
        """(done, sentence) of each, after one transaction, or one for each where the contract takes no batch."""
        first = next(iter(batch.values()))
        answers: dict[int, tuple[bool, str]] = {}
        for at, request in batch.items():
            if (reason := self._reason_not_to_send(request)) is not None:
                answers[at] = reason
        left = {at: request for at, request in batch.items() if at not in answers}
        if not left:
            return answers
        requests = list(left.values())
        told: Sequence[Skipped | Refused]
        if first.contribution is not None:
            told = self._contributions.send(requests)
        elif isinstance(first.message, eip712.Withdrawal):
            told = self._withdraw(requests)
        else:
            told = self._send(first, requests)
        skipped = {one.who.lower(): one.sentence for one in told}
        for at, request in left.items():
            sentence = skipped.get(request.member.lower())
            answers[at] = (sentence is None, sentence or f"The {request.sort} of {request.member} was relayed.")
        return answers

    def _reason_not_to_send(self, request: VerifiedRequest) -> tuple[bool, str] | None:
        """(done, sentence) where the chain shows that sending would change nothing."""
        collective, who, message = self._collective, request.member, request.message
        member = collective.membership.member(who)
        expiry = getattr(message, "expiry", None)
        if isinstance(message, eip712.Consent) and member is not None:
            return self._contributions.reason_not_to_send(request, message, member)
        if isinstance(message, eip712.Join) and member is not None and not member.has_left:
            return True, f"{who} is a member already."
        if isinstance(message, eip712.Leave) and member is not None and member.has_left:
            return True, f"{who} has left already."
        if not isinstance(message, eip712.Join) and member is None:
            return False, f"{who} is not a member."
        if isinstance(message, eip712.Join | eip712.Leave) and message.joins != (member.joins if member else 0):
            return False, f"The {request.sort} of {who} was for an earlier membership."
        if isinstance(message, eip712.Ballot):
            if collective.governor.has_voted(message.proposal_id, who):
                return True, f"{who} has voted already."
            if (state := collective.governor.state(message.proposal_id)) is not ProposalState.ACTIVE:
                return False, f"The proposal of {who}'s ballot takes no ballots: it is {state.name.lower()}."
        if isinstance(message, eip712.OptOut) and member is not None:
            if collective.market.opt_out_ordinal(message.target, member.number):
                return True, f"{who} has opted out already."
            if (sale := collective.market.sale(message.target).state) is not SaleState.OFFERED:
                return False, f"The sale that {who} refuses takes no opt-outs: it is {sale.name.lower()}."
        if isinstance(message, eip712.Withdrawal) and member is not None:
            pool = collective.registry.pool(message.scope_id, message.epoch)
            live = collective.registry.contribution_of(pool, who)
            if collective.registry.withdrawal_ordinal(pool, member.number) or (
                live is None and collective.registry.withdrawn_version(pool, member.number) > message.version
            ):
                return True, f"{who} has withdrawn already."
            if live is None or live.record.version != message.version:
                return False, f"{who} withdraws version {message.version}, which is not live."
        if expiry is not None and collective.client.now() >= expiry:
            return False, f"The {request.sort} of {who} has expired; they may sign another."
        return None

    def _withdraw(self, requests: Sequence[VerifiedRequest]) -> list[Refused]:
        """One transaction each; what was refused."""
        registry, refused = self._collective.registry, []
        for request in requests:
            message = _said(request, eip712.Withdrawal)
            live = registry.contribution_of(registry.pool(message.scope_id, message.epoch), request.member)
            if live is None:  # withdrawn by somebody else since it was looked at
                refused.append(Refused(request.member, f"{request.member} has withdrawn already."))
                continue
            try:
                registry.withdraw_signed(
                    self._account,
                    request.member,
                    message.scope_id,
                    message.epoch,
                    live.record,
                    message.expiry,
                    request.signature,
                )
            except ContractRefusedError as problem:
                refused.append(Refused(request.member, problem.message))
        return refused

    def _send(self, first: VerifiedRequest, requests: Sequence[VerifiedRequest]) -> Sequence[Skipped]:
        """One transaction; what the contract skipped."""
        collective, account = self._collective, self._account
        if isinstance(first.message, eip712.Join | eip712.Leave):
            membership, sort = collective.membership, type(first.message)
            batch = [SignedRequest(r.member, _said(r, sort).expiry, r.signature) for r in requests]
            send = membership.join_batch if sort is eip712.Join else membership.leave_batch
            return membership.skipped(send(account, batch))
        if isinstance(first.message, eip712.Ballot):
            ballots = [(_said(r, eip712.Ballot).support, r.signature) for r in requests]
            receipt = collective.governor.vote_batch(account, first.message.proposal_id, ballots)
            return collective.governor.skipped(receipt)
        assert isinstance(first.message, eip712.OptOut)
        opt_outs = [(_said(r, eip712.OptOut).expiry, r.signature) for r in requests]
        return collective.market.skipped_in(collective.market.opt_out_batch(account, first.message.target, opt_outs))


def _said(request: VerifiedRequest, sort: type[M]) -> M:
    """The message of a request, which is of this sort."""
    assert isinstance(request.message, sort)
    return request.message


def _target(request: VerifiedRequest) -> object:
    """What requests of one call have in common."""
    message = request.message
    if isinstance(message, eip712.Consent):
        return message.scope_id.hex(), message.epoch, *sorted(request.attestations)
    if isinstance(message, eip712.Withdrawal):
        return message.scope_id.hex(), message.epoch
    if isinstance(message, eip712.Ballot):
        return message.proposal_id
    return message.target.hex() if isinstance(message, eip712.OptOut) else ""
