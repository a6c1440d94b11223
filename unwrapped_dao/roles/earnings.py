"""Collecting what waits for an account: a custodian's part as an operator, and credits. Anybody may pay the gas.

The chain is the memory: only what is due now is sent, and it is paid to its owner whoever asks, so that a collection
that was killed is simply run again.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..chain.collective import Collective
from ..chain.earnings import Earning, earnings
from ..chain.noting import about
from ..chain.signer import Signer
from ..errors import ContractRefusedError
from .identity import Progress, no_progress

SUBJECT = "pay-"
"""What notes about a payment begin with; see chain/noting.py."""


@dataclass(frozen=True, slots=True)
class Collected:
    """`paid` as the chain says it was; `refused` are those that a contract would not pay, each with why."""

    paid: tuple[Earning, ...]
    refused: tuple[tuple[Earning, ContractRefusedError], ...]


class Earnings:
    """What waits for one account. `payer` signs and pays the gas; the money goes to `account` (default: the payer)."""

    def __init__(self, collective: Collective, payer: Signer, account: str | None = None) -> None:
        self._collective = collective
        self._payer = payer
        self.account = account or str(payer.address)

    def waiting(self) -> tuple[Earning, ...]:
        """What `collect` would pay now."""
        return earnings(self._collective, [self.account])

    def collect(self, progress: Progress = no_progress) -> Collected:
        """Have all of it paid, one transaction each; again pays nothing. One that is refused does not stop the rest."""
        paid, refused, due = [], [], self.waiting()
        for place, earning in enumerate(due):
            progress("collecting", place, len(due))
            try:
                paid.append(self._pay(earning))
            except ContractRefusedError as problem:
                if problem.error != "NothingToPay":  # else somebody else had it paid meanwhile
                    refused.append((earning, problem))
        return Collected(tuple(paid), tuple(refused))

    def _pay(self, earning: Earning) -> Earning:
        splitter, currency = self._collective.splitter, earning.currency
        # The same call is made again after a later sale: it is the payment after so many, not one that was made.
        before = splitter.payments_made(earning.generation, self.account, currency)
        with about(self._collective.client, f"{SUBJECT}{before}"):
            if earning.generation is None:
                amount = splitter.pay_credit(self._payer, self.account, currency)
            else:
                amount = splitter.pay_operator(self._payer, earning.generation, self.account, currency)
        return Earning(self.account, earning.generation, currency, amount)
