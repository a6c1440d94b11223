"""A member who signs and lets a relayer pay: to join, leave, vote, opt out and withdraw. Signing sends nothing."""

from __future__ import annotations

from ..chain import eip712
from ..chain.collective import Collective
from ..chain.governor import SUPPORT, Support
from ..chain.market import Offer
from ..chain.registry import Pool
from ..chain.requests import Request, Sort, signed
from ..chain.signer import Signer
from ..errors import NotAllowedError, NotFoundError

LIFETIME_S = 7 * 86_400
"""How long a request may be relayed: a week, so that a relayer can wait for others. Ballots end with the vote."""


class RequestSigner:
    """One member's account, which needs no ether."""

    def __init__(self, collective: Collective, account: Signer) -> None:
        self._collective = collective
        self._account = account

    def __repr__(self) -> str:
        return f"<RequestSigner {self._account.address}>"

    def join(self) -> Request:
        """Become a member, or come back. Works once."""
        return self._sign("join", eip712.Join(self._address, self._joins(), self._expiry()))

    def leave(self) -> Request:
        """End the present membership, never a later one."""
        return self._sign("leave", eip712.Leave(self._address, self._joins(), self._expiry()))

    def vote(self, proposal_id: int, support: Support) -> Request:
        """A ballot. Whoever holds it may cast it until the vote ends; a second one does not count."""
        return self._sign("ballot", eip712.Ballot(proposal_id, SUPPORT[support]))

    def opt_out(self, offer: Offer | bytes) -> Request:
        """Refuse one sale. Final once it is relayed."""
        sale_id = offer if isinstance(offer, bytes) else self._collective.market.sale_id(offer)
        return self._sign("opt-out", eip712.OptOut(sale_id, self._expiry()))

    def withdraw(self, pool: Pool) -> Request:
        """Take this pool's live contribution back, and no later version of it. Final once it is relayed.

        Raises NotFoundError where there is none, NotAllowedError for who withdrew after the seal already.
        """
        registry = self._collective.registry
        live = registry.contribution_of(pool, self._address)
        if live is None:
            raise NotFoundError(f"{self._address} has no live contribution in epoch {pool.epoch} of this scope.")
        if registry.withdrawal_ordinal(pool, live.number):
            raise NotAllowedError("You have withdrawn from this pool already.", hint="Nothing needs to be done.")
        message = eip712.Withdrawal(pool.scope_id, pool.epoch, live.record.version, self._expiry())
        return self._sign("withdrawal", message)

    @property
    def _address(self) -> str:
        return str(self._account.address)

    def _joins(self) -> int:
        found = self._collective.membership.member(self._address)
        return found.joins if found else 0

    def _expiry(self) -> int:
        return self._collective.client.now() + LIFETIME_S

    def _sign(self, sort: Sort, message: eip712.Message) -> Request:
        return signed(self._collective, self._account, sort, message)
