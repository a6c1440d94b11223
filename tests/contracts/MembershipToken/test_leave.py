"""joined/active -> left."""

from __future__ import annotations


def test_leaving_ends_the_token_but_not_the_number(club, accounts, refused):
    member = accounts[0]
    club.join(member)
    tx = club.token.leave({"from": member})
    assert tx.events["Transfer"].values()[1] == "0x" + "0" * 40
    assert tx.events["MemberLeft"]["number"] == 0
    assert "MemberDeactivated" not in tx.events
    for view in (club.token.ownerOf, club.token.locked, club.token.getApproved):
        with refused("ERC721NonexistentToken", 0):
            view(0)
    assert club.token.balanceOf(member) == 0
    assert club.token.numberOf(member) == 0
    assert club.token.addressOf(0) == member
    assert club.token.claimant(member) == (0, member, False)
    assert club.token.membersEver() == 1


def test_leaving_ends_the_vote_for_later_snapshots_only(club, voters, clock, past):
    before = clock.now()
    clock.advance(10)
    tx = club.token.leave({"from": voters[0]})
    assert tx.events["MemberDeactivated"]["number"] == 0
    assert past(before, *voters) == [1, 1, 1, 1]
    assert past(tx.timestamp, *voters) == [0, 1, 1, 1]
    assert past(tx.timestamp - 1, *voters) == [1, 1, 1, 1]
    assert club.token.getPastTotalSupply(tx.timestamp) == 3
    assert club.token.getPastTotalSupply(tx.timestamp - 1) == 4


def test_contributions_of_who_left_stay_counted_for_rejoining(club, voters):
    club.token.leave({"from": voters[0]})
    assert club.token.memberOf(voters[0])[5] == 1
    assert club.token.activeMembers() == 3


def test_leaving_reverts_for_strangers_and_the_second_time(club, accounts, refused):
    with refused("MemberUnknown", accounts[0].address.lower()):
        club.token.leave({"from": accounts[0]})
    club.join(accounts[0])
    club.token.leave({"from": accounts[0]})
    with refused("MemberHasLeft", accounts[0].address.lower()):
        club.token.leave({"from": accounts[0]})
