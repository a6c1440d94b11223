"""What custodians say of a sale: READY once each, and shares into the event log, both bound to who says it."""

from __future__ import annotations

import pytest

from tests.contracts.support import bn254_model as model

SALE = b"\x5a" * 32
POINTS = [model.mul(model.P1, k) for k in (1, 2, 3, 4)]


def test_ready_is_an_event_bound_to_the_custodian(active):
    tx = active.committee.ready(1, SALE, {"from": active.custodian})
    (event,) = tx.events["Ready"]
    assert dict(event) == {"generation": 1, "saleId": "0x" + SALE.hex(), "index": 1}
    assert active.committee.readyOf(1, SALE) == 0b1
    assert active.committee.readyOf(1, b"\x5b" * 32) == 0


def test_ready_counts_once_a_custodian_and_sale(active, refused):
    active.committee.ready(1, SALE, {"from": active.custodian})
    with refused("ReadyRepeated"):
        active.committee.ready(1, SALE, {"from": active.custodian})
    active.committee.ready(1, b"\x5b" * 32, {"from": active.custodian})


def test_nobody_else_is_ready_or_posts(active, accounts, refused):
    for other in (active.timelock, accounts[0], accounts[2]):
        with refused("CommitteeCallerRefused"):
            active.committee.ready(1, SALE, {"from": other})
        with refused("CommitteeCallerRefused"):
            active.committee.postShares(1, SALE, 0, POINTS[:1], POINTS[:1], {"from": other})


def test_a_generation_without_a_key_serves_nothing(desk, refused):
    with refused("GenerationStateWrong", 1, 1, 2):
        desk.committee.ready(1, SALE, {"from": desk.custodian})
    for unknown in (0, 2, 2**24 + 1, 2**31 + 1, 2**32 - 1):
        with refused("GenerationStateWrong", unknown, 0, 2):
            desk.committee.postShares(unknown, SALE, 0, POINTS[:1], POINTS[:1], {"from": desk.custodian})


def test_a_retired_key_still_serves_its_approved_sales(active):
    active.committee.retire(1, {"from": active.timelock})
    active.committee.ready(1, SALE, {"from": active.custodian})
    active.committee.postShares(1, SALE, 0, POINTS[:1], POINTS[:1], {"from": active.custodian})


@pytest.mark.parametrize("count", [1, 2])
def test_shares_stand_in_the_event_as_they_were_posted(active, count):
    c1, c2 = POINTS[:count], POINTS[2 : 2 + count]
    tx = active.committee.postShares(1, SALE, 7, c1, c2, {"from": active.custodian})
    (event,) = tx.events["SharesPosted"]
    assert (event["generation"], event["saleId"], event["index"]) == (1, "0x" + SALE.hex(), 1)
    assert (event["firstNode"], event["C1"], event["C2"]) == (7, tuple(c1), tuple(c2))


def test_shares_come_in_pairs(active, refused):
    for c1, c2 in (([], []), (POINTS[:1], []), (POINTS[:1], POINTS[:2])):
        with refused("DeliveryLengthsDiffer"):
            active.committee.postShares(1, SALE, 0, c1, c2, {"from": active.custodian})
