"""Encryption keys: each custodian its own, fresh for the generation, with proof of possession; in time, once."""

from __future__ import annotations

import pytest

from tests.contracts.support import bn254_model as model
from tests.contracts.support.dkg import COMMIT, NO_PHASE, PHASE, REGISTER, STALLED, Ceremony

FORMING = 1


def test_a_fresh_committee_waits_for_its_custodians(board, clock):
    assert board.committee.generation(1)[:3] == (FORMING, 3, 5)
    phase, until, *_ = board.committee.formation(1)
    assert (phase, until) == (REGISTER, clock.now() + PHASE)
    assert board.committee.formation(2)[0] == NO_PHASE
    assert board.committee.phaseLength() == PHASE


def test_registering(forming, board):
    key, t, s = forming.key_proof(2)
    tx = board.committee.registerKey(1, key, t, s, {"from": board.custodians[1]})
    assert dict(tx.events["EncryptionKeyRegistered"][0]) == {"generation": 1, "index": 2, "K": key}
    assert board.committee.formation(1)[3] == 0b00010


def test_the_last_key_opens_the_next_phase(forming, board, clock):
    forming.register(1, 3, 4, 5)
    assert board.committee.formation(1)[0] == REGISTER
    clock.advance(PHASE // 2)
    forming.register(2)
    assert board.committee.formation(1)[:2] == (COMMIT, clock.now() + PHASE)


def test_a_proof_is_bound_to_its_custodian(forming, board, refused):
    """A copied key comes with a proof that names another index."""
    copied = forming.key_proof(2)
    with refused("EncryptionKeyProofInvalid", 1, 1):
        board.committee.registerKey(1, *copied, {"from": board.custodians[0]})
    with refused("CommitteeCallerRefused"):
        board.committee.registerKey(1, *copied, {"from": board.stranger})


def test_a_proof_is_bound_to_board_chain_and_generation(forming, board, chain, refused):
    replayed = [
        Ceremony(board.committee, chain.id + 1, 1, board.custodians, 3),
        Ceremony(board.committee, chain.id, 2, board.custodians, 3),
        Ceremony(board.timelock, chain.id, 1, board.custodians, 3),  # another board's address
    ]
    for other in replayed:
        with refused("EncryptionKeyProofInvalid", 1, 1):
            board.committee.registerKey(1, *other.key_proof(1), {"from": board.custodians[0]})


def test_proofs_of_nothing(forming, board, refused):
    key, t, s = forming.key_proof(1)
    for wrong in [
        (key, t, (s + 1) % model.R),
        (key, t, s + model.R),
        (key, model.negate(t), s),
        (model.negate(key), t, s),
        (model.add(key, model.P1), t, s),
    ]:
        with refused("EncryptionKeyProofInvalid", 1, 1):
            board.committee.registerKey(1, *wrong, {"from": board.custodians[0]})


@pytest.mark.parametrize("bad", [(0, 0), (1, 3), (1 + model.P, 2), (1, 2 + model.P)])
def test_points_that_are_none(forming, board, refused, bad):
    key, t, s = forming.key_proof(1)
    for wrong in ((bad, t, s), (key, bad, s)):
        with refused("PointInvalid"):
            board.committee.registerKey(1, *wrong, {"from": board.custodians[0]})


def test_once_and_in_time(forming, board, refused, clock):
    forming.register(1)
    with refused("StepRepeated", 1, 1):
        board.committee.registerKey(1, *forming.key_proof(1), {"from": board.custodians[0]})
    clock.advance(PHASE + 1)
    with refused("PhaseWrong", 1, STALLED, REGISTER):
        board.committee.registerKey(1, *forming.key_proof(3), {"from": board.custodians[2]})


def test_nothing_else_happens_in_this_phase(forming, board, refused):
    with refused("PhaseWrong", 1, REGISTER, COMMIT):
        board.committee.commitDeal(1, b"\x01" * 32, {"from": board.custodians[0]})
    with refused("PhaseWrong", 1, REGISTER, 3):
        board.committee.deal(*forming.opening(1), {"from": board.custodians[0]})
    with refused("PhaseWrong", 1, REGISTER, 4):
        board.committee.complain(*forming.complaint(1, 2), {"from": board.custodians[1]})
    with refused("PhaseWrong", 1, REGISTER, 5):
        board.committee.publishShareKey(1, model.mul2(5), {"from": board.custodians[0]})
    with refused("PhaseWrong", 1, REGISTER, STALLED):
        board.committee.restart(1, {"from": board.stranger})


def test_a_single_custodian_registers_nothing(desk, refused):
    with refused("PhaseWrong", 1, NO_PHASE, REGISTER):
        desk.committee.registerKey(1, (1, 2), (1, 2), 5, {"from": desk.custodian})


def test_phase_lengths_have_bounds(deploy, accounts, refused):
    for wrong in (0, 30 * 86_400 + 1):
        with refused("PhaseLengthOutOfBounds", wrong, 1, 30 * 86_400):
            deploy("KeyCommittee", accounts[8], [accounts[1]], 1, wrong)
