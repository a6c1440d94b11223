"""Who serves and is paid when a key was shared anew: written into each sale at its approval, and never changed."""

from __future__ import annotations

import pytest

from tests.contracts.support.committee import SECRET
from tests.contracts.support.dkg import Ceremony
from tests.contracts.support.market import APPROVED, GENERATION_NOT_ACTIVE, OPERATORS_BPS, PRICE, SETTLED
from unwrapped_dao.crypto.bn254 import P1
from unwrapped_dao.crypto.feldman import PublicPolynomial
from unwrapped_dao.crypto.keys import SecretScalar

EARNED = PRICE * OPERATORS_BPS // 10_000


@pytest.fixture(scope="module")
def successors(desk):
    return desk.accounts[16:18]


@pytest.fixture(scope="module")
def before(desk):
    """Approved under the first set, and not delivered yet."""
    return desk.approved()


@pytest.fixture(scope="module")
def reshared(desk, before, successors, chain):
    """The single custodian's key, shared anew between two others."""
    alone = Ceremony(desk.committee, chain.id, 1, [desk.custodian], 1)
    alone.secrets = {1: SecretScalar(SECRET)}
    alone._polynomial = PublicPolynomial((P1 * SECRET,))
    desk.committee.reshare(1, successors, 2, {"from": desk.timelock})
    two = Ceremony(desk.committee, chain.id, 2, successors, 2, source=alone)
    two.run(desk.stranger)
    return two


def test_a_sale_approved_later_is_the_new_sets(desk, reshared, successors):
    """Of a pool that stays pinned to the first generation."""
    offer, sale = desk.approved()
    assert desk.sale(sale)["generation"] == 2
    desk.deliver(offer, desk.cover(offer))
    assert desk.sale(sale)["state"] == SETTLED
    for operator in successors:
        assert desk.splitter.operatorCreditOf(2, operator, desk.dollar) == EARNED // 2
    assert desk.splitter.operatorCreditOf(1, desk.custodian, desk.dollar) == 0


def test_a_sale_approved_before_pays_the_old_set_whoever_delivers(desk, reshared, before, successors):
    offer, _ = before
    desk.deliver(offer, desk.cover(offer), sender=successors[0])
    assert desk.splitter.operatorCreditOf(1, desk.custodian, desk.dollar) == EARNED
    assert desk.splitter.operatorCreditOf(2, successors[0], desk.dollar) == 0


def test_what_the_old_set_earned_stays_its_own(desk, reshared, before):
    """Also after the new set earned, and after the key was retired."""
    offer, _ = before
    desk.deliver(offer, desk.cover(offer))
    later, _ = desk.approved()
    desk.deliver(later, desk.cover(later))
    desk.committee.retire(2, {"from": desk.timelock})
    desk.splitter.payOperator(1, desk.custodian, desk.dollar)
    assert desk.dollar.balanceOf(desk.custodian) == EARNED


def test_two_of_the_new_set_deliver_what_was_opened_under_the_old_one(desk, reshared):
    """By shares, combined: the key is the same."""
    offer, sale = desk.approved()
    both = sum(weight * reshared.secrets[j].to_secret_int() for j, weight in ((1, 2), (2, -1)))  # Lagrange at 0
    nodes = [desk.node(offer, height, index, x=both) for height, index, *_ in desk.cover(offer)]
    desk.deliver(offer, nodes)
    assert desk.sale(sale)["state"] == SETTLED


def test_retiring_any_generation_of_the_key_ends_approvals(desk, reshared):
    _, sale = desk.offer()
    desk.committee.retire(1, {"from": desk.timelock})
    tx = desk.approve(sale)
    assert tx.events["SaleSkipped"][0]["reason"] == GENERATION_NOT_ACTIVE
    assert desk.sale(sale)["state"] != APPROVED


def test_a_resharing_under_way_changes_nothing(desk, reshared, chain):
    desk.committee.reshare(2, [desk.stranger], 1, {"from": desk.timelock})
    _, sale = desk.approved()
    assert desk.sale(sale)["generation"] == 2
