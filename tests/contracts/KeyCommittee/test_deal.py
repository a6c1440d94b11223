"""Commit, then deal: nobody chooses after seeing, nobody deals what another dealt, every point is on the curve."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.support import bn254_model as model
from tests.contracts.support.dkg import COMMIT, COMPLAIN, DEAL, PHASE, STALLED, Ceremony
from unwrapped_dao.crypto import dkg
from unwrapped_dao.crypto.bn254 import P1, G1Point
from unwrapped_dao.crypto.feldman import PublicPolynomial


@pytest.fixture(autouse=True)
def _honest_again(registered):
    """Undo what a test had dealers deal."""
    honest = dict(registered.dealings)
    yield
    registered.dealings.update(honest)


@pytest.fixture
def committed(registered):
    """`committed(dealer, commitment)`: that dealer commits to it, the others to their honest deals."""

    def commit(dealer=None, commitment=None):
        for i in registered.dealers:
            chosen = commitment if i == dealer else registered.commitment(i)
            registered.committee.commitDeal(1, chosen, {"from": registered.dealers[i]})

    return commit


@pytest.fixture
def forged(registered, committed):
    """`forged(dealer, **parts)`: the opening of a deal with these parts, which the dealer has committed to."""

    def commit(dealer, **parts):
        registered.deal_of(dealer, **parts)
        committed(dealer, registered.commitment(dealer))
        return registered.opening(dealer)

    return commit


# --- commit -----------------------------------------------------------------------------------------------------------


def test_commitments_are_one_each_and_not_empty(registered, board, refused):
    with refused("CommitmentEmpty"):
        board.committee.commitDeal(1, bytes(32), {"from": board.custodians[0]})
    with refused("CommitteeCallerRefused"):
        board.committee.commitDeal(1, b"\x01" * 32, {"from": board.stranger})
    registered.commit(1)
    with refused("StepRepeated", 1, 1):
        board.committee.commitDeal(1, b"\x02" * 32, {"from": board.custodians[0]})


def test_no_deal_before_all_have_committed(registered, board, refused):
    registered.commit(1, 2, 3, 4)
    with refused("PhaseWrong", 1, COMMIT, DEAL):
        board.committee.deal(*registered.opening(1), {"from": board.custodians[0]})


def test_the_last_commitment_opens_the_deals(registered, board, clock):
    registered.commit()
    assert board.committee.formation(1)[:2] == (DEAL, clock.now() + PHASE)


def test_a_late_commitment(registered, board, refused, clock):
    registered.commit(1, 2, 3, 4)
    clock.advance(PHASE + 1)
    with refused("PhaseWrong", 1, STALLED, COMMIT):
        board.committee.commitDeal(1, b"\x01" * 32, {"from": board.custodians[4]})


# --- deal -------------------------------------------------------------------------------------------------------------


def test_a_deal_stands_in_the_event(registered, board, committed):
    committed()
    tx = registered.deal(2)
    (event,) = tx.events["DealPosted"]
    dealing = registered.dealings[2]
    assert (event["generation"], event["dealer"], event["salt"]) == (1, 2, "0x" + dealing.salt.hex())
    assert event["deal"] == dealing.deal.words
    assert board.committee.formation(1)[5] == 0b00010


def test_the_last_deal_opens_the_complaints(registered, board, committed, clock):
    committed()
    registered.deal()
    assert board.committee.formation(1)[:2] == (COMPLAIN, clock.now() + PHASE)


def test_equivocation(registered, board, committed, refused):
    """Another deal than the committed one, and a second deal."""
    committed()
    g, salt, words, polynomial = registered.opening(1)
    other = dkg.make_deal(registered.board, 1, registered.keys[5], threshold=3, receivers=registered.public)
    for wrong in [(other.salt, other.deal.words), (salt, other.deal.words), (other.salt, words)]:
        with refused("DealNotCommitted", 1, 1):
            board.committee.deal(g, *wrong, polynomial, {"from": board.custodians[0]})
    registered.deal(1)
    with refused("StepRepeated", 1, 1):
        board.committee.deal(*registered.opening(1), {"from": board.custodians[0]})


def test_a_copied_commitment_opens_to_nothing(registered, board, committed, refused):
    """Dealer 1 commits to what dealer 2 committed to, and deals after it: the deal names its dealer."""
    committed(1, registered.commitment(2))
    registered.deal(2)
    with refused("DealNotCommitted", 1, 1):
        board.committee.deal(*registered.opening(2), {"from": board.custodians[0]})


def test_a_sender_deals_as_itself(registered, board, committed, refused):
    committed()
    with refused("DealNotCommitted", 1, 3):
        board.committee.deal(*registered.opening(2), {"from": board.custodians[2]})
    with refused("CommitteeCallerRefused"):
        board.committee.deal(*registered.opening(2), {"from": board.stranger})


def test_a_copied_ephemeral(registered, board, forged, refused):
    """Whoever deals under another's E would have honest complaints open the other's shares."""
    theirs = registered.dealings[2].deal
    opening = forged(1, E=theirs.E, proof=theirs.proof)
    with refused("EphemeralProofInvalid", 1, 1):
        board.committee.deal(*opening, {"from": board.custodians[0]})


def test_a_scaled_ephemeral(registered, board, forged, refused):
    """E' = 2·E with T' = 2·T, s' = 2·s: right for the other dealer's challenge only."""
    theirs = registered.dealings[2].deal
    proof = replace(theirs.proof, T=theirs.proof.T * 2, s=theirs.proof.s * 2 % model.R)
    opening = forged(1, E=theirs.E * 2, proof=proof)
    with refused("EphemeralProofInvalid", 1, 1):
        board.committee.deal(*opening, {"from": board.custodians[0]})


@pytest.mark.parametrize("where", ["chain", "board", "generation"])
def test_a_deal_is_bound_to_where_it_was_made(registered, board, chain, forged, refused, where):
    """Replayed from elsewhere, even if the commitment is made anew here, its ephemeral is not proven here."""
    elsewhere = (
        {
            "chain": Ceremony(board.committee, chain.id + 1, 1, board.custodians, 3),
            "board": Ceremony(board.timelock, chain.id, 1, board.custodians, 3),
            "generation": Ceremony(board.committee, chain.id, 2, board.custodians, 3),
        }[where]
        .dealings[1]
        .deal
    )
    opening = forged(1, E=elsewhere.E, proof=elsewhere.proof, commitments=elsewhere.commitments)
    with refused("EphemeralProofInvalid", 1, 1):
        board.committee.deal(*opening, {"from": board.custodians[0]})


def test_shapes_of_another_committee(registered, board, committed, refused):
    """Another degree, or another number of shares."""
    deal = registered.dealings[1].deal
    points = deal.commitments.points
    for number, parts in enumerate(
        [
            {"commitments": PublicPolynomial(points[:2])},
            {"commitments": PublicPolynomial((*points, P1))},
            {"shares": deal.shares[:4]},
            {"shares": (*deal.shares, 1)},
        ]
    ):
        registered.dealings[number + 1] = replace(registered.dealings[number + 1], deal=replace(deal, **parts))
    committed()
    for i in (1, 2, 3, 4):
        wrong = registered.dealings[i].deal
        with refused("DealShapeInvalid", wrong.commitments.threshold, len(wrong.shares)):
            board.committee.deal(*registered.opening(i), {"from": board.custodians[i - 1]})


@pytest.mark.parametrize("bad", [(0, 0), (1, 3), (1 + model.P, 2), (1, 2 + model.P)])
@pytest.mark.parametrize("where", ["first commitment", "last commitment", "E", "T"])
def test_points_that_are_none(registered, board, forged, refused, where, bad):
    point = G1Point.trusted(*bad)
    deal = registered.dealings[1].deal
    points = deal.commitments.points
    parts = {
        "first commitment": {"commitments": PublicPolynomial((point, *points[1:]))},
        "last commitment": {"commitments": PublicPolynomial((*points[:2], point))},
        "E": {"E": point},
        "T": {"proof": replace(deal.proof, T=point)},
    }[where]
    opening = forged(1, **parts)
    with refused("PointInvalid"):
        board.committee.deal(*opening, {"from": board.custodians[0]})


def test_a_late_deal(registered, board, committed, refused, clock):
    committed()
    registered.deal(1, 2, 3, 4)
    clock.advance(PHASE + 1)
    with refused("PhaseWrong", 1, STALLED, DEAL):
        board.committee.deal(*registered.opening(5), {"from": board.custodians[4]})
