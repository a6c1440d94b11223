"""Whole-transaction gas of onboarding one member directly, on Ganache under shanghai rules.

Three things make one contribution dearer than another, and each is a new storage slot shared with later members:
*first lane* (the word of eight weights is new), *turn* (every fourth activation fills a word of the supply's
history), and the collective's very first. Time moves before each call, since changes within one second share a
checkpoint and would hide a turn.
"""

from __future__ import annotations

import pytest

from tests.contracts.support import collective as kit

STEADY = 119_300
SLOT = 22_200
JOIN = 78_000


@pytest.fixture(scope="module")
def lines(deploy, accounts, clock):
    """(join, contribute) of members 0 .. 16."""
    dao = kit.Collective(deploy, accounts)
    dao.open_epoch(clock)
    members = [a for a in accounts[:20] if a not in (dao.market, dao.timelock)][:17]
    lines = []
    for index, member in enumerate(members):
        clock.advance(11)
        joined = dao.membership.join({"from": member}).gas_used
        clock.advance(11)
        contributed = dao.contribute(member, kit.Record.of(f"export {index}")).gas_used
        lines.append((joined, contributed))
        print(f"member {index:2}: join {joined:,} contribute {contributed:,} together {joined + contributed:,}")
    return lines


def test_join(lines):
    assert max(joined for joined, _ in lines[1:]) <= JOIN


def test_contribute_steady(lines):
    steady = [contributed for index, (_, contributed) in enumerate(lines) if index % 8 and index % 4 != 3]
    assert sorted(steady)[len(steady) // 2] <= STEADY


def test_contribute_first_lane(lines):
    assert lines[8][1] <= STEADY + SLOT < 142_000


def test_contribute_turn(lines):
    assert lines[3][1] <= STEADY + SLOT + 1_000


def test_onboarding_one_member_directly_stays_under_225k(lines):
    # Member 0 also pays, once for ever, for the supply, the members' counter and the validators' first day.
    assert max(map(sum, lines[1:])) <= 225_000


def test_onboarding_costs_200k_in_the_middle_and_little_more_on_average(lines):
    together = sorted(map(sum, lines[1:]))
    assert together[len(together) // 2] <= 200_000
    assert sum(together) / len(together) <= 205_000


def test_relayed_and_repeated_work(deploy, accounts, clock):
    """Figures without a peer; bounds keep a silent change from passing."""
    dao = kit.Collective(deploy, accounts)
    pool = dao.open_epoch(clock)
    dao.join(*accounts[:4])
    records = [kit.Record.of(f"m{i}", weight=50) for i in range(4)]
    for index in range(4):
        clock.advance(11)
        dao.contribute(accounts[index], records[index])
    clock.advance(11)
    second = kit.Record.of("m1 again", 2, 60)
    figures = {"replace": dao.contribute(accounts[1], second, records[1]).gas_used}
    clock.advance(11)
    figures["withdraw before sealing"] = dao.withdraw(accounts[0], records[0]).gas_used
    kit.seal(dao, clock, pool)
    figures["withdraw after sealing, first"] = dao.withdraw(accounts[1], second).gas_used
    figures["withdraw after sealing, later"] = dao.withdraw(accounts[2], records[2]).gas_used
    clock.advance(200)
    figures["delegate, first"] = dao.membership.delegate(accounts[2], {"from": accounts[1]}).gas_used
    figures["leave"] = dao.membership.leave({"from": accounts[3]}).gas_used
    print(figures)
    bounds = {
        "replace": 111_000,
        "withdraw before sealing": 95_000,
        "withdraw after sealing, first": 97_000,
        "withdraw after sealing, later": 62_500,
        "delegate, first": 137_500,
        "leave": 40_500,
    }
    assert {name: used for name, used in figures.items() if used > bounds[name]} == {}
