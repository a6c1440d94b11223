"""Turning an escrow into credits, or back: never both, never twice, and never short by rounding."""

from __future__ import annotations

import pytest

PRICE = 1_000_000


def test_settle_and_refund_refuse_everybody_but_the_market(desk, the, refused):
    sale = desk.escrow("sale", PRICE)
    for caller in (desk.timelock, desk.buyer):
        with refused("SplitterCallerRefused"):
            desk.splitter.settle(sale, the.POOL, desk.dollar, 1, 1, 0, 0, 0, {"from": caller})
        with refused("SplitterCallerRefused"):
            desk.splitter.refund(sale, desk.dollar, desk.buyer, {"from": caller})


@pytest.mark.parametrize("first", ["settle", "refund"])
@pytest.mark.parametrize("second", ["settle", "refund"])
def test_an_escrow_ends_once(desk, refused, first, second):
    def end(how):
        if how == "settle":
            desk.settle(sale, 10)
        else:
            desk.market.refund(sale, desk.dollar, desk.buyer)

    sale = desk.escrow("sale", PRICE)
    desk.escrow("another", PRICE)
    end(first)
    with refused("EscrowMissing"):
        end(second)


def test_an_escrow_ends_in_the_currency_it_came_in(desk, the, refused):
    sale = desk.escrow("sale", PRICE)
    desk.escrow("ether", PRICE, the.ETH)
    with refused("EscrowMissing"):
        desk.settle(sale, 10, currency=the.ETH)
    with refused("EscrowMissing"):
        desk.market.refund(sale, the.ETH, desk.buyer)


def test_refund_credits_the_buyer_who_pulls_it(desk, refused):
    sale = desk.escrow("sale", PRICE)
    desk.market.refund(sale, desk.dollar, desk.buyer)
    assert desk.balance(9) == 0
    assert desk.splitter.creditOf(desk.buyer, desk.dollar) == desk.ledger(desk.dollar) == PRICE
    desk.splitter.payCredit(desk.buyer, desk.dollar, {"from": desk.accounts[3]})
    assert desk.balance(9) == PRICE
    assert desk.ledger(desk.dollar) == 0
    with refused("NothingToPay"):
        desk.splitter.payCredit(desk.buyer, desk.dollar)


def test_fees_round_in_the_members_favour(desk):
    receipt = desk.sell("sale", 9_999, 1, fees=(999, 1))
    revenue = receipt.events["SaleRevenue"]
    # 9999 · 9.99% = 998.9, 9999 · 0.01% = 0.9999
    assert (revenue["treasury"], revenue["operators"], revenue["members"]) == (998, 0, 9_001)
    assert desk.splitter.treasuryOf(desk.dollar) == 998


def test_settle_moves_nothing_and_touches_no_token(desk, deploy):
    """Invariant 13: a token that stops working cannot undo a delivery."""
    token = deploy("BlacklistingDollar")
    desk.splitter.setCurrency(token, True, {"from": desk.timelock})
    desk.fund(PRICE, token)
    sale = b"sale".ljust(32, b"\0")
    desk.market.escrow(sale, token, desk.buyer, PRICE)
    token.setPaused(True)
    desk.splitter.setCurrency(token, False, {"from": desk.timelock})
    desk.splitter.setFees(1000, 1000, {"from": desk.timelock})
    desk.settle(sale, 10, currency=token)
    assert desk.ledger(token) == PRICE


def test_settle_of_the_largest_price_to_the_smallest_weight(desk, the):
    number = desk.join(1, 1)
    most = 2**96 - 1
    for i in range(3):
        desk.sell(f"sale {i}", most, 1)
    accumulated, exclusions = desk.splitter.accumulated(the.POOL, desk.dollar)
    assert (accumulated, exclusions) == (3 * most << 64, 0)
    desk.claim(1)
    assert desk.balance(1) == 3 * most
    assert number == 0


def test_settle_of_the_smallest_price_to_the_largest_weight(desk, the):
    desk.join(1, 2**32 - 1)
    desk.sell("sale", 1, 2**64 - 1)
    assert desk.splitter.accumulated(the.POOL, desk.dollar) == (1, 0)
    assert desk.splitter.claimable(desk.accounts[1], the.POOL, desk.dollar) == 0


def test_only_sales_with_exclusions_are_listed(desk, the):
    desk.sell("one", PRICE, 10)
    desk.sell("two", PRICE, 10, excluded=[4])
    assert desk.splitter.accumulated(the.POOL, desk.dollar)[1] == 1
