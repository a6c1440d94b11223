"""What registry and market say of many members at once."""

from __future__ import annotations

ZERO = "0x" + "0" * 40
NOBODY = 2**32 - 1
EXCLUDED, LEFT = 16, 1


def test_many_contributions_activate_each_once_and_count_together(club, accounts, clock, past):
    members = accounts[:3]
    club.join(*members)
    club.activate(members[1])
    clock.advance(10)
    tx = club.token.contributionsAdded(members, {"from": club.registry})
    assert [e["number"] for e in tx.events["MemberActivated"]] == [0, 2]
    assert [club.token.memberOf(m)[5] for m in members] == [1, 2, 1]
    assert club.token.activeMembers() == 3
    assert [club.token.memberOf(m)[2] for m in (members[0], members[2])] == [tx.timestamp] * 2
    clock.advance(10)
    assert club.token.getPastTotalSupply(tx.timestamp - 1) == 1
    assert club.token.getPastTotalSupply(tx.timestamp) == 3


def test_a_member_who_left_or_never_joined_reverts_the_whole(club, accounts, refused):
    club.join(*accounts[:2])
    club.token.leave({"from": accounts[1]})
    for other, error in ((accounts[1], "MemberHasLeft"), (accounts[2], "MemberUnknown")):
        with refused(error, other.address.lower()):
            club.token.contributionsAdded([accounts[0], other], {"from": club.registry})
    assert club.token.activeMembers() == 0


def test_marking_many_leaves_strangers_alone_and_tells_numbers(club, accounts):
    club.join(*accounts[:3])
    club.token.markExcluded(accounts[1], {"from": club.registry})
    asked = [accounts[2], accounts[5], accounts[1], ZERO]
    tx = club.token.markAllExcluded(asked, {"from": club.market})
    assert list(tx.return_value) == [2, NOBODY, 1, NOBODY]
    assert [club.token.claimant(m)[2] for m in accounts[:3]] == [False, True, True]
    assert club.token.memberOf(accounts[5]) == (0, 0, 0, 0, 0, 0, 0)
    assert club.token.memberOf(ZERO) == (0, 0, 0, 0, 0, 0, 0)


def test_standings_are_numbers_and_flags(club, accounts):
    club.join(*accounts[:3])
    club.token.leave({"from": accounts[1]})
    club.token.markExcluded(accounts[2], {"from": club.market})
    found = club.token.standings([accounts[2], accounts[1], accounts[0], accounts[5], ZERO])
    assert list(found) == [3 | EXCLUDED << 32, 2 | LEFT << 32, 1, 0, 0]


def test_only_registry_and_market_may(club, accounts, refused):
    club.join(accounts[0])
    for caller in (accounts[0], accounts[5], club.market):
        with refused("MembershipCallerRefused", caller.address.lower()):
            club.token.contributionsAdded([accounts[0]], {"from": caller})
    for caller in (accounts[0], accounts[5], club.registry):
        with refused("MembershipCallerRefused", caller.address.lower()):
            club.token.markAllExcluded([accounts[0]], {"from": caller})
