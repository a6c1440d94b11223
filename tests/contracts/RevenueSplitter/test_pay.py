"""Operators and the treasury: credits pulled in equal parts or by vote, and caps that no vote passes."""

from __future__ import annotations

PRICE = 1_000_000


def _sell(desk, name="sale", fees=(1000, 1000)):
    return desk.sell(name, PRICE, 100, fees=fees)


def test_operators_pull_equal_parts(desk, the, refused):
    _sell(desk)
    for i in (5, 6, 7):
        assert desk.splitter.operatorCreditOf(the.GENERATION, desk.accounts[i], desk.dollar) == 33_333
        desk.splitter.payOperator(the.GENERATION, desk.accounts[i], desk.dollar, {"from": desk.accounts[2]})
        assert desk.balance(i) == 33_333
        with refused("NothingToPay"):
            desk.splitter.payOperator(the.GENERATION, desk.accounts[i], desk.dollar)
    _sell(desk, "again")
    desk.splitter.payOperator(the.GENERATION, desk.accounts[5], desk.dollar)
    # Two sales together divide without the rounding of each: 200,000 / 3.
    assert desk.balance(5) == 66_666


def test_only_custodians_of_the_generation_are_operators(desk, the, refused):
    _sell(desk)
    with refused("OperatorUnknown", 1, desk.accounts[4].address.lower()):
        desk.splitter.payOperator(the.GENERATION, desk.accounts[4], desk.dollar)
    with refused("OperatorUnknown", 2, desk.accounts[5].address.lower()):
        desk.splitter.payOperator(2, desk.accounts[5], desk.dollar)
    assert desk.splitter.operatorCreditOf(2, desk.accounts[5], desk.dollar) == 0


def test_treasury_is_credited_by_the_timelock_and_pulled(desk, the, refused):
    _sell(desk)
    with refused("SplitterCallerRefused"):
        desk.splitter.payTreasury(desk.accounts[3], desk.dollar, 1)
    with refused("TreasuryTooSmall", desk.dollar.address.lower(), 100_000, 100_001):
        desk.splitter.payTreasury(desk.accounts[3], desk.dollar, 100_001, {"from": desk.timelock})
    desk.splitter.payTreasury(desk.accounts[3], desk.dollar, 60_000, {"from": desk.timelock})
    assert desk.splitter.treasuryOf(desk.dollar) == 40_000
    with refused("TreasuryTooSmall"):
        desk.splitter.payTreasury(desk.accounts[3], desk.dollar, 2**256 - 1, {"from": desk.timelock})
    desk.splitter.payCredit(desk.accounts[3], desk.dollar)
    assert desk.balance(3) == 60_000
    assert desk.ledger(desk.dollar) == desk.dollar.balanceOf(desk.splitter) == 940_000


def test_fees_are_capped_whoever_asks(desk, refused):
    with refused("SplitterCallerRefused"):
        desk.splitter.setFees(1, 1)
    for fees in ((1001, 0), (0, 1001), (65_535, 65_535)):
        with refused("FeeTooHigh"):
            desk.splitter.setFees(*fees, {"from": desk.timelock})
    desk.splitter.setFees(1000, 1000, {"from": desk.timelock})
    assert desk.splitter.fees() == (1000, 1000)


def test_a_deployment_with_a_fee_above_the_cap_is_refused(desk, deploy, refused):
    from brownie import ZERO_ADDRESS

    with refused("FeeTooHigh"):
        deploy("RevenueSplitter", *[ZERO_ADDRESS] * 5, 1001, 0, [])


def test_currencies_are_the_timelocks(desk, the, refused):
    with refused("SplitterCallerRefused"):
        desk.splitter.setCurrency(desk.dollar, False)
    desk.splitter.setCurrency(desk.dollar, False, {"from": desk.timelock})
    assert not desk.splitter.isCurrency(desk.dollar) and desk.splitter.isCurrency(the.ETH)
    with refused("CurrencyNotAllowed"):
        desk.escrow("sale", 5)


def test_what_was_earned_in_a_currency_outlives_its_permission(desk, the):
    desk.join(1, 100)
    _sell(desk)
    desk.splitter.setCurrency(desk.dollar, False, {"from": desk.timelock})
    desk.claim(1)
    desk.splitter.payOperator(the.GENERATION, desk.accounts[5], desk.dollar)
    assert desk.balance(1) == 800_000
