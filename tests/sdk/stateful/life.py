"""One collective's life: how it begins, and what must hold after every step.

Each action (members.py, relayed.py, sales.py, money.py) moves the model, sends the same to the contracts, and compares
what came of it. What it is about is picked by number among what there is, so that any list of actions is a life.
"""

from __future__ import annotations

import random

from tests.contracts.support.cover_model import cover
from tests.sdk.stateful import model as m
from tests.sdk.stateful.money import Money
from tests.sdk.stateful.relayed import Relayed
from tests.sdk.stateful.sales import Sales
from tests.sdk.stateful.walk import invariant
from tests.sdk.stateful.world import BUYER_DOLLARS, BUYER_WEI, HEIGHT, MAX_WEIGHT, MEMBERS, NOTICE


class Life(Relayed, Sales, Money):
    """Everything that can happen, and all that holds."""

    # --- a beginning -----------------------------------------------------------------------------------------------

    def begin(self, source: random.Random) -> None:
        """Three of four lives begin with a sealed pool; a third of those with a second one of the other scope."""
        grown = source.randrange(4)
        weights = [source.randint(5, MAX_WEIGHT) for _ in range(source.randint(4, MEMBERS))]
        self.open_epoch(0)
        self.open_epoch(1)
        if not grown:
            return
        for member, weight in enumerate(weights):
            self.join(member)
            for scope in range(2 if grown > 2 else 1):
                self.contribute(member, scope, weight, 0, False)
        for scope in range(2 if grown > 2 else 1):
            self.announce(scope, True)
        self.wait(NOTICE)
        for scope in range(2 if grown > 2 else 1):
            self.seal(scope)
            self.open_epoch(scope)

    # --- after every step ------------------------------------------------------------------------------------------

    @invariant
    def money_in_is_money_out_and_ledger(self) -> None:
        """Invariants 1 and 2."""
        if not self.moved:
            return
        for currency, address in enumerate(self.w.currencies):
            claimed = sum(
                self.w.splitter.call("claimed", self.w.pool_id(*pool), address, 0, MEMBERS)
                for pool, c in self.model.lines
                if c == currency
            )
            ledger = self.w.splitter.call("ledgerBeforeClaims", address) - claimed
            assert ledger == self.model.money_in[currency] - self.model.money_out[currency]
            assert self.balance(self.w.splitter.address, currency) == ledger + self.model.stray[currency]
            assert self.w.splitter.call("treasuryOf", address) == self.model.treasury[currency]
            due = self.w.splitter.call("operatorCreditOf", 1, self.w.custodian, address)
            assert due == self.model.operators[currency] - self.model.operators_paid[currency]
            credits = 0
            for who in {"buyer 0", "buyer 1", "builder", *(name for name, _ in self.model.credits)}:
                credit = self.w.splitter.call("creditOf", self.who(who), address)
                assert credit == self.model.credits.get((who, currency), 0)
                credits += credit
            escrows = sum(
                self.w.splitter.call("escrowOf", self.ids[i])
                for i, sale in enumerate(self.model.sales)
                if sale.currency == currency
            )
            assert escrows == self.model.escrowed(currency)
            members = sum(
                line.revenue - sum(line.paid.values()) for (_, c), line in self.model.lines.items() if c == currency
            )
            assert ledger == escrows + self.model.treasury[currency] + due + credits + members
        for (who, currency), amount in self.model.wallets.items():
            if not who.startswith("buyer"):
                assert self.balance(self.who(who), currency) == amount

    def balance(self, address: str, currency: int) -> int:
        return self.w.evm.balance(address) if currency else self.w.dollar.call("balanceOf", address)

    @invariant
    def what_was_earned_stays(self) -> None:
        """Invariant 7: due to the fraction, unchanged but by a settlement, and dust below one unit per member."""
        if not self.moved:
            return
        for key, line in self.model.lines.items():
            (pool, currency), total = key, 0
            for member, it in self.model.members.items():
                place = (self.w.pool_id(*pool), self.w.currencies[currency])
                earned = line.paid[it.number] + self.w.splitter.call("claimable", self.w.members[member], *place)
                exact = line.due[it.number]
                assert exact - 2 < earned <= exact, (key, member, earned, exact)
                before = self.earned.get((pool, currency, it.number), 0)
                assert earned == before or (key in self.settled_now and earned > before), (key, member, before, earned)
                self.earned[pool, currency, it.number] = earned
                total += earned
            assert 0 <= line.revenue - total <= len(self.model.members)
        self.settled_now.clear()

    @invariant
    def sales_are_where_they_should_be(self) -> None:
        """States and eligible weights (2, 4, 13, 14); of those that ended, once, and again at the end of the story."""
        for index, sale in enumerate(self.model.sales):
            if not self.moved or index in self.ended:
                continue
            if sale.state in (m.SETTLED, m.REFUNDED, m.EXPIRED):
                self.ended.add(index)
            found = self.w.market.call("sale", self.ids[index])
            assert found["state"] == sale.state
            assert found["optOuts"] == len(sale.opted_out)
            if sale.state in (m.APPROVED, m.SETTLED):
                assert found["withdrawals"] == sale.withdrawals
                assert found["eligibleWeight"] == sale.eligible
            if sale.state == m.SETTLED:
                pool = self.model.pools[sale.pool]
                covered = m.leaves_under(sale.nodes)
                assert sale.excluded is not None
                assert not covered & sale.excluded
                assert {leaf for leaf in range(pool.members)} - sale.excluded <= covered
                assert sale.nodes == cover(HEIGHT, pool.members, sale.excluded)

    @invariant
    def sealed_pools_never_change(self) -> None:
        """Invariants 15 and 16, and the weights of open pools."""
        if not self.moved:
            return
        for pool, state in self.model.pools.items():
            pool_id = self.w.pool_id(*pool)
            weights = [self.w.token.call("weightOf", number, pool_id) for number in range(len(self.model.members))]
            assert weights == [state.weight_of(number) for number in range(len(self.model.members))]
            assert self.w.registry.call("stateOf", pool_id) == self.model.state_of(pool)
            if state.sealed:
                kept = self.sealed_weights.setdefault(pool, weights)
                assert weights[: len(kept)] == kept and not any(weights[len(kept) :])
                assert self.w.token.call("totalSupply", pool_id) == sum(kept)
                assert self.w.registry.call("withdrawals", pool_id) == len(state.withdrew)
        for member, it in self.model.members.items():
            assert self.w.membership.call("addressOf", it.number) == self.w.members[member]

    @invariant
    def one_vote_per_active_member(self) -> None:
        """Invariant 8, at the last second and at every snapshot."""
        times = {self.w.evm.now - 1} | {p.snapshot for p in self.model.proposals[-2:] if p.snapshot < self.w.evm.now}
        assert self.w.membership.call("activeMembers") == sum(map(self.model.is_active, self.model.members))
        for at in times:
            votes = [self.w.membership.call("getPastVotes", self.w.members[i], at) for i in self.model.members]
            assert votes == [self.model.votes(i, at) for i in self.model.members]
            assert sum(votes) <= self.w.membership.call("getPastTotalSupply", at)

    def end_of_story(self) -> None:
        """The last word: who can open what; everybody is paid in full; then nothing but escrow and dust is left."""
        self.only_the_delivered_opens()
        self.moved = True
        self.ended.clear()
        self.sales_are_where_they_should_be()
        for index, sale in enumerate(self.model.sales):
            if sale.excluded is not None:
                self.one_list(index)
        for member in self.model.members:
            for at in range(0, len(self.model.lines), 4):
                self.claim(member, list(range(at, min(at + 4, len(self.model.lines)))), 100)
        for currency in range(2):
            self.pay_operator(currency)
            self.pay_treasury(currency, self.model.treasury[currency])
            for who in ("buyer 0", "buyer 1", "builder"):
                self.pay_credit(who, currency)
        self.moved = True
        self.money_in_is_money_out_and_ledger()
        self.only_dust_is_left()

    def only_dust_is_left(self) -> None:
        """Invariant 7: Σ claims + fees + dust = price, and what a buyer got back is what it put in for nothing."""
        for currency in range(2):
            left = self.model.money_in[currency] - self.model.money_out[currency] - self.model.escrowed(currency)
            lines = [line for (_, c), line in self.model.lines.items() if c == currency]
            left -= sum(credit for (_, c), credit in self.model.credits.items() if c == currency)
            assert left == sum(line.revenue - sum(line.paid.values()) for line in lines)
            assert 0 <= left <= sum(len(line.paid) for line in lines)
            for at, buyer in enumerate(self.w.buyers):
                spent = sum(
                    sale.price
                    for sale in self.model.sales
                    if (sale.buyer, sale.currency) == (at, currency) and sale.state not in (m.REFUNDED, m.EXPIRED)
                )
                assert self.balance(buyer.address, currency) == (BUYER_DOLLARS, BUYER_WEI)[currency] - spent

    def only_the_delivered_opens(self) -> None:
        """Excluded from every delivery so far: shut to everybody. Under an earlier sale's root: not (limits.md)."""
        for pool, envelopes in self.envelopes.items():
            if not self.model.pools[pool].sealed:
                continue
            reached = m.leaves_under(self.model.delivered_nodes(pool))
            for leaf, envelope in envelopes.items():
                if leaf not in self.model.pools[pool].live:
                    continue
                opened = any(self.w.opens(key, self.w.pool_of(*pool), envelope) for _, key in self.keys.get(pool, []))
                assert opened == (leaf in reached), (pool, leaf)
