"""Committee keys: proof of possession, heartbeat, Shamir's shares."""

from __future__ import annotations

from itertools import combinations

import pytest
from crypto_vectors import COMMITTEE, SECRET, SHARES, committee_key, g1, g2, number, raw
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto import committee, shamir
from unwrapped_dao.crypto.bn254 import G1_INFINITY, P1, P2, G1Point, R, hash_to_g1
from unwrapped_dao.crypto.committee import Board, CommitteeKey, PossessionProof
from unwrapped_dao.crypto.hashing import committee_pok_challenge, heartbeat_digest, keccak256
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.errors import DeliveryError, InputError, PointError

BOARD = Board.of(1337, "0x" + "c0" * 20, 3)
KEY = CommitteeKey.of(SECRET)


def test_committee_vector() -> None:
    assert (g1(COMMITTEE["X_G1"]), committee_key()) == (KEY.X, KEY.Y)
    assert CommitteeKey(KEY.X, KEY.Y) == KEY
    for j, share in SHARES.items():
        assert P1 * share.to_secret_int() == g1(COMMITTEE["X_j_G1"][str(j)])
        assert P2 * share.to_secret_int() == g2(COMMITTEE["Y_j_G2"][str(j)])


def test_share_vector_is_the_polynomial_and_matches_its_commitments() -> None:
    coefficients = [number(text) for text in COMMITTEE["coeffs"]]
    for j, share in SHARES.items():
        assert shamir.evaluate(coefficients, j) == share.to_secret_int()
        committed = G1_INFINITY
        for power, point in enumerate(COMMITTEE["feldman_A_G1"]):
            committed = committed + g1(point) * pow(j, power, R)
        assert committed == g1(COMMITTEE["X_j_G1"][str(j)])


@pytest.mark.parametrize("quorum", ["135", "245"])
def test_lagrange_vector(quorum: str) -> None:
    weights = shamir.lagrange_at_zero([int(j) for j in quorum])
    assert weights == {int(j): number(text) for j, text in COMMITTEE[f"lagrange_{quorum}"].items()}


def test_halves_that_do_not_belong_together_are_refused() -> None:
    for x, y in ((P1 * 5, KEY.Y), (KEY.X, P2), (-KEY.X, KEY.Y), (G1_INFINITY, KEY.Y), (KEY.X, P2 * 0)):
        with pytest.raises(PointError):
            CommitteeKey(x, y)


# --- proof of possession --------------------------------------------------------------------------------------------


def test_a_proof_of_possession_verifies() -> None:
    committee.verify_possession(KEY, committee.prove_possession(SECRET, BOARD), BOARD)


def test_proofs_are_randomised() -> None:
    first, second = (committee.prove_possession(SECRET, BOARD) for _ in range(2))
    assert first.T != second.T  # two proofs with one nonce would give the secret away


@pytest.mark.parametrize(
    "board",
    [Board(1338, BOARD.committee, 3), Board(1337, bytes(20), 3), Board(1337, BOARD.committee, 4)],
)
def test_a_proof_for_another_board_is_refused(board: Board) -> None:
    with pytest.raises(DeliveryError):
        committee.verify_possession(KEY, committee.prove_possession(SECRET, BOARD), board)


def test_a_proof_that_was_altered_or_is_for_another_key_is_refused() -> None:
    proof = committee.prove_possession(SECRET, BOARD)
    other = CommitteeKey.of(SecretScalar(77))
    bad = [
        (KEY, PossessionProof(proof.T, (proof.s + 1) % R)),
        (KEY, PossessionProof(proof.T + P1, proof.s)),
        (KEY, PossessionProof(proof.T, proof.s + R)),
        (KEY, PossessionProof(proof.T, -1)),
        (KEY, PossessionProof(G1_INFINITY, proof.s)),
        (other, proof),
    ]
    for key, tampered in bad:
        with pytest.raises(DeliveryError):
            committee.verify_possession(key, tampered, BOARD)


def test_the_challenge_is_the_abi_encoding_of_everything() -> None:
    t_point = P1 * 9
    encoded = (
        keccak256(b"unwrapped-dao/committee-pok/v1")
        + (1337).to_bytes(32, "big")
        + bytes(12)
        + BOARD.committee
        + (3).to_bytes(32, "big")
        + KEY.X.to_bytes()
        + KEY.Y.to_bytes()
        + t_point.to_bytes()
    )
    expected = int.from_bytes(keccak256(encoded), "big") % R
    got = committee_pok_challenge(1337, BOARD.committee, 3, KEY.X.words, KEY.Y.words, t_point.words)
    assert got == expected


