"""Resharing: other custodians, another threshold, the same key; a lost share comes back."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.contracts.support import bn254_model as model
from tests.contracts.support.committee import SECRET, key_proof
from tests.contracts.support.dkg import (
    COMMIT,
    COMPLAIN,
    DEAL,
    FINISH,
    NO_PHASE,
    PHASE,
    REGISTER,
    STALLED,
    Ceremony,
    secret,
)
from unwrapped_dao.crypto import dkg, shamir
from unwrapped_dao.crypto.bn254 import P1, P2, hash_to_g1

FORMING, ACTIVE, RETIRED, GIVEN_UP = 1, 2, 3, 4


@pytest.fixture(scope="module")
def successors(accounts):
    """Four, of whom one was a custodian before."""
    return [accounts[3], *accounts[10:13]]


@pytest.fixture(scope="module")
def resharing(formed, board, successors, chain):
    """The 3-of-5's key is to become a 2-of-4's: voted, nothing done yet."""
    board.committee.reshare(1, successors, 2, {"from": board.timelock})
    return Ceremony(board.committee, chain.id, 2, successors, 2, source=formed)


@pytest.fixture(autouse=True)
def _as_made(resharing):
    """Undo what a test had the participants deal and compute."""
    made = dict(vars(resharing), dealings=dict(resharing.dealings))
    yield
    vars(resharing).clear()
    vars(resharing).update(made)


def _after_deals(resharing, clock, *dealers):
    """Only these of the old custodians take part."""
    resharing.register()
    resharing.commit(*dealers)
    if dealers:
        clock.advance(PHASE + 1)
    resharing.deal(*dealers)


def _finish(resharing, board):
    resharing.solve()
    resharing.publish()
    resharing.finish(board.stranger)


# --- the key stays ----------------------------------------------------------------------------------------------------


def test_a_vote_begins_it(resharing, board):
    assert board.committee.generation(2)[:3] == (FORMING, 2, 4)
    assert board.committee.generation(2)[6] == 1
    assert board.committee.formation(2)[:3:2] == (REGISTER, 1)
    assert board.committee.currentGeneration() == 1


def test_the_new_custodians_hold_the_old_key(resharing, formed, board, clock):
    _after_deals(resharing, clock)
    _finish(resharing, board)
    old, new = board.committee.generation(1), board.committee.generation(2)
    assert (new[0], new[4:6]) == (ACTIVE, old[4:6])
    for quorum in combinations(range(1, 5), 2):
        x = shamir.combine({j: resharing.secrets[j] for j in quorum}).to_secret_int()
        assert P2 * x == formed.keys_public.Y
    assert board.committee.currentGeneration() == 2


def test_old_and_new_shares_do_not_mix(resharing, formed, board, clock):
    _after_deals(resharing, clock)
    _finish(resharing, board)
    mixed = shamir.combine({1: formed.secrets[1], 2: resharing.secrets[2]})
    assert P2 * mixed.to_secret_int() != formed.keys_public.Y


def test_pools_of_the_old_generation_stay_served(resharing, formed, board, clock):
    """Node ids do not name the generation: two of the new four serve what was opened under the old one."""
    _after_deals(resharing, clock)
    assert board.committee.servingGeneration(1) == 1
    _finish(resharing, board)
    assert board.committee.isActive(1)
    assert board.committee.servingGeneration(1) == 2
    node, b, u = b"\x22" * 32, 7, 9
    point = shamir.combine_points({j: hash_to_g1(node) * resharing.secrets[j].to_secret_int() for j in (2, 4)})
    for generation in (1, 2):
        arguments = ([node], (P2 * b).words, [(*(P1 * u).words, *(point + P1 * b * u).words)], [])
        assert board.committee.isDelivery(generation, *arguments)


def test_three_of_five_are_enough_to_deal(resharing, formed, board, clock):
    """Two old custodians lost their shares, or are gone."""
    _after_deals(resharing, clock, 1, 4, 5)
    _finish(resharing, board)
    assert board.committee.generation(2)[5] == formed.keys_public.Y.words


def test_a_lost_share_comes_back(formed, board, chain, clock):
    """Custodian 2 lost its share: the same five reshare, the others deal."""
    generation = board.committee.reshare(1, board.custodians, 3, {"from": board.timelock}).return_value
    recovery = Ceremony(board.committee, chain.id, generation, board.custodians, 3, source=formed)
    _after_deals(recovery, clock, 1, 3, 4, 5)
    _finish(recovery, board)
    x = shamir.combine({j: recovery.secrets[j] for j in (1, 2, 5)}).to_secret_int()
    assert P2 * x == formed.keys_public.Y


def test_a_resharing_is_reshared_and_one_vote_retires_all(resharing, formed, board, chain, clock, accounts):
    _after_deals(resharing, clock)
    _finish(resharing, board)
    again = [accounts[14], accounts[15]]
    board.committee.reshare(2, again, 2, {"from": board.timelock})
    third = Ceremony(board.committee, chain.id, 3, again, 2, source=resharing)
    _after_deals(third, clock)
    _finish(third, board)
    assert board.committee.generation(3)[5] == formed.keys_public.Y.words
    assert [board.committee.servingGeneration(g) for g in (1, 2, 3)] == [3, 3, 3]
    board.committee.retire(2, {"from": board.timelock})
    assert [board.committee.generation(g)[0] for g in (1, 2, 3)] == [RETIRED] * 3
    assert [board.committee.servingGeneration(g) for g in (1, 2, 3)] == [0] * 3
    assert board.committee.currentGeneration() == 0


def _fresh_key(board, chain, keeper):
    """A vote forms another key, of one custodian; the number it got."""
    generation = board.committee.form([keeper], 1, {"from": board.timelock}).return_value
    board.committee.postKey(generation, *key_proof(board.committee, chain.id, SECRET, generation), {"from": keeper})
    return generation


def _reshare_the_first(formed, board, chain, clock, successors):
    generation = board.committee.reshare(1, successors, 2, {"from": board.timelock}).return_value
    again = Ceremony(board.committee, chain.id, generation, successors, 2, source=formed)
    _after_deals(again, clock, 2, 3, 4)
    _finish(again, board)
    assert board.committee.servingGeneration(1) == generation


def test_a_resharing_of_an_old_key_takes_no_new_epochs_from_the_fresh_one(formed, board, chain, clock, accounts):
    """Against removed custodians that keep their shares helps a fresh key only. Giving the old pools other custodians
    afterwards must not bring the old key back for what is contributed from now on."""
    fresh = _fresh_key(board, chain, accounts[7])
    assert board.committee.currentGeneration() == fresh
    _reshare_the_first(formed, board, chain, clock, accounts[10:12])
    assert board.committee.currentGeneration() == fresh


def test_a_resharing_of_an_old_key_brings_it_not_back_when_the_fresh_one_was_retired(
    formed, board, chain, clock, accounts
):
    board.committee.retire(_fresh_key(board, chain, accounts[7]), {"from": board.timelock})
    _reshare_the_first(formed, board, chain, clock, accounts[10:12])
    assert board.committee.currentGeneration() == 0


def test_a_single_custodian_grows_into_a_committee(deploy, accounts, board, chain, clock):
    keeper = accounts[1]
    committee = deploy("KeyCommittee", board.timelock, [keeper], 1, PHASE)
    committee.postKey(1, *key_proof(committee, chain.id, SECRET), {"from": keeper})
    alone = Ceremony(committee, chain.id, 1, [keeper], 1)
    alone.secrets = {1: type(secret("x"))(SECRET)}
    alone._polynomial = dkg.PublicPolynomial((P1 * SECRET,))
    committee.reshare(1, board.custodians, 3, {"from": board.timelock})
    five = Ceremony(committee, chain.id, 2, board.custodians, 3, source=alone)
    five.run(board.stranger)
    assert committee.generation(2)[5] == (P2 * SECRET).words


# --- what does not pass -----------------------------------------------------------------------------------------------


def test_a_share_of_another_polynomial(resharing, formed, board, clock, refused):
    """A dealer that deals another secret than its x_j would change the key: its constant term says so."""
    for dealer, own in ((1, formed.secrets[2]), (2, secret("anything"))):
        resharing.dealings[dealer] = dkg.make_deal(
            resharing.board, dealer, secret("seed"), threshold=2, receivers=resharing.public, own_share=own
        )
    resharing.register()
    resharing.commit()
    for dealer in (1, 2):
        with refused("SecretNotShare", 2, dealer):
            board.committee.deal(*resharing.opening(dealer), {"from": formed.custodians[dealer]})


def test_a_polynomial_that_is_not_the_sources(resharing, formed, board, clock, refused):
    """Under a polynomial of its own choice any secret would be the dealer's share."""
    resharing.register()
    resharing.commit()
    g, salt, deal, polynomial = resharing.opening(1)
    for wrong in ([], polynomial[:2], [*polynomial[:2], model.add(polynomial[2], model.P1)]):
        with refused("PolynomialUnknown", 1):
            board.committee.deal(g, salt, deal, wrong, {"from": formed.custodians[1]})


