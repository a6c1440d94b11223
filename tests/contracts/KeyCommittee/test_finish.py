"""Five custodians form a key that none of them knows; a wrong key, share key or polynomial does not pass.

The fixtures are stages of one generation, so the tests stand in its order: dealt, published, formed.
"""

from __future__ import annotations

from itertools import combinations

from tests.contracts.support import bn254_model as model
from tests.contracts.support.dkg import COMPLAIN, FINISH, NO_PHASE, PHASE, Ceremony
from unwrapped_dao.crypto import shamir
from unwrapped_dao.crypto.bn254 import P1, P2, hash_to_g1
from unwrapped_dao.crypto.committee import sign_heartbeat

FORMING, ACTIVE = 1, 2


# --- when -------------------------------------------------------------------------------------------------------------


def test_all_published_ends_the_time_for_complaints(dealt, board):
    assert board.committee.formation(1)[0] == COMPLAIN
    dealt.publish()
    assert board.committee.formation(1)[:2] == (FINISH, 0)
    dealt.finish(board.stranger)


def test_nothing_finishes_while_complaints_are_possible(dealt, board, refused):
    dealt.publish(1, 2, 3, 4)
    with refused("PhaseWrong", 1, COMPLAIN, FINISH):
        board.committee.finish(*dealt.result(), {"from": board.stranger})


def test_three_share_keys_are_enough_when_the_time_for_complaints_is_over(dealt, board, clock):
    """Two silent custodians stop nothing: the other share keys follow from three."""
    clock.advance(PHASE + 1)
    dealt.publish(2, 4, 5)
    dealt.finish(board.stranger)
    assert board.committee.isActive(1)


def test_a_share_key_is_published_once_and_by_its_custodian(dealt, board, refused):
    y = dealt.share_keys[1].Y.words
    dealt.publish(1)
    with refused("StepRepeated", 1, 1):
        board.committee.publishShareKey(1, y, {"from": board.custodians[0]})
    with refused("CommitteeCallerRefused"):
        board.committee.publishShareKey(1, y, {"from": board.stranger})
    for wrong in ((0, 0, 0, 0), (model.P, *y[1:])):
        with refused("PointInvalid"):
            board.committee.publishShareKey(1, wrong, {"from": board.custodians[1]})


# --- what does not pass -----------------------------------------------------------------------------------------------


def test_a_share_key_that_does_not_match(published, board, refused):
    g, c, openings, y, keys = published.result()
    for at in range(5):
        wrong = list(keys)
        wrong[at] = (published.share_keys[at + 1].Y + P2).words
        with refused("ShareKeysInvalid", 1):
            board.committee.finish(g, c, openings, y, wrong, {"from": board.stranger})


def test_share_keys_whose_errors_cancel(published, board, refused):
    g, c, openings, y, keys = published.result()
    d = P2 * 5
    wrong = [(published.share_keys[1].Y + d).words, (published.share_keys[2].Y + -d).words, *keys[2:]]
    with refused("ShareKeysInvalid", 1):
        board.committee.finish(g, c, openings, y, wrong, {"from": board.stranger})


def test_share_keys_in_another_order(published, board, refused):
    g, c, openings, y, keys = published.result()
    with refused("ShareKeysInvalid", 1):
        board.committee.finish(g, c, openings, y, [keys[1], keys[0], *keys[2:]], {"from": board.stranger})


def test_a_negated_key(published, board, refused):
    """Equal x-coordinates, another key."""
    g, c, openings, y, keys = published.result()
    negated = (-published.keys_public.Y).words
    assert negated[:2] == y[:2]
    with refused("ShareKeysInvalid", 1):
        board.committee.finish(g, c, openings, negated, keys, {"from": board.stranger})
    all_negated = [(-published.share_keys[j].Y).words for j in range(1, 6)]
    with refused("ShareKeysInvalid", 1):
        board.committee.finish(g, c, openings, negated, all_negated, {"from": board.stranger})


def test_keys_that_are_no_points_of_the_group(published, board, refused):
    g, c, openings, y, keys = published.result()
    for wrong in ((0, 0, 0, 0), (model.P, *y[1:])):
        with refused("PointInvalid"):
            board.committee.finish(g, c, openings, wrong, keys, {"from": board.stranger})
        with refused("PointInvalid"):
            board.committee.finish(g, c, openings, y, [*keys[:4], wrong], {"from": board.stranger})
    for wrong in ((1, 2, 3, 4), model.g2_outside_subgroup()):
        with refused("PrecompileFailed"):
            board.committee.finish(g, c, openings, wrong, keys, {"from": board.stranger})
        with refused("PrecompileFailed"):
            board.committee.finish(g, c, openings, y, [*keys[:4], wrong], {"from": board.stranger})


