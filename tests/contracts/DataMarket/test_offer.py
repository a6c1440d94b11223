"""An offer names content, escrows all of its price, and is checked before the money is taken."""

from __future__ import annotations

import pytest
from brownie import web3
from brownie.exceptions import VirtualMachineError

from tests.contracts.support import bn254_model as model
from tests.contracts.support import vectors
from tests.contracts.support.market import (
    DELIVERY_S,
    ETH,
    GRACE_S,
    NONE,
    OFFERED,
    OPERATORS_BPS,
    PRICE,
    SCOPE,
    TREASURY_BPS,
    BuyerKey,
)


def _fee(tx):
    receipt = web3.eth.get_transaction_receipt(tx.txid)
    return receipt["gasUsed"] * receipt["effectiveGasPrice"]


@pytest.mark.parametrize("currency", ["dollar", "ETH"])
def test_an_offer_escrows_its_price_in_the_splitter(desk, currency):
    paid_in = desk.dollar.address if currency == "dollar" else ETH
    before = desk.dollar.balanceOf(desk.buyer) if currency == "dollar" else desk.buyer.balance()
    offer = desk.terms(currency=paid_in)
    tx = desk.market.offer(offer, {"from": desk.buyer, "value": 0 if currency == "dollar" else PRICE})
    sale = desk.sale_id(offer)
    assert tx.return_value == "0x" + sale.hex() == str(desk.market.saleIdOf(offer))
    assert desk.splitter.escrowOf(sale) == PRICE == desk.splitter.ledgerBeforeClaims(paid_in)
    after = desk.dollar.balanceOf(desk.buyer) if currency == "dollar" else desk.buyer.balance() + _fee(tx)
    assert before - after == PRICE
    assert desk.market.balance() == 0
    event = tx.events["OfferMade"]
    assert (event["buyer"], event["poolId"], event["offer"][4]) == (desk.buyer, desk.pool, PRICE)


def test_terms_are_stored_with_the_sale(desk):
    offer, sale = desk.offer(min_eligible_weight=77)
    assert desk.sale(sale) == {
        "state": OFFERED,
        "executeBefore": offer[8],
        "deliveryWindow": DELIVERY_S,
        "grace": GRACE_S,
        "treasuryBps": TREASURY_BPS,
        "operatorsBps": OPERATORS_BPS,
        "optOuts": 0,
        "minEligibleWeight": 77,
        "poolIndex": 1,
        "approvedAt": 0,
        "withdrawals": 0,
        "eligibleWeight": 0,
        "cursor": 0,
        "members": 0,
        "height": 0,
        "generation": 0,
        "excluded": 0,
    }
    assert desk.market.refundableAt(sale) == 0
    assert desk.market.excludedLeaves(sale) == []


def test_later_fees_and_windows_leave_an_offer_alone(desk):
    _, before = desk.offer()
    desk.splitter.setFees(1, 2, {"from": desk.timelock})
    desk.market.setWindows(200, 300, {"from": desk.timelock})
    _, after = desk.offer()
    names = ("treasuryBps", "operatorsBps", "deliveryWindow", "grace")
    assert [desk.sale(before)[n] for n in names] == [TREASURY_BPS, OPERATORS_BPS, DELIVERY_S, GRACE_S]
    assert [desk.sale(after)[n] for n in names] == [1, 2, 200, 300]


def test_the_sale_id_holds_every_field(desk):
    offer = desk.terms()
    others = [
        (desk.stranger.address, *offer[1:]),
        *((*offer[:i], b"\x07" * 32, *offer[i + 1 :]) for i in (1, 5, 6, 9)),
        *((*offer[:i], 7, *offer[i + 1 :]) for i in (2, 4, 7, 8, 12)),
        (*offer[:3], ETH, *offer[4:]),
        (*offer[:10], (7, 7), *offer[11:]),
        (*offer[:11], (7, 7, 7, 7), offer[12]),
    ]
    ids = {str(desk.market.saleIdOf(o)) for o in (offer, *others)}
    assert len(ids) == 14
    assert ids == {"0x" + desk.sale_id(o).hex() for o in (offer, *others)}
    assert desk.sale_id(offer, chain_id=7) != desk.sale_id(offer) != desk.sale_id(offer, market=desk.token.address)


def test_only_the_buyer_offers(desk, refused):
    offer = desk.terms()
    with refused("OfferBuyerNotCaller", desk.buyer.address.lower(), desk.stranger.address.lower()):
        desk.market.offer(offer, {"from": desk.stranger})


def test_an_offer_is_made_once(desk, refused):
    offer, sale = desk.offer()
    with refused("OfferExists", sale):
        desk.market.offer(offer, {"from": desk.buyer})