def test_a_changed_key(resharing, formed, board, clock, refused):
    _after_deals(resharing, clock)
    resharing.solve()
    resharing.publish()
    g, c, openings, y, keys = resharing.result()
    for wrong in ((formed.keys_public.Y + P2).words, (-formed.keys_public.Y).words):
        with refused("KeyChanged", 2, 1):
            board.committee.finish(g, c, openings, wrong, keys, {"from": board.stranger})
    with refused("ShareKeysInvalid", 2):
        board.committee.finish(g, c, openings, y, [keys[1], keys[0], *keys[2:]], {"from": board.stranger})


def test_new_custodians_do_not_deal_and_old_ones_do_not_receive(resharing, formed, board, refused, successors):
    with refused("CommitteeCallerRefused"):
        board.committee.registerKey(2, *resharing.key_proof(2), {"from": formed.custodians[2]})
    resharing.register()
    with refused("CommitteeCallerRefused"):
        board.committee.commitDeal(2, resharing.commitment(1), {"from": successors[1]})


def test_two_of_five_are_too_few_to_deal(resharing, board, clock, refused):
    resharing.register()
    resharing.commit(1, 2)
    clock.advance(PHASE + 1)
    assert board.committee.formation(2)[0] == STALLED
    tx = board.committee.restart(2, {"from": board.stranger})
    assert tx.return_value == 0
    assert board.committee.generation(2)[0] == GIVEN_UP
    assert board.committee.isActive(1)
    assert board.committee.currentGeneration() == 1


