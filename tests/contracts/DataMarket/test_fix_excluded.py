"""One list decides keys and money: open to all, staged per caller, complete or nothing."""

from __future__ import annotations

import pytest

from tests.contracts.support.market import APPROVED, EXPIRED, NONE, OFFERED, PRICE, REFUNDED, SETTLED, WEIGHT


def _fix(desk, offer, leaves, by=None):
    return desk.market.fixExcluded(offer, leaves, {"from": by or desk.stranger})


def test_the_complete_list_in_one_call(desk):
    offer, sale = desk.approved((7, 2, 11))
    tx = _fix(desk, offer, [2, 7, 11])
    event = tx.events["ExclusionsFixed"]
    assert (list(event["leaves"]), event["eligibleWeight"]) == ([2, 7, 11], 9 * WEIGHT)
    stored = desk.sale(sale)
    assert (stored["eligibleWeight"], stored["excluded"], stored["cursor"]) == (9 * WEIGHT, 3, 0)
    assert desk.market.excludedLeaves(sale) == [2, 7, 11]
    assert [n for n in range(12) if desk.market.isExcluded(sale, n)] == [2, 7, 11]
    assert desk.market.isExcluded(sale, 2**32 - 1) is False


def test_the_cursor_starts_behind_excluded_leaves(desk):
    offer, sale = desk.approved((0, 1, 5))
    _fix(desk, offer, [0, 1, 5])
    assert desk.sale(sale)["cursor"] == 2


def test_withdrawals_and_opt_outs_are_both_counted_but_once_in_weight(desk):
    """A running sum of excluded weight would subtract member 5 twice."""
    offer, sale = desk.offer()
    desk.withdraw(4, 5)
    desk.opt_out(sale, 5, 6)
    desk.approve(sale)
    _fix(desk, offer, [4, 5, 6])
    assert desk.sale(sale)["eligibleWeight"] == 9 * WEIGHT


def test_staged_over_several_calls(desk):
    offer, sale = desk.approved((1, 3, 5, 8, 9))
    for leaves, total in (([1], 1), ([3, 5], 3)):
        tx = _fix(desk, offer, leaves)
        event = tx.events["ExclusionsStaged"]
        assert (event["by"], event["leaves"]) == (desk.stranger, total)
        assert desk.sale(sale)["eligibleWeight"] == 0
        assert desk.market.excludedLeaves(sale) == []
    _fix(desk, offer, [8, 9])
    assert desk.market.excludedLeaves(sale) == [1, 3, 5, 8, 9]
    assert desk.sale(sale)["eligibleWeight"] == 7 * WEIGHT


def test_nothing_is_delivered_or_settled_before(desk, refused):
    offer, sale = desk.approved((1,))
    node = desk.node(offer, 0, 0)
    with refused("ExclusionsNotFixed", sale):
        desk.deliver(offer, [node])
    with refused("ExclusionsNotFixed", sale):
        desk.deliver(offer, desk.cover(offer, {1}))


def test_another_callers_entry_blocks_nobody(desk):
    """The attack: stage an entry far ahead, so that an append-only list could never be completed."""
    offer, sale = desk.approved((1, 5, 9))
    _fix(desk, offer, [9], by=desk.members[3])
    _fix(desk, offer, [1], by=desk.members[4])
    _fix(desk, offer, [1, 5, 9])
    assert desk.market.excludedLeaves(sale) == [1, 5, 9]


def test_callers_do_not_share_their_stages(desk, refused):
    offer, sale = desk.approved((1, 5))
    _fix(desk, offer, [1], by=desk.members[3])
    _fix(desk, offer, [5], by=desk.members[4])
    assert desk.sale(sale)["eligibleWeight"] == 0
    with refused("LeavesUnordered", 5, 1):
        _fix(desk, offer, [1], by=desk.members[4])
    _fix(desk, offer, [5], by=desk.members[3])
    assert desk.market.excludedLeaves(sale) == [1, 5]


def test_an_empty_call_starts_over(desk):
    offer, sale = desk.approved((1, 5))
    _fix(desk, offer, [5])
    assert _fix(desk, offer, []).events["ExclusionsStaged"]["leaves"] == 0
    _fix(desk, offer, [1, 5])
    assert desk.market.excludedLeaves(sale) == [1, 5]


@pytest.mark.parametrize("leaves", [[5, 1], [1, 1, 5], [1, 5, 5]])
def test_lists_out_of_order(desk, refused, leaves):
    offer, _ = desk.approved((1, 5))
    with refused("LeavesUnordered"):
        _fix(desk, offer, leaves)


