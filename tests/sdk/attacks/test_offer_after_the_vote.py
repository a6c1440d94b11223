"""The time to refuse: a sale is put to the vote only when its offer stands, so that whoever contributed can opt out.

A sale id can be worked out before its offer is made. If a vote could name it then, the buyer would offer in the second
of the execution: approved by the majority, and nobody had a moment to opt out.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak

from tests.sdk.attacks.halfway import HALF_DELIVERED, OFFERED, REFUNDED, SETTLED, UNFIXED, Halfway, halfway
from tests.sdk.stateful.evm import Answer
from tests.sdk.stateful.world import GRACE


def _unmade(life: Halfway) -> tuple[dict[str, Any], bytes]:
    offer = {**life.offers[OFFERED], "nonce": 10**6, "executeBefore": life.w.evm.now + 10**6}
    return offer, life.w.market.call("saleIdOf", offer)


def _plan(life: Halfway, *sale_ids: bytes) -> tuple[list[str], list[int], list[bytes]]:
    return [life.w.market.address], [0], [life.w.market.abi.encode_call("approve", [list(sale_ids)])]


def _propose(life: Halfway, *sale_ids: bytes) -> Answer:
    life.tick()
    return life.w.governor.send(life.w.members[0], "propose", *_plan(life, *sale_ids), "Approve")


def test_an_offer_that_comes_after_the_vote_cannot_be_approved_before_anybody_can_opt_out() -> None:
    life = halfway()
    w = life.w
    offer, sale_id = _unmade(life)
    proposed = _propose(life, sale_id)
    if proposed.ok:  # what would follow
        number = w.governor.results("propose", proposed)
        life.tick(w.governor.call("votingDelay") + 1)
        for member in w.members[1:6]:
            assert w.governor.send(member, "castVote", number, 1).ok
        assert w.market.send(w.members[0], "optOut", sale_id).error == "SaleStateWrong"  # too early
        life.tick(w.governor.call("votingPeriod") + 1)
        assert w.governor.send(w.stranger, "queue", *_plan(life, sale_id), keccak(text="Approve")).ok
        life.tick(w.timelock.call("getMinDelay"))
        assert w.market.send(w.buyers[0].address, "offer", offer).ok
        assert w.governor.send(w.stranger, "execute", *_plan(life, sale_id), keccak(text="Approve")).ok
        assert w.market.send(w.members[0], "optOut", sale_id).error == "SaleStateWrong"  # too late
    assert proposed.error == "ProposedSaleNotOffered"
    assert proposed.facts == (sale_id, 0)


def test_no_state_but_offered_is_put_to_the_vote_and_one_wrong_sale_stops_its_proposal() -> None:
    life = halfway()
    for sale, state in ((SETTLED, 3), (REFUNDED, 4), (HALF_DELIVERED, 2), (UNFIXED, 2)):
        for ids in ([life.ids[sale]], [life.ids[OFFERED], life.ids[sale]], [life.ids[sale], life.ids[OFFERED]]):
            refused = _propose(life, *ids)
            assert (refused.error, refused.facts) == ("ProposedSaleNotOffered", (life.ids[sale], state))
    assert _propose(life, life.ids[OFFERED]).ok


def test_an_offer_that_is_put_to_the_vote_takes_refusals_until_its_approval() -> None:
    life = halfway()
    w, sale_id = life.w, life.ids[OFFERED]
    proposed = _propose(life, sale_id)
    number = w.governor.results("propose", proposed)
    assert w.market.send(w.members[0], "optOut", sale_id).ok
    life.tick(w.governor.call("votingDelay") + 1)
    for member in w.members[:6]:
        assert w.governor.send(member, "castVote", number, 1).ok
    life.tick(w.governor.call("votingPeriod") + 1)
    assert w.governor.send(w.stranger, "queue", *_plan(life, sale_id), keccak(text="Approve")).ok
    assert w.market.send(w.members[3], "optOut", sale_id).ok
    life.tick(w.timelock.call("getMinDelay"))
    assert w.market.send(w.members[4], "optOut", sale_id).ok
    assert w.governor.send(w.stranger, "execute", *_plan(life, sale_id), keccak(text="Approve")).ok
    sale = w.market.call("sale", sale_id)
    assert (sale["state"], sale["optOuts"]) == (2, 4)  # member 1 refused before


def test_an_offer_that_expired_under_the_vote_is_skipped_and_sinks_nothing() -> None:
    life = halfway()
    w, sale_id = life.w, life.ids[OFFERED]
    assert _propose(life, sale_id).ok
    life.tick(10**6)
    assert w.market.send(w.stranger, "expire", life.offers[OFFERED]).ok
    answer = w.market.send(w.timelock.address, "approve", [sale_id])
    assert answer.ok
    assert [event["reason"] for event in w.market.events(answer, "SaleSkipped")] == [0]
    assert GRACE < 10**6


@pytest.mark.parametrize("cut", [1, 31, 32, 33, 64])
def test_an_approval_whose_arguments_are_cut_short_is_not_proposed(cut: int) -> None:
    life = halfway()
    life.tick()
    targets, values, (call,) = _plan(life, life.ids[OFFERED])
    assert not life.w.governor.send(life.w.members[0], "propose", targets, values, [call[:-cut]], "Approve").ok


def test_an_approval_with_a_list_longer_than_its_bytes_is_not_proposed() -> None:
    life = halfway()
    life.tick()
    targets, values, (call,) = _plan(life, life.ids[OFFERED])
    for length in (2, 2**64, 2**256 - 1):
        hostile = call[:36] + length.to_bytes(32, "big") + call[68:]
        assert not life.w.governor.send(life.w.members[0], "propose", targets, values, [hostile], "Approve").ok
    for offset in (2**64, 2**256 - 32, 2**255):
        hostile = call[:4] + offset.to_bytes(32, "big") + call[36:]
        assert not life.w.governor.send(life.w.members[0], "propose", targets, values, [hostile], "Approve").ok