def test_a_new_custodian_that_does_not_register_is_left_out(resharing, board, clock, successors):
    resharing.register(1, 2, 4)
    clock.advance(PHASE + 1)
    tx = board.committee.restart(2, {"from": board.stranger})
    assert tx.return_value == 3
    assert board.committee.custodiansOf(3) == [successors[0], successors[1], successors[3]]
    assert board.committee.generation(3)[6] == 1


def test_a_convicted_dealer_does_not_count_and_share_keys_are_published_again(resharing, formed, board, clock, refused):
    resharing.corrupt(1, 3)
    resharing.register()
    resharing.commit()
    resharing.deal()
    resharing.share_keys = {1: dkg.share_key(1, secret("before the conviction"))}
    resharing.publish(1)
    board.committee.complain(*resharing.complaint(1, 3), {"from": resharing.custodians[3]})
    phase, _, _, _, _, _, convicted, published = board.committee.formation(2)
    assert (phase, convicted, published) == (COMPLAIN, 0b00001, 0)
    assert resharing.counted() == [2, 3, 4]
    _finish(resharing, board)
    assert board.committee.generation(2)[5] == formed.keys_public.Y.words


def test_too_many_convictions_stall_it(resharing, board, clock):
    for dealer in (1, 2, 3):
        resharing.corrupt(dealer, 4)
    resharing.register()
    resharing.commit()
    resharing.deal()
    for dealer in (1, 2, 3):
        assert board.committee.formation(2)[0] == COMPLAIN
        board.committee.complain(*resharing.complaint(dealer, 4), {"from": resharing.custodians[4]})
    assert board.committee.formation(2)[0] == STALLED


def test_a_retired_key_does_not_come_back(resharing, board, clock, refused):
    """Retired by a vote while the resharing was under way."""
    _after_deals(resharing, clock)
    resharing.solve()
    resharing.publish()
    board.committee.retire(1, {"from": board.timelock})
    with refused("GenerationStateWrong", 1, RETIRED, ACTIVE):
        board.committee.finish(*resharing.result(), {"from": board.stranger})
    with refused("GenerationStateWrong", 1, RETIRED, ACTIVE):
        board.committee.reshare(1, board.custodians, 3, {"from": board.timelock})


def test_only_an_active_key_is_reshared(resharing, board, refused):
    for unknown, state in ((0, 0), (2, FORMING), (7, 0), (2**32 - 1, 0)):
        with refused("GenerationStateWrong", unknown, state, ACTIVE):
            board.committee.reshare(unknown, board.custodians, 3, {"from": board.timelock})


def test_its_steps_keep_their_order(resharing, formed, board, refused):
    with refused("PhaseWrong", 2, REGISTER, COMMIT):
        board.committee.commitDeal(2, resharing.commitment(1), {"from": formed.custodians[1]})
    resharing.register()
    resharing.commit(1, 2, 3)
    with refused("PhaseWrong", 2, COMMIT, DEAL):
        board.committee.deal(*resharing.opening(1), {"from": formed.custodians[1]})
    with refused("PhaseWrong", 2, COMMIT, FINISH):
        board.committee.publishShareKey(2, model.mul2(4), {"from": resharing.custodians[1]})
    with refused("PhaseWrong", 1, NO_PHASE, COMMIT):
        board.committee.commitDeal(1, b"\x01" * 32, {"from": formed.custodians[1]})


def test_who_did_not_commit_cannot_deal(resharing, formed, board, clock, refused):
    resharing.register()
    resharing.commit(1, 2, 3)
    clock.advance(PHASE + 1)
    with refused("DealNotCommitted", 2, 4):
        board.committee.deal(*resharing.opening(4), {"from": formed.custodians[4]})
    resharing.deal(1, 2, 3)
    assert board.committee.formation(2)[0] == COMPLAIN
