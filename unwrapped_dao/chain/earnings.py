"""What an account can collect from the splitter: its part as an operator, and what was credited to it.

Operators are the custodians of a generation (docs/adr/0032); a credit is a refund, or was paid from the treasury by a
vote. Validators as such earn nothing that the contracts know of. Not here: what members claim (splitter).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .collective import Collective
from .powers import generations


@dataclass(frozen=True, slots=True)
class Earning:
    """Base units of one currency that wait for one account. `generation` is None for what was credited to it."""

    account: str
    generation: int | None
    currency: str
    amount: int


def earnings(collective: Collective, accounts: Iterable[str]) -> tuple[Earning, ...]:
    """Everything that these accounts could collect now: as operators, oldest generation first; then their credits."""
    splitter = collective.splitter
    currencies, wanted = splitter.currencies_ever(), tuple(dict.fromkeys(accounts))
    found = [
        Earning(account, generation.number, currency, splitter.operator_credit_of(generation.number, account, currency))
        for generation in generations(collective)
        for account in wanted
        if account in generation.custodians
        for currency in currencies
    ]
    found += [Earning(a, None, currency, splitter.credit_of(a, currency)) for a in wanted for currency in currencies]
    return tuple(earning for earning in found if earning.amount)


def operators_waiting(collective: Collective) -> dict[str, int]:
    """What all operators together could collect now, by currency."""
    everybody = (custodian for generation in generations(collective) for custodian in generation.custodians)
    sums: dict[str, int] = {}
    for earning in earnings(collective, everybody):
        if earning.generation is not None:
            sums[earning.currency] = sums.get(earning.currency, 0) + earning.amount
    return sums
