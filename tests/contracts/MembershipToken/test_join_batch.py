"""Joining for many: dense numbers, owners read back from the batch's blob, and no bad request sinks the others."""

from __future__ import annotations

import pytest

from tests.contracts.support import signing

FAR = 2**40
EXPIRED, SIGNATURE_INVALID, ALREADY_JOINED, NOT_A_MEMBER, JOINS_EXHAUSTED = range(5)
CROWD = [signing.key(f"crowd {n}") for n in range(5)]


def request(club, who, joins=0, *, expiry=FAR, member=None, domain=None, kind="Join"):
    """What a relayer passes on of a member who signed."""
    values = (member or who.address, joins, expiry)
    signature = signing.compact(*signing.sign(who, domain or club.domain, kind, signing.JOIN, *values))
    return (member or who.address, expiry, *signing.halves(signature))


@pytest.fixture
def relayer(accounts):
    return {"from": accounts[7]}


def _skipped(tx):
    if "JoinSkipped" not in tx.events:
        return []
    return [(e["member"], e["reason"]) for e in tx.events["JoinSkipped"]]


def test_numbers_go_on_where_they_stood(club, accounts, relayer):
    club.join(accounts[0])
    tx = club.token.joinBatch([request(club, who) for who in CROWD[:3]], relayer)
    club.join(accounts[1])
    later = club.token.joinBatch([request(club, who) for who in CROWD[3:]], relayer)
    assert (tx.return_value, later.return_value) == (3, 2)
    everybody = [
        accounts[0].address,
        *(w.address for w in CROWD[:3]),
        accounts[1].address,
        *(w.address for w in CROWD[3:]),
    ]
    assert [club.token.numberOf(who) for who in everybody] == list(range(7))
    assert [club.token.addressOf(n) for n in range(7)] == everybody
    assert [club.token.ownerOf(n) for n in range(7)] == everybody
    assert club.token.membersEver() == 7
    assert club.token.memberOf(CROWD[1].address) == (3, tx.timestamp, 0, 0, 1, 0, 0)


def test_it_says_the_same_as_joining_alone(club, relayer):
    tx = club.token.joinBatch([request(club, who) for who in CROWD[:2]], relayer)
    assert [(e["member"], e["number"], e["joins"]) for e in tx.events["MemberJoined"]] == [
        (CROWD[0].address, 0, 1),
        (CROWD[1].address, 1, 1),
    ]
    assert [e["tokenId"] for e in tx.events["Transfer"]] == [e["tokenId"] for e in tx.events["Locked"]] == [0, 1]


def test_a_number_never_assigned_has_no_owner(club, accounts, relayer, refused):
    club.token.joinBatch([request(club, who) for who in CROWD[:2]], relayer)
    with refused("MemberUnknown"):
        club.token.addressOf(2)
    with refused("ERC721NonexistentToken", 2):
        club.token.ownerOf(2)
    with refused("ERC721NonexistentToken", 2**32 + 1):
        club.token.ownerOf(2**32 + 1)


def test_bad_requests_are_skipped_and_numbers_stay_dense(club, accounts, relayer):
    club.join(accounts[0])
    v, r, s = signing.sign(CROWD[2], club.domain, "Join", signing.JOIN, CROWD[2].address, 0, FAR)
    elsewhere = signing.domain("unwrapped-dao membership", 1, club.token.address)
    bad = [
        (request(club, CROWD[0], expiry=1), EXPIRED),
        ((accounts[0].address, FAR, b"\1" * 32, b"\1" * 32), ALREADY_JOINED),
        (request(club, CROWD[1], 1), SIGNATURE_INVALID),
        (request(club, CROWD[1], member=CROWD[2].address), SIGNATURE_INVALID),
        (request(club, CROWD[1], domain=elsewhere), SIGNATURE_INVALID),
        (request(club, CROWD[1], kind="Leave"), SIGNATURE_INVALID),
        ((CROWD[2].address, FAR, *signing.halves(signing.mirrored(v, r, s))), SIGNATURE_INVALID),
        (("0x" + "0" * 40, FAR, b"\0" * 32, b"\0" * 32), SIGNATURE_INVALID),
    ]
    good = [request(club, CROWD[3]), request(club, CROWD[4])]
    tx = club.token.joinBatch([good[0], *(r for r, _ in bad), good[1]], relayer)
    assert _skipped(tx) == [(r[0], reason) for r, reason in bad]
    assert tx.return_value == 2
    assert [club.token.addressOf(n) for n in (1, 2)] == [CROWD[3].address, CROWD[4].address]
    assert club.token.membersEver() == 3


