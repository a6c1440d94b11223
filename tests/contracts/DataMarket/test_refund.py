"""Money goes back from refundableAt on, or when nobody approved in time; never both ways, never twice."""

from __future__ import annotations

import pytest

from tests.contracts.support.market import (
    APPROVED,
    DELIVERY_S,
    ETH,
    EXPIRED,
    GRACE_S,
    NONE,
    OFFERED,
    PRICE,
    REFUNDED,
    SETTLED,
)


def _in_state(desk, clock, state):
    if state == NONE:
        offer = desk.terms()
        return offer, desk.sale_id(offer)
    offer, sale = desk.offer()
    if state == EXPIRED:
        clock.advance_to(offer[8] + 1)
        desk.market.expire(offer, {"from": desk.stranger})
    elif state != OFFERED:
        desk.approve(sale)
        if state == SETTLED:
            desk.deliver(offer, desk.cover(offer))
        elif state == REFUNDED:
            clock.advance_to(desk.market.refundableAt(sale))
            desk.market.refund(offer, {"from": desk.stranger})
    assert desk.sale(sale)["state"] == state
    return offer, sale


def test_refundable_at(desk):
    _, sale = desk.approved()
    assert desk.market.refundableAt(sale) == desk.sale(sale)["approvedAt"] + DELIVERY_S + GRACE_S


@pytest.mark.parametrize("currency", ["dollar", "ETH"])
def test_a_refund_credits_the_buyer(desk, clock, currency):
    paid_in = desk.dollar.address if currency == "dollar" else ETH
    offer, sale = desk.approved(currency=paid_in)
    clock.advance_to(desk.market.refundableAt(sale))
    tx = desk.market.refund(offer, {"from": desk.stranger})
    assert tx.events["SaleRefunded"]["saleId"] == "0x" + sale.hex()
    assert desk.sale(sale)["state"] == REFUNDED
    assert desk.splitter.creditOf(desk.buyer, paid_in) == PRICE
    desk.splitter.payCredit(desk.buyer, paid_in, {"from": desk.stranger})
    assert desk.splitter.ledgerBeforeClaims(paid_in) == 0


def test_not_before_its_time(desk, clock, refused):
    offer, sale = desk.approved()
    at = desk.market.refundableAt(sale)
    clock.advance_to(at - clock.SOON_S)
    with refused("SaleNotRefundable", sale, at):
        desk.market.refund(offer, {"from": desk.stranger})


def test_a_sale_whose_list_nobody_fixed_is_refunded_in_time(desk, clock):
    offer, sale = desk.approved((1,))
    clock.advance_to(desk.market.refundableAt(sale))
    desk.market.refund(offer, {"from": desk.stranger})
    assert desk.sale(sale)["state"] == REFUNDED


def test_a_delivery_may_come_until_the_refund(desk, clock):
    offer, sale = desk.approved()
    clock.advance_to(desk.market.refundableAt(sale) + 1_000)
    desk.deliver(offer, desk.cover(offer))
    assert desk.sale(sale)["state"] == SETTLED


@pytest.mark.parametrize("state", [NONE, OFFERED, EXPIRED, REFUNDED, SETTLED])
def test_only_an_approved_sale_is_refunded(desk, clock, refused, state):
    offer, sale = _in_state(desk, clock, state)
    clock.advance(1_000_000)
    with refused(*desk.refused_in(state, sale, APPROVED)):
        desk.market.refund(offer, {"from": desk.stranger})


@pytest.mark.parametrize("state", [NONE, APPROVED, EXPIRED, REFUNDED, SETTLED])
def test_only_an_offered_sale_expires(desk, clock, refused, state):
    offer, sale = _in_state(desk, clock, state)
    clock.advance(1_000_000)
    with refused(*desk.refused_in(state, sale, OFFERED)):
        desk.market.expire(offer, {"from": desk.stranger})


def test_an_offer_cannot_be_withdrawn_before_its_time(desk, clock, refused):
    offer, sale = desk.offer()
    for caller in (desk.buyer, desk.timelock, desk.stranger):
        with refused("SaleNotExpired", sale, offer[8]):
            desk.market.expire(offer, {"from": caller})
    clock.advance_to(offer[8] - clock.SOON_S)
    with refused("SaleNotExpired"):
        desk.market.expire(offer, {"from": desk.buyer})


def test_anyone_expires_it_after(desk, clock):
    offer, sale = desk.offer()
    clock.advance_to(offer[8] + 1)
    tx = desk.market.expire(offer, {"from": desk.stranger})
    assert tx.events["SaleExpired"]["saleId"] == "0x" + sale.hex()
    assert desk.sale(sale)["state"] == EXPIRED
    assert desk.splitter.creditOf(desk.buyer, desk.dollar) == PRICE


@pytest.mark.parametrize("field", [0, 3, 4])
def test_a_changed_offer_moves_no_money(desk, clock, refused, field):
    """Buyer, currency, price: all are under the hash."""
    offer, sale = desk.approved()
    clock.advance_to(desk.market.refundableAt(sale))
    value = {0: desk.stranger.address, 3: ETH, 4: 1}[field]
    changed = (*offer[:field], value, *offer[field + 1 :])
    with refused(*desk.refused_in(NONE, desk.sale_id(changed), APPROVED)):
        desk.market.refund(changed, {"from": desk.stranger})
