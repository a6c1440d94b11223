"""The typed client of `RevenueSplitter`: claims and credits. Amounts are base units of their currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .contract import Contract
from .outbox import Receipt
from .signer import Signer

SALES_PER_CLAIM = 100
"""Sales with exclusions that one claim reads for a member who was ever excluded; the rest goes on next time."""

MEMBERS_PER_CALL = 2_000
"""Members whose claims one view call adds up: about 5 M gas."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What one claim paid for one pool and currency, and where to."""

    pool_id: int
    currency: str
    amount: int
    payout: str


@dataclass(frozen=True, slots=True)
class SaleRevenue:
    """How one settled sale was split."""

    sale_id: bytes
    pool_id: int
    currency: str
    members: int
    treasury: int
    operators: int


class Splitter:
    """Verbs and reads of the splitter."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.address = contract.address

    def claim(self, sender: Signer, member: str, lines: Sequence[tuple[int, str]]) -> tuple[Receipt, list[Payment]]:
        """Pay a member what (pool id, currency) lines owe it. Anyone may send; the money goes to the payout address."""
        receipt = self._contract.send(sender, "claim", member, [list(line) for line in lines], SALES_PER_CLAIM)
        paid = [
            Payment(e["poolId"], e["currency"], e["amount"], e["payout"])
            for e in self._contract.events_in(receipt, "Claimed")
        ]
        return receipt, paid

    def payments(self, member: str) -> list[Payment]:
        """Everything that was ever paid to a member's claims, oldest first."""
        events = self._contract.events("Claimed", member=member)
        return [Payment(e["poolId"], e["currency"], e["amount"], e["payout"]) for e in events]

    def claimable(self, member: str, pool_id: int, currency: str) -> int:
        """What a claim would pay now."""
        return int(self._contract.call("claimable", member, pool_id, currency))

    def pay_credit(self, sender: Signer, account: str, currency: str) -> int:
        """Pull a refund or a treasury payment to its account, whoever sends; the amount."""
        return self._paid(self._contract.send(sender, "payCredit", account, currency), "CreditPaid")

    def credit_of(self, account: str, currency: str) -> int:
        return int(self._contract.call("creditOf", account, currency))

    def pay_operator(self, sender: Signer, generation: int, operator: str, currency: str) -> int:
        """Pull a custodian's equal part of the operators' fees to it, whoever sends; the amount."""
        return self._paid(self._contract.send(sender, "payOperator", generation, operator, currency), "OperatorPaid")

    def operator_credit_of(self, generation: int, operator: str, currency: str) -> int:
        """What `pay_operator` would pay now; 0 for who is no custodian of this generation."""
        return int(self._contract.call("operatorCreditOf", generation, operator, currency))

    def payments_made(self, generation: int | None, account: str, currency: str) -> int:
        """How often an operator of a generation (None: an account with a credit) was paid in this currency so far."""
        if generation is None:
            return sum(1 for _ in self._contract.events("CreditPaid", account=account, currency=currency))
        made = self._contract.events("OperatorPaid", generation=generation, operator=account, currency=currency)
        return sum(1 for _ in made)

    def _paid(self, receipt: Receipt, event: str) -> int:
        return sum(int(e["amount"]) for e in self._contract.events_in(receipt, event))

    def treasury_of(self, currency: str) -> int:
        return int(self._contract.call("treasuryOf", currency))

    def ledger(self, currency: str, members: int) -> int:
        """All money in minus all money out; `members` is how many member numbers were ever assigned.

        Claims are written in the members' own slots only (docs/adr/0030), so this adds them up over the pools that
        were sold in the currency.
        """
        pools = {sale.pool_id for sale in self.revenue() if sale.currency == currency}
        return int(self._contract.call("ledgerBeforeClaims", currency)) - sum(
            self.claimed(pool_id, currency, members) for pool_id in pools
        )

    def claimed(self, pool_id: int, currency: str, members: int) -> int:
        """What all members claimed of one pool and currency, read in slices that any node's call limit allows."""
        return sum(
            int(self._contract.call("claimed", pool_id, currency, first, min(first + MEMBERS_PER_CALL, members)))
            for first in range(0, members, MEMBERS_PER_CALL)
        )

    def escrow_of(self, sale_id: bytes) -> int:
        return int(self._contract.call("escrowOf", sale_id))

    def fees(self) -> tuple[int, int]:
        """(treasury, operators) in basis points, for offers made from now on."""
        treasury, operators = self._contract.call("fees")
        return int(treasury), int(operators)

    def currencies(self) -> tuple[str, ...]:
        """The currencies offers may be made in."""
        allowed: dict[str, None] = {}
        for event in self._contract.events("CurrencySet"):
            if event["allowed"]:
                allowed[event["currency"]] = None
            else:
                allowed.pop(event["currency"], None)
        return tuple(allowed)

    def currencies_ever(self) -> tuple[str, ...]:
        """The currencies that offers could ever be made in: of what was earned in one, nothing is lost."""
        return tuple(dict.fromkeys(e["currency"] for e in self._contract.events("CurrencySet") if e["allowed"]))

    def revenue(self, pool_id: int | None = None) -> list[SaleRevenue]:
        """Settled sales, of one pool or of all."""
        filters = {} if pool_id is None else {"poolId": pool_id}
        return [
            SaleRevenue(*(e[k] for k in ("saleId", "poolId", "currency", "members", "treasury", "operators")))
            for e in self._contract.events("SaleRevenue", **filters)
        ]
