"""never -> joined, left -> joined, and who may not."""

from __future__ import annotations

import pytest

from tests.contracts.support import signing

FAR = 2**40


def _join_for(club, signer, joins, *, expiry=FAR, member=None, domain=None):
    values = (member or signer.address, joins, expiry)
    return signing.compact(*signing.sign(signer, domain or club.domain, "Join", signing.JOIN, *values))


def test_numbers_are_dense_from_zero_and_the_slot_says_what_happened(club, accounts):
    for expected, member in enumerate(accounts[:3]):
        tx = club.token.join({"from": member})
        assert tx.return_value == expected
        assert tx.events["MemberJoined"] == {"member": member, "number": expected, "joins": 1}
        assert tx.events["Transfer"]["tokenId"] == tx.events["Locked"]["tokenId"] == expected
        assert club.token.memberOf(member) == (expected + 1, tx.timestamp, 0, 0, 1, 0, 0)
        assert club.token.ownerOf(expected) == club.token.addressOf(expected) == member
    assert club.token.membersEver() == 3
    assert club.token.activeMembers() == 0


def test_joining_twice_reverts(club, accounts, refused):
    club.join(accounts[0])
    with refused("MemberAlreadyJoined", accounts[0].address.lower()):
        club.token.join({"from": accounts[0]})


def test_rejoining_restores_the_number(club, accounts):
    club.join(*accounts[:3])
    club.token.leave({"from": accounts[1]})
    club.join(accounts[3])
    tx = club.token.join({"from": accounts[1]})
    assert tx.return_value == 1
    assert tx.events["MemberJoined"]["joins"] == 2
    assert club.token.membersEver() == 4
    assert club.token.ownerOf(1) == accounts[1]


def test_invariant_16_a_number_is_never_given_to_another_address(club, accounts):
    club.join(*accounts[:3])
    for member in accounts[:3]:
        club.token.leave({"from": member})
    club.join(*accounts[3:6])
    assert [club.token.numberOf(m) for m in accounts[:6]] == list(range(6))
    assert [club.token.addressOf(n) for n in range(6)] == list(accounts[:6])
    club.join(*reversed(accounts[:3]))
    assert [club.token.numberOf(m) for m in accounts[:6]] == list(range(6))
    assert [club.token.ownerOf(n) for n in range(6)] == list(accounts[:6])


def test_rejoining_with_a_live_contribution_is_active_at_once_from_now_on(club, accounts, clock, past):
    member = accounts[0]
    club.join(member)
    club.activate(member)
    clock.advance(1_000)
    club.token.leave({"from": member})
    clock.advance(1_000)
    tx = club.token.join({"from": member})
    assert tx.events["MemberActivated"]["number"] == 0
    assert club.token.memberOf(member)[2:4] == (tx.timestamp, 0)
    assert club.token.activeMembers() == 1
    settles = tx.timestamp + club.token.settling()
    assert past(settles - 1, member) == [0]
    assert past(settles, member) == [1]


def test_rejoining_without_contributions_is_not_active(club, accounts):
    club.join(accounts[0])
    club.token.leave({"from": accounts[0]})
    tx = club.token.join({"from": accounts[0]})
    assert "MemberActivated" not in tx.events
    assert club.token.activeMembers() == 0


def test_rejoining_cancels_no_exclusion_and_keeps_the_payout_address(club, accounts):
    member = accounts[0]
    club.join(member)
    club.token.markExcluded(member, {"from": club.market})
    club.token.setPayoutAddress(accounts[5], {"from": member})
    club.token.leave({"from": member})
    club.token.join({"from": member})
    assert club.token.claimant(member) == (0, accounts[5], True)


def test_join_for_who_signed_it(club, accounts):
    signer = signing.key("member")
    tx = club.token.joinFor(signer.address, FAR, _join_for(club, signer, 0), {"from": accounts[6]})
    assert tx.return_value == 0
    assert club.token.ownerOf(0) == signer.address
    assert club.token.balanceOf(accounts[6]) == 0


def test_a_join_signature_works_once(club, accounts, refused):
    signer = signing.key("member")
    signature = _join_for(club, signer, 0)
    accounts[0].transfer(signer.address, "1 ether")
    local = accounts.add(signer.key)
    club.token.joinFor(local, FAR, signature, {"from": accounts[6]})
    with refused("MemberAlreadyJoined"):
        club.token.joinFor(local, FAR, _join_for(club, signer, 1), {"from": accounts[6]})
    club.token.leave({"from": local})
    with refused("MembershipSignatureInvalid"):
        club.token.joinFor(local, FAR, signature, {"from": accounts[6]})
    club.token.joinFor(local, FAR, _join_for(club, signer, 1), {"from": accounts[6]})


@pytest.mark.parametrize("forgery", ["other signer", "other chain", "other contract", "empty", "cut", "other expiry"])
def test_join_for_refuses_what_the_member_did_not_sign(club, accounts, refused, forgery):
    signer, other = signing.key("member"), signing.key("other")
    good = _join_for(club, signer, 0)
    signature = {
        "other signer": _join_for(club, other, 0, member=signer.address),
        "other chain": _join_for(club, signer, 0, domain=club.domain | {"chainId": 1}),
        "other contract": _join_for(club, signer, 0, domain=club.domain | {"verifyingContract": accounts[5].address}),
        "empty": b"",
        "cut": good[:63],
        "other expiry": _join_for(club, signer, 0, expiry=FAR + 1),
    }[forgery]
    with refused("MembershipSignatureInvalid"):
        club.token.joinFor(signer.address, FAR, signature, {"from": accounts[6]})


def test_the_zero_address_cannot_be_joined_by_a_broken_signature(club, accounts, refused):
    zero = "0x" + "0" * 40
    with refused("MembershipSignatureInvalid", zero, zero):
        club.token.joinFor(zero, FAR, b"\0" * 64, {"from": accounts[6]})


def test_join_for_expires_by_block_time(club, accounts, clock, refused):
    signer = signing.key("member")
    expiry = clock.now() + 1_000
    signature = _join_for(club, signer, 0, expiry=expiry)
    clock.advance_to(expiry)
    with refused("MembershipSignatureExpired"):
        club.token.joinFor(signer.address, expiry - 1, signature, {"from": accounts[6]})
    clock.advance(1)
    with refused("MembershipSignatureExpired"):
        club.token.joinFor(signer.address, expiry, signature, {"from": accounts[6]})


def test_the_last_number_is_given_and_then_no_more(deploy, accounts, refused):
    full = deploy("MembershipNearCapacity", accounts[8], accounts[9], 2**32 - 2)
    assert full.join({"from": accounts[0]}).return_value == 2**32 - 2
    assert full.memberOf(accounts[0])[0] == 2**32 - 1
    assert full.numberOf(accounts[0]) == 2**32 - 2
    with refused("MembersFull", 2**32 - 1):
        full.join({"from": accounts[1]})
