"""Claims: each member's exact part, whatever happened in which order; and the flaws that peers had."""

from __future__ import annotations

import itertools

import pytest

PRICE = 1_000_000


@pytest.fixture
def four(desk):
    """Members 0..3 as accounts 1..4, weights 10, 20, 30, 40 in POOL and 1, 1, 1, 1 in OTHER_POOL."""
    return [desk.join(i + 1, 10 * (i + 1), 1) for i in range(4)]


def _exclude(desk, index):
    """What withdrawing or opting out does at once, long before any approval."""
    desk.membership.markExcluded(desk.accounts[index])


def test_claim_pays_by_weight_and_a_second_claim_is_refused(desk, four, refused):
    desk.sell("sale", PRICE, 100, fees=(100, 50))
    for i in range(1, 5):
        receipt = desk.claim(i)
        assert receipt.return_value == (98_500 * i,)
        assert desk.balance(i) == 98_500 * i
        with refused("NothingToClaim", desk.accounts[i].address.lower()):
            desk.claim(i)
    assert desk.ledger(desk.dollar) == 15_000


def test_claim_refuses_a_stranger(desk, four, refused):
    with refused("MemberUnknown"):
        desk.claim(7)


def test_claim_pays_the_payout_address_whoever_calls(desk, four):
    desk.membership.setPayout(desk.accounts[1], desk.accounts[6])
    desk.sell("sale", PRICE, 100)
    receipt = desk.claim(1, by=7)
    assert receipt.events["Claimed"]["payout"] == desk.accounts[6]
    assert (desk.balance(1), desk.balance(6), desk.balance(7)) == (0, 100_000, 0)


def test_claim_in_ether(desk, four, the):
    desk.sell("sale", PRICE, 100, currency=the.ETH)
    before = desk.accounts[2].balance()
    desk.claim(2, (the.POOL, the.ETH))
    assert desk.accounts[2].balance() - before == 200_000
    assert desk.splitter.balance() == desk.ledger(the.ETH) == 800_000


def test_one_claim_spans_pools_and_currencies_and_repeats_no_line(desk, four, the):
    desk.sell("one", PRICE, 100)
    desk.sell("two", PRICE, 4, pool=the.OTHER_POOL)
    desk.sell("three", PRICE, 100, currency=the.ETH)
    lines = [(the.POOL, desk.dollar), (the.POOL, desk.dollar), (the.OTHER_POOL, desk.dollar), (the.POOL, the.ETH)]
    before = desk.accounts[1].balance()
    receipt = desk.claim(1, *lines)
    assert receipt.return_value == (100_000, 0, 250_000, 100_000)
    assert desk.balance(1) == 350_000
    assert desk.accounts[1].balance() - before == 100_000
    assert len(receipt.events["Transfer"]) == 1


def test_lines_of_mixed_order_pay_the_same(desk, four, the):
    desk.sell("one", PRICE, 100)
    desk.sell("two", PRICE, 4, pool=the.OTHER_POOL)
    desk.sell("three", PRICE, 100, currency=the.ETH)
    desk.claim(
        1, (the.OTHER_POOL, desk.dollar), (the.POOL, the.ETH), (the.OTHER_POOL, the.ETH), (the.POOL, desk.dollar)
    )
    assert desk.balance(1) == 350_000


# ------------------------------------------------------------------ exclusion


def test_an_excluded_member_is_not_paid_and_the_others_are_paid_their_part(desk, four, refused):
    _exclude(desk, 4)
    desk.sell("sale", 600, 60, excluded=[3])
    for i in range(1, 4):
        desk.claim(i)
        assert desk.balance(i) == 100 * i
    with refused("NothingToClaim"):
        desk.claim(4)


