"""Tokens that answer oddly, stop answering, or change balances by themselves: what they cost whom.

Settling and refunding ask the token nothing, and a payment that cannot be made is undone and stays due.
"""

from __future__ import annotations

import pytest

PRICE = 1_000_000
TRUE, FALSE = (1).to_bytes(32, "big"), bytes(32)
GOOD = {
    "nothing": b"",
    "true": TRUE,
    "true and more": TRUE + b"\xff" * 96,
    "true and 20,000 bytes": TRUE + bytes(20_000),
}
BAD = {
    "false": FALSE,
    "two": (2).to_bytes(32, "big"),
    "all ones": b"\xff" * 32,
    "a byte": b"\x01",
    "31 bytes": TRUE[1:],
    "false and more": FALSE + TRUE,
}


@pytest.fixture(scope="module")
def odd(deploy):
    return deploy("OddDollar")


@pytest.fixture
def sold(desk, odd):
    """Members 0 and 1, weights 1 and 3, are owed PRICE in the odd dollar."""
    desk.join(1, 1)
    desk.join(2, 3)
    desk.splitter.setCurrency(odd, True, {"from": desk.timelock})
    desk.settle(_escrow(desk, odd), 4, currency=odd)


def _escrow(desk, odd, name=b"sale"):
    desk.fund(PRICE, odd)
    sale = name.ljust(32, b"\0")
    desk.market.escrow(sale, odd, desk.buyer, PRICE)
    return sale


@pytest.mark.parametrize("answer", GOOD)
def test_a_transfer_that_answers_true_or_nothing_is_a_payment(desk, odd, sold, the, answer):
    odd.setAnswer(GOOD[answer])
    desk.claim(1, (the.POOL, odd))
    assert odd.balanceOf(desk.accounts[1]) == PRICE // 4
    assert desk.splitter.claimable(desk.accounts[1], the.POOL, odd) == 0


@pytest.mark.parametrize("answer", BAD)
def test_a_transfer_that_answers_anything_else_is_none_and_stays_due(desk, odd, sold, the, refused, answer):
    odd.setAnswer(BAD[answer])
    with refused("PaymentFailed"):
        desk.claim(1, (the.POOL, odd))
    assert odd.balanceOf(desk.accounts[1]) == 0
    assert desk.splitter.claimable(desk.accounts[1], the.POOL, odd) == PRICE // 4
    odd.setAnswer(TRUE)
    desk.claim(1, (the.POOL, odd))
    assert odd.balanceOf(desk.accounts[1]) == PRICE // 4


@pytest.mark.parametrize("answer", ["false", "two", "false and more"])
def test_no_escrow_without_a_transfer_that_says_yes(desk, odd, sold, refused, answer):
    odd.setAnswer(BAD[answer])
    with refused("SafeERC20FailedOperation"):
        _escrow(desk, odd, b"next")
    assert desk.splitter.escrowOf(b"next".ljust(32, b"\0")) == 0


def test_no_escrow_for_a_token_that_says_yes_and_moves_nothing(desk, odd, sold, refused):
    odd.setAnswer(TRUE)
    odd.setMoves(False)
    with refused("EscrowAmountWrong", 0, PRICE):
        _escrow(desk, odd, b"next")


def test_a_dead_token_stops_no_settlement_and_no_refund_and_no_other_currency(desk, odd, sold, the, refused):
    settled, refunded = _escrow(desk, odd, b"settled"), _escrow(desk, odd, b"refunded")
    desk.sell("dollars", PRICE, 4)
    odd.setDead(True)
    desk.settle(settled, 4, currency=odd)
    desk.market.refund(refunded, odd, desk.buyer)
    desk.claim(1)
    assert desk.balance(1) == PRICE // 4
    with refused("PaymentFailed"):
        desk.claim(1, (the.POOL, odd))
    odd.setDead(False)
    desk.claim(1, (the.POOL, odd))
    desk.splitter.payCredit(desk.buyer, odd)
    assert (odd.balanceOf(desk.accounts[1]), odd.balanceOf(desk.buyer)) == (PRICE // 2, PRICE)


def test_balances_that_grow_by_themselves_are_nobodys_and_no_escrow(desk, odd, sold, the, refused):
    odd.rebase(desk.splitter, 3 * PRICE)
    assert desk.splitter.claimable(desk.accounts[1], the.POOL, odd) == PRICE // 4
    desk.fund(PRICE, odd)
    odd.setMoves(False)
    odd.setAnswer(TRUE)
    with refused("EscrowAmountWrong", 0, PRICE):  # the surplus does not pay for a price
        desk.market.escrow(b"next".ljust(32, b"\0"), odd, desk.buyer, PRICE)
    odd.setMoves(True)
    _escrow(desk, odd, b"next")
    assert desk.ledger(odd) == 2 * PRICE


def test_balances_that_shrink_by_themselves_harm_the_last_to_claim_in_that_currency_alone(
    desk, odd, sold, the, refused
):
    """Assumption 2 on a token, broken: what is missing is missing to somebody, and to nobody of another currency."""
    desk.sell("dollars", PRICE, 4)
    odd.rebase(desk.splitter, PRICE // 4)
    desk.claim(1, (the.POOL, odd))
    with refused("PaymentFailed"):
        desk.claim(2, (the.POOL, odd))
    desk.claim(2)
    assert desk.balance(2) == PRICE // 4 * 3
    assert desk.splitter.claimable(desk.accounts[2], the.POOL, odd) == PRICE // 4 * 3