# --- heartbeat ------------------------------------------------------------------------------------------------------


def test_a_heartbeat_verifies_for_its_week_alone() -> None:
    signature = committee.sign_heartbeat(SECRET, BOARD, 2900)
    committee.verify_heartbeat(KEY.Y, signature, BOARD, 2900)
    for week, key, point in (
        (2901, KEY.Y, signature),
        (2900, P2, signature),
        (2900, KEY.Y, -signature),
        (2900, KEY.Y, G1_INFINITY),
    ):
        with pytest.raises(DeliveryError):
            committee.verify_heartbeat(key, point, BOARD, week)


def test_heartbeat_parts_of_any_quorum_combine() -> None:
    whole = committee.sign_heartbeat(SECRET, BOARD, 2900)
    for quorum in ((1, 2, 3), (2, 4, 5)):
        parts = {j: committee.sign_heartbeat(SHARES[j], BOARD, 2900) for j in quorum}
        assert shamir.combine_points(parts) == whole


def test_the_heartbeat_digest_is_the_abi_encoding() -> None:
    encoded = keccak256(b"unwrapped-dao/heartbeat/v1") + b"".join(
        value.to_bytes(32, "big") for value in (1, 1337, int.from_bytes(BOARD.committee, "big"), 3, 2900)
    )
    assert heartbeat_digest(1, 1337, BOARD.committee, 3, 2900) == BOARD.heartbeat(2900) == keccak256(encoded)


@pytest.mark.parametrize(
    ("chain_id", "address", "generation"),
    [(-1, "c0" * 20, 1), (1, "c0" * 19, 1), (1, "zz" * 20, 1), (1, "c0" * 20, -1)],
)
def test_a_board_of_another_shape_is_refused(chain_id: int, address: str, generation: int) -> None:
    with pytest.raises(InputError):
        Board.of(chain_id, address, generation)


# --- shares ---------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(1, R - 1), st.integers(1, 9), st.data())
def test_any_threshold_of_shares_combines_and_one_fewer_does_not(secret: int, count: int, data: st.DataObject) -> None:
    threshold = data.draw(st.integers(1, count))
    shares = committee.split_secret(SecretScalar(secret), threshold, count)
    quorum = data.draw(st.permutations(sorted(shares)))[:threshold]
    assert shamir.combine({j: shares[j] for j in quorum}) == SecretScalar(secret)
    if threshold > 1:
        too_few = {j: shares[j] for j in quorum[1:]}
        assert shamir.combine(too_few) != SecretScalar(secret)


def test_five_of_nine_in_every_quorum() -> None:
    shares = committee.split_secret(SECRET, 5, 9)
    message = hash_to_g1(b"message")
    expected = message * SECRET.to_secret_int()
    assert {j: key.X for j, key in committee.public_shares(shares).items()} == {
        j: P1 * share.to_secret_int() for j, share in shares.items()
    }
    parts = {j: message * share.to_secret_int() for j, share in shares.items()}
    for quorum in combinations(range(1, 10), 5):
        assert shamir.combine({j: shares[j] for j in quorum}) == SECRET
    assert shamir.combine_points({j: parts[j] for j in (1, 3, 5, 7, 9)}) == expected
    assert shamir.combine_points({j: parts[j] for j in (1, 3, 5, 7)}) != expected


@pytest.mark.parametrize(("threshold", "count"), [(0, 3), (4, 3), (1, 256), (-1, 3)])
def test_impossible_thresholds_are_refused(threshold: int, count: int) -> None:
    with pytest.raises(InputError):
        committee.split_secret(SECRET, threshold, count)


@pytest.mark.parametrize("indices", [[], [1, 1], [0, 1], [256], [-1]])
def test_impossible_indices_are_refused(indices: list[int]) -> None:
    with pytest.raises(InputError):
        shamir.lagrange_at_zero(indices)


def test_one_of_one_is_the_secret_itself() -> None:
    assert committee.split_secret(SECRET, 1, 1) == {1: SECRET}
    assert shamir.combine_points({1: G1Point.from_bytes(raw(COMMITTEE["X_G1"]))}) == KEY.X
