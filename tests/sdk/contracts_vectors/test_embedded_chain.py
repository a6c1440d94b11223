"""The shared vectors in Solidity on the embedded chain, and what happens on a chain without the precompiles."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.contract import Contract, create
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.chain.local.engine import CallRequest
from unwrapped_dao.chain.local.precompiles import LocalComputation
from unwrapped_dao.crypto.bn254 import hash_hints, hash_to_g1
from unwrapped_dao.crypto.committee import Board, CommitteeKey, prove_possession
from unwrapped_dao.crypto.hashing import keccak256
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.errors import UnwrappedError

TESTS = Path(__file__).parents[2]
VECTORS: dict[str, Any] = json.loads((TESTS / "fixtures" / "vectors" / "key-delivery.json").read_text())
SINGLE, BATCH = VECTORS["on_chain_verifyDelivery"]["cases"], VECTORS["on_chain_batch"]
ECADD, ECMUL, ECPAIRING, MODEXP = 6, 7, 8, 5


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _ints(texts: list[str]) -> list[int]:
    return [int(text, 16) for text in texts]


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with LocalChain.in_memory() as local:
        yield local


@pytest.fixture(scope="module")
def curve(chain: LocalChain) -> Contract:
    return create(ChainClient(chain), chain.faucet, artifacts.load("HashToG1Harness", TESTS / "artifacts"))[0]


@pytest.fixture(scope="module")
def committee(chain: LocalChain) -> Contract:
    """1-of-1, with the vectors' x."""
    client, custodian = ChainClient(chain), chain.faucet
    made = create(client, custodian, artifacts.load("KeyCommittee"), custodian.address, [custodian.address], 1, 600)[0]
    secret = SecretScalar(int(VECTORS["committee"]["x"], 16))
    key = CommitteeKey.of(secret)
    proof = prove_possession(secret, Board.of(client.chain_id, made.address, 1))
    made.send(custodian, "postKey", 1, list(key.X.words), list(key.Y.words), list(proof.T.words), proof.s)
    return made


def _answer(committee: Contract, *args: Any) -> bool:
    """A revert is a rejection as well."""
    try:
        return bool(committee.call("isDelivery", 1, *args))
    except UnwrappedError:
        return False


@pytest.mark.parametrize("hinted", [False, True], ids=["modexp", "hints"])
@pytest.mark.parametrize("case", SINGLE, ids=lambda case: case["name"])
def test_single_deliveries(committee: Contract, case: dict[str, Any], hinted: bool) -> None:
    node = _bytes(case["id"])
    points = _ints(case["C1"]) + _ints(case["C2"])
    answer = _answer(committee, [node], _ints(case["B2"]), [points], hash_hints([node]) if hinted else [])
    assert answer is case["must_accept"]


def test_the_batch_and_the_swapped_batch(committee: Contract) -> None:
    ids = [_bytes(text) for text in BATCH["ids"]]
    c1, c2 = ([_ints(point) for point in BATCH[name]] for name in ("C1", "C2"))
    right, swapped = ([a + b for a, b in zip(c1, second, strict=True)] for second in (c2, [c2[1], c2[0], c2[2]]))
    for given in ([], hash_hints(ids)):
        assert _answer(committee, ids, _ints(BATCH["B2"]), right, given)
        assert not _answer(committee, ids, _ints(BATCH["B2"]), swapped, given)


def test_hash_equals_the_packages_on_200_messages(curve: Contract) -> None:
    source = random.Random(200)
    messages = [source.randbytes(32) for _ in range(200)]
    expected = [list(hash_to_g1(message).words) for message in messages]
    assert [list(curve.call("hashToG1", message)) for message in messages] == expected
    assert [list(point) for point in curve.call("hashToG1List", messages, 200, hash_hints(messages))] == expected


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Take a precompile away: a call to it then succeeds and returns nothing, as to any account without code."""

    def remove(number: int) -> None:
        present = dict(LocalComputation._precompiles)
        del present[number.to_bytes(20, "big")]  # type: ignore[arg-type]
        monkeypatch.setattr(LocalComputation, "_precompiles", present)

    return remove


@pytest.mark.parametrize(
    ("missing", "function", "arguments"),
    [
        (ECADD, "add", ([1, 2], [1, 2])),
        (ECMUL, "mul", ([1, 2], 5)),
        (ECADD, "hashToG1", (b"\x01" * 32,)),
        (MODEXP, "hashToG1", (b"\x01" * 32,)),
        (ECADD, "hashToG1List", ([b"\x01" * 32], 1, hash_hints([b"\x01" * 32]))),
        (ECPAIRING, "isPairing2", ([0] * 12,)),
        (ECPAIRING, "isPairing3", ([0] * 18,)),
    ],
)
def test_a_missing_precompile_is_noticed(
    chain: LocalChain, curve: Contract, without: Callable[[int], None], missing: int, function: str, arguments: Any
) -> None:
    """Not silently taken for an answer: the returned size is read after the call."""
    curve.call(function, *arguments)
    without(missing)
    assert _raw_call(chain, curve, function, arguments) == keccak256(b"PrecompileFailed()")[:4]


def _raw_call(chain: LocalChain, curve: Contract, function: str, arguments: Any) -> bytes:
    """What the call reverts with."""
    data = curve.calldata(function, *arguments)
    outcome = chain._engine.call(CallRequest(to=bytes.fromhex(curve.address[2:]), data=data))
    assert not outcome.succeeded
    return outcome.data
