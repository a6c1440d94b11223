"""Claiming a member's revenue. Anybody may pay the gas: the money goes where the member said, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

from ..chain.collective import Collective
from ..chain.registry import Pool
from ..chain.signer import Signer
from ..chain.splitter import Payment
from ..errors import ContractRefusedError, InputError


@dataclass(frozen=True, slots=True)
class Claim:
    """What a claim paid, as the chain says; `refused` are currencies that a contract would not pay, each with why."""

    payments: tuple[Payment, ...]
    refused: tuple[tuple[str, ContractRefusedError], ...] = ()

    @property
    def amount(self) -> int:
        """The sum in base units. Raises InputError where several currencies were paid."""
        if len({payment.currency for payment in self.payments}) > 1:
            raise InputError(
                "This claim paid several currencies, which have no common sum.", hint="Read `payments` instead."
            )
        return sum(payment.amount for payment in self.payments)

    def unless_refused(self) -> Claim:
        """This claim. Raises ContractRefusedError if it paid nothing because a contract would not."""
        if self.refused and not self.payments:
            raise self.refused[0][1]
        return self


class Claiming:
    """What is due to one member from all pools and currencies. `payer` signs and pays the gas (default: the member)."""

    def __init__(self, collective: Collective, payer: Signer, member: str | None = None) -> None:
        self._collective = collective
        self._payer = payer
        self.member = member or str(payer.address)

    def due(self) -> list[tuple[Pool, str, int]]:
        """(pool, currency, amount) of everything that `claim` would pay now; nothing for who never was a member."""
        if self._collective.membership.member(self.member) is None:
            return []
        splitter = self._collective.splitter
        sold = dict.fromkeys((revenue.pool_id, revenue.currency) for revenue in splitter.revenue())
        pools = {pool.id: pool for pool in self._collective.registry.pools()}
        due = [(pools[pool], currency, splitter.claimable(self.member, pool, currency)) for pool, currency in sold]
        return [line for line in due if line[2] > 0]

    def claim(self) -> Claim:
        """Have all of it paid, or nothing if nothing is due. One currency that is refused does not stop the others."""
        payments: list[Payment] = []
        refused: list[tuple[str, ContractRefusedError]] = []
        try:
            self._pay(self._lines(), payments)
        except ContractRefusedError:
            for currency in dict.fromkeys(currency for _, currency in self._lines()):
                try:
                    self._pay([line for line in self._lines() if line[1] == currency], payments)
                except ContractRefusedError as problem:
                    refused.append((currency, problem))
        return Claim(tuple(payments), tuple(refused))

    def _lines(self) -> list[tuple[int, str]]:
        return [(pool.id, currency) for pool, currency, _ in self.due()]

    def _pay(self, lines: list[tuple[int, str]], payments: list[Payment]) -> None:
        """Claim these (pool id, currency) lines to their end; what was paid is added to `payments` as it happens."""
        splitter = self._collective.splitter
        while lines:
            _, paid = splitter.claim(self._payer, self.member, lines)
            payments += paid
            # Who was ever excluded waits for a line until its sales are read, a part of them in each transaction.
            done = {(payment.pool_id, payment.currency) for payment in paid}
            lines = [line for line in lines if line not in done and splitter.claimable(self.member, *line)]
