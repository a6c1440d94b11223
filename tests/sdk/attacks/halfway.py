"""A collective in the middle of its life: every kind of money and of sale at once, as an attacker would like it."""

from __future__ import annotations

import random
from copy import copy, deepcopy
from functools import cache
from typing import Any

from tests.sdk.stateful import model as m
from tests.sdk.stateful.life import Life
from tests.sdk.stateful.world import ETH, NOTICE

WEIGHTS = (40, 30, 20, 10, 25, 35)
SETTLED, REFUNDED, HALF_DELIVERED, UNFIXED, OFFERED = range(5)
"""Numbers of the sales."""


class Halfway(Life):
    """Six members; pool (0, 1) sealed and sold, (0, 2) and (1, 1) open; dollars and ether in escrow, due and unclaimed.

    | sale | is                                             |
    |------|------------------------------------------------|
    | 0    | settled, in dollars; member 0 claimed           |
    | 1    | refunded, in ether; the buyer has not pulled it |
    | 2    | approved and fixed, its cover half delivered    |
    | 3    | approved, its exclusions not fixed, in ether    |
    | 4    | offered, refused by one member                  |
    """

    def begin(self, source: random.Random) -> None:
        self.open_epoch(0)
        self.open_epoch(1)
        for member, weight in enumerate(WEIGHTS):
            self.join(member)
            self.contribute(member, 0, weight, 0, False)
        self.announce(0, True)
        self.wait(NOTICE)
        self.seal(0)
        self.open_epoch(0)
        self.contribute(5, 1, 33, 1, False)

        self.offer(0, 0, 0, 1_000_003, 1, 300)
        self.approve([0])
        self.deliver(0, 0, 8, True)
        self.claim(0, [0], 100)

        self.offer(0, 0, 1, 777_777, 1, 300)
        self.approve([0])
        self.wait(90)
        self.end(0, True)

        self.offer(0, 1, 0, 500_001, 1, 300)
        self.opt_out(1, 0)
        self.opt_out(4, 0)
        self.approve([0])
        self.fix_excluded(0, 0, 6, 0, 0)
        self.deliver(0, 0, 1, True)

        self.withdraw(2, 0, True, False)
        self.offer(0, 1, 1, 300_007, 1, 300)
        self.opt_out(3, 0)
        self.approve([0])

        self.offer(0, 0, 0, 200_003, 1, 300)
        self.opt_out(1, 0)
        states = [sale.state for sale in self.model.sales]
        assert states == [m.SETTLED, m.REFUNDED, m.APPROVED, m.APPROVED, m.OFFERED]
        assert self.model.sales[HALF_DELIVERED].delivered == 1 < len(self.model.sales[HALF_DELIVERED].nodes)

    def holds(self) -> None:
        """Everything is as the model says."""
        self.moved = True
        self.ended.clear()
        self.money_in_is_money_out_and_ledger()
        self.what_was_earned_stays()
        self.sales_are_where_they_should_be()
        self.sealed_pools_never_change()
        self.one_vote_per_active_member()

    def complete(self) -> None:
        """Both approved sales are fixed and delivered to their end, and everybody is paid."""
        unfixed = [s for s in self.model.sales if s.state == m.APPROVED and s.excluded is None]
        for _ in unfixed:
            self.fix_excluded(0, 1, 6, 0, 0)
        while any(sale.state == m.APPROVED for sale in self.model.sales):
            self.deliver(0, 0, 1, True)
            self.holds()
        self.end_of_story()


@cache
def _template() -> Halfway:
    life = Halfway()
    life.begin(random.Random(0))
    life.holds()
    life.w.evm.keep("halfway")
    return life


def halfway() -> Halfway:
    """A fresh one; it is lived once, and copied."""
    source = _template()
    life = copy(source)
    life.model = deepcopy(source.model)
    for name, value in vars(source).items():
        if isinstance(value, list | set):
            setattr(life, name, value.copy())
        elif isinstance(value, dict):  # of dicts or lists at most
            setattr(life, name, {k: v.copy() if isinstance(v, dict | list) else v for k, v in value.items()})
    life.w.evm.fork("halfway")
    return life


def parameters(life: Life) -> dict[str, Any]:
    """Everything a vote or a key could change about the rules."""
    w = life.w
    return {
        "fees": w.splitter.call("fees"),
        "currencies": [w.splitter.call("isCurrency", currency) for currency in w.currencies],
        "windows": w.market.call("windows"),
        "validators": [w.registry.call("isValidator", v.address) for v in w.validators],
        "validator count": w.registry.call("validatorCount"),
        "attestations": w.registry.call("attestationsRequired"),
        "max weight": w.registry.call("maxWeight"),
        "scopes": [w.registry.call("isScope", scope) for scope in w.scopes],
        "generation": w.committee.call("currentGeneration"),
        "key": w.committee.call("generation", 1),
        "custodians": w.committee.call("custodiansOf", 1),
        "dao uri": w.governor.call("daoURI"),
        "voting delay": w.governor.call("votingDelay"),
        "voting period": w.governor.call("votingPeriod"),
        "timelock delay": w.timelock.call("getMinDelay"),
        "roles": [
            w.timelock.call("hasRole", w.timelock.call(role), holder)
            for role in ("PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE", "DEFAULT_ADMIN_ROLE")
            for holder in (ETH, w.stranger, w.deployer, w.custodian, w.governor.address, w.timelock.address)
        ],
        "code": {name: w.evm.code(address) for name, address in w.names.items()},
    }


def belongings(life: Life) -> dict[str, Any]:
    """What belongs to whom, wherever it lies: pulling money changes nothing here, taking it would."""
    w, found = life.w, {}
    for currency, address in enumerate(w.currencies):
        for at, member in enumerate(w.members[: len(WEIGHTS)]):
            due = w.splitter.call("claimable", member, w.pool_id(0, 1), address)
            found[f"member {at}", currency] = due + life.balance(member, currency)
        for at, buyer in enumerate(w.buyers):
            escrowed = sum(
                w.splitter.call("escrowOf", life.ids[i])
                for i, sale in enumerate(life.model.sales)
                if (sale.buyer, sale.currency) == (at, currency)
            )
            credit = w.splitter.call("creditOf", buyer.address, address)
            found[f"buyer {at}", currency] = escrowed + credit + life.balance(buyer.address, currency)
        due = w.splitter.call("operatorCreditOf", 1, w.custodian, address)
        found["custodian", currency] = due + life.balance(w.custodian, currency)
        found["treasury", currency] = w.splitter.call("treasuryOf", address)
    return found


def promises(life: Life) -> dict[str, Any]:
    """What was sealed, approved and counted."""
    w = life.w
    pool = w.pool_id(0, 1)
    moving = ("cursor", "state", "eligibleWeight", "excluded")
    sales = [w.market.call("sale", life.ids[i]) for i in range(len(life.ids))]
    return {
        "sales": [{key: value for key, value in sale.items() if key not in moving} for sale in sales],
        "sealed pool": w.registry.call("pool", pool),
        "weights": [w.token.call("weightOf", number, pool) for number in range(10)],
        "weight": w.token.call("totalSupply", pool),
        "withdrawals": [w.registry.call("withdrawalOrdinal", pool, number) for number in range(10)],
        "opt-outs": [[w.market.call("optOutOrdinal", sale, number) for number in range(10)] for sale in life.ids],
        "members": [w.membership.call("memberOf", member) for member in w.members[: len(WEIGHTS)]],
        "numbers": [w.membership.call("addressOf", number) for number in range(len(WEIGHTS))],
    }
