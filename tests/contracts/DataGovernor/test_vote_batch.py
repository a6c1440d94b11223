"""Relayed batches of ballots: each counts as if it had been cast alone, and a bad one never sinks the others."""

from __future__ import annotations

import pytest

from tests.contracts.DataGovernor.conftest import ABSTAIN, AGAINST, FOR, SETTLING, VOTING_PERIOD
from tests.contracts.support import signing

SUPPORT_INVALID, SIGNER_WITHOUT_VOTE, REPEATED = range(3)
ANNA, BERT, CARL, DORA = CROWD = [signing.key(name) for name in ("anna", "bert", "carl", "dora")]
NOBODY = "0x" + "0" * 40


@pytest.fixture(scope="module")
def crowd(house, accounts, clock):
    """Accounts 0 to 3, then four members who have keys and no ether; all of them may vote."""
    house.activate(*accounts[:4])
    domain = signing.domain("unwrapped-dao membership", 1337, house.membership.address)
    expiry = clock.now() + 1_000
    requests = []
    for who in CROWD:
        signature = signing.compact(*signing.sign(who, domain, "Join", signing.JOIN, who.address, 0, expiry))
        requests.append((who.address, expiry, *signing.halves(signature)))
    house.membership.joinBatch(requests, {"from": accounts[9]})
    for who in CROWD:
        house.membership.contributionAdded(who.address, {"from": house.registrar})
    clock.advance(SETTLING + 1)
    return CROWD


@pytest.fixture
def proposal(house, crowd):
    return house.open()


def _signed(house, who, proposal, support):
    return (support, *signing.halves(house.ballot(who, proposal, support)))


def _cast(house, proposal, ballots):
    return house.governor.castVoteBatch(proposal, ballots, {"from": house.accounts[9]})


def _skipped(tx):
    if "BallotSkipped" not in tx.events:
        return []
    return [(e["position"], e["signer"], e["reason"]) for e in tx.events["BallotSkipped"]]


def _votes(house, proposal):
    return tuple(house.governor.proposalVotes(proposal))


def test_each_ballot_counts_for_its_signer(house, crowd, proposal):
    wanted = {ANNA: FOR, BERT: AGAINST, CARL: ABSTAIN, DORA: FOR}
    tx = _cast(house, proposal, [_signed(house, who, proposal, support) for who, support in wanted.items()])
    assert tx.return_value == 4
    assert _votes(house, proposal) == (1, 2, 1)
    assert all(house.governor.hasVoted(proposal, who.address) for who in crowd)
    assert not house.governor.hasVoted(proposal, house.accounts[0])
    assert _skipped(tx) == []


def test_one_event_tells_number_support_and_votes(house, crowd, proposal):
    tx = _cast(house, proposal, [_signed(house, who, proposal, s) for who, s in ((DORA, FOR), (ANNA, AGAINST))])
    (event,) = tx.events["BallotsCounted"]
    entry = lambda number, support, votes: number.to_bytes(4, "big") + bytes([support]) + votes.to_bytes(4, "big")  # noqa: E731
    assert bytes(event["ballots"]) == entry(7, FOR, 1) + entry(4, AGAINST, 1)


def test_a_repeated_ballot_is_skipped_however_it_came_first(house, crowd, proposal):
    house.governor.castVoteBySig(proposal, FOR, ANNA.address, house.ballot(ANNA, proposal, FOR))
    ballots = [_signed(house, ANNA, proposal, FOR), _signed(house, BERT, proposal, FOR)]
    ballots += [_signed(house, BERT, proposal, AGAINST), _signed(house, CARL, proposal, FOR)]
    tx = _cast(house, proposal, ballots)
    assert _skipped(tx) == [(0, ANNA.address, REPEATED), (2, BERT.address, REPEATED)]
    assert _votes(house, proposal) == (0, 3, 0)
    again = _cast(house, proposal, ballots)
    assert (again.return_value, _votes(house, proposal)) == (0, (0, 3, 0))
    assert "BallotsCounted" not in again.events


def test_after_a_batch_no_other_way_counts_again(house, crowd, proposal, refused):
    house.vote(proposal, AGAINST, 0)
    _cast(house, proposal, [_signed(house, ANNA, proposal, FOR)])
    with refused("BallotRepeated"):
        house.governor.castVoteBySig(proposal, FOR, ANNA.address, house.ballot(ANNA, proposal, FOR))
    assert _votes(house, proposal) == (1, 1, 0)


