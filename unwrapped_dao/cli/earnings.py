"""What waits for an account, and what `collect` and `claim` paid, in words and as JSON; the same for every noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .verbs import Call, Told

if TYPE_CHECKING:
    from ..chain.collective import Collective
    from ..chain.earnings import Earning
    from ..roles.claiming import Claim
    from ..roles.earnings import Collected


def row(earning: Earning) -> dict[str, Any]:
    """`key`: the committee key that it was earned under; null for what was credited."""
    return {
        "account": earning.account,
        "key": earning.generation,
        "currency": earning.currency,
        "amount": earning.amount,
    }


def waiting_line(collective: Collective, earning: Earning, command: str) -> str:
    """What waits, with the command that collects it."""
    return f"To collect: {_sentence(collective, earning)}: `unwrapped-dao {command}`."


def told(call: Call, collective: Collective, account: str, collected: Collected, revenue: Claim | None = None) -> Told:
    """What `collect` answers; exit code 5 if a contract would not pay something. `revenue`: a member's, if claimed."""
    lines = [f"Paid {_sentence(collective, earning)}, to {earning.account}." for earning in collected.paid]
    for earning, problem in collected.refused:
        call.talk.warn([f"Not paid: {_sentence(collective, earning)}. {problem.message} {problem.hint}"])
    data = {
        "account": account,
        "paid": [row(earning) for earning in collected.paid],
        "refused": [{**row(earning), "why": problem.message} for earning, problem in collected.refused],
    }
    failed = bool(collected.refused)
    if revenue is not None:
        data["revenue"] = payment_rows(revenue)
        lines += payment_lines(call, collective, revenue)
        failed |= bool(revenue.refused)
    if not lines and not failed:
        lines.append(f"Nothing waits to be collected by {account}: nothing was earned, or it was paid out already.")
    return Told(data, lines, code=5 if failed else 0)


def payment_rows(claim: Claim) -> list[dict[str, Any]]:
    """What a claim paid, as JSON."""
    return [
        {"pool": f"{p.pool_id:#x}", "currency": p.currency, "amount": p.amount, "payout": p.payout}
        for p in claim.payments
    ]


def payment_lines(call: Call, collective: Collective, claim: Claim) -> list[str]:
    """What a claim paid, in words; what was refused is a warning."""
    from ..chain.calldata import amount_text

    for currency, problem in claim.refused:
        call.talk.warn([f"Revenue in the currency {currency} was not paid. {problem.message} {problem.hint}"])
    return [f"Paid {amount_text(collective, p.currency, p.amount)} to {p.payout}." for p in claim.payments]


def _sentence(collective: Collective, earning: Earning) -> str:
    from ..chain.calldata import amount_text

    amount = amount_text(collective, earning.currency, earning.amount)
    if earning.generation is None:
        return f"{amount} credited by a vote or a refund"
    return f"{amount} earned as an operator of committee key {earning.generation}"
