"""A 3-of-5 committee on the embedded chain: what is released, when, and what a cheat or a silent one changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sdk.custodians.conftest import World
from unwrapped_dao.chain.market import NodeDelivery, SaleState
from unwrapped_dao.chain.outbox import Receipt
from unwrapped_dao.crypto.delivery import BuyerKey, combine_shares, make_share
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.errors import ContractRefusedError
from unwrapped_dao.roles.custodian import serving
from unwrapped_dao.roles.identity import buyer_key, pool_identity, sale_identity

# One worker builds the collective, once.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("committee sales")]

# --- no share too early, too late or twice --------------------------------------------------------------------------


def test_three_of_five_are_not_enough_to_begin_and_nothing_is_given_away(world: World) -> None:
    sale_id = world.approved(opting_out=(4,))
    world.until_quiet(1, 2, 3)
    assert sorted(world.readies(sale_id)) == [1, 2, 3]
    assert world.posted(sale_id) == []  # t READYs: one of them could sell its share, and the buyer read unpaid
    outcome = world.run(1)[1]
    assert "READY" in outcome.waiting[sale_id].why
    world.move_to(world.sale(sale_id).refundable_at)
    world.until_quiet(1, 2, 3, 4, 5)
    assert world.posted(sale_id) == []
    world.dao.buyer.refund(world.offer(sale_id))
    assert world.state(sale_id) is SaleState.REFUNDED


def test_a_ready_in_the_second_half_of_the_window_does_not_count(world: World) -> None:
    sale_id = world.approved()
    world.until_quiet(1, 2, 3)
    sale = world.sale(sale_id)
    world.move_to(sale.approved_at + sale.delivery_window // 2 + 1)
    world.dao.collective.committee.ready(world.dao.keepers[3], world.pool.generation, sale_id)
    assert sorted(world.readies(sale_id)) == [1, 2, 3, 4]
    outcomes = world.run(1, 2, 3, 4, 5)
    assert world.posted(sale_id) == []
    assert all(outcome.waiting[sale_id].alarm for outcome in outcomes.values())
    assert "came in time" in outcomes[1].waiting[sale_id].why


def test_a_ready_before_the_exclusions_are_fixed_does_not_count_and_cannot_be_said_twice(world: World) -> None:
    sale_id = world.approved(opting_out=(1,))
    committee, generation = world.dao.collective.committee, world.pool.generation
    committee.ready(world.dao.keepers[4], generation, sale_id)
    with pytest.raises(ContractRefusedError) as refused:
        committee.ready(world.dao.keepers[4], generation, sale_id)
    assert refused.value.error == "ReadyRepeated"
    world.until_quiet(1, 2, 3, 5)
    assert len(world.readies(sale_id)) == 4 and world.posted(sale_id) == []
    world.until_quiet(1, 2, 3, 4, 5)
    assert world.state(sale_id) is SaleState.SETTLED


def test_no_share_is_released_after_the_deadline(world: World) -> None:
    sale_id = world.approved()
    for keeper in world.dao.keepers[:4]:
        world.dao.collective.committee.ready(keeper, world.pool.generation, sale_id)
    world.move_to(world.sale(sale_id).delivery_deadline)
    outcome = world.run(1)[1]
    assert world.posted(sale_id) == [] and "deadline" in outcome.waiting[sale_id].why


def test_nothing_is_said_fixed_posted_or_delivered_twice(world: World) -> None:
    sale_id = world.approved(opting_out=(0, 3))
    world.until_quiet(1, 2, 3, 4, 5)
    assert world.state(sale_id) is SaleState.SETTLED
    assert len(world.readies(sale_id)) == len(set(world.readies(sale_id)))
    assert len(world.posted(sale_id)) == len(set(world.posted(sale_id)))
    delivered = world.dao.collective.market.deliveries(sale_id)
    assert [(d.height, d.index) for d in delivered] == [(n.height, n.index) for n in world.cover(sale_id)]


# --- silent ones and cheats -----------------------------------------------------------------------------------------


def test_one_silent_custodian_stops_nothing_whichever_it_is(world: World) -> None:
    for silent in (1, 5):
        sale_id = world.approved(opting_out=(2,))
        world.until_quiet(*({1, 2, 3, 4, 5} - {silent}))
        assert world.state(sale_id) is SaleState.SETTLED
        assert silent not in world.readies(sale_id)


def test_who_says_ready_and_then_stays_silent_stops_nothing(world: World) -> None:
    sale_id = world.approved()
    for keeper in world.dao.keepers:
        world.dao.collective.committee.ready(keeper, world.pool.generation, sale_id)
    world.until_quiet(2, 4, 5)
    assert world.state(sale_id) is SaleState.SETTLED
    assert {index for index, _ in world.posted(sale_id)} <= {2, 4, 5}


def test_bad_shares_are_named_and_left_out(world: World) -> None:
    sale_id = world.approved(opting_out=(1,))
    world.run(1)  # fixes the exclusions
    dao = world.dao
    identity, sale = pool_identity(dao.collective, world.pool), sale_identity(dao.collective, sale_id)
    buyer = buyer_key(world.offer(sale_id))
    made = [make_share(5, SecretScalar.generate(), identity, node, sale, buyer) for node in world.cover(sale_id)]
    dao.collective.committee.post_shares(
        dao.keepers[4], world.pool.generation, sale_id, 0, [s.C1.words for s in made], [s.C2.words for s in made]
    )
    # More nodes than the cover has, points that are none, and infinity: nobody falls over them.
    dao.collective.committee.post_shares(
        dao.keepers[4], world.pool.generation, sale_id, 1, [(1, 1), (0, 0), (5, 5)], [(1, 2), (0, 0), (5, 5)]
    )
    for keeper in dao.keepers[1:]:  # the first said it with the list
        dao.collective.committee.ready(keeper, world.pool.generation, sale_id)
    world.until_quiet(1, 2)
    named = {bad.custodian for _, bad in world.run(1)[1].bad}
    assert named == {5} and world.state(sale_id) is SaleState.APPROVED, "two good shares and a bad one are too few"
    world.until_quiet(1, 2, 3)
    assert world.state(sale_id) is SaleState.SETTLED
    assert dao.buyer.receive(sale_id).num_members == 4 and dao.buyer.unopened == ()


def test_a_bad_share_first_and_a_good_one_later_is_a_good_share(world: World) -> None:
    sale_id = world.approved()
    dao, generation = world.dao, world.pool.generation
    for keeper in dao.keepers:
        dao.collective.committee.ready(keeper, generation, sale_id)
    dao.collective.committee.post_shares(dao.keepers[0], generation, sale_id, 0, [(1, 2)], [(1, 2)])
    world.until_quiet(2, 3)
    identity, sale = pool_identity(dao.collective, world.pool), sale_identity(dao.collective, sale_id)
    secret = dao.custodians[0].seats.share(dao.collective.committee.generation(generation))
    (node,) = world.cover(sale_id)
    share = make_share(1, secret, identity, node, sale, buyer_key(world.offer(sale_id)))
    dao.collective.committee.post_shares(dao.keepers[0], generation, sale_id, 0, [share.C1.words], [share.C2.words])
    outcome = world.run(2)[2]
    assert [deed.what for deed in outcome.deeds] == ["delivered"]
    assert 100_000 < outcome.deeds[0].gas < 1_000_000  # what it cost is told
    assert world.state(sale_id) is SaleState.SETTLED
    assert {bad.custodian for _, bad in outcome.bad} == {1}


def test_shares_released_in_time_are_combined_after_the_deadline_and_before_the_refund(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale_id = world.approved(opting_out=(0,))
    with monkeypatch.context() as patch:
        patch.setattr(serving.Serving, "_deliver", _nothing)
        for _ in range(4):
            world.run(1, 2, 3, 4)
    assert world.state(sale_id) is SaleState.APPROVED and len(world.posted(sale_id)) == 4 * len(world.cover(sale_id))
    sale = world.sale(sale_id)
    world.move_to(sale.delivery_deadline + sale.grace // 2)
    world.run(5)  # has said nothing and posted nothing, and may combine like anybody
    assert world.state(sale_id) is SaleState.SETTLED


def _nothing(*_: object) -> list[Receipt]:
    """A custodian that says it delivers, and does not."""
    return []


def test_a_last_chunk_that_is_withheld_is_delivered_by_somebody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale_id = world.approved(opting_out=(0, 3))
    assert len(world.cover_after_fixing(sale_id)) == 3
    with monkeypatch.context() as patch:
        patch.setattr(serving.Serving, "_deliver", _nothing)
        for _ in range(4):
            world.run(1, 2, 3, 4)
        patch.undo()
        patch.setattr(serving, "NODES_PER_CALL", 1)
        original, calls = serving.Serving._deliver, []

        def first_two_only(self: serving.Serving, *given: object) -> list[Receipt]:
            calls.append(given)
            return original(self, *given) if len(calls) <= 2 else []  # type: ignore[arg-type]

        patch.setattr(serving.Serving, "_deliver", first_two_only)
        world.run(1)
    assert world.state(sale_id) is SaleState.APPROVED and world.sale(sale_id).cursor == 4
    world.run(4)
    assert world.state(sale_id) is SaleState.SETTLED


def test_a_rival_that_was_quicker_costs_one_transaction_and_nothing_else(world: World) -> None:
    sale_id = world.approved()
    dao, generation = world.dao, world.pool.generation
    for keeper in dao.keepers:
        dao.collective.committee.ready(keeper, generation, sale_id)
    world.until_quiet(1, 2)
    rival = dao.custodians[2]
    shares = _valid_shares(world, sale_id, (1, 2, 3))
    made = combine_shares(shares, 3)
    (node,) = world.cover(sale_id)
    delivery = NodeDelivery(node.height, node.index, made.C1.words, made.C2.words)
    original = dao.collective.market.deliver

    def overtaken(*given: object) -> object:
        original(dao.faucet, world.offer(sale_id), [delivery], [])
        return original(*given)  # type: ignore[arg-type]

    object.__setattr__(dao.collective.market, "deliver", overtaken)
    try:
        rival.run_once()
    finally:
        object.__delattr__(dao.collective.market, "deliver")
    assert world.state(sale_id) is SaleState.SETTLED


def _valid_shares(world: World, sale_id: bytes, indices: tuple[int, ...]) -> list:  # type: ignore[type-arg]
    dao = world.dao
    generation = dao.collective.committee.generation(world.pool.generation)
    identity, sale = pool_identity(dao.collective, world.pool), sale_identity(dao.collective, sale_id)
    buyer: BuyerKey = buyer_key(world.offer(sale_id))
    (node,) = world.cover(sale_id)
    found = []
    for index in indices:
        seats = dao.custodians[index - 1].seats
        share = make_share(index, seats.share(generation), identity, node, sale, buyer)
        found.append(share.verify(seats.public_shares(generation)[index], identity.node_id(node), buyer))
    return found


# --- every excluded member stays out --------------------------------------------------------------------------------


def test_what_the_buyer_got_opens_everybody_but_the_excluded(world: World) -> None:
    sale_id = world.approved(opting_out=(1, 3))
    world.dao.serve()
    assert world.dao.collective.market.excluded_leaves(sale_id) == [1, 3]
    assert world.dao.buyer.receive(sale_id).num_members == 3
    assert world.dao.buyer.unopened == ()


def test_what_a_waiting_sale_asks_of_the_node_does_not_grow_with_the_age_of_the_chain(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery takes days, a round is every fifteen seconds: years of blocks cannot be read at each."""
    sale_id = world.approved(opting_out=(1, 3))
    world.until_quiet(1, 2, 3)  # one READY is missing
    custodian, market = world.dao.custodians[0], world.dao.collective.market
    chain = type(world.dao.collective.client.transport)
    asked: list[dict[str, Any]] = []
    request = chain.request

    def noted(self: Any, method: str, params: list[Any]) -> Any:
        if method == "eth_getLogs":
            asked.append(params[0])
        return request(self, method, params)

    monkeypatch.setattr(chain, "request", noted)
    assert sale_id in custodian.run_once().waiting
    monkeypatch.undo()
    of_all_sales = [filters for filters in asked if len(filters["topics"]) == 1]
    assert len(of_all_sales) == 1  # the last hundred blocks, for new approvals
    older = [filters for filters in asked if filters not in of_all_sales]
    first_approval = min(map(market.approved_in, market.approved()))
    assert older and min(int(filters["fromBlock"], 16) for filters in older) >= first_approval  # of other sales, too
    of_this_one = [filters for filters in older if f"0x{sale_id.hex()}" in filters["topics"]]
    assert of_this_one and min(int(filters["fromBlock"], 16) for filters in of_this_one) >= market.approved_in(sale_id)
