"""Who aborts is left out: a stalled generation is given up, and the others begin again with the same threshold.

The fixtures are stages of one generation, so what needs the later one stands last.
"""

from __future__ import annotations

import pytest

from tests.contracts.support.committee import SECRET, key_proof
from tests.contracts.support.dkg import COMMIT, DEAL, NO_PHASE, PHASE, REGISTER, STALLED, Ceremony

NONE, FORMING, ACTIVE, RETIRED, GIVEN_UP = range(5)


def _restart(board, generation=1):
    tx = board.committee.restart(generation, {"from": board.stranger})
    return tx.events["GenerationGivenUp"][0]["leftOut"]


def test_who_does_not_register(forming, board, clock):
    forming.register(1, 2, 4, 5)
    clock.advance(PHASE + 1)
    assert _restart(board) == 0b00100
    assert board.committee.generation(1)[0] == GIVEN_UP
    assert board.committee.generation(2)[:3] == (FORMING, 3, 4)
    assert board.committee.custodiansOf(2) == [c for c in board.custodians if c != board.custodians[2]]
    assert board.committee.formation(2)[0] == REGISTER


def test_who_is_convicted_without_waiting(deploy, accounts, chain, board):
    committee = deploy("KeyCommittee", board.timelock, board.custodians, 3, PHASE)
    ceremony = Ceremony(committee, chain.id, 1, board.custodians, 3)
    ceremony.corrupt(2, 4)
    ceremony.register()
    ceremony.commit()
    ceremony.deal()
    committee.complain(*ceremony.complaint(2, 4), {"from": board.custodians[3]})
    tx = committee.restart(1, {"from": board.stranger})
    assert tx.events["GenerationGivenUp"][0]["leftOut"] == 0b00010
    assert board.custodians[1] not in committee.custodiansOf(2)


def test_fewer_dealers_than_the_threshold_begin_nothing(forming, board, clock):
    """Two of five cannot be a committee of threshold three: it takes a vote."""
    forming.register(1, 2)
    clock.advance(PHASE + 1)
    tx = board.committee.restart(1, {"from": board.stranger})
    assert tx.return_value == 0
    assert board.committee.generation(1)[0] == GIVEN_UP
    assert board.committee.generation(2)[0] == NONE
    board.committee.form(board.custodians[:4], 3, {"from": board.timelock})
    assert board.committee.generation(2)[:3] == (FORMING, 3, 4)


def test_what_is_not_stalled_goes_on(forming, board, refused, clock):
    with refused("PhaseWrong", 1, REGISTER, STALLED):
        board.committee.restart(1, {"from": board.stranger})
    with refused("PhaseWrong", 2, NO_PHASE, STALLED):
        board.committee.restart(2, {"from": board.stranger})
    forming.register()
    forming.commit()
    assert board.committee.formation(1)[0] == DEAL
    with refused("PhaseWrong", 1, DEAL, STALLED):
        board.committee.restart(1, {"from": board.stranger})


def test_a_given_up_generation_does_nothing_more(forming, board, clock, refused):
    forming.register(1, 2, 4, 5)
    clock.advance(PHASE + 1)
    _restart(board)
    with refused("PhaseWrong", 1, NO_PHASE, STALLED):
        board.committee.restart(1, {"from": board.stranger})
    with refused("PhaseWrong", 1, NO_PHASE, REGISTER):
        board.committee.registerKey(1, *forming.key_proof(3), {"from": board.custodians[2]})
    with refused("GenerationStateWrong", 1, GIVEN_UP, FORMING):
        board.committee.postKey(1, *key_proof(board.committee, 1337, SECRET), {"from": board.custodians[0]})
    with refused("GenerationStateWrong", 1, GIVEN_UP, ACTIVE):
        board.committee.ready(1, b"\x01" * 32, {"from": board.custodians[0]})