def test_claims_made_before_the_flag_leave_no_hole(desk, four, the):
    """The member claims past a sale that excluded somebody else, then opts out of the next one."""
    _exclude(desk, 1)
    desk.sell("one", 900, 90, excluded=[0])
    desk.claim(4)
    assert desk.balance(4) == 400
    desk.escrow("two", 1000)
    _exclude(desk, 4)
    desk.sell("three", 500, 50, excluded=[0, 3])
    desk.sell("four", 900, 90, excluded=[0])
    receipt = desk.claim(4)
    advanced = receipt.events["ClaimAdvanced"]
    assert (advanced["salesRead"], advanced["salesTotal"]) == (3, 3)
    assert desk.balance(4) == 400 + 400
    desk.settle(b"two".ljust(32, b"\0"), 100)
    desk.claim(4)
    assert desk.balance(4) == 800 + 400


def test_a_flag_set_after_all_sales_takes_nothing_back(desk, four, refused):
    _exclude(desk, 1)
    desk.sell("one", 900, 90, excluded=[0])
    desk.claim(4)
    _exclude(desk, 4)
    with refused("NothingToClaim"):
        desk.claim(4)
    _exclude(desk, 3)
    desk.claim(3)
    assert (desk.balance(3), desk.balance(4)) == (300, 400)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_concurrent_sales_pay_the_same_in_any_order_of_settlement(desk, four, order):
    """Member 3 opts out of the second of three concurrent sales; claims happen between the settlements."""
    _exclude(desk, 4)
    sales = [desk.escrow(f"sale {i}", 600) for i in range(3)]
    for step, i in enumerate(order):
        if i == 1:
            desk.settle(sales[i], 60, excluded=[3])
        else:
            desk.settle(sales[i], 100)
        for who in {0: (1,), 1: (1, 2), 2: (1, 2, 3, 4)}[step]:
            desk.claim(who)
    assert [desk.balance(i) for i in range(1, 5)] == [60 * 2 + 100, 120 * 2 + 200, 180 * 2 + 300, 240 * 2]
    assert desk.ledger(desk.dollar) == 0


def test_a_long_list_is_read_in_parts_and_pays_only_when_read(desk, four, the, refused):
    _exclude(desk, 1)
    _exclude(desk, 4)
    for i in range(7):
        desk.sell(f"sale {i}", 9000, 50 if i % 2 else 90, excluded=[0, 3] if i % 2 else [0])
    expected = 4 * 4000
    assert desk.splitter.claimable(desk.accounts[4], the.POOL, desk.dollar) == expected
    for read in (3, 6):
        receipt = desk.claim(4, most=3)
        assert receipt.events["ClaimAdvanced"]["salesRead"] == read
        assert desk.balance(4) == 0
        assert desk.splitter.claimable(desk.accounts[4], the.POOL, desk.dollar) == expected
    with refused("NothingToClaim"):
        desk.claim(4, most=0)
    desk.claim(4, most=3)
    assert desk.balance(4) == expected
    with refused("NothingToClaim"):
        desk.claim(4)


def test_sales_settled_while_reading_are_read_too(desk, four):
    _exclude(desk, 4)
    for i in range(4):
        desk.sell(f"sale {i}", 600, 60, excluded=[3])
    desk.claim(4, most=3)
    desk.sell("later", 600, 60, excluded=[3])
    desk.sell("open to all", 1000, 100)
    desk.claim(4, most=1)
    assert desk.balance(4) == 0
    desk.claim(4, most=1)
    assert desk.balance(4) == 400


def test_the_limit_is_shared_by_the_lines_of_a_claim(desk, four, the):
    _exclude(desk, 1)
    for i, pool in enumerate((the.POOL, the.POOL, the.OTHER_POOL, the.OTHER_POOL)):
        desk.sell(f"sale {i}", 900, 90 if pool == the.POOL else 3, pool=pool, excluded=[0])
    _exclude(desk, 2)
    receipt = desk.claim(2, (the.POOL, desk.dollar), (the.OTHER_POOL, desk.dollar), most=3)
    assert receipt.return_value == (400, 0)
    assert [(event["salesRead"], event["salesTotal"]) for event in receipt.events["ClaimAdvanced"]] == [(2, 2), (1, 2)]
    desk.claim(2, (the.POOL, desk.dollar), (the.OTHER_POOL, desk.dollar), most=3)
    assert desk.balance(2) == 1000


