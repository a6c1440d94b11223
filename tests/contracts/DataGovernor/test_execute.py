"""Invariant 9: after the vote the delay, then exactly what was voted, by anybody; and no other way in."""

from __future__ import annotations

import pytest
from eth_abi import encode

from tests.contracts.DataGovernor.conftest import (
    DELAY,
    EXECUTED,
    FOR,
    MINIMUM_ACTIVE,
    QUEUED,
    VOTING_DELAY,
    VOTING_PERIOD,
)

ROLES = ("DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")
ZERO = "0x" + "0" * 40


def _self_call(house, signature, types, *values):
    return house.call("governor", signature, encode(types, values).hex())


def test_what_was_voted_is_called_by_the_timelock_after_the_delay_whoever_executes(house, members, clock, refused):
    calls = (house.anything, house.call("registry", "setMaxWeight(uint32)", "00" * 31 + "07"))
    proposal = house.open(*calls)
    house.vote(proposal, FOR, 0, 1, 2)
    with refused("GovernorUnexpectedProposalState"):
        house.governor.queue(*house.arguments(*calls))
    house.close()
    with refused("TimelockUnexpectedOperationState"):
        house.execute(*calls)
    house.governor.queue(*house.arguments(*calls), {"from": house.accounts[9]})
    queued = clock.now()
    assert house.governor.state(proposal) == QUEUED
    clock.advance_to(queued + DELAY - clock.SOON_S)
    with refused("TimelockUnexpectedOperationState"):
        house.execute(*calls)
    clock.advance_to(queued + DELAY + 1)
    house.execute(*calls)
    assert house.governor.state(proposal) == EXECUTED
    assert house.splitter.calls() == ((house.timelock, 0, calls[0][1]),)
    assert house.registry.calls() == ((house.timelock, 0, calls[1][1]),)
    with refused("GovernorUnexpectedProposalState"):
        house.execute(*calls)


def test_nothing_executes_below_the_minimum_of_active_members(house, members, refused):
    house.pass_(house.anything)
    for leaver in members[MINIMUM_ACTIVE - 1 :]:
        house.membership.leave({"from": leaver})
    with refused("ActiveMembersTooFew", MINIMUM_ACTIVE - 1, MINIMUM_ACTIVE):
        house.execute(house.anything)
    targets, values, data, description = house.arguments(house.anything)
    salt = bytes(a ^ b for a, b in zip(bytes.fromhex(house.governor.address[2:]) + bytes(12), description, strict=True))
    with refused("ActiveMembersTooFew"):
        house.timelock.executeBatch(targets, values, data, b"\0" * 32, salt)
    with refused("ActiveMembersTooFew"):
        house.timelock.execute(house.splitter, 0, house.anything[1], b"\0" * 32, salt)
    house.activate(house.accounts[10])
    house.timelock.executeBatch(targets, values, data, b"\0" * 32, salt)
    assert house.splitter.calls() == ((house.timelock, 0, house.anything[1]),)


def test_nobody_cancels(house, members, refused):
    proposal = house.propose(house.anything)
    for caller in members[:2]:
        with refused("GovernorUnableToCancel", proposal, caller.address.lower()):
            house.governor.cancel(*house.arguments(house.anything), {"from": caller})
    house.clock.advance(VOTING_DELAY + 1)
    house.vote(proposal, FOR, 0, 1, 2)
    house.close()
    tx = house.governor.queue(*house.arguments(house.anything))
    operation = tx.events["CallScheduled"][0]["id"]
    for caller in (*members[:2], house.registrar):
        with refused("AccessControlUnauthorizedAccount"):
            house.timelock.cancel(operation, {"from": caller})
    with refused("GovernorUnableToCancel"):
        house.governor.cancel(*house.arguments(house.anything), {"from": members[0]})


def test_the_timelock_obeys_the_governor_alone(house, members, accounts, refused):
    roles = {name: getattr(house.timelock, name)() for name in ROLES}
    everybody = [*accounts, house.timelock, house.governor, house.membership, house.market, ZERO]
    held = {(name, str(who)) for name, role in roles.items() for who in everybody if house.timelock.hasRole(role, who)}
    assert held == {("PROPOSER_ROLE", str(house.governor)), ("EXECUTOR_ROLE", ZERO)}
    for caller in (accounts[0], members[1]):
        with refused("AccessControlUnauthorizedAccount"):
            house.timelock.schedule(house.splitter, 0, b"", b"\0" * 32, b"\0" * 32, DELAY, {"from": caller})
        with refused("AccessControlUnauthorizedAccount"):
            house.timelock.grantRole(roles["PROPOSER_ROLE"], caller, {"from": caller})
        with refused("TimelockDelayConstant"):
            house.timelock.updateDelay(0, {"from": caller})
    assert house.timelock.getMinDelay() == DELAY


def test_role_events_end_with_the_governor_alone(house):
    """What `collective verify` reads: no role was ever given to an account of the deployer's."""
    tx = house.timelock.tx
    given = [(e["role"], e["account"]) for e in tx.events["RoleGranted"]]
    taken = [(e["role"], e["account"]) for e in tx.events["RoleRevoked"]]
    for pair in taken:
        given.remove(pair)
    assert {account for _, account in given} == {house.governor.address, ZERO}