def test_the_next_generations_key_lies_where_it_is_looked_for(forming, board, clock, chain):
    """A generation that was given up leaves its place empty, so that the numbers of keys stay right."""
    forming.register(1, 2, 4, 5)
    clock.advance(PHASE + 1)
    _restart(board)
    others = [c for c in board.custodians if c != board.custodians[2]]
    second = Ceremony(board.committee, chain.id, 2, others, 3)
    second.run(board.stranger)
    assert board.committee.generation(2)[5] == second.keys_public.Y.words
    assert board.committee.generation(1)[5] == (0, 0, 0, 0)
    assert board.committee.currentGeneration() == 2


# --- by vote ----------------------------------------------------------------------------------------------------------


def test_a_vote_forms_another_committee_in_place_of_one_that_forms(forming, board, accounts):
    forming.register(1, 2)
    tx = board.committee.form(accounts[10:13], 2, {"from": board.timelock})
    assert tx.events["GenerationGivenUp"][0]["generation"] == 1
    assert board.committee.generation(1)[0] == GIVEN_UP
    assert board.committee.generation(2)[:3] == (FORMING, 2, 3)


def test_a_vote_for_one_custodian_has_it_post_its_key(board, accounts, chain):
    custodian = accounts[10]
    board.committee.form([custodian], 1, {"from": board.timelock})
    assert board.committee.formation(2)[0] == NO_PHASE
    proof = key_proof(board.committee, chain.id, SECRET, generation=2)
    board.committee.postKey(2, *proof, {"from": custodian})
    assert board.committee.generation(2)[0] == ACTIVE
    assert board.committee.generation(2)[5] == proof[1]


def test_only_a_vote_forms(board, accounts, refused):
    for other in (board.stranger, board.custodians[0]):
        with refused("CommitteeCallerRefused"):
            board.committee.form(accounts[10:13], 2, {"from": other})
        with refused("CommitteeCallerRefused"):
            board.committee.reshare(1, accounts[10:13], 2, {"from": other})
    for custodians, threshold in [([], 0), (board.custodians, 6), (board.custodians, 0), ([board.stranger] * 2, 1)]:
        with refused("CommitteeShapeInvalid", len(custodians), threshold):
            board.committee.form(custodians, threshold, {"from": board.timelock})


@pytest.mark.parametrize("stage", [COMMIT, DEAL])
def test_a_retired_key_stays_while_the_next_forms(board, accounts, chain, stage):
    committee = board.committee
    committee.form([accounts[10]], 1, {"from": board.timelock})
    committee.postKey(2, *key_proof(committee, chain.id, SECRET, generation=2), {"from": accounts[10]})
    committee.form(board.custodians, 3, {"from": board.timelock})
    third = Ceremony(committee, chain.id, 3, board.custodians, 3)
    third.register()
    if stage == DEAL:
        third.commit()
    committee.retire(2, {"from": board.timelock})
    assert committee.currentGeneration() == 0
    assert committee.formation(3)[0] == stage


# --- later stages -----------------------------------------------------------------------------------------------------


def test_who_does_not_commit(registered, board, clock):
    registered.commit(1, 3, 4)
    clock.advance(PHASE + 1)
    assert _restart(board) == 0b10010
    assert board.committee.generation(2)[:3] == (FORMING, 3, 3)


def test_who_does_not_deal(registered, board, clock):
    registered.commit()
    registered.deal(2, 3, 4, 5)
    clock.advance(PHASE + 1)
    assert _restart(board) == 0b00001


def test_messages_of_the_generation_before_are_not_taken(registered, board, chain, clock, refused):
    """Same custodians, same indices, same keys: the generation's number is in every message."""
    board.committee.form(board.custodians, 3, {"from": board.timelock})
    with refused("EncryptionKeyProofInvalid", 2, 1):
        board.committee.registerKey(2, *registered.key_proof(1), {"from": board.custodians[0]})
    second = Ceremony(board.committee, chain.id, 2, board.custodians, 3)
    second.register()
    for i, custodian in enumerate(board.custodians, 1):
        board.committee.commitDeal(2, registered.commitment(i), {"from": custodian})
    with refused("DealNotCommitted", 2, 1):
        board.committee.deal(2, *registered.opening(1)[1:], {"from": board.custodians[0]})
