"""joined -> active and back, as the registry says."""

from __future__ import annotations

import pytest


def test_the_first_live_contribution_activates_and_the_last_removal_ends_it(club, accounts, clock):
    member = accounts[0]
    club.join(member)
    (tx,) = club.activate(member)
    assert tx.events["MemberActivated"]["number"] == 0
    assert club.token.memberOf(member)[2:6] == (tx.timestamp, 0, 1, 1)
    clock.advance(10)
    (second,) = club.activate(member)
    assert "MemberActivated" not in second.events
    assert club.token.memberOf(member)[2:6] == (tx.timestamp, 0, 1, 2)
    assert club.token.activeMembers() == 1

    (first_removal,) = club.deactivate(member)
    assert "MemberDeactivated" not in first_removal.events
    (removal,) = club.deactivate(member)
    assert removal.events["MemberDeactivated"]["number"] == 0
    assert club.token.memberOf(member)[2:6] == (tx.timestamp, removal.timestamp, 1, 0)
    assert club.token.activeMembers() == 0


def test_number_and_flags_are_returned(club, accounts):
    club.join(*accounts[:3])
    assert club.activate(accounts[2])[0].return_value == (2, 0)
    club.deactivate(accounts[2])
    assert club.activate(accounts[2])[0].return_value == (2, 64)


@pytest.mark.parametrize("call", ["contributionAdded", "contributionRemoved"])
def test_only_the_registry_may(club, accounts, refused, call):
    club.join(accounts[0])
    for caller in (accounts[0], accounts[5], club.market):
        with refused("MembershipCallerRefused", caller.address.lower()):
            getattr(club.token, call)(accounts[0], {"from": caller})


def test_contributing_is_refused_for_who_never_joined_or_left(club, accounts, refused):
    with refused("MemberUnknown", accounts[0].address.lower()):
        club.activate(accounts[0])
    club.join(accounts[0])
    club.token.leave({"from": accounts[0]})
    with refused("MemberHasLeft", accounts[0].address.lower()):
        club.activate(accounts[0])


def test_a_contribution_of_who_left_can_be_removed_without_ending_a_vote_twice(club, voters):
    club.token.leave({"from": voters[0]})
    left_at = club.token.memberOf(voters[0])[3]
    (tx,) = club.deactivate(voters[0])
    assert "MemberDeactivated" not in tx.events
    assert club.token.memberOf(voters[0])[3] == left_at
    assert club.token.activeMembers() == 3
    club.token.join({"from": voters[0]})
    assert club.token.activeMembers() == 3


def test_removing_more_than_was_added_reverts(club, accounts):
    club.join(accounts[0])
    with pytest.raises(Exception, match=r"overflow|revert"):
        club.deactivate(accounts[0])


def test_excluded_is_marked_once_by_registry_or_market_alone(club, accounts, refused):
    club.join(*accounts[:2])
    with refused("MembershipCallerRefused", accounts[5].address.lower()):
        club.token.markExcluded(accounts[0], {"from": accounts[5]})
    with refused("MemberUnknown", accounts[5].address.lower()):
        club.token.markExcluded(accounts[5], {"from": club.market})
    for member, caller in ((accounts[0], club.registry), (accounts[1], club.market)):
        assert club.token.claimant(member)[2] is False
        club.token.markExcluded(member, {"from": caller})
        club.token.markExcluded(member, {"from": caller})
        assert club.token.claimant(member)[2] is True


def test_payout_address_is_the_members_own_until_set_and_after_clearing(club, accounts, refused):
    zero = "0x" + "0" * 40
    with refused("MemberUnknown", accounts[0].address.lower()):
        club.token.setPayoutAddress(accounts[5], {"from": accounts[0]})
    with refused("MemberUnknown", accounts[0].address.lower()):
        club.token.claimant(accounts[0])
    club.join(accounts[0])
    assert club.token.claimant(accounts[0]) == (0, accounts[0], False)
    tx = club.token.setPayoutAddress(accounts[5], {"from": accounts[0]})
    assert tx.events["PayoutAddressSet"] == {"member": accounts[0], "payout": accounts[5]}
    club.token.leave({"from": accounts[0]})
    assert club.token.claimant(accounts[0]) == (0, accounts[5], False)
    club.token.setPayoutAddress(zero, {"from": accounts[0]})
    assert club.token.claimant(accounts[0]) == (0, accounts[0], False)
