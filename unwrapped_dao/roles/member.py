"""A member: previews, joins, contributes, votes, opts out, claims.

Not here: the way of a contribution (contributing.py), reading exports (kinds), checking them (validator.py).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from .. import kinds
from ..chain.collective import Collective
from ..chain.exposure import Exposure, exposure
from ..chain.governor import Action, Support
from ..chain.market import Offer, OptOut
from ..chain.membership import NOBODY
from ..chain.membership import Member as Membership
from ..chain.registry import LiveContribution, Pool, PoolState
from ..chain.requests import Request
from ..chain.signer import Signer
from ..errors import InputError, NotAllowedError, NotFoundError
from ..kinds import Preview
from ..offline import offline
from ..storage.pending import PendingEnvelopes
from ..storage.receipts import Receipts
from ..validation.request import Attester
from .attesting import Problem
from .claiming import Claim, Claiming
from .contributing import Contributed, Contributing
from .identity import Progress, no_progress


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """What the chain says about a member."""

    membership: Membership | None
    contributions: tuple[tuple[Pool, LiveContribution], ...]
    claimable: tuple[tuple[Pool, str, int], ...]
    payout: str = ""
    """Where a claim pays; the member's own address unless another is registered. Empty for who never joined."""


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
        self._claiming = Claiming(collective, account)
        self._contributing = Contributing(
            collective, account, pending, receipts, validators, unreached=unreached, at_once=at_once
        )

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
        self._contributing.require_open(preview)  # else joining would cost gas for nothing
        return self._contributing.record(preview, self.join().number, progress)

    def sign_contribution(self, preview: Preview, progress: Progress = no_progress) -> Request:
        """Encrypt and have it attested like `contribute`, then sign instead of sending: a relayer records it.

        The member must have joined, since the envelope is locked to its number.
        """
        member = self._collective.membership.member(self.address)
        if member is None or member.has_left:
            raise NotAllowedError(
                f"{self.address} is not a member yet.",
                hint="Join first: `unwrapped-dao member join --sign FILE`, and let a relayer submit it.",
            )
        return self._contributing.sign(preview, member.number, progress)

    def withdraw(self, scope: str, epoch: int | None = None) -> Pool:
        """Take a contribution back: burnt before the seal, excluded from all later approvals after it.

        Again changes nothing.
        """
        pool = self._pool(scope, epoch)
        live = self._collective.registry.contribution_of(pool, self.address)
        if live is None and self._has_withdrawn(pool):
            self._contributing.keep_only(pool)
            return pool
        if live is None:
            raise NotFoundError(
                f"You have no contribution in epoch {pool.epoch} of {scope}.",
                hint="`unwrapped-dao member status` shows what you contributed, and to which epochs (--epoch).",
            )
        if self._collective.registry.withdrawal_ordinal(pool, live.number) == 0:
            self._collective.registry.withdraw(self._account, pool.scope_id, pool.epoch, live.record)
        pool = self._collective.registry.pool(pool.scope_id, pool.epoch)
        if pool.state is not PoolState.SEALED:
            self._contributing.keep_only(pool)
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
        """Collect everything that is due from all pools and currencies, as `Claiming.claim`.

        Raises ContractRefusedError if nothing could be paid.
        """
        return self._claiming.claim().unless_refused()

    def set_payout(self, address: str | None) -> str:
        """Have all that is claimed from now on sent to this address (None: the member's own); where it goes then.

        Again changes nothing. Raises NotAllowedError for who never joined, InputError for an address that would lose
        the money.
        """
        membership = self._collective.membership
        found = membership.member(self.address)
        if found is None:
            raise NotAllowedError(
                f"{self.address} is no member, so nothing is ever paid to it.",
                hint="Join first: `unwrapped-dao member join`.",
            )
        if address is None or address.lower() == self.address.lower():
            if found.has_payout_address:
                membership.set_payout_address(self._account, NOBODY)
            return self.address
        self._require_spendable(address)
        if membership.payout_of(self.address).lower() != address.lower():
            membership.set_payout_address(self._account, address)
        return address

    def status(self) -> MemberStatus:
        """Membership, contributions and what can be claimed."""
        registry = self._collective.registry
        membership = self._collective.membership.member(self.address)
        if membership is None:
            return MemberStatus(None, (), ())
        mine = [(pool, registry.contribution_of(pool, self.address)) for pool in registry.pools()]
        held = tuple((pool, found) for pool, found in mine if found is not None)
        payout = self._collective.membership.payout_of(self.address)
        return MemberStatus(membership, held, tuple(self._claiming.due()), payout)

    def exposure(self, pool: Pool, contribution: LiveContribution) -> Exposure:
        """Who could read this contribution now, and after which votes."""
        return exposure(self._collective, pool, contribution)

    # --- steps -----------------------------------------------------------------------------------------------------

    def _require_spendable(self, address: str) -> None:
        """Refuse what cannot pass the money on."""
        if address == NOBODY:
            raise InputError(
                "The zero address belongs to nobody, and what is sent there is lost.",
                hint="`unwrapped-dao member payout --own` has the money sent to your own address.",
            )
        ours = {where.lower(): name for name, where in self._collective.deployment.addresses.items()}
        ours |= {token.lower(): "a currency" for token in self._collective.splitter.currencies_ever()}
        if (name := ours.get(address.lower())) is not None:
            raise InputError(
                f"{address} is a contract of this collective ({name}); money sent there would be lost.",
                hint="Give an address whose key you hold, such as that of another wallet of yours.",
            )

    def _has_withdrawn(self, pool: Pool) -> bool:
        member = self._collective.membership.member(self.address)
        return member is not None and self._collective.registry.withdrawn_version(pool, member.number) > 0

    def _opted_out(self, sale_id: bytes) -> OptOut | None:
        everybodys = self._collective.market.opt_outs(sale_id)
        return next((o for o in everybodys if o.member.lower() == self.address.lower()), None)

    def _pool(self, scope: str, epoch: int | None) -> Pool:
        scope_id = kinds.scope(scope).scope_id
        if epoch is None:
            return self._collective.registry.current_pool(scope_id)
        return self._collective.registry.pool(scope_id, epoch)
