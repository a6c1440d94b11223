"""The chain judges: a wrong share convicts its dealer, a right one refuses the complainer, nothing else is believed."""

from __future__ import annotations

import pytest

from tests.contracts.support import bn254_model as model
from tests.contracts.support.dkg import COMPLAIN, FINISH, PHASE, STALLED, Ceremony

MOST_GAS = 240_000


@pytest.fixture(scope="module")
def accused(deploy, accounts, chain):
    """Dealer 2 dealt custodian 4 a wrong share, dealer 3 custodian 1 a number that is no scalar."""
    custodians = list(accounts[1:6])
    committee = deploy("KeyCommittee", accounts[8], custodians, 3, PHASE)
    ceremony = Ceremony(committee, chain.id, 1, custodians, 3)
    ceremony.corrupt(2, 4)
    ceremony.corrupt(3, 1, model.R + 5)
    ceremony.register()
    ceremony.commit()
    ceremony.deal()
    return ceremony


def _complain(ceremony, dealer, index):
    return ceremony.committee.complain(*ceremony.complaint(dealer, index), {"from": ceremony.custodians[index]})


def test_a_malicious_dealer_is_convicted(accused):
    tx = _complain(accused, 2, 4)
    event = tx.events["ComplaintUpheld"][0]
    assert (event["generation"], event["dealer"], event["complainer"]) == (1, 2, 4)
    assert tx.gas_used <= MOST_GAS
    phase, _, _, _, _, _, convicted, _ = accused.committee.formation(1)
    assert (phase, convicted) == (STALLED, 0b00010)


def test_a_share_that_is_no_scalar_convicts(accused):
    tx = _complain(accused, 3, 1)
    assert tx.events["ComplaintUpheld"][0]["share"] == model.R + 5


@pytest.mark.parametrize(("dealer", "index"), [(2, 3), (1, 4), (4, 4)])
def test_a_false_complaint_is_refused(accused, refused, dealer, index):
    """The proof is right and the share as well: the complainer loses nothing, and goes on."""
    with refused("ComplaintUnfounded", 1, dealer, index):
        _complain(accused, dealer, index)
    assert accused.committee.formation(1)[0] == COMPLAIN


def test_a_complaint_needs_the_true_shared_point(accused, refused):
    """Another Z would decrypt a right share to nonsense, and convict an honest dealer."""
    g, dealer, salt, deal, key, shared, c, s = accused.complaint(1, 4)
    sender = {"from": accused.custodians[4]}
    for wrong in [
        (key, model.add(shared, model.P1), c, s),
        (key, model.negate(shared), c, s),
        (key, shared, (c + 1) % model.R, s),
        (key, shared, c, (s + 1) % model.R),
        (key, shared, c + model.R, s),
        (key, shared, c, s + model.R),
    ]:
        with refused("ComplaintProofInvalid", 1, 4):
            accused.committee.complain(g, dealer, salt, deal, *wrong, sender)
    for wrong in ((0, 0), (1, 3), (shared[0] + model.P, shared[1])):
        with refused("PointInvalid"):
            accused.committee.complain(g, dealer, salt, deal, key, wrong, c, s, sender)


def test_a_complaint_needs_the_registered_key(accused, refused):
    """With a key of its own making, a complainer could prove any Z."""
    g, dealer, salt, deal, key, *rest = accused.complaint(1, 4)
    for other in (accused.public[3].words, model.negate(key), (0, 0)):
        with refused("EncryptionKeyUnknown", 1, 4):
            accused.committee.complain(g, dealer, salt, deal, other, *rest, {"from": accused.custodians[4]})


def test_a_complaint_is_its_receivers_own(accused, refused):
    theirs = accused.complaint(2, 4)
    with refused("EncryptionKeyUnknown", 1, 3):
        accused.committee.complain(*theirs, {"from": accused.custodians[3]})


def test_a_complaint_is_about_what_was_dealt(accused, refused):
    g, dealer, salt, deal, *rest = accused.complaint(1, 4)
    c, e, t, s, shares = deal
    sender = {"from": accused.custodians[4]}
    for wrong in [
        (c, e, t, s, (*shares[:3], shares[3] ^ 1, shares[4])),
        ((model.add(c[0], model.P1), *c[1:]), e, t, s, shares),
        (c, accused.dealings[2].deal.E.words, t, s, shares),
    ]:
        with refused("DealNotCommitted", 1, 1):
            accused.committee.complain(g, dealer, salt, wrong, *rest, sender)
    with refused("DealNotCommitted", 1, 5):
        accused.committee.complain(g, 5, salt, deal, *rest, sender)
    for nobody in (0, 6, 33, 255):
        with refused("DealerNotAccused", 1, nobody):
            accused.committee.complain(g, nobody, salt, deal, *rest, sender)


def test_a_late_complaint(accused, refused, clock):
    clock.advance(PHASE + 1)
    with refused("PhaseWrong", 1, FINISH, COMPLAIN):
        _complain(accused, 2, 4)


def test_after_a_conviction_the_generation_does_not_finish(accused, refused, clock):
    _complain(accused, 2, 4)
    with refused("PhaseWrong", 1, STALLED, COMPLAIN):
        _complain(accused, 3, 1)
    with refused("PhaseWrong", 1, STALLED, FINISH):
        accused.committee.publishShareKey(1, model.mul2(3), {"from": accused.custodians[1]})
    clock.advance(PHASE + 1)
    with refused("PhaseWrong", 1, STALLED, FINISH):
        accused.committee.publishShareKey(1, model.mul2(3), {"from": accused.custodians[1]})
