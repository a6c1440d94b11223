"""A 1-of-1 committee before and after its key was posted; the key is the vectors' x."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.contracts.support.committee import SECRET, key_proof
from tests.contracts.support.dkg import PHASE, Ceremony
from tests.contracts.support.refusals import as_calls


@pytest.fixture(scope="session")
def refused(refused):
    """Refusals as calls: nothing inside such a block is mined."""
    return as_calls(refused)


@pytest.fixture(scope="module")
def desk(deploy, accounts):
    timelock, custodian = accounts[8], accounts[1]
    committee = deploy("KeyCommittee", timelock, [custodian], 1, 600)
    return SimpleNamespace(committee=committee, timelock=timelock, custodian=custodian)


@pytest.fixture(scope="module")
def proof(desk, chain):
    """(X, Y, T, s) that `postKey` accepts."""
    return key_proof(desk.committee, chain.id, SECRET)


@pytest.fixture(scope="module")
def active(deploy, accounts, chain):
    """Another committee, whose key was posted."""
    timelock, custodian = accounts[8], accounts[1]
    committee = deploy("KeyCommittee", timelock, [custodian], 1, 600)
    proof = key_proof(committee, chain.id, SECRET)
    committee.postKey(1, *proof, {"from": custodian})
    return SimpleNamespace(committee=committee, timelock=timelock, custodian=custodian, proof=proof, Y=proof[1])


@pytest.fixture(scope="module")
def board(deploy, accounts):
    """A 3-of-5 committee, nothing done yet."""
    timelock, custodians = accounts[8], list(accounts[1:6])
    committee = deploy("KeyCommittee", timelock, custodians, 3, PHASE)
    return SimpleNamespace(committee=committee, timelock=timelock, custodians=custodians, stranger=accounts[9])


@pytest.fixture(scope="module")
def forming(board, chain):
    return Ceremony(board.committee, chain.id, 1, board.custodians, 3)


@pytest.fixture(scope="module")
def registered(forming):
    """All five have an encryption key on the board."""
    forming.register()
    return forming


@pytest.fixture(scope="module")
def dealt(registered):
    """All five have dealt, honestly."""
    registered.commit()
    registered.deal()
    registered.solve()
    return registered


@pytest.fixture(scope="module")
def published(dealt):
    """All five have published their share keys."""
    dealt.publish()
    return dealt


@pytest.fixture(scope="module")
def formed(published, board):
    """The committee has its key."""
    published.finish(board.stranger)
    return published
