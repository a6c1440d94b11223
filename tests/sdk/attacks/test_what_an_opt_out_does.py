"""What an opt-out does and what it cannot undo (docs/limits.md), with every key that a buyer ever got."""

from __future__ import annotations

import random

from tests.sdk.stateful import model as m
from tests.sdk.stateful.life import Life
from tests.sdk.stateful.world import NOTICE

WEIGHTS = (10, 20, 30, 40, 25)
REFUSER = 2


class Sold(Life):
    """A sealed pool of five members, and sales of it one after the other."""

    def begin(self, source: random.Random) -> None:
        self.open_epoch(0)
        for member, weight in enumerate(WEIGHTS):
            self.join(member)
            self.contribute(member, 0, weight, 0, False)
        self.announce(0, True)
        self.wait(NOTICE)
        self.seal(0)

    def sell_to(self, buyer: int, *refusers: int) -> int:
        """The whole sale; its number."""
        self.sell(0, buyer, 0, 1_000_000, list(refusers), 9)
        assert self.model.sales[-1].state == m.SETTLED
        return len(self.model.sales) - 1

    def opened_by(self, sale: int) -> set[int]:
        """Members whose envelope opens with a key that the buyer of this sale got."""
        pool = self.w.pool_of(0, 1)
        keys = [key for index, key in self.keys[0, 1] if index == sale]
        return {
            leaf
            for leaf, envelope in self.envelopes[0, 1].items()
            if any(self.w.opens(k, pool, envelope) for k in keys)
        }

    def earned_from(self, before: list[int]) -> list[int]:
        return [after - then for after, then in zip(self.due(), before, strict=True)]

    def due(self) -> list[int]:
        place = (self.w.pool_id(0, 1), self.w.currencies[0])
        return [self.w.splitter.call("claimable", member, *place) for member in self.w.members[: len(WEIGHTS)]]


def sold() -> Sold:
    life = Sold()
    life.begin(random.Random(0))
    return life


def test_an_opt_out_of_the_first_sale_stays_shut_to_everybody_for_good() -> None:
    life = sold()
    first = life.sell_to(0, REFUSER)
    second = life.sell_to(1, REFUSER)
    everybody = set(range(len(WEIGHTS)))
    assert life.opened_by(first) == life.opened_by(second) == everybody - {REFUSER}
    assert life.due()[REFUSER] == 0
    life.end_of_story()


def test_a_later_opt_out_gives_no_key_and_no_pay_but_the_earlier_buyer_can_still_open() -> None:
    """The limit that the docs name: the root was delivered before."""
    life = sold()
    first = life.sell_to(0)
    before = life.due()
    second = life.sell_to(1, REFUSER)
    assert REFUSER not in life.opened_by(second)
    assert life.earned_from(before)[REFUSER] == 0
    assert all(life.earned_from(before)[member] for member in range(len(WEIGHTS)) if member != REFUSER)
    assert REFUSER in life.opened_by(first)
    life.end_of_story()


def test_a_withdrawal_after_the_seal_holds_for_all_later_sales_and_for_no_earlier_one() -> None:
    life = sold()
    first = life.sell_to(0)
    earned = life.due()[REFUSER]
    life.withdraw(REFUSER, 0, True, False)
    second, third = life.sell_to(1), life.sell_to(0)
    assert life.due()[REFUSER] == earned > 0
    assert REFUSER in life.opened_by(first)
    assert REFUSER not in life.opened_by(second) | life.opened_by(third)
    life.end_of_story()


def test_opting_out_of_one_of_two_concurrent_sales_leaves_the_other() -> None:
    """Approved together; who refused the second alone is under the key of the first."""
    life = sold()
    life.offer(0, 0, 0, 1_000_000, 1, 300)
    life.offer(0, 1, 0, 2_000_000, 1, 300)
    life.opt_out(REFUSER, 1)
    life.approve([0, 1])
    life.fix_excluded(0, 0, 5, 0, 0)
    life.deliver(1, 0, 8, True)
    life.deliver(0, 0, 8, True)
    assert [sale.state for sale in life.model.sales] == [m.SETTLED, m.SETTLED]
    assert REFUSER in life.opened_by(0)
    assert REFUSER not in life.opened_by(1)
    life.end_of_story()
