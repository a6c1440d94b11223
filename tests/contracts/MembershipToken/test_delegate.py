"""A delegated vote moves at its second, belongs to one member at a time, and comes back by itself."""

from __future__ import annotations

import pytest

from tests.contracts.support import signing

SETTLING = 100
FAR = 2**40


def test_without_delegating_every_member_holds_its_own_vote(club, voters, accounts):
    assert [club.token.delegates(m) for m in voters] == list(voters)
    assert club.token.delegates(accounts[6]) == "0x" + "0" * 40
    assert [club.token.memberOf(m)[6] for m in voters] == [0] * 4


def test_the_vote_moves_exactly_at_its_second(club, voters, past):
    a, b, c, _ = voters
    tx = club.token.delegate(b, {"from": a})
    assert tx.events["DelegateChanged"] == {"delegator": a, "fromDelegate": a, "toDelegate": b}
    assert [dict(e) for e in tx.events["DelegateVotesChanged"]] == [
        {"delegate": a, "previousVotes": 1, "newVotes": 0},
        {"delegate": b, "previousVotes": 1, "newVotes": 2},
    ]
    assert past(tx.timestamp - 1, a, b, c) == [1, 1, 1]
    assert past(tx.timestamp, a, b, c) == [0, 2, 1]
    assert club.token.delegates(a) == b
    assert club.token.getPastTotalSupply(tx.timestamp) == 4


def test_the_vote_moves_on_and_comes_back(club, voters, clock, past):
    a, b, c, _ = voters
    first = club.token.delegate(b, {"from": a}).timestamp
    clock.advance(10)
    second = club.token.delegate(c, {"from": a}).timestamp
    clock.advance(10)
    third = club.token.delegate(a, {"from": a}).timestamp
    assert past(third, a, b, c) == [1, 1, 1]
    assert past(second, a, b, c) == [0, 1, 2]
    assert past(first, a, b, c) == [0, 2, 1]
    assert past(first - 1, a, b, c) == [1, 1, 1]


def test_delegation_is_not_passed_on(club, voters, past):
    a, b, c, _ = voters
    club.token.delegate(b, {"from": a})
    tx = club.token.delegate(c, {"from": b})
    assert past(tx.timestamp, a, b, c) == [0, 1, 2]  # b holds a's vote, c holds b's


def test_delegating_twice_to_the_same_changes_nothing(club, voters, past):
    a, b, *_ = voters
    club.token.delegate(b, {"from": a})
    tx = club.token.delegate(b, {"from": a})
    assert "DelegateVotesChanged" not in tx.events
    assert past(tx.timestamp, a, b) == [0, 2]
    tx = club.token.delegate(voters[2], {"from": voters[2]})
    assert "DelegateVotesChanged" not in tx.events


def test_leaving_takes_the_vote_back(club, voters, clock, past):
    a, b, *_ = voters
    given = club.token.delegate(b, {"from": a}).timestamp
    clock.advance(10)
    tx = club.token.leave({"from": a})
    assert tx.events["DelegateChanged"]["toDelegate"] == a
    assert [dict(e) for e in tx.events["DelegateVotesChanged"]] == [{"delegate": b, "previousVotes": 2, "newVotes": 1}]
    assert past(tx.timestamp, a, b) == [0, 1]
    assert past(given, a, b) == [0, 2]


def test_inactivity_takes_the_vote_back_and_a_new_start_does_not_give_it_again(club, voters, clock, past):
    a, b, *_ = voters
    given = club.token.delegate(b, {"from": a}).timestamp
    clock.advance(10)
    gone = club.deactivate(a)[0].timestamp
    clock.advance(10)
    again = club.activate(a)[0].timestamp
    assert past(again + SETTLING, a, b) == [1, 1]
    assert past(again, a, b) == [0, 1]
    assert past(gone, a, b) == [0, 1]
    assert past(given, a, b) == [0, 2]  # still one vote of a's, at b
    assert club.token.delegates(a) == a


def test_a_delegatee_that_does_not_vote_has_no_votes_to_cast(club, voters, clock, past):
    a, b, *_ = voters
    club.token.delegate(b, {"from": a})
    clock.advance(10)
    gone = club.token.leave({"from": b}).timestamp
    assert past(gone, a, b) == [0, 0]
    club.token.delegate(voters[2], {"from": a})
    assert past(None, a, voters[2]) == [0, 2]


