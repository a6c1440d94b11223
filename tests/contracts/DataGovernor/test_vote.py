"""Invariant 8: one vote per active member at the snapshot, counted once however cast."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.contracts.DataGovernor.conftest import ABSTAIN, ACTIVE, AGAINST, DEFEATED, FOR, SUCCEEDED, VOTING_DELAY
from tests.contracts.support import signing

ANNA, BERT = signing.key("anna"), signing.key("bert")


@pytest.fixture
def signers(house, members, clock):
    """Two members who have keys and no ether, beside accounts 0 to 5."""
    for who in (ANNA, BERT):
        expiry = clock.now() + 1_000
        values = (who.address, 0, expiry)
        domain = signing.domain("unwrapped-dao membership", 1337, house.membership.address)
        signature = signing.compact(*signing.sign(who, domain, "Join", signing.JOIN, *values))
        house.membership.joinFor(who.address, expiry, signature)
        house.membership.contributionAdded(who.address, {"from": house.registrar})
    clock.advance(101)
    return ANNA, BERT


def _votes(house, proposal):
    return tuple(house.governor.proposalVotes(proposal))


def test_ballots_are_counted_by_kind(house, members):
    proposal = house.open()
    house.vote(proposal, AGAINST, 0)
    house.vote(proposal, FOR, 1, 2, 3)
    house.vote(proposal, ABSTAIN, 4, 5)
    assert _votes(house, proposal) == (1, 3, 2)
    assert [house.governor.hasVoted(proposal, m) for m in members] == [True] * 6
    assert not house.governor.hasVoted(proposal, house.registrar)


def test_a_second_ballot_is_refused_however_cast(house, signers, members, refused):
    proposal = house.open()
    by_signature = house.ballot(ANNA, proposal, FOR)
    house.governor.castVoteBySig(proposal, FOR, ANNA.address, by_signature)
    with refused("BallotRepeated"):
        house.governor.castVoteBySig(proposal, FOR, ANNA.address, by_signature)
    with refused("BallotRepeated"):
        house.governor.castVoteBySig(proposal, AGAINST, ANNA.address, house.ballot(ANNA, proposal, AGAINST))
    house.vote(proposal, FOR, 0)
    voter = {"from": members[0]}
    for again in (
        lambda: house.governor.castVote(proposal, FOR, voter),
        lambda: house.governor.castVoteWithReason(proposal, AGAINST, "changed my mind", voter),
        lambda: house.governor.castVoteWithReasonAndParams(proposal, AGAINST, "", b"params", voter),
    ):
        with refused("BallotRepeated"):
            again()
    assert _votes(house, proposal) == (0, 2, 0)


def test_a_signed_ballot_counts_for_its_signer_and_proposal_alone(house, signers, members, refused):
    proposal = house.open()
    other = house.open(text="other")
    ballot = house.ballot(ANNA, proposal, FOR)
    elsewhere = house.ballot(ANNA, proposal, FOR, signing.domain("unwrapped-dao governor", 1, house.governor.address))
    not_here = house.ballot(ANNA, proposal, FOR, signing.domain("unwrapped-dao governor", 1337, house.market.address))
    for target, support, voter, signature in (
        (proposal, FOR, BERT, ballot),
        (proposal, AGAINST, ANNA, ballot),
        (other, FOR, ANNA, ballot),
        (proposal, FOR, ANNA, elsewhere),
        (proposal, FOR, ANNA, not_here),
    ):
        with refused("BallotSignatureInvalid", voter.address.lower()):
            house.governor.castVoteBySig(target, support, voter.address, signature)
    house.governor.castVoteBySig(proposal, FOR, ANNA.address, ballot)
    house.governor.castVoteBySig(other, FOR, ANNA.address, house.ballot(ANNA, other, FOR))


def test_one_encoding_per_signature(house, signers, refused):
    """EIP-2: the mirrored s would be a second signature of the same ballot; 65 bytes a second spelling."""
    proposal = house.open()
    v, r, s = signing.sign(
        ANNA, house.domain, "Ballot", (("proposalId", "uint256"), ("support", "uint8")), proposal, FOR
    )
    mirrored = (signing.N - s) | ((28 - v) << 255)
    long = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])
    for bad in (r.to_bytes(32, "big") + mirrored.to_bytes(32, "big"), long, b"", b"\0" * 64, b"\xff" * 64):
        with refused("BallotSignatureInvalid"):
            house.governor.castVoteBySig(proposal, FOR, ANNA.address, bad)
    with refused("BallotSignatureInvalid"):
        house.governor.castVoteBySig(proposal, FOR, "0x" + "0" * 40, b"\0" * 64)


def test_signed_ballots_use_no_sequential_nonce(house, signers):
    first, second = house.open(), house.open(text="second")
    ballots = [house.ballot(ANNA, proposal, FOR) for proposal in (first, second)]
    for proposal, ballot in zip((second, first), reversed(ballots), strict=True):
        house.governor.castVoteBySig(proposal, FOR, ANNA.address, ballot)
    assert house.governor.nonces(ANNA.address) == 0


def test_the_signature_form_with_parameters_is_disabled(house, members, refused):
    with refused("GovernorFunctionDisabled"):
        house.governor.castVoteWithReasonAndParamsBySig(1, FOR, members[0], "", b"", b"")


def test_a_contract_wallet_votes_directly(house, members, deploy, clock, refused):
    wallet = deploy("ContractWallet")
    join = house.membership.join.encode_input()
    wallet.run([house.membership], [join])
    house.membership.contributionAdded(wallet, {"from": house.registrar})
    clock.advance(101)
    proposal = house.open()
    ballot = house.governor.castVote.encode_input(proposal, FOR)
    with refused("BallotRepeated"):
        wallet.run([house.governor] * 2, [ballot] * 2)
    wallet.run([house.governor], [ballot])
    assert _votes(house, proposal) == (0, 1, 0)


def test_who_has_no_vote_at_the_snapshot_is_told_so(house, members, accounts, clock, refused):
    house.membership.join({"from": accounts[7]})
    house.membership.join({"from": accounts[8]})
    house.membership.contributionAdded(accounts[8], {"from": house.registrar})
    proposal = house.open()
    clock.advance(300)
    with refused("VoterWithoutVote"):
        house.vote(proposal, FOR, 7)
    with refused("VoterWithoutVote"):
        house.vote(proposal, FOR, 8)
    with refused("VoterWithoutVote"):
        house.vote(proposal, FOR, 9)
    with refused("VoterWithoutVote"):
        house.membership.leave({"from": accounts[5]})
        house.vote(house.open(text="after leaving"), FOR, 5)
    assert _votes(house, proposal) == (0, 0, 0)


def test_leaving_after_the_snapshot_takes_no_vote_away_and_rejoining_gives_no_second(house, members, clock, refused):
    proposal = house.open()
    house.membership.leave({"from": members[0]})
    house.vote(proposal, FOR, 0)
    with refused("BallotRepeated"):
        house.vote(proposal, FOR, 0)
    house.membership.join({"from": members[0]})
    clock.advance(200)
    # Re-joining restarts the activity, so that for older snapshots there is not even a vote.
    with refused("VoterWithoutVote"):
        house.vote(proposal, FOR, 0)
    assert _votes(house, proposal) == (0, 1, 0)


def test_a_delegated_vote_counts_once(house, members, clock, refused):
    house.membership.delegate(members[1], {"from": members[0]})
    proposal = house.open(by=1)  # who gave its vote away in an earlier second proposes nothing
    house.vote(proposal, FOR, 1)
    assert _votes(house, proposal) == (0, 2, 0)
    with refused("VoterWithoutVote"):
        house.vote(proposal, AGAINST, 0)
    house.membership.delegate(members[0], {"from": members[0]})
    clock.advance(1)
    with refused("VoterWithoutVote"):
        house.vote(proposal, AGAINST, 0)


def test_only_against_for_and_abstain_are_ballots(house, members, refused):
    proposal = house.open()
    for support in (3, 255):
        with refused("VoteTypeInvalid", support):
            house.vote(proposal, support, 0)
    assert not house.governor.hasVoted(proposal, members[0])


def test_ballots_are_taken_between_snapshot_and_deadline_only(house, members, clock, refused):
    proposal = house.propose(house.anything)
    with refused("GovernorUnexpectedProposalState"):
        house.vote(proposal, FOR, 0)
    clock.advance(VOTING_DELAY + 1)
    house.vote(proposal, FOR, 0)
    house.close()
    with refused("GovernorUnexpectedProposalState"):
        house.vote(proposal, FOR, 1)


def test_members_beyond_a_word_do_not_share_a_bit(house, accounts, clock, refused, deploy):
    """Numbers 0 and 256 have the same place in their words."""
    wallets = deploy("MemberCrowd", house.membership)
    house.membership.join({"from": accounts[0]})
    wallets.join(255)
    house.membership.join({"from": accounts[1]})
    assert house.membership.numberOf(accounts[1]) == 256
    for who in accounts[:2]:
        house.membership.contributionAdded(who, {"from": house.registrar})
    clock.advance(101)
    proposal = house.open()
    house.vote(proposal, FOR, 0)
    assert not house.governor.hasVoted(proposal, accounts[1])
    house.vote(proposal, AGAINST, 1)
    with refused("BallotRepeated"):
        house.vote(proposal, FOR, 0)
    assert _votes(house, proposal) == (1, 1, 0)


# ------------------------------------------------------------------ quorum


def test_a_floor_holds_where_a_fraction_would_be_nothing(house, members, clock):
    """20% of 6 members is 2 (rounded up); the floor of 3 decides."""
    assert house.governor.quorum(clock.now() - 1) == 3
    proposal = house.open()
    house.vote(proposal, FOR, 0, 1)
    house.close()
    assert house.governor.state(proposal) == DEFEATED


def test_quorum_rounds_up(house, accounts, deploy, clock, parliament):
    strict = parliament(deploy, accounts, clock, quorumPercent=51)
    strict.activate(*accounts[:7])
    assert strict.governor.quorum(clock.now() - 1) == 4
    strict.activate(accounts[7])
    assert strict.governor.quorum(clock.now() - 1) == 5


def test_quorum_counts_members_who_may_not_vote_yet(house, members, accounts, clock):
    for who in accounts[6:18]:
        house.membership.join({"from": who})
        house.membership.contributionAdded(who, {"from": house.registrar})
    clock.advance(1)
    assert house.governor.quorum(clock.now() - 1) == 4


def test_abstentions_fill_the_quorum_and_ties_fail(house, members):
    passing, tied = house.open(), house.open(text="tied")
    house.vote(passing, FOR, 0)
    house.vote(passing, ABSTAIN, 1, 2)
    house.vote(tied, FOR, 0, 1)
    house.vote(tied, AGAINST, 2, 3)
    assert house.governor.state(passing) == ACTIVE
    house.close()
    assert house.governor.state(passing) == SUCCEEDED
    assert house.governor.state(tied) == DEFEATED


def test_typehash_is_the_documented_one(house):
    documented = keccak(text="Ballot(uint256 proposalId,uint8 support)")
    assert house.governor.MEMBER_BALLOT_TYPEHASH() == "0x" + documented.hex()