def test_a_line_that_pays_nothing_takes_no_claim_away_from_the_next(desk, four, the, refused):
    """The first line uses the whole limit up and excluded the member every time; what was read of it is kept."""
    _exclude(desk, 4)
    for i in range(3):
        desk.sell(f"sale {i}", 600, 60, excluded=[3])
    desk.sell("another pool's", 300, 3, pool=the.OTHER_POOL, excluded=[0])
    lines = [(the.POOL, desk.dollar), (the.OTHER_POOL, desk.dollar)]
    receipt = desk.claim(4, *lines, most=3)
    assert receipt.return_value == (0, 0)
    assert receipt.events["ClaimAdvanced"]["salesRead"] == 3
    desk.claim(4, *lines, most=3)
    assert desk.balance(4) == 100
    with refused("NothingToClaim"):
        desk.claim(4, *lines, most=3)


# ------------------------------------------------------------------ flaws seen in peers


def test_a_late_joiner_takes_nothing_of_earlier_sales(desk, four, refused):
    desk.sell("sale", PRICE, 100)
    desk.join(5)
    with refused("NothingToClaim"):
        desk.claim(5)


def test_a_leaver_keeps_what_was_earned(desk, four):
    desk.sell("sale", PRICE, 100)
    desk.membership.setVotes(desk.accounts[4], 0)
    desk.claim(4)
    assert desk.balance(4) == 400_000


def test_a_transfer_not_accounted_for_belongs_to_nobody(desk, four, refused):
    desk.dollar.mint(desk.splitter, PRICE)
    with refused("NothingToClaim"):
        desk.claim(1)
    desk.sell("sale", PRICE, 100)
    desk.dollar.mint(desk.splitter, PRICE)
    desk.claim(1)
    assert desk.balance(1) == 100_000
    assert desk.dollar.balanceOf(desk.splitter) == desk.ledger(desk.dollar) + 2 * PRICE


def test_a_fee_raised_before_settlement_changes_no_earlier_sale(desk, four, refused):
    sale = desk.escrow("sale", PRICE)
    desk.splitter.setFees(1000, 1000, {"from": desk.timelock})
    with refused("FeeTooHigh", 10_000, 1000):
        desk.splitter.setFees(10_000, 0, {"from": desk.timelock})
    desk.settle(sale, 100)
    desk.claim(4)
    assert desk.balance(4) == 400_000


def test_dust_stays_and_is_at_most_one_unit_per_claim(desk, four):
    for i in range(3):
        desk.sell(f"sale {i}", 101, 100)
    paid = 0
    for i in range(1, 5):
        desk.claim(i)
        paid += desk.balance(i)
    assert 0 <= 303 - paid <= 4
    assert desk.ledger(desk.dollar) == 303 - paid


def test_claiming_often_pays_no_more_and_no_less_than_claiming_once(desk, four):
    for i in range(6):
        desk.sell(f"sale {i}", 997 + i, 100)
        desk.claim(3)
    total = sum(997 + i for i in range(6))
    desk.claim(4)
    assert desk.balance(3) == total * 30 // 100
    assert desk.balance(4) == total * 40 // 100


# ------------------------------------------------------------------ hostile receivers


def test_a_wallet_that_refuses_ether_stops_its_own_claim_only(desk, deploy, four, the, refused):
    desk.membership.setPayout(desk.accounts[1], deploy("RefusingWallet"))
    desk.sell("sale", PRICE, 100, currency=the.ETH)
    desk.sell("dollars", PRICE, 100)
    with refused("PaymentFailed"):
        desk.claim(1, (the.POOL, the.ETH))
    desk.claim(2, (the.POOL, the.ETH))
    assert desk.splitter.claimable(desk.accounts[1], the.POOL, the.ETH) == 100_000
    desk.membership.setPayout(desk.accounts[1], desk.accounts[6])
    desk.claim(1, (the.POOL, the.ETH))