@pytest.mark.parametrize("leaf", [0, 2, 11, 12, 2**32 - 1])
def test_a_leaf_that_is_not_excluded(desk, refused, leaf):
    offer, sale = desk.approved((1, 5))
    with refused("LeafNotExcluded", sale, leaf):
        _fix(desk, offer, [leaf])


def test_a_substitute_does_not_count(desk, refused):
    """The attack: in place of member 1 somebody who withdrew after approval, so that the counts agree."""
    offer, sale = desk.offer()
    desk.withdraw(1)
    desk.approve(sale)
    desk.withdraw(7)
    with refused("LeafNotExcluded", sale, 7):
        _fix(desk, offer, [7])
    _fix(desk, offer, [1])
    assert desk.market.excludedLeaves(sale) == [1]


def test_a_later_withdrawal_of_an_opted_out_member_changes_nothing(desk):
    offer, sale = desk.approved((3,))
    desk.withdraw(3)
    _fix(desk, offer, [3])
    assert desk.sale(sale)["eligibleWeight"] == 11 * WEIGHT


def test_opt_outs_of_another_sale_do_not_count(desk, refused):
    _, other = desk.offer()
    desk.opt_out(other, 2, 3)
    offer, sale = desk.approved((2,))
    with refused("LeafNotExcluded", sale, 3):
        _fix(desk, offer, [2, 3])


def test_the_list_is_fixed_once(desk, refused):
    offer, sale = desk.fixed((1,))
    for leaves in ([1], [], [2]):
        with refused("ExclusionsAlreadyFixed", sale):
            _fix(desk, offer, leaves)
    offer, sale = desk.fixed()
    with refused("ExclusionsAlreadyFixed", sale):
        _fix(desk, offer, [])


def test_too_little_left_refunds_in_that_call(desk):
    offer, sale = desk.approved((1, 2), min_eligible_weight=10 * WEIGHT + 1)
    tx = _fix(desk, offer, [1, 2])
    assert "SaleRefunded" in tx.events
    assert desk.sale(sale)["state"] == REFUNDED
    assert desk.splitter.creditOf(desk.buyer, desk.dollar) == PRICE
    assert desk.splitter.escrowOf(sale) == 0
    assert desk.market.excludedLeaves(sale) == []


def test_exactly_enough_left_does_not(desk):
    offer, sale = desk.approved((1, 2), min_eligible_weight=10 * WEIGHT)
    _fix(desk, offer, [1, 2])
    assert desk.sale(sale)["state"] == APPROVED


def test_everybody_excluded_refunds_whatever_the_minimum(desk):
    """A cover of nobody is complete without a key; the sale must end before."""
    offer, sale = desk.approved(range(12), min_eligible_weight=0)
    _fix(desk, offer, list(range(12)))
    assert desk.sale(sale)["state"] == REFUNDED
    assert desk.splitter.creditOf(desk.buyer, desk.dollar) == PRICE


@pytest.mark.parametrize("state", [NONE, OFFERED, EXPIRED, REFUNDED, SETTLED])
def test_only_an_approved_sale_is_fixed(desk, refused, clock, state):
    if state == NONE:
        offer = desk.terms()
        sale = desk.sale_id(offer)
    elif state in (OFFERED, EXPIRED):
        offer, sale = desk.offer()
        if state == EXPIRED:
            clock.advance_to(offer[8] + 1)
            desk.market.expire(offer, {"from": desk.stranger})
    else:
        offer, sale = desk.fixed()
        if state == SETTLED:
            desk.deliver(offer, desk.cover(offer))
        else:
            clock.advance_to(desk.market.refundableAt(sale))
            desk.market.refund(offer, {"from": desk.stranger})
    with refused(*desk.refused_in(state, sale, APPROVED)):
        _fix(desk, offer, [1])


def test_an_offer_that_was_changed_names_no_sale(desk, refused):
    offer, _ = desk.approved((1,))
    cheaper = (*offer[:4], 1, *offer[5:])
    with refused(*desk.refused_in(NONE, desk.sale_id(cheaper), APPROVED)):
        _fix(desk, cheaper, [1])


def test_lists_of_many_sales_do_not_mix(desk):
    """Each list is a blob of the market's; staged ones take numbers in between."""
    made = []
    for i in range(4):
        offer, sale = desk.approved((i, i + 4, 11))
        _fix(desk, offer, [i], by=desk.members[0])
        _fix(desk, offer, [i, i + 4], by=desk.members[1])
        _fix(desk, offer, [i, i + 4, 11])
        made.append((sale, [i, i + 4, 11]))
    for sale, leaves in made:
        assert desk.market.excludedLeaves(sale) == leaves
