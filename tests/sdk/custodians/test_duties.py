"""What a custodian does next, from values alone: refusals, then the order of things, then a committee at random."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto.tree import Node
from unwrapped_dao.roles.custodian.duties import (
    Deliver,
    FixExclusions,
    Over,
    PostShares,
    SaleView,
    SayReady,
    Seat,
    Stage,
    Wait,
    next_duty,
)

SALE = bytes(31) + b"\x05"  # the first turn is custodian 1's
NODES = (Node(1, 0), Node(0, 2))
APPROVED = SaleView(Stage.APPROVED, approved_at=1_000, delivery_window=400, derived=(3,), accounted=True)
FIXED = replace(APPROVED, listed=(3,), cover=NODES)
AGREED = replace(FIXED, readies=frozenset({1, 2, 3, 4}))
SEAT = Seat(2, 5, 3)


def duty(final: SaleView, newest: SaleView | None = None, *, now: int = 1_100, seat: Seat = SEAT, **how: Any) -> Any:
    return next_duty(seat, SALE, final, newest or final, now, **how)


def with_shares(view: SaleView, *indices: int, mine: bool = True) -> SaleView:
    given = {node: frozenset(indices) for node in view.cover}
    return replace(view, shares=given, posted=frozenset(view.cover) if mine else frozenset(), complete_at=1_100)


# --- nothing is promised or released too early ----------------------------------------------------------------------


@pytest.mark.parametrize("newest", [APPROVED, FIXED, AGREED], ids=["approved", "exclusions fixed", "agreed"])
@pytest.mark.parametrize("seat", [SEAT, Seat(1, 1, 1)], ids=["one of five", "alone"])
def test_an_approval_that_is_not_final_moves_nobody(newest: SaleView, seat: Seat) -> None:
    """Nor is the list fixed: that would count withdrawals and opt-outs that may come before the approval yet."""
    assert duty(SaleView(Stage.UNKNOWN), newest, seat=seat, eager=True) == Wait("its approval is not final yet")


def test_an_approval_that_a_reorganisation_took_back_moves_nobody() -> None:
    assert isinstance(duty(AGREED, SaleView(Stage.UNKNOWN), eager=True), Wait)


def test_no_ready_before_the_exclusions_are_final() -> None:
    assert duty(APPROVED, FIXED) == Wait("its exclusions are not final yet")  # nobody need look


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_no_share_before_one_more_than_the_threshold_said_ready(count: int) -> None:
    final = replace(FIXED, readies=frozenset(range(1, count + 1)))
    said = duty(final, replace(AGREED))  # however many READYs the newest block has
    assert not isinstance(said, PostShares | Deliver)


def test_every_custodian_is_waited_for_where_all_are_needed() -> None:
    seat = Seat(2, 3, 3)
    assert seat.quorum == 3
    assert not isinstance(duty(replace(FIXED, readies=frozenset({1, 2})), seat=seat), PostShares)
    assert isinstance(duty(replace(FIXED, readies=frozenset({1, 2, 3})), seat=seat), PostShares)


@pytest.mark.parametrize("now", [1_400, 1_401, 9_999])
def test_no_share_from_the_deadline_on(now: int) -> None:
    assert isinstance(duty(AGREED, now=1_399), PostShares)
    said = duty(AGREED, now=now)
    assert isinstance(said, Wait) and said.alarm


@pytest.mark.parametrize("now", [1_200, 1_300])
def test_no_ready_in_the_second_half_of_the_window(now: int) -> None:
    assert isinstance(duty(FIXED, now=1_199), SayReady)
    said = duty(FIXED, now=now)
    assert isinstance(said, Wait) and said.alarm


def test_a_list_that_is_not_ones_own_is_not_served() -> None:
    wrong = replace(AGREED, listed=(4,))
    said = duty(wrong, eager=True)
    assert isinstance(said, Wait) and said.alarm
    said = duty(replace(AGREED, accounted=False), eager=True)
    assert isinstance(said, Wait) and said.alarm


def test_events_that_leave_somebody_out_fix_nothing() -> None:
    said = duty(APPROVED, replace(APPROVED, accounted=False), eager=True)
    assert isinstance(said, Wait) and said.alarm


def test_a_closed_sale_needs_nothing() -> None:
    assert isinstance(duty(replace(AGREED, stage=Stage.CLOSED)), Over)
    assert isinstance(duty(AGREED, replace(AGREED, stage=Stage.CLOSED)), Wait)  # it may still be undone


# --- what is done, in order -----------------------------------------------------------------------------------------


def test_the_order_is_exclusions_ready_shares_delivery() -> None:
    assert duty(APPROVED, eager=True) == FixExclusions((3,))
    assert duty(APPROVED, replace(APPROVED, derived=(3, 7, 9), staged=2), eager=True) == FixExclusions((9,))
    assert duty(FIXED) == SayReady()
    assert duty(AGREED) == PostShares(NODES)
    assert duty(with_shares(AGREED, 1, 2, 3), eager=True) == Deliver(NODES)


def test_nothing_is_posted_twice() -> None:
    assert duty(AGREED, replace(AGREED, posted=frozenset(NODES[:1]))) == PostShares(NODES[1:])
    assert isinstance(duty(AGREED, replace(AGREED, posted=frozenset(NODES))), Wait)
    assert isinstance(duty(FIXED, replace(FIXED, readies=frozenset({2}), said=True)), Wait)
    assert isinstance(
        duty(FIXED, replace(FIXED, said=True)), Wait
    )  # said too early: it does not count, and is said once


def test_two_valid_shares_of_three_are_not_combined_and_the_front_is_not_held_up_by_the_rest() -> None:
    assert isinstance(duty(with_shares(AGREED, 1, 2), eager=True), Wait)
    front = replace(with_shares(AGREED, 1, 2), shares={NODES[0]: frozenset({1, 2, 3}), NODES[1]: frozenset({1})})
    assert duty(front, eager=True) == Deliver(NODES[:1])
    back = replace(with_shares(AGREED, 1, 2), shares={NODES[0]: frozenset({1}), NODES[1]: frozenset({1, 2, 3})})
    assert isinstance(duty(back, eager=True), Wait)


def test_shares_are_combined_after_the_deadline_too() -> None:
    assert duty(with_shares(AGREED, 1, 2, 3), now=1_500, eager=True) == Deliver(NODES)
    late = with_shares(AGREED, 1, 3, 4, mine=False)
    assert duty(late, now=1_500, eager=True) == Deliver(NODES)


def test_a_lone_custodian_waits_for_nobody() -> None:
    alone = Seat(1, 1, 1)
    assert duty(FIXED, seat=alone) == Deliver(NODES)


def test_one_custodian_at_a_time_has_the_turn_and_each_gets_it() -> None:
    view = with_shares(AGREED, 1, 2, 3)
    turn_s = 400 // (8 * 5)
    for now in range(1_100, 1_400):
        whose = [j for j in range(1, 6) if isinstance(duty(view, now=now, seat=Seat(j, 5, 3)), Deliver)]
        assert whose == [(now - 1_100) // turn_s % 5 + 1]


# --- a whole committee, in any order --------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))),
    st.sets(st.integers(1, 7), max_size=5),
    st.integers(0, 2**32),
)
def test_a_committee_in_any_order_delivers_if_enough_speak_and_else_gives_nothing_away(
    shape: tuple[int, int], silent: set[int], seed: int
) -> None:
    """Blocks become final a few steps late; custodians look in any order, at any pace."""
    count, threshold = shape
    seats = [Seat(j, count, threshold) for j in range(1, count + 1) if j not in silent]
    order = random.Random(seed)
    blocks = [APPROVED]
    posted: set[tuple[int, Node]] = set()
    now = 1_000
    while now < 1_400 and blocks[-1].stage is Stage.APPROVED and seats:
        now += order.randrange(1, 4)
        seat, newest, final = order.choice(seats), blocks[-1], blocks[max(0, len(blocks) - 4)]
        mine = frozenset(node for j, node in posted if j == seat.index)
        seen = replace(newest, posted=mine, said=seat.index in newest.readies)
        said = next_duty(seat, SALE, final, seen, now, eager=order.random() < 0.3)
        match said:
            case FixExclusions():
                newest = replace(newest, listed=newest.derived, cover=NODES)
            case SayReady():
                assert seat.index not in newest.readies and now < newest.ready_until
                newest = replace(newest, readies=newest.readies | {seat.index})
            case PostShares(nodes):
                assert len(final.readies) >= seat.quorum and now < newest.deadline
                assert not posted & {(seat.index, node) for node in nodes}
                posted |= {(seat.index, node) for node in nodes}
                shares = {node: frozenset(j for j, n in posted if n == node) for node in NODES}
                newest = replace(newest, shares=shares, complete_at=now)
            case Deliver(nodes):
                assert all(len(newest.shares[node]) >= threshold for node in nodes)
                newest = replace(newest, stage=Stage.CLOSED)
        blocks.append(newest)
    delivered = blocks[-1].stage is Stage.CLOSED
    if len(seats) < min(count, threshold + 1):
        assert not posted and not delivered  # too few for a release: not one share left
    if delivered:
        assert len({j for j, _ in posted}) >= threshold