def test_offers_that_fit_nothing(desk, refused, clock):
    for error, changes in [
        ("OfferPriceZero", {"price": 0}),
        ("OfferListingUnknown", {"listing": b"\x01" * 32}),
        ("OfferExpiresInPast", {"execute_before": clock.now() - 1}),
        ("OfferPoolNotSealed", {"epoch": 9}),
        ("OfferPoolNotSealed", {"scope": b"\x01" * 32}),
        ("OfferPurposeNotAllowed", {"purpose": b"\x01" * 32}),
        ("CurrencyNotAllowed", {"currency": desk.token.address}),
    ]:
        with refused(error):
            desk.market.offer(desk.terms(**changes), {"from": desk.buyer})


def test_an_open_pool_is_not_for_sale(desk, refused):
    desk.open_pool(2, sealed=False)
    with refused("OfferPoolNotSealed"):
        desk.market.offer(desk.terms(epoch=2), {"from": desk.buyer})


def test_a_retired_key_takes_no_offers(desk, refused):
    desk.committee.retire(1, {"from": desk.timelock})
    with refused("OfferGenerationNotActive", 1):
        desk.market.offer(desk.terms(), {"from": desk.buyer})


@pytest.mark.parametrize("value", [0, PRICE - 1, PRICE + 1])
def test_ether_must_equal_the_price(desk, refused, value):
    with refused("EscrowAmountWrong", value, PRICE):
        desk.market.offer(desk.terms(currency=ETH), {"from": desk.buyer, "value": value})


def test_ether_beside_a_token_is_refused(desk, refused):
    with refused("EscrowAmountWrong", 5, 0):
        desk.market.offer(desk.terms(), {"from": desk.buyer, "value": 5})


def test_an_offer_without_the_money_leaves_nothing(desk):
    desk.dollar.approve(desk.splitter, PRICE - 1, {"from": desk.buyer})
    offer = desk.terms()
    with pytest.raises(VirtualMachineError):
        desk.market.offer(offer, {"from": desk.buyer})
    assert desk.sale(desk.sale_id(offer))["state"] == NONE
    assert desk.splitter.ledgerBeforeClaims(desk.dollar) == 0


@pytest.mark.parametrize("case", vectors.load()["on_chain_open"]["cases"], ids=lambda case: case["name"])
def test_buyer_keys_of_the_vectors(desk, case):
    offer = desk.terms(B1=vectors.ints(case["B1"]), B2=vectors.ints(case["B2"]))
    if case["must_accept"]:
        desk.market.offer(offer, {"from": desk.buyer})
        return
    with pytest.raises(VirtualMachineError) as refusal:
        desk.market.offer(offer, {"from": desk.buyer})
    # Outside the subgroup only the precompile sees it, and reverts.
    expected = "PrecompileFailed" if "subgroup" in case["name"] else "BuyerKeyInvalid"
    assert refusal.value.revert_msg.startswith(expected)


def test_buyer_keys_that_are_not_canonical_or_not_a_pair(desk, refused):
    key, other = desk.key, BuyerKey("other")
    p = model.P
    for b1, b2 in [
        ((key.B1[0] + p, key.B1[1]), key.B2),
        ((key.B1[0], key.B1[1] + p), key.B2),
        (key.B1, (key.B2[0] + p, *key.B2[1:])),
        (key.B1, (*key.B2[:3], key.B2[3] + p)),
        (key.B1, (0, 0, 0, 0)),
        (key.B1, other.B2),
        (model.negate(key.B1), key.B2),
    ]:
        with refused("BuyerKeyInvalid"):
            desk.market.offer(desk.terms(B1=b1, B2=b2), {"from": desk.buyer})


def test_a_stranger_may_use_the_same_buyer_key(desk):
    """A register of used keys would let a front-runner burn the buyer's key."""
    desk.dollar.transfer(desk.stranger, PRICE, {"from": desk.buyer})
    desk.dollar.approve(desk.splitter, PRICE, {"from": desk.stranger})
    desk.market.offer(desk.terms(buyer=desk.stranger.address), {"from": desk.stranger})
    desk.offer()


def test_an_offer_for_ever_is_stored_as_the_latest_second(desk):
    _, sale = desk.offer(execute_before=2**48 - 1)
    assert desk.sale(sale)["executeBefore"] == 2**40 - 1
    desk.approve(sale)
    assert desk.sale(sale)["state"] == 2


def test_ids_with_dirty_bits_make_no_offer(desk):
    """A nonce beyond uint64 would name a sale that no honest encoder can name again."""
    data = desk.market.offer.encode_input(desk.terms())
    dirty = data[:-64] + f"{2**64 + 1:064x}"
    with pytest.raises(ValueError, match="revert"):
        web3.eth.call({"from": desk.buyer.address, "to": desk.market.address, "data": dirty})
    web3.eth.call({"from": desk.buyer.address, "to": desk.market.address, "data": data})


def test_two_pools_two_offers(desk):
    desk.open_pool(2)
    _, first = desk.offer()
    _, second = desk.offer(epoch=2)
    assert (desk.sale(first)["poolIndex"], desk.sale(second)["poolIndex"]) == (1, 2)
    assert desk.registry.poolIdOf(2) == desk.registry.poolId(SCOPE, 2)
