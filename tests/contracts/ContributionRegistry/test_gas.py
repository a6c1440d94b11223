"""Whole-transaction gas of onboarding one member directly, on Ganache under shanghai rules.

*First*: the member's word of eight weights is new. *Steady*: a neighbour has used it. Every fourth new activation
also fills a new word of the supply's history ("turn"). Time moves before each call, since changes within one
second share a checkpoint and would hide that cost.
"""

from __future__ import annotations

import pytest

from tests.contracts.support import collective as kit


@pytest.fixture(scope="module")
def gas(deploy, accounts, clock):
    """Gas of `join` and `contribute` for members 0 .. 12, after one that only joined."""
    dao = kit.Collective(deploy, accounts)
    dao.open_epoch(clock)
    members = [accounts[i] for i in range(13)]
    lines = []
    for index, member in enumerate(members):
        clock.advance(11)
        joined = dao.membership.join({"from": member}).gas_used
        clock.advance(11)
        contributed = dao.contribute(member, kit.Record.of(f"export {index}")).gas_used
        lines.append((joined, contributed))
        print(f"member {index:2}: join {joined:,} contribute {contributed:,} together {joined + contributed:,}")
    return lines


def test_join_costs_what_it_did(gas):
    assert max(joined for joined, _ in gas[1:]) <= 75_500


def test_contribute_in_a_steady_lane(gas):
    steady = [contributed for index, (_, contributed) in enumerate(gas) if index > 2 and index % 8]
    assert min(steady) <= 123_500
    assert max(steady) <= 138_000


def test_contribute_in_a_first_lane(gas):
    assert gas[8][1] <= 138_000


def test_onboarding_one_member_stays_under_225k_always_and_200k_on_average(gas):
    # The first member of a collective also pays for the supply, the day's counters and more, once for all.
    together = [sum(line) for line in gas[1:]]
    assert max(together) <= 225_000
    assert sum(together[:8]) / 8 <= 203_000
