"""The vectors of docs/spec/dkg.md: made again from their labels, and read by the package's verifying side."""

from __future__ import annotations

import json
from typing import Any

import pytest
from make_dkg_vectors import FILE, SPEC, Generation, example, false_deal, text, vectors

from unwrapped_dao.crypto import dkg, shamir
from unwrapped_dao.crypto.bn254 import P1, P2, G1Point, G2Point
from unwrapped_dao.crypto.committee import Board, CommitteeKey
from unwrapped_dao.crypto.complaint import Complaint
from unwrapped_dao.crypto.dkg import Deal, SchnorrProof
from unwrapped_dao.crypto.keys import SecretScalar

VECTORS: dict[str, Any] = json.loads(FILE.read_text())
GENERATIONS = VECTORS["generations"]


def _int(text_: str) -> int:
    return int(text_, 16)


def _g1(words: list[str]) -> G1Point:
    return G1Point.from_words([_int(word) for word in words])


def _g2(words: list[str]) -> G2Point:
    return G2Point.from_words([_int(word) for word in words])


def _deal(made: dict[str, Any]) -> Deal:
    ephemeral, t_words = (tuple(_int(word) for word in made[name]) for name in ("E", "T"))
    commitments = [(_int(x), _int(y)) for x, y in made["C"]]
    return Deal.from_words(commitments, ephemeral, t_words, _int(made["s"]), [_int(s) for s in made["shares"]])


def _board(made: dict[str, Any]) -> Board:
    return Board.of(VECTORS["chain_id"], VECTORS["committee"], made["generation"])


def test_the_file_and_the_worked_example_are_what_the_script_makes() -> None:
    assert FILE.read_text() == text()
    assert example(vectors()) in SPEC.read_text()


@pytest.mark.parametrize("made", GENERATIONS, ids=["fresh", "resharing"])
def test_every_message_verifies(made: dict[str, Any]) -> None:
    board = _board(made)
    for j, key in made["registered"].items():
        assert P1 * _int(key["k"]) == _g1(key["K"])
        dkg.verify_encryption_key(_g1(key["K"]), SchnorrProof(_g1(key["T"]), _int(key["s"])), board, int(j))
    for i, posted in made["deals"].items():
        deal = _deal(posted)
        deal.verify(board, int(i), threshold=made["threshold"], receivers=len(made["registered"]))
        assert deal.commitment(board, int(i), bytes.fromhex(posted["salt"][2:])).hex() == posted["commitment"][2:]
        assert deal.sealed_digest.hex() == posted["rest"][2:]


@pytest.mark.parametrize("made", GENERATIONS, ids=["fresh", "resharing"])
def test_the_deals_give_the_shares_and_the_key(made: dict[str, Any]) -> None:
    board, resharing = _board(made), bool(made["source"])
    receivers = len(made["registered"])
    verified = [
        _deal(made["deals"][str(i)]).verify(board, i, threshold=made["threshold"], receivers=receivers)
        for i in made["dealers_that_count"]
    ]
    polynomial = dkg.public_polynomial(verified, resharing=resharing)
    assert polynomial.points == tuple(_g1(point) for point in made["A"])
    assert polynomial.digest.hex() == made["hash_A"][2:]
    shares = {}
    for j, key in made["registered"].items():
        opened = [v.open(int(j), SecretScalar(_int(key["k"]))) for v in verified]
        shares[int(j)] = dkg.share_secret(opened, resharing=resharing)
        assert shares[int(j)].to_secret_int() == _int(made["x"][j])
    for j, words in enumerate(made["Y_j"], 1):
        assert _g2(words) == P2 * shares[j].to_secret_int()
    CommitteeKey(polynomial.points[0], _g2(made["Y"]))
    assert P2 * shamir.combine(shares).to_secret_int() == _g2(made["Y"])


def test_the_resharing_keeps_the_key() -> None:
    first, second = GENERATIONS
    assert second["source"] == first["generation"]
    assert (second["A"][0], second["Y"]) == (first["A"][0], first["Y"])
    for i, posted in second["deals"].items():
        assert _g1(posted["C"][0]) == P1 * _int(first["x"][i])


def test_the_complaint_is_upheld() -> None:
    verified, _ = false_deal(Generation(1, 3, 5))
    made = VECTORS["complaint"]
    key = _g1(GENERATIONS[0]["registered"]["4"]["K"])
    complaint = Complaint(4, key, _g1(made["Z"]), _int(made["c"]), _int(made["s"]))
    complaint.verify(verified, key)
    assert verified.decrypt(4, complaint.Z) == _int(made["decrypted"])
