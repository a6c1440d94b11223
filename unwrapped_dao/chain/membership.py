"""The typed client of `MembershipToken`: who belongs, and who may vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .batch import MembershipSkipReason, SignedRequest, Skipped
from .contract import Contract
from .outbox import Receipt
from .signer import Signer

NOBODY = "0x0000000000000000000000000000000000000000"
"""As a payout address: none, so that money goes to the member's own address."""
_LEFT, _HAS_PAYOUT = 1, 2
"""The flags of IMembershipToken that are read here."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the chain knows it. Times in seconds since 1970, 0 for never; `number` is also the leaf."""

    address: str
    number: int
    joined_at: int
    active_at: int
    inactive_at: int
    joins: int
    live: int
    flags: int

    @property
    def has_left(self) -> bool:
        return bool(self.flags & _LEFT)

    @property
    def has_payout_address(self) -> bool:
        """Whether revenue goes to another address than the member's own."""
        return bool(self.flags & _HAS_PAYOUT)

    @property
    def is_active(self) -> bool:
        """Not left, and at least one live contribution."""
        return not self.has_left and self.live > 0


class Membership:
    """Verbs and reads of the membership token."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.address = contract.address

    def join(self, member: Signer) -> Receipt:
        """Join, or re-join with the old number."""
        return self._contract.send(member, "join")

    def leave(self, member: Signer) -> Receipt:
        """End the vote for later snapshots; withdraws nothing."""
        return self._contract.send(member, "leave")

    def join_batch(self, sender: Signer, requests: Sequence[SignedRequest]) -> Receipt:
        """Join for many who signed `Join`; what was skipped: `skipped`."""
        return self._contract.send(sender, "joinBatch", [request.as_tuple() for request in requests])

    def leave_batch(self, sender: Signer, requests: Sequence[SignedRequest]) -> Receipt:
        """Leave for many who signed `Leave`; what was skipped: `skipped`."""
        return self._contract.send(sender, "leaveBatch", [request.as_tuple() for request in requests])

    def skipped(self, receipt: Receipt) -> list[Skipped]:
        """What a batch passed by."""
        events = [e for name in ("JoinSkipped", "LeaveSkipped") for e in self._contract.events_in(receipt, name)]
        return [Skipped(e["member"], MembershipSkipReason(e["reason"])) for e in events]

    def set_payout_address(self, member: Signer, payout: str) -> Receipt:
        """Where revenue is sent from now on, whoever claims it; `NOBODY`: to the member's own address."""
        return self._contract.send(member, "setPayoutAddress", payout)

    def member(self, address: str) -> Member | None:
        """The member at an address; None for one that never joined."""
        number, joined_at, active_at, inactive_at, joins, live, flags = self._contract.call(
            "memberOf", address
        ).values()
        if number == 0:
            return None
        return Member(address, number - 1, joined_at, active_at, inactive_at, joins, live, flags)

    def payout_of(self, address: str) -> str:
        """Where the revenue of a member is sent: its payout address, else its own."""
        _, payout, _ = self._contract.call("claimant", address)
        return str(payout)

    def address_of(self, number: int) -> str:
        """The address a member number belongs to, also after leaving."""
        return str(self._contract.call("addressOf", number))

    def members_ever(self) -> int:
        """Member numbers ever assigned."""
        return int(self._contract.call("membersEver"))

    def active_members(self) -> int:
        """Active members now."""
        return int(self._contract.call("activeMembers"))
