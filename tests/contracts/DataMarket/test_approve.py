"""Approval takes what fits and passes the rest by; one bad sale sinks nobody."""

from __future__ import annotations

import pytest

from tests.contracts.support.market import (
    APPROVED,
    GENERATION_NOT_ACTIVE,
    HEIGHT,
    MAX_EXCLUDED,
    NOT_OFFERED,
    OFFERED,
    PAST_EXECUTE_BEFORE,
    TOO_LITTLE_WEIGHT,
    TOO_MANY_EXCLUDED,
    WEIGHT,
)


def _skips(tx):
    if "SaleSkipped" not in tx.events:
        return []
    return [(event["saleId"], event["reason"]) for event in tx.events["SaleSkipped"]]


def test_only_the_timelock_approves(desk, refused):
    _, sale = desk.offer()
    for caller in (desk.stranger, desk.buyer, desk.members[0], desk.custodian):
        with refused("MarketCallerRefused", caller.address.lower()):
            desk.market.approve([sale], {"from": caller})


def test_without_exclusions_it_is_fixed_at_once(desk, clock):
    _, sale = desk.offer()
    tx = desk.approve(sale)
    stored = desk.sale(sale)
    assert (stored["state"], stored["approvedAt"]) == (APPROVED, clock.now())
    assert (stored["eligibleWeight"], stored["excluded"], stored["cursor"]) == (12 * WEIGHT, 0, 0)
    assert (stored["members"], stored["height"], stored["generation"]) == (12, HEIGHT, 1)
    assert dict(tx.events["SaleApproved"]) == {"saleId": "0x" + sale.hex(), "withdrawals": 0, "optOuts": 0}
    assert desk.market.isExcluded(sale, 0) is False


def test_it_stores_the_counters_of_that_moment(desk):
    _, sale = desk.offer()
    desk.withdraw(4, 5)
    desk.opt_out(sale, 5)
    desk.approve(sale)
    desk.withdraw(6)
    stored = desk.sale(sale)
    assert (stored["withdrawals"], stored["optOuts"], stored["eligibleWeight"]) == (2, 1, 0)
    assert [desk.market.isExcluded(sale, n) for n in range(12)] == [n in (4, 5) for n in range(12)]


def test_exclusion_is_asked_of_approved_sales_only(desk, refused):
    _, sale = desk.offer()
    with refused(*desk.refused_in(OFFERED, sale, APPROVED)):
        desk.market.isExcluded(sale, 0)


def test_a_sale_past_its_time_is_passed_by(desk, clock):
    offer, late = desk.offer(execute_before=clock.now() + 100)
    _, good = desk.offer()
    clock.advance_to(offer[8] + 1)
    tx = desk.approve(late, good)
    assert _skips(tx) == [("0x" + late.hex(), PAST_EXECUTE_BEFORE)]
    assert (desk.sale(late)["state"], desk.sale(good)["state"]) == (OFFERED, APPROVED)


def test_too_many_exclusions(desk):
    assert desk.market.maxExcluded() == MAX_EXCLUDED
    _, many = desk.offer()
    _, good = desk.offer()
    desk.opt_out(many, *range(10))
    desk.withdraw(0, 1, 2)
    tx = desk.approve(many, good)
    assert _skips(tx) == [("0x" + many.hex(), TOO_MANY_EXCLUDED)]
    assert desk.sale(good)["state"] == APPROVED


def test_exactly_as_many_as_allowed(desk):
    _, sale = desk.offer()
    desk.opt_out(sale, *range(10))
    desk.withdraw(0, 1)
    desk.approve(sale)
    assert desk.sale(sale)["state"] == APPROVED


def test_too_little_weight(desk):
    _, heavy = desk.offer(min_eligible_weight=12 * WEIGHT + 1)
    _, exact = desk.offer(min_eligible_weight=12 * WEIGHT)
    tx = desk.approve(heavy, exact)
    assert _skips(tx) == [("0x" + heavy.hex(), TOO_LITTLE_WEIGHT)]
    assert desk.sale(exact)["state"] == APPROVED


def test_an_empty_pool_is_not_sold_even_at_a_minimum_of_zero(desk):
    desk.registry.open(b"\x01" * 32, 1, 1, HEIGHT)
    pool = desk.registry.poolId(b"\x01" * 32, 1)
    desk.registry.seal(pool, 0)
    desk.registry.allow(b"\x01" * 32, b"\x02" * 32)
    _, sale = desk.offer(scope=b"\x01" * 32, purpose=b"\x02" * 32, min_eligible_weight=0)
    assert _skips(desk.approve(sale)) == [("0x" + sale.hex(), TOO_LITTLE_WEIGHT)]


def test_a_retired_key_stops_approvals(desk):
    _, sale = desk.offer()
    desk.committee.retire(1, {"from": desk.timelock})
    assert _skips(desk.approve(sale)) == [("0x" + sale.hex(), GENERATION_NOT_ACTIVE)]


@pytest.mark.parametrize("kind", ["unknown", "expired", "twice", "same list"])
def test_what_is_not_offered_is_passed_by(desk, clock, kind):
    _, good = desk.offer(execute_before=2**40)
    offer, bad = desk.offer()
    sales = [bad, good]
    if kind == "unknown":
        sales = [b"\x09" * 32, good]
    elif kind == "expired":
        clock.advance_to(offer[8] + 1)
        desk.market.expire(offer, {"from": desk.stranger})
    elif kind == "twice":
        desk.approve(bad)
    else:
        sales = [good, good]
    tx = desk.approve(*sales)
    assert [reason for _, reason in _skips(tx)] == [NOT_OFFERED]
    assert desk.sale(good)["state"] == APPROVED


def test_a_passed_by_sale_can_be_approved_later(desk):
    _, sale = desk.offer(min_eligible_weight=12 * WEIGHT + 1)
    desk.approve(sale)
    assert desk.sale(sale)["state"] == OFFERED
    desk.registry.fill(desk.pool, [0], WEIGHT + 1)
    desk.approve(sale)
    assert desk.sale(sale)["state"] == APPROVED


def test_nothing_approved_is_nothing_done(desk):
    assert len(desk.approve().events) == 0