def test_relay_and_another_timelock_are_disabled(house, members, refused):
    with refused("GovernorFunctionDisabled"):
        house.governor.relay(house.splitter, 0, b"", {"from": members[0]})
    with refused("GovernorFunctionDisabled"):
        house.governor.updateTimelock(members[0], {"from": members[0]})


@pytest.mark.parametrize("where", ["governor", "timelock"])
def test_neither_ether_nor_tokens_are_taken(house, members, where, refused):
    there = getattr(house, where)
    with pytest.raises(Exception, match="revert"):
        members[0].transfer(there, 1)
    error = "GovernorDisabledDeposit" if where == "governor" else "TimelockTakesNoTokens"
    me = members[0]
    with refused(error):
        there.onERC721Received(me, me, 1, b"")
    with refused(error):
        there.onERC1155Received(me, me, 1, 1, b"")
    with refused(error):
        there.onERC1155BatchReceived(me, me, [1], [1], b"")
    assert there.balance() == 0


def test_execution_takes_no_ether(house, members, refused):
    house.pass_(house.anything)
    with refused("TimelockTakesNoEther"):
        house.execute(house.anything, amount=1)
    house.execute(house.anything)


# ------------------------------------------------------------------ the governor's own settings


def test_settings_change_by_vote_alone(house, members, refused):
    for caller in (members[0], house.registrar):
        with refused("GovernorOnlyExecutor"):
            house.governor.setVotingWindows(VOTING_DELAY, VOTING_PERIOD, {"from": caller})
        with refused("GovernorOnlyExecutor"):
            house.governor.setDaoURI("mine", {"from": caller})


def test_a_vote_changes_the_address_of_the_collective(house, members):
    change = _self_call(house, "setDaoURI(string)", ["string"], "https://example.invalid/new.json")
    house.pass_(change)
    tx = house.execute(change)
    assert tx.events["DaoURIUpdate"]["daoURI"] == house.governor.daoURI() == "https://example.invalid/new.json"


@pytest.mark.parametrize(
    ("delay", "period"),
    [
        (VOTING_DELAY - 1, VOTING_PERIOD),
        (VOTING_DELAY, VOTING_PERIOD - 1),
        (4 * VOTING_DELAY + 1, VOTING_PERIOD),
        (VOTING_DELAY, 4 * VOTING_PERIOD + 1),
        (0, 0),
    ],
)
def test_voting_windows_keep_their_bounds_whatever_is_voted(house, members, refused, delay, period):
    change = _self_call(house, "setVotingWindows(uint48,uint32)", ["uint48", "uint32"], delay, period)
    house.pass_(change)
    with refused("GovernorParameterOutOfBounds"):
        house.execute(change)


def test_voting_windows_can_be_lengthened_for_later_proposals(house, members):
    change = _self_call(
        house, "setVotingWindows(uint48,uint32)", ["uint48", "uint32"], 4 * VOTING_DELAY, 4 * VOTING_PERIOD
    )
    house.pass_(change)
    earlier = house.propose(house.anything, text="earlier")
    deadline = house.governor.proposalDeadline(earlier)
    house.execute(change)
    assert house.governor.votingDelay() == 4 * VOTING_DELAY
    assert house.governor.votingPeriod() == 4 * VOTING_PERIOD
    assert house.governor.proposalDeadline(earlier) == deadline


def test_a_self_call_cannot_slip_in_past_the_governor(house, members, refused):
    """Executed straight on the timelock, a call to the governor itself finds its permission missing."""
    change = _self_call(house, "setDaoURI(string)", ["string"], "x")
    house.pass_(change)
    targets, values, data, description = house.arguments(change)
    salt = bytes(a ^ b for a, b in zip(bytes.fromhex(house.governor.address[2:]) + bytes(12), description, strict=True))
    with pytest.raises(Exception, match="revert"):
        house.timelock.executeBatch(targets, values, data, b"\0" * 32, salt)
    house.execute(change)
    assert house.governor.daoURI() == "x"


# ------------------------------------------------------------------ construction


@pytest.mark.parametrize(
    "changes",
    [
        {"quorumFloor": 2},
        {"minimumActive": 2},
        {"quorumPercent": 0},
        {"quorumPercent": 101},
        {"votingDelay": 0},
        {"votingPeriod": 0},
        {"optOutWindow": DELAY + 1},
        {"optOutWindow": 0},
    ],
)
def test_no_collective_begins_with_weaker_settings(deploy, accounts, clock, parliament, refused, changes):
    with refused("GovernorParameterOutOfBounds"):
        parliament(deploy, accounts, clock, **changes)


@pytest.mark.parametrize("told", [MINIMUM_ACTIVE - 1, MINIMUM_ACTIVE + 1])
def test_a_minimum_of_active_members_that_the_timelock_does_not_keep_is_not_told(
    parliament, deploy, accounts, clock, refused, told
):
    """The governor tells the minimum and the timelock keeps it; a founder might tell another one than is kept."""
    with refused("GovernorParameterOutOfBounds", MINIMUM_ACTIVE, told, told):
        parliament(deploy, accounts, clock, minimumActive=told)
