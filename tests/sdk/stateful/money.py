"""Money on its way out, and money that nobody asked for."""

from __future__ import annotations

from tests.sdk.stateful.scene import UNITS, Scene, one_member, pick
from tests.sdk.stateful.walk import Several, action
from tests.sdk.stateful.world import account


class Money(Scene):
    # --- money -----------------------------------------------------------------------------------------------------

    @action(
        7,
        when=lambda self: self.model.lines,
        member=one_member,
        choices=Several(pick, 1, 4),
        most=[0, 1, 2, 100, 100],
    )
    def claim(self, member: int, choices: list[int], most: int) -> None:
        """By anyone, lines in any order, one perhaps twice, reading at most `most` sales that excluded somebody."""
        self.tick()
        keys = list(self.model.lines)
        lines = [keys[choice % len(keys)] for choice in choices]
        given = [(self.w.pool_id(*pool), self.w.currencies[currency]) for pool, currency in lines]
        if member not in self.model.members:
            answer = self.w.splitter.send(self.w.stranger, "claim", self.w.members[member], given, most)
            return self.expect(answer, "MemberUnknown", f"a claim for member {member}")
        reached, unfinished = self.model.read_on(member, lines, most)
        expected, seen = [], set()
        for key, line in zip(lines, given, strict=True):
            pays = key not in seen and self.model.is_read(member, key, reached[key])
            expected.append(self.w.splitter.call("claimable", self.w.members[member], *line) if pays else 0)
            seen.add(key)
        refusal = None if any(expected) or unfinished else "NothingToClaim"
        answer = self.w.splitter.send(self.w.stranger, "claim", self.w.members[member], given, most)
        self.expect(answer, refusal, f"anyone claims {lines} for member {member}, reading {most}: {expected}")
        if refusal is None:
            assert self.w.splitter.results("claim", answer) == expected
            for key, at in reached.items():
                self.model.lines[key].read[self.model.members[member].number] = at
            for key, amount in zip(lines, expected, strict=True):
                self.model.paid(member, key, amount)
        return None

    def pay_credit(self, who: str, currency: int) -> None:
        self.tick()
        amount = self.model.pay_credit(who, currency)
        answer = self.w.splitter.send(self.w.stranger, "payCredit", self.who(who), self.w.currencies[currency])
        self.expect(answer, None if amount else "NothingToPay", f"{who} pulls {amount} {UNITS[currency]}")

    def pay_operator(self, currency: int) -> None:
        self.tick()
        amount = self.model.pay_operator(currency)
        answer = self.w.splitter.send(self.w.stranger, "payOperator", 1, self.w.custodian, self.w.currencies[currency])
        self.expect(answer, None if amount else "NothingToPay", f"the custodian pulls {amount} {UNITS[currency]}")

    def pay_treasury(self, currency: int, amount: int) -> None:
        self.tick()
        amount = min(amount, self.model.treasury[currency]) if amount < 10**12 else amount
        refusal = self.model.pay_treasury("builder", currency, amount)
        arguments = account("builder"), self.w.currencies[currency], amount
        answer = self.w.splitter.send(self.w.timelock.address, "payTreasury", *arguments)
        self.expect(answer, refusal, f"a vote pays the builder {amount} {UNITS[currency]} from the treasury")

    def transfer_plainly(self, currency: int, amount: int) -> None:
        """Money that nobody asked for changes no entry."""
        self.tick()
        if currency:
            self.w.evm.give(self.w.splitter.address, amount)
        else:
            assert self.w.dollar.send(self.w.stranger, "mint", self.w.splitter.address, amount).ok
        self.model.stray[currency] += amount
        self.tell(f"somebody sends {amount} {UNITS[currency]} straight to the splitter")

    def set_fees(self, treasury: int, operators: int) -> None:
        self.tick()
        refusal = "FeeTooHigh" if max(treasury, operators) > 1000 else None
        if refusal is None:
            self.model.fees = (treasury, operators)
        answer = self.w.splitter.send(self.w.timelock.address, "setFees", treasury, operators)
        self.expect(answer, refusal, f"a vote sets the fees to {treasury} and {operators} basis points")

    def set_windows(self, delivery: int, grace: int) -> None:
        self.tick()
        self.model.windows = (delivery, grace)
        answer = self.w.market.send(self.w.timelock.address, "setWindows", delivery, grace)
        self.expect(answer, None, f"a vote sets the windows to {delivery} and {grace} seconds")

    @action(
        5,
        what=["payout", "credit", "operator", "treasury", "transfer", "fees", "windows"],
        member=one_member,
        currency=range(2),
        amount=range(1002),
    )
    def small_change(self, what: str, member: int, currency: int, amount: int) -> None:
        if what == "payout":
            self.set_payout(member, cleared=amount % 2 == 0)
        elif what == "credit":
            self.pay_credit(("buyer 0", "buyer 1", "builder")[member % 3], currency)
        elif what == "operator":
            self.pay_operator(currency)
        elif what == "treasury":
            self.pay_treasury(currency, 10**12 if amount == 1001 else amount)
        elif what == "transfer":
            self.transfer_plainly(currency, 1 + amount)
        elif what == "fees":
            self.set_fees(amount, 1001 - amount)
        else:
            self.set_windows((30, 60, 200)[member % 3], (30, 100)[amount % 2])
