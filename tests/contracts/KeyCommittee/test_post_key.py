"""A generation becomes Active by its custodian's proven key, and Retired by the timelock; no other arrow exists."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from tests.contracts.support import bn254_model as model
from tests.contracts.support.committee import SECRET, key_proof

NONE, FORMING, ACTIVE, RETIRED = range(4)
ZERO = "0x" + "0" * 40
NO_HASH = "0x" + "0" * 64


def keccak_of(words):
    return "0x" + keccak(b"".join(word.to_bytes(32, "big") for word in words)).hex()


def test_deployment_forms_generation_1(desk):
    assert desk.committee.generation(1) == (FORMING, 1, 1, 0, (0, 0), (0, 0, 0, 0), 0, NO_HASH, NO_HASH)
    assert desk.committee.custodiansOf(1) == [desk.custodian]
    assert desk.committee.currentGeneration() == 0
    assert not desk.committee.isActive(1)
    assert desk.committee.generation(2)[0] == NONE


def test_shapes_that_make_no_committee(deploy, accounts, refused):
    timelock = accounts[8]
    for custodians, threshold in [
        ([], 0),
        ([], 1),
        ([accounts[1]], 0),
        ([accounts[1]], 2),
        ([accounts[1], accounts[1]], 1),
        ([accounts[1], ZERO], 1),
        (["0x" + f"{i:040x}" for i in range(1, 34)], 1),
    ]:
        with refused("CommitteeShapeInvalid", len(custodians), threshold):
            deploy("KeyCommittee", timelock, custodians, threshold, 600)


def test_posting_makes_it_active(desk, proof, clock):
    tx = desk.committee.postKey(1, *proof, {"from": desk.custodian})
    point, key = proof[0], proof[1]
    hashes = (keccak_of(point), keccak_of(key))  # A_0 = X, Y_1 = Y
    assert desk.committee.generation(1) == (ACTIVE, 1, 1, clock.now(), point, key, 0, *hashes)
    assert desk.committee.isActive(1)
    assert desk.committee.currentGeneration() == 1
    assert tx.events["GenerationActivated"]["Y"] == key


def test_only_the_custodian_posts(desk, proof, accounts, refused):
    for other in (desk.timelock, accounts[0], accounts[2]):
        with refused("CommitteeCallerRefused"):
            desk.committee.postKey(1, *proof, {"from": other})


def test_a_generation_is_posted_once(active, refused):
    with refused("GenerationStateWrong", 1, ACTIVE, FORMING):
        active.committee.postKey(1, *active.proof, {"from": active.custodian})
    for unknown in (0, 2, 2**32 - 1):
        with refused("GenerationStateWrong", unknown, NONE, FORMING):
            active.committee.postKey(unknown, *active.proof, {"from": active.custodian})


def test_several_custodians_have_no_single_key(deploy, accounts, chain, refused):
    committee = deploy("KeyCommittee", accounts[8], accounts[1:4], 2, 600)
    with refused("CommitteeShapeInvalid", 3, 2):
        committee.postKey(1, *key_proof(committee, chain.id, SECRET), {"from": accounts[1]})


def test_proofs_that_do_not_prove_x(desk, proof, chain, refused):
    point, key, t, s = proof
    elsewhere = key_proof(desk.custodian.address, chain.id, SECRET)
    for wrong in [
        (point, key, t, (s + 1) % model.R),
        (point, key, t, 0),
        (point, key, t, s + model.R),
        (point, key, model.negate(t), s),
        (model.negate(point), key, t, s),
        (point, model.mul2(SECRET + 1), t, s),
        elsewhere,
        key_proof(desk.committee, chain.id + 1, SECRET),
        key_proof(desk.committee, chain.id, SECRET, generation=2),
    ]:
        with refused("KeyProofInvalid"):
            desk.committee.postKey(1, *wrong, {"from": desk.custodian})


def test_a_proven_x_with_another_y(desk, chain, refused, monkeypatch):
    for other in (model.mul2(SECRET + 1), model.mul2(model.R - SECRET)):
        with monkeypatch.context() as patch:
            patch.setattr(model, "mul2", lambda _k, y=other: y)
            wrong = key_proof(desk.committee, chain.id, SECRET)
        with refused("KeyPairInvalid"):
            desk.committee.postKey(1, *wrong, {"from": desk.custodian})
    with monkeypatch.context() as patch:
        patch.setattr(model, "mul2", lambda _k: model.g2_outside_subgroup())
        wrong = key_proof(desk.committee, chain.id, SECRET)
    with refused("PrecompileFailed"):
        desk.committee.postKey(1, *wrong, {"from": desk.custodian})


@pytest.mark.parametrize("bad", [(0, 0), (1, 3), (1 + model.P, 2)])
def test_bad_points(desk, proof, refused, bad):
    point, key, t, s = proof
    for wrong in [
        (bad, key, t, s),
        (point, key, bad, s),
        (point, (0, 0, 0, 0), t, s),
        (point, (key[0] + model.P, *key[1:]), t, s),
    ]:
        with refused("PointInvalid"):
            desk.committee.postKey(1, *wrong, {"from": desk.custodian})


def test_retiring(active, accounts, refused):
    with refused("CommitteeCallerRefused"):
        active.committee.retire(1, {"from": active.custodian})
    active.committee.retire(1, {"from": active.timelock})
    assert not active.committee.isActive(1)
    assert active.committee.currentGeneration() == 0
    retired = active.committee.generation(1)
    assert (retired[0], retired[5]) == (RETIRED, active.Y)
    with refused("GenerationStateWrong", 1, RETIRED, ACTIVE):
        active.committee.retire(1, {"from": active.timelock})


def test_what_is_not_active_cannot_retire(desk, proof, refused):
    with refused("GenerationStateWrong", 1, FORMING, ACTIVE):
        desk.committee.retire(1, {"from": desk.timelock})
    desk.committee.postKey(1, *proof, {"from": desk.custodian})
    desk.committee.retire(1, {"from": desk.timelock})
    with refused("GenerationStateWrong", 1, RETIRED, FORMING):
        desk.committee.postKey(1, *proof, {"from": desk.custodian})