def test_bad_ballots_are_skipped_and_the_others_counted(house, crowd, proposal):
    stranger = signing.key("stranger")
    elsewhere = signing.domain("unwrapped-dao governor", 1337, house.market.address)
    v, r, s = signing.sign(BERT, house.domain, "Ballot", signing.BALLOT, proposal, FOR)
    other = house.open(text="another")
    bad = [
        (3, *signing.halves(house.ballot(BERT, proposal, FOR))),
        (2**256 - 1, b"\xff" * 32, b"\xff" * 32),
        _signed(house, stranger, proposal, FOR),
        (FOR, b"\0" * 32, b"\0" * 32),
        (FOR, b"\xff" * 32, b"\xff" * 32),
        (FOR, *signing.halves(signing.mirrored(v, r, s))),
        (AGAINST, *signing.halves(house.ballot(BERT, proposal, FOR))),
        (FOR, *signing.halves(house.ballot(BERT, other, FOR))),
        (FOR, *signing.halves(house.ballot(BERT, proposal, FOR, elsewhere))),
    ]
    ballots = [_signed(house, ANNA, proposal, FOR), *bad, _signed(house, CARL, proposal, FOR)]
    tx = _cast(house, proposal, ballots)
    assert tx.return_value == 2
    assert [(position, reason) for position, _, reason in _skipped(tx)] == [
        (1, SUPPORT_INVALID),
        (2, SUPPORT_INVALID),
        *((position, SIGNER_WITHOUT_VOTE) for position in range(3, 10)),
    ]
    assert [signer for _, signer, _ in _skipped(tx)][2:5] == [stranger.address, NOBODY, NOBODY]
    assert not house.governor.hasVoted(proposal, BERT.address)
    assert _votes(house, proposal) == (0, 2, 0)


def test_who_has_no_vote_at_the_snapshot_is_skipped(house, crowd, accounts, clock):
    late = signing.key("late")
    expiry = clock.now() + 1_000
    domain = signing.domain("unwrapped-dao membership", 1337, house.membership.address)
    signature = signing.compact(*signing.sign(late, domain, "Join", signing.JOIN, late.address, 0, expiry))
    house.membership.joinFor(late.address, expiry, signature)
    house.membership.contributionAdded(late.address, {"from": house.registrar})
    house.membership.contributionRemoved(DORA.address, {"from": house.registrar})
    proposal = house.open()
    tx = _cast(house, proposal, [_signed(house, who, proposal, FOR) for who in (late, DORA, ANNA)])
    assert _skipped(tx) == [(0, late.address, SIGNER_WITHOUT_VOTE), (1, DORA.address, SIGNER_WITHOUT_VOTE)]
    assert _votes(house, proposal) == (0, 1, 0)


def test_delegated_votes_are_cast_by_who_received_them(house, crowd, accounts, clock):
    house.membership.delegate(ANNA.address, {"from": accounts[0]})
    house.membership.delegate(ANNA.address, {"from": accounts[1]})
    proposal = house.open(by=2)  # who gave its vote away in an earlier second proposes nothing
    tx = _cast(house, proposal, [_signed(house, who, proposal, FOR) for who in (ANNA, BERT)])
    assert tx.return_value == 2
    assert _votes(house, proposal) == (0, 4, 0)
    assert bytes(tx.events["BallotsCounted"]["ballots"])[5:9] == (3).to_bytes(4, "big")


def test_the_bulk_reading_says_what_the_single_one_does(house, crowd, accounts, clock):
    house.membership.delegate(ANNA.address, {"from": accounts[0]})
    house.membership.leave({"from": accounts[1]})
    clock.advance(5)
    then = clock.now() - 1
    everybody = [*accounts[:5], *(who.address for who in crowd), NOBODY]
    for time in (then, then - SETTLING, 1):
        found = house.membership.votersAt(everybody, time)
        assert [word >> 32 for word in found] == [house.membership.getPastVotes(who, time) for who in everybody]
        assert all(
            word & 0xFFFFFFFF == house.membership.numberOf(w) for w, word in zip(everybody, found, strict=True) if word
        )


def test_outside_the_voting_period_the_batch_reverts(house, crowd, clock, refused):
    proposal = house.propose(house.anything)
    ballots = [_signed(house, ANNA, proposal, FOR)]
    with refused("GovernorUnexpectedProposalState"):
        _cast(house, proposal, ballots)
    clock.advance(VOTING_PERIOD + 100)
    with refused("GovernorUnexpectedProposalState"):
        _cast(house, proposal, ballots)
    with refused("GovernorNonexistentProposal", 7):
        house.governor.castVoteBatch(7, ballots)


def test_an_empty_batch_changes_nothing(house, proposal):
    tx = _cast(house, proposal, [])
    assert (tx.return_value, dict(tx.events), _votes(house, proposal)) == (0, {}, (0, 0, 0))


def test_numbers_in_any_order_and_across_words_are_counted_once(house, crowd, deploy, clock):
    """300 members between the two groups, so that their bits lie in two words; ballots jump between these."""
    deploy("MemberCrowd", house.membership).join(300, {"gas_limit": 29_000_000})
    far = signing.key("far")
    expiry = clock.now() + 1_000
    domain = signing.domain("unwrapped-dao membership", 1337, house.membership.address)
    signature = signing.compact(*signing.sign(far, domain, "Join", signing.JOIN, far.address, 0, expiry))
    house.membership.joinFor(far.address, expiry, signature)
    house.membership.contributionAdded(far.address, {"from": house.registrar})
    clock.advance(SETTLING + 1)
    proposal = house.open()
    assert house.membership.numberOf(far.address) > 256
    order = (DORA, far, ANNA, far, DORA, BERT)
    tx = _cast(house, proposal, [_signed(house, who, proposal, FOR) for who in order])
    assert _skipped(tx) == [(3, far.address, REPEATED), (4, DORA.address, REPEATED)]
    assert _votes(house, proposal) == (0, 4, 0)
    assert all(house.governor.hasVoted(proposal, who.address) for who in (DORA, far, ANNA, BERT))