def test_commitments_that_were_not_dealt(published, board, refused):
    g, c, openings, y, keys = published.result()
    for at in (0, 4, 14):
        wrong = list(c)
        wrong[at] = model.add(tuple(c[at]), model.P1)
        with refused("DealNotCommitted", 1, 1 + at // 3):
            board.committee.finish(g, wrong, openings, y, keys, {"from": board.stranger})
    with refused("DealNotCommitted", 1, 1):
        board.committee.finish(g, c, [openings[1], openings[0], *openings[2:]], y, keys, {"from": board.stranger})


def test_fewer_or_more_dealers_than_dealt(published, board, refused):
    g, c, openings, y, keys = published.result()
    for wrong in (
        (c[:12], openings[:4], keys),
        (c[:14], openings, keys),
        ([*c, *c[:3]], [*openings, openings[0]], keys),
    ):
        with refused("DealShapeInvalid"):
            board.committee.finish(g, *wrong[:2], y, wrong[2], {"from": board.stranger})
    for wrong in (keys[:4], [*keys, keys[0]]):
        with refused("DealShapeInvalid"):
            board.committee.finish(g, c, openings, y, wrong, {"from": board.stranger})


# --- what stands at the end -------------------------------------------------------------------------------------------


def test_a_formed_key_stands_behind_the_same_view(formed, board, clock):
    state, threshold, custodians, active_at, x, y, source, polynomial, share_keys = board.committee.generation(1)
    assert (state, threshold, custodians, active_at, source) == (ACTIVE, 3, 5, clock.now(), 0)
    assert (x, y) == (formed.polynomial().points[0].words, formed.keys_public.Y.words)
    assert polynomial == "0x" + formed.polynomial().digest.hex()
    assert share_keys == "0x" + formed.keys_public.digest.hex()
    assert board.committee.currentGeneration() == 1
    assert board.committee.formation(1)[0] == NO_PHASE


def test_the_whole_generation_costs_less_than_three_million_gas(formed):
    assert len(formed.spent) == 5 + 5 + 5 + 5 + 1  # keys, commitments, deals, share keys, the end
    assert sum(formed.spent.values()) <= 3_000_000


def test_the_sum_of_the_dealt_secrets_is_the_key_and_any_three_shares_give_it(formed):
    secrets = {
        shamir.combine({j: formed.secrets[j] for j in quorum}).to_secret_int()
        for quorum in combinations(range(1, 6), 3)
    }
    (x,) = secrets
    assert P1 * x == formed.polynomial().points[0]
    assert P2 * x == formed.keys_public.Y


def test_a_heartbeat_by_three_of_five_verifies_under_the_key(formed, board, clock, refused):
    week = clock.now() // 604_800
    for quorum in ((1, 2, 3), (2, 4, 5)):
        parts = {j: sign_heartbeat(formed.secrets[j], formed.board, week) for j in quorum}
        board.committee.requireHeartbeat(1, week, shamir.combine_points(parts).words)
    two = {j: sign_heartbeat(formed.secrets[j], formed.board, week) for j in (1, 2)}
    with refused("HeartbeatInvalid"):
        board.committee.requireHeartbeat(1, week, shamir.combine_points(two).words)


def test_a_delivery_by_three_of_five_is_one(formed, board):
    node = b"\x11" * 32
    b, u = 77, 99
    point = shamir.combine_points({j: hash_to_g1(node) * formed.secrets[j].to_secret_int() for j in (1, 3, 5)})
    c2 = point + P1 * b * u
    b2 = (P2 * b).words
    assert board.committee.isDelivery(1, [node], b2, [(*(P1 * u).words, *c2.words)], [])
    assert not board.committee.isDelivery(1, [node], b2, [(*(P1 * u).words, *(c2 + P1).words)], [])


def test_a_generation_is_finished_once(formed, board, refused):
    with refused("PhaseWrong", 1, NO_PHASE, FINISH):
        board.committee.finish(*formed.result(), {"from": board.stranger})


def test_a_committee_of_many_is_bounded_and_fits_a_transaction(deploy, accounts, chain):
    """Nine of the most that the tests' accounts allow; the largest committee is 32."""
    custodians = list(accounts[1:8]) + list(accounts[10:12])
    committee = deploy("KeyCommittee", accounts[8], custodians, 5, PHASE)
    ceremony = Ceremony(committee, chain.id, 1, custodians, 5)
    ceremony.run(accounts[9])
    assert committee.isActive(1)
    assert max(ceremony.spent.values()) < 2_000_000