def test_a_delegatee_that_is_not_settled_yet_holds_the_vote_until_it_is(club, voters, accounts, past):
    late = accounts[4]
    club.join(late)
    start = club.activate(late)[0].timestamp
    club.token.delegate(late, {"from": voters[0]})
    assert past(None, voters[0], late) == [0, 0]
    assert past(start + SETTLING, voters[0], late) == [0, 2]


def test_only_members_that_vote_now_may_delegate(club, voters, accounts, refused):
    stranger, fresh = accounts[5], accounts[6]
    with refused("DelegatorNotVoting", stranger.address.lower()):
        club.token.delegate(voters[0], {"from": stranger})
    club.join(fresh)
    with refused("DelegatorNotVoting", fresh.address.lower()):
        club.token.delegate(voters[0], {"from": fresh})
    club.activate(fresh)
    with refused("DelegatorNotVoting", fresh.address.lower()):
        club.token.delegate(voters[0], {"from": fresh})
    club.token.leave({"from": voters[1]})
    with refused("DelegatorNotVoting", voters[1].address.lower()):
        club.token.delegate(voters[0], {"from": voters[1]})


def test_only_present_members_receive(club, voters, accounts, refused):
    zero = "0x" + "0" * 40
    club.token.leave({"from": voters[3]})
    for outsider in (accounts[6].address.lower(), zero, voters[3].address.lower()):
        with refused("DelegationOutsideMembership", outsider):
            club.token.delegate(outsider, {"from": voters[0]})


def test_only_who_delegates_pays(club, voters, deploy):
    club.token.delegate(voters[1], {"from": voters[0]})
    assert [club.token.memberOf(m)[6] for m in voters] == [4, 8, 0, 0]


def test_delegating_and_leaving_within_one_second_leaves_nothing_behind(club, voters, deploy, accounts, clock, past):
    token, wallet = club.token, deploy("ContractWallet")
    wallet.run([token], [token.join.encode_input()], {"from": accounts[0]})
    club.activate(wallet)
    clock.advance(SETTLING + 1)
    calls = [token.delegate.encode_input(voters[0]), token.leave.encode_input()]
    tx = wallet.run([token] * 2, calls, {"from": accounts[0]})
    assert past(tx.timestamp, wallet, voters[0]) == [0, 1]
    assert past(tx.timestamp - 1, wallet, voters[0]) == [1, 1]


@pytest.fixture
def signer(club, accounts, clock):
    """A member that votes and whose key the test holds."""
    key = signing.key("delegator")
    signature = signing.compact(*signing.sign(key, club.domain, "Join", signing.JOIN, key.address, 0, FAR))
    club.token.joinFor(key.address, FAR, signature, {"from": accounts[6]})
    club.activate(key.address)
    clock.advance(SETTLING + 1)
    return key


def _signed(club, signer, delegatee, nonce, expiry=FAR):
    return signing.sign(signer, club.domain, "Delegation", signing.DELEGATION, str(delegatee), nonce, expiry)


def test_delegate_by_signature(club, voters, signer, accounts, past):
    v, r, s = _signed(club, signer, voters[0], 0)
    club.token.delegateBySig(voters[0], 0, FAR, v, r, s, {"from": accounts[6]})
    assert past(None, signer.address, voters[0]) == [0, 2]
    assert club.token.nonces(signer.address) == 1


def test_a_delegation_signature_works_once_and_expires(club, voters, signer, accounts, clock, refused):
    v, r, s = _signed(club, signer, voters[0], 0)
    club.token.delegateBySig(voters[0], 0, FAR, v, r, s, {"from": accounts[6]})
    with refused("InvalidAccountNonce"):
        club.token.delegateBySig(voters[0], 0, FAR, v, r, s, {"from": accounts[6]})
    expiry = clock.now() - 1
    v, r, s = _signed(club, signer, voters[0], 1, expiry)
    with refused("VotesExpiredSignature", expiry):
        club.token.delegateBySig(voters[0], 1, expiry, v, r, s, {"from": accounts[6]})


def test_a_malleable_delegation_signature_is_refused(club, voters, signer, accounts, refused):
    v, r, s = _signed(club, signer, voters[0], 0)
    with refused("ECDSAInvalidSignatureS"):
        club.token.delegateBySig(voters[0], 0, FAR, 55 - v, r, signing.N - s, {"from": accounts[6]})


def test_a_delegation_for_another_member_is_refused(club, voters, signer, accounts, refused):
    v, r, s = _signed(club, signer, voters[0], 0)
    with refused("DelegatorNotVoting"):  # recovers to some stranger
        club.token.delegateBySig(voters[1], 0, FAR, v, r, s, {"from": accounts[6]})