def test_a_request_works_once(club, relayer):
    signed = request(club, CROWD[0])
    tx = club.token.joinBatch([signed, signed], relayer)
    assert _skipped(tx) == [(CROWD[0].address, ALREADY_JOINED)]
    again = club.token.joinBatch([signed], relayer)
    assert (_skipped(again), again.return_value) == ([(CROWD[0].address, ALREADY_JOINED)], 0)
    club.token.leaveBatch([request(club, CROWD[0], 1, kind="Leave")], relayer)
    assert _skipped(club.token.joinBatch([signed], relayer)) == [(CROWD[0].address, SIGNATURE_INVALID)]
    assert club.token.membersEver() == 1


def test_coming_back_restores_number_and_activity(club, accounts, relayer):
    club.token.joinBatch([request(club, who) for who in CROWD[:3]], relayer)
    club.activate(CROWD[0].address, CROWD[1].address)
    club.token.leaveBatch([request(club, who, 1, kind="Leave") for who in CROWD[:3]], relayer)
    assert club.token.activeMembers() == 0
    back = [request(club, CROWD[1], 1), request(club, CROWD[3]), request(club, CROWD[0], 1), request(club, CROWD[2], 1)]
    tx = club.token.joinBatch(back, relayer)
    assert (tx.return_value, club.token.activeMembers(), club.token.membersEver()) == (4, 2, 4)
    assert [club.token.ownerOf(n) for n in range(4)] == [who.address for who in CROWD[:4]]
    assert [club.token.memberOf(who.address)[4] for who in CROWD[:4]] == [2, 2, 2, 1]


def test_invariant_16_a_number_belongs_to_one_address_however_it_joined(club, accounts, relayer):
    club.token.joinBatch([request(club, who) for who in CROWD[:2]], relayer)
    club.token.leaveBatch([request(club, who, 1, kind="Leave") for who in CROWD[:2]], relayer)
    club.join(accounts[0])
    club.token.joinBatch([request(club, CROWD[2])], relayer)
    assert [club.token.addressOf(n) for n in range(4)] == [
        CROWD[0].address,
        CROWD[1].address,
        accounts[0],
        CROWD[2].address,
    ]


def test_the_last_join_of_an_address_is_skipped_instead_of_wrapping(deploy, accounts, relayer):
    token = deploy("MembershipNearCapacity", accounts[8], accounts[9], 0)
    domain = signing.domain("unwrapped-dao membership", 1337, token.address)
    token.setJoins(CROWD[0].address, 2**16 - 1)
    values = (CROWD[0].address, 2**16 - 1, FAR)
    signature = signing.compact(*signing.sign(CROWD[0], domain, "Join", signing.JOIN, *values))
    tx = token.joinBatch([(CROWD[0].address, FAR, *signing.halves(signature))], relayer)
    assert _skipped(tx) == [(CROWD[0].address, JOINS_EXHAUSTED)]


def test_no_number_is_given_beyond_the_last(deploy, accounts, relayer, refused):
    token = deploy("MembershipNearCapacity", accounts[8], accounts[9], 2**32 - 2)
    domain = signing.domain("unwrapped-dao membership", 1337, token.address)
    requests = []
    for who in CROWD[:2]:
        signature = signing.compact(*signing.sign(who, domain, "Join", signing.JOIN, who.address, 0, FAR))
        requests.append((who.address, FAR, *signing.halves(signature)))
    with refused("MembersFull", 2**32 - 1):
        token.joinBatch(requests, relayer)
    token.joinBatch(requests[:1], relayer)
    assert token.addressOf(2**32 - 2) == CROWD[0].address


def test_an_empty_batch_changes_nothing(club, relayer):
    tx = club.token.joinBatch([], relayer)
    assert (tx.return_value, dict(tx.events), club.token.membersEver()) == (0, {}, 0)
