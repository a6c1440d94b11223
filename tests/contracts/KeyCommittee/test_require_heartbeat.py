"""A heartbeat says that whoever holds the key is there: this week or last."""

from __future__ import annotations

import pytest

from tests.contracts.support import bn254_model as model
from tests.contracts.support.committee import SECRET, WEEK_S, heartbeat


@pytest.fixture
def signed(active, chain):
    def sign(week, x=SECRET, **changed):
        return heartbeat(active.committee, chain.id, x, week, **changed)

    return sign


def test_this_week_and_last(active, clock, signed):
    week = clock.now() // WEEK_S
    active.committee.requireHeartbeat(1, week, signed(week))
    active.committee.requireHeartbeat(1, week - 1, signed(week - 1))
    clock.advance(WEEK_S)
    active.committee.requireHeartbeat(1, week, signed(week))


def test_older_or_from_the_future(active, clock, signed, refused):
    week = clock.now() // WEEK_S
    for wrong in (week - 2, week + 1, 0, 2**64 - 1):
        with refused("HeartbeatStale", wrong, week):
            active.committee.requireHeartbeat(1, wrong, signed(wrong))


def test_signatures_that_are_not_this_heartbeats(active, clock, signed, chain, refused):
    week = clock.now() // WEEK_S
    good = signed(week)
    for wrong in [
        signed(week - 1),
        signed(week, x=SECRET + 1),
        signed(week, generation=2),
        heartbeat(active.custodian, chain.id, SECRET, week),
        heartbeat(active.committee, chain.id + 1, SECRET, week),
        model.negate(good),
        (0, 0),
        (1, 3),
        (good[0] + model.P, good[1]),
    ]:
        with refused("HeartbeatInvalid", week):
            active.committee.requireHeartbeat(1, week, wrong)


def test_only_an_active_generation_has_a_heartbeat(active, clock, signed, refused):
    week = clock.now() // WEEK_S
    with refused("GenerationStateWrong", 2, 0, 2):
        active.committee.requireHeartbeat(2, week, signed(week))
    active.committee.retire(1, {"from": active.timelock})
    with refused("GenerationStateWrong", 1, 3, 2):
        active.committee.requireHeartbeat(1, week, signed(week))