def test_nobody_pays_for_reading_what_a_wallet_answers(desk, deploy, four, the):
    """The wallet pays 340,000 gas for its answer; copying it would cost as much again, more than there is."""
    wallet = deploy("TalkativeWallet")
    desk.membership.setPayout(desk.accounts[1], wallet)
    desk.sell("sale", PRICE, 100, currency=the.ETH)
    lines = [(the.POOL, the.ETH)]
    desk.splitter.claim(desk.accounts[1], lines, the.ALL, {"from": desk.accounts[7], "gas_limit": 600_000})
    assert wallet.balance() == 100_000


def test_a_wallet_that_calls_back_is_paid_once(desk, deploy, four, the):
    wallet = deploy("ReenteringWallet")
    desk.membership.setPayout(desk.accounts[1], wallet)
    desk.sell("sale", PRICE, 100, currency=the.ETH)
    again = desk.splitter.claim.encode_input(desk.accounts[1], [(the.POOL, the.ETH)], the.ALL)
    wallet.arm(desk.splitter, again)
    desk.claim(1, (the.POOL, the.ETH))
    assert wallet.reentered() and not wallet.reentrySucceeded()
    assert wallet.balance() == 100_000
    assert desk.ledger(the.ETH) == desk.splitter.balance() == 900_000


def test_a_wallet_that_opts_out_and_settles_while_it_is_paid_gets_nothing_of_that_sale(desk, deploy, four, the):
    """The claim has read `everExcluded` before; its later lines must not see what the callback settles."""
    wallet = deploy("ReenteringWallet")
    desk.membership.setPayout(desk.accounts[1], wallet)
    desk.sell("ether", 400, 4, pool=the.OTHER_POOL, currency=the.ETH)
    desk.sell("dollars", 400, 4, pool=the.OTHER_POOL)
    sale = desk.escrow("inside", PRICE)
    script = desk.market.optOutAndSettle.encode_input(
        desk.membership, desk.accounts[1], sale, the.OTHER_POOL, desk.dollar
    )
    wallet.arm(desk.market, script)
    desk.claim(1, (the.OTHER_POOL, the.ETH), (the.OTHER_POOL, desk.dollar))
    assert wallet.reentrySucceeded()
    assert desk.dollar.balanceOf(wallet) == 100
    assert desk.splitter.claimable(desk.accounts[1], the.OTHER_POOL, desk.dollar) == 0


@pytest.mark.parametrize("token_name", ["BlacklistingDollar", "FalseDollar"])
def test_a_token_that_refuses_one_member_stops_no_other(desk, deploy, four, the, refused, token_name):
    token = deploy(token_name)
    desk.splitter.setCurrency(token, True, {"from": desk.timelock})
    desk.fund(PRICE, token)
    sale = b"sale".ljust(32, b"\0")
    desk.market.escrow(sale, token, desk.buyer, PRICE)
    desk.settle(sale, 100, currency=token)
    if token_name == "BlacklistingDollar":
        token.setBlacklisted(desk.accounts[1], True)
    else:
        token.setBroken(True)
    with refused("PaymentFailed"):
        desk.claim(1, (the.POOL, token))
    if token_name == "FalseDollar":
        token.setBroken(False)
    desk.claim(2, (the.POOL, token))
    assert token.balanceOf(desk.accounts[2]) == 200_000
    assert desk.splitter.claimable(desk.accounts[1], the.POOL, token) == 100_000


def test_a_token_that_calls_back_while_paying_pays_once(desk, deploy, four, the):
    token = deploy("ReenteringDollar")
    desk.splitter.setCurrency(token, True, {"from": desk.timelock})
    desk.fund(PRICE, token)
    sale = b"sale".ljust(32, b"\0")
    desk.market.escrow(sale, token, desk.buyer, PRICE)
    desk.settle(sale, 100, currency=token)
    again = desk.splitter.claim.encode_input(desk.accounts[1], [(the.POOL, token)], the.ALL)
    token.arm(desk.splitter, again, 0)
    desk.claim(1, (the.POOL, token))
    assert token.reentryFailed()
    assert token.balanceOf(desk.accounts[1]) == 100_000
