"""Taking a price into escrow: exactly the price, from the named payer, once."""

from __future__ import annotations

import pytest
from brownie import project

SALE = b"sale".ljust(32, b"\0")
OTHER = b"other".ljust(32, b"\0")


def _armed(deploy, desk, amount):
    """A token that calls back, allowed as a currency, with a funded buyer."""
    token = deploy("ReenteringDollar")
    desk.splitter.setCurrency(token, True, {"from": desk.timelock})
    desk.fund(amount, token)
    return token


def test_escrow_refuses_everybody_but_the_market(desk, the, refused):
    for caller in (desk.timelock, desk.buyer, desk.accounts[0]):
        with refused("SplitterCallerRefused", caller.address.lower()):
            desk.splitter.escrow(SALE, the.ETH, desk.buyer, 5, {"from": caller, "value": 5})


def test_escrow_refuses_a_currency_no_vote_allowed(desk, deploy, refused):
    other = deploy("TestDollar")
    desk.fund(5, other)
    with refused("CurrencyNotAllowed"):
        desk.market.escrow(SALE, other, desk.buyer, 5)


def test_escrow_refuses_more_or_less_ether_than_the_price(desk, the, refused):
    for value in (0, 4, 6):
        with refused("EscrowAmountWrong", value, 5):
            desk.market.escrow(SALE, the.ETH, desk.buyer, 5, {"value": value})


def test_escrow_refuses_ether_beside_a_token(desk, refused):
    desk.fund(5)
    with refused("EscrowAmountWrong", 1, 0):
        desk.market.escrow(SALE, desk.dollar, desk.buyer, 5, {"value": 1})


def test_escrow_refuses_a_price_of_nothing(desk, the, refused):
    for currency in (the.ETH, desk.dollar):
        with refused("EscrowAmountWrong", 0, 0):
            desk.market.escrow(SALE, currency, desk.buyer, 0)


def test_escrow_refuses_a_token_that_keeps_a_fee(desk, deploy, refused):
    token = deploy("FeeOnTransferDollar")
    desk.splitter.setCurrency(token, True, {"from": desk.timelock})
    desk.fund(1000, token)
    with refused("EscrowAmountWrong", 990, 1000):
        desk.market.escrow(SALE, token, desk.buyer, 1000)


def test_escrow_refuses_a_sale_that_is_in_escrow(desk, refused):
    desk.escrow("sale", 5)
    with refused("EscrowExists"):
        desk.escrow("sale", 5)


def test_escrow_takes_exactly_the_price_of_either_kind(desk, the):
    desk.escrow("tokens", 55_000_000_000)
    desk.escrow("ether", 10**18, the.ETH)
    assert desk.splitter.escrowOf(b"tokens".ljust(32, b"\0")) == desk.ledger(desk.dollar) == 55_000_000_000
    assert desk.splitter.escrowOf(b"ether".ljust(32, b"\0")) == desk.ledger(the.ETH) == 10**18
    assert desk.splitter.balance() == 10**18


def test_plain_transfers_are_nobodys_escrow(desk, deploy, accounts, the, refused):
    desk.dollar.mint(desk.splitter, 777)
    accounts[0].deploy(project.get_loaded_projects()[0]["ForcedPayment"], desk.splitter, amount=7)
    assert desk.splitter.balance() == 7
    assert desk.ledger(desk.dollar) == desk.ledger(the.ETH) == 0
    with refused("EscrowAmountWrong", 0, 5):
        desk.market.escrow(SALE, the.ETH, desk.buyer, 5)
    assert desk.escrow("sale", 5) == SALE
    assert desk.ledger(desk.dollar) == 5


def test_a_transfer_straight_to_the_splitter_is_refused(desk, accounts):
    with pytest.raises(Exception, match="revert"):
        accounts[0].transfer(desk.splitter, 5)


def test_a_token_that_calls_back_cannot_have_one_payment_counted_twice(desk, deploy, refused):
    """Outer escrow 100; in its transfer the token escrows 30 more, and keeps 30 of the outer as a fee.

    The balance grows by 100 in all, which a check of balances alone takes for the outer price."""
    token = _armed(deploy, desk, 200)
    inner = desk.market.escrow.encode_input(OTHER, token, desk.buyer, 30)
    token.arm(desk.market, inner, 30)
    with refused("EscrowAmountWrong", 70, 100):
        desk.market.escrow(SALE, token, desk.buyer, 100)


def test_a_token_that_calls_back_honestly_is_counted_per_sale(desk, deploy):
    token = _armed(deploy, desk, 200)
    token.arm(desk.market, desk.market.escrow.encode_input(OTHER, token, desk.buyer, 30), 0)
    desk.market.escrow(SALE, token, desk.buyer, 100)
    assert not token.reentryFailed()
    assert desk.splitter.escrowOf(SALE) == 100
    assert desk.splitter.escrowOf(OTHER) == 30
    assert desk.ledger(token) == token.balanceOf(desk.splitter) == 130


def test_a_token_that_calls_back_for_the_same_sale_is_refused(desk, deploy, refused):
    token = _armed(deploy, desk, 200)
    token.arm(desk.market, desk.market.escrow.encode_input(SALE, token, desk.buyer, 100), 0)
    with refused("EscrowExists"):
        desk.market.escrow(SALE, token, desk.buyer, 100)
