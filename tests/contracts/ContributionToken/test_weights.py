"""Weights behind the ERC-1155 interface; the registry is a plain account here."""

from __future__ import annotations

import pytest

from tests.contracts.ContributionToken.conftest import HEAVIEST, OTHER, POOL, ZERO


def test_minting_and_burning_the_difference(token, registry, accounts):
    member = accounts[0]
    for weight, previous, sent in ((40, 0, 40), (100, 40, 60), (30, 100, -70), (0, 30, -30)):
        tx = token.setWeight(member, 0, POOL, weight, {"from": registry})
        assert tx.return_value == previous
        giver, taker = (ZERO, member) if sent > 0 else (member, ZERO)
        assert tx.events["TransferSingle"].values() == [registry, giver, taker, POOL, abs(sent)]
        assert token.weightOf(0, POOL) == token.totalSupply(POOL) == weight
        assert token.totalSupply(OTHER) == token.weightOf(0, OTHER) == 0


def test_the_same_weight_again_moves_nothing(token, registry, accounts):
    token.setWeight(accounts[0], 0, POOL, 40, {"from": registry})
    tx = token.setWeight(accounts[0], 0, POOL, 40, {"from": registry})
    assert "TransferSingle" not in tx.events
    assert token.totalSupply(POOL) == 40


def test_only_the_registry_mints(token, accounts, refused):
    for caller in (accounts[0], accounts[9]):
        with refused("ContributionTokenCallerRefused", caller.address.lower()):
            token.setWeight(caller, 0, POOL, 1, {"from": caller})


def test_the_heaviest_weights_at_lane_borders_do_not_touch_each_other(token, registry, accounts):
    numbers = [0, 6, 7, 8, 9_999, 2**32 - 2]
    for number in numbers:
        token.setWeight(accounts[0], number, POOL, HEAVIEST, {"from": registry})
    for number in range(12):
        assert token.weightOf(number, POOL) == (HEAVIEST if number in numbers else 0)
    assert [token.weightOf(n, POOL) for n in (9_998, 10_000, 2**32 - 1)] == [0, 0, 0]
    assert token.totalSupply(POOL) == len(numbers) * HEAVIEST
    token.setWeight(accounts[0], 7, POOL, 0, {"from": registry})
    assert [token.weightOf(n, POOL) for n in (6, 7, 8)] == [HEAVIEST, 0, HEAVIEST]
    assert token.totalSupply(POOL) == (len(numbers) - 1) * HEAVIEST


def test_a_weight_of_2_to_the_32_cannot_be_said(token, registry, accounts):
    with pytest.raises(OverflowError):
        token.setWeight(accounts[0], 0, POOL, 2**32, {"from": registry})
    # By hand, past the client's check: the contract refuses dirty bits.
    data = token.setWeight.encode_input(accounts[0], 0, POOL, 1)[:-64] + f"{2**32:064x}"
    with pytest.raises(Exception, match="revert"):
        registry.transfer(token, data=data)
    assert token.weightOf(0, POOL) == token.weightOf(1, POOL) == 0


def test_balances_are_read_through_the_membership(token, membership, registry, accounts):
    for member in accounts[:3]:
        membership.join({"from": member})
    token.setWeight(accounts[1], 1, POOL, 70, {"from": registry})
    token.setWeight(accounts[0], 0, POOL, 5, {"from": registry})
    assert [token.balanceOf(a, POOL) for a in accounts[:4]] == [5, 70, 0, 0]
    membership.leave({"from": accounts[1]})
    assert token.balanceOf(accounts[1], POOL) == 70
    assert token.balanceOf(accounts[1], OTHER) == 0


def test_strangers_and_the_zero_address_do_not_pass_for_member_zero(token, membership, registry, accounts):
    membership.join({"from": accounts[0]})
    token.setWeight(accounts[0], 0, POOL, 5, {"from": registry})
    assert token.balanceOf(ZERO, POOL) == token.balanceOf(accounts[6], POOL) == 0


def test_batches_of_balances(token, membership, registry, accounts, refused):
    membership.join({"from": accounts[0]})
    token.setWeight(accounts[0], 0, POOL, 5, {"from": registry})
    assert token.balanceOfBatch([accounts[0], accounts[1], accounts[0]], [POOL, POOL, OTHER]) == (5, 0, 0)
    assert token.balanceOfBatch([], []) == ()
    with refused("ERC1155InvalidArrayLength", 1, 2):
        token.balanceOfBatch([accounts[0], accounts[1]], [POOL])


def test_nothing_moves_and_nobody_is_approved(token, membership, registry, accounts, refused):
    member, other = accounts[0], accounts[5]
    membership.join({"from": member})
    token.setWeight(member, 0, POOL, 5, {"from": registry})
    calls = [
        lambda o: token.safeTransferFrom(member, other, POOL, 1, b"", o),
        lambda o: token.safeBatchTransferFrom(member, other, [POOL], [1], b"", o),
        lambda o: token.setApprovalForAll(other, True, o),
    ]
    for call in calls:
        for sender in (member, registry):
            with refused("ContributionTokenLocked"):
                call({"from": sender})
    assert token.isApprovedForAll(member, other) is False


def test_interfaces_and_uri(token):
    assert token.uri(POOL) == "https://example.invalid/{id}"
    supported = {"0x01ffc9a7": True, "0xd9b67a26": True, "0x0e89341c": True, "0x80ac58cd": False, "0xffffffff": False}
    assert {i: token.supportsInterface(i) for i in supported} == supported
