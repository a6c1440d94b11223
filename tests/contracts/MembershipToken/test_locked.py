"""ERC-721 reads work, everything that moves or approves reverts (ERC-5192)."""

from __future__ import annotations

import pytest

ZERO = "0x" + "0" * 40


@pytest.fixture
def member(club, accounts):
    club.join(accounts[0])
    return accounts[0]


def test_reads(club, member, accounts, refused):
    token = club.token
    assert token.balanceOf(member) == 1
    assert token.balanceOf(accounts[5]) == 0
    assert token.ownerOf(0) == member
    assert token.locked(0) is True
    assert token.getApproved(0) == ZERO
    assert token.isApprovedForAll(member, accounts[5]) is False
    with refused("ERC721InvalidOwner", ZERO):
        token.balanceOf(ZERO)
    for view in (token.ownerOf, token.locked, token.getApproved):
        for number in (1, 2**256 - 1):
            with refused("ERC721NonexistentToken", number):
                view(number)
    with refused("MemberUnknown", ZERO):
        token.addressOf(1)
    with refused("MemberUnknown", accounts[5].address.lower()):
        token.numberOf(accounts[5])


def test_nothing_moves_and_nobody_is_approved(club, member, accounts, refused):
    token, other = club.token, accounts[5]
    calls = [
        lambda o: token.transferFrom(member, other, 0, o),
        lambda o: token.safeTransferFrom["address,address,uint256"](member, other, 0, o),
        lambda o: token.safeTransferFrom["address,address,uint256,bytes"](member, other, 0, b"", o),
        lambda o: token.approve(other, 0, o),
        lambda o: token.setApprovalForAll(other, True, o),
    ]
    for call in calls:
        for sender in (member, other, club.registry):
            with refused("MembershipLocked"):
                call({"from": sender})


@pytest.mark.parametrize(
    ("standard", "interface", "expected"),
    [
        ("ERC-165", "0x01ffc9a7", True),
        ("ERC-721", "0x80ac58cd", True),
        ("ERC-5192", "0xb45a3c0e", True),
        ("ERC-6372", "0xda287a1d", True),
        ("IVotes", "0xe90fb3f6", True),
        ("ERC-721 enumerable", "0x780e9d63", False),
        ("invalid", "0xffffffff", False),
    ],
)
def test_interfaces(club, standard, interface, expected):
    assert club.token.supportsInterface(interface) is expected, standard


def test_the_domain_is_told(club):
    told = club.token.eip712Domain()
    assert told[1:5] == ("unwrapped-dao membership", "1", 1337, club.token.address)
