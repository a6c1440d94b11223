"""Leaving for many: each signature ends one membership, and no bad one sinks the others."""

from __future__ import annotations

import pytest

from tests.contracts.MembershipToken.test_join_batch import EXPIRED, NOT_A_MEMBER, SIGNATURE_INVALID, request
from tests.contracts.support import signing

CROWD = [signing.key(f"leaving {n}") for n in range(4)]


@pytest.fixture
def relayer(accounts):
    return {"from": accounts[7]}


@pytest.fixture
def crowd(club, relayer):
    club.token.joinBatch([request(club, who) for who in CROWD], relayer)
    club.activate(*(who.address for who in CROWD[:3]))
    return CROWD


def leaving(club, who, joins=1, **how):
    return request(club, who, joins, kind="Leave", **how)


def _skipped(tx):
    return [(e["member"], e["reason"]) for e in tx.events["LeaveSkipped"]] if "LeaveSkipped" in tx.events else []


def test_it_ends_votes_from_now_on_and_keeps_numbers(club, crowd, relayer, clock, past):
    clock.advance(club.token.settling() + 1)
    before = clock.now()
    clock.advance(1)  # Anvil gives two blocks of one second the same time
    tx = club.token.leaveBatch([leaving(club, who) for who in (crowd[0], crowd[3])], relayer)
    assert tx.return_value == 2
    assert [(e["member"], e["number"]) for e in tx.events["MemberLeft"]] == [
        (crowd[0].address, 0),
        (crowd[3].address, 3),
    ]
    assert [e["member"] for e in tx.events["MemberDeactivated"]] == [crowd[0].address]
    assert club.token.activeMembers() == 2
    assert past(tx.timestamp, *(w.address for w in crowd)) == [0, 1, 1, 0]
    assert past(before, *(w.address for w in crowd)) == [1, 1, 1, 0]
    assert [club.token.numberOf(who.address) for who in crowd] == [0, 1, 2, 3]
    assert [club.token.balanceOf(who.address) for who in crowd] == [0, 1, 1, 0]


def test_bad_requests_are_skipped(club, crowd, relayer):
    stranger = signing.key("no member")
    v, r, s = signing.sign(crowd[1], club.domain, "Leave", signing.LEAVE, crowd[1].address, 1, 2**40)
    bad = [
        (leaving(club, stranger, 0), NOT_A_MEMBER),
        (leaving(club, crowd[1], expiry=1), EXPIRED),
        (leaving(club, crowd[1], 0), SIGNATURE_INVALID),
        (leaving(club, crowd[2], member=crowd[1].address), SIGNATURE_INVALID),
        (request(club, crowd[1], 1), SIGNATURE_INVALID),
        ((crowd[1].address, 2**40, *signing.halves(signing.mirrored(v, r, s))), SIGNATURE_INVALID),
    ]
    tx = club.token.leaveBatch([leaving(club, crowd[0]), *(r for r, _ in bad), leaving(club, crowd[2])], relayer)
    assert _skipped(tx) == [(r[0], reason) for r, reason in bad]
    assert [club.token.balanceOf(who.address) for who in crowd] == [0, 1, 0, 1]


def test_a_request_never_ends_a_later_membership(club, crowd, relayer):
    signed = leaving(club, crowd[0])
    tx = club.token.leaveBatch([signed, signed], relayer)
    assert _skipped(tx) == [(crowd[0].address, NOT_A_MEMBER)]
    club.token.joinBatch([request(club, crowd[0], 1)], relayer)
    assert _skipped(club.token.leaveBatch([signed], relayer)) == [(crowd[0].address, SIGNATURE_INVALID)]
    assert club.token.balanceOf(crowd[0].address) == 1


def test_a_leaving_delegator_takes_its_vote_along(club, crowd, accounts, relayer, clock, past):
    holder, giver = accounts[0], crowd[0]
    club.join(holder)
    club.activate(holder)
    clock.advance(club.token.settling() + 1)
    signed = signing.sign(giver, club.domain, "Delegation", signing.DELEGATION, holder.address, 0, 2**40)
    club.token.delegateBySig(holder, 0, 2**40, *(n if i == 0 else n.to_bytes(32, "big") for i, n in enumerate(signed)))
    clock.advance(1)
    assert past(None, holder, giver.address) == [2, 0]
    tx = club.token.leaveBatch([leaving(club, giver)], relayer)
    assert past(tx.timestamp, holder, giver.address) == [1, 0]
