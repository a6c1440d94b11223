"""The shared vectors' remaining parts in Solidity on the embedded chain: hash, map, and buyer keys by real offers."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak

from tests.contracts.support.vectors import ints, load, words
from tests.sdk.attacks.halfway import OFFERED, halfway
from tests.sdk.contracts_vectors.test_embedded_chain import chain, curve  # noqa: F401 (fixtures)
from unwrapped_dao.chain.contract import Contract
from unwrapped_dao.crypto.bn254 import hash_hints

VECTORS = load()
ON_CHAIN = [case for case in VECTORS["hash_to_g1"] if case["on_chain"]]


def test_there_are_messages_for_contracts() -> None:
    assert len(ON_CHAIN) >= 2


@pytest.mark.parametrize("case", ON_CHAIN, ids=lambda case: case["msg"][:12])
def test_hash_vectors(curve: Contract, case: dict[str, Any]) -> None:  # noqa: F811
    message, expected = bytes.fromhex(case["msg"][2:]), words(case["H"])
    assert tuple(curve.call("hashToG1", message)) == expected
    (point,) = curve.call("hashToG1List", [message], 1, hash_hints([message]))
    assert tuple(point) == expected


@pytest.mark.parametrize("case", VECTORS["map_to_g1"], ids=lambda case: case["u"][-8:])
def test_map_vectors(curve: Contract, case: dict[str, Any]) -> None:  # noqa: F811
    assert tuple(curve.call("mapToG1", int(case["u"], 16))) == words(case["q"])


@pytest.mark.parametrize("case", VECTORS["on_chain_open"]["cases"], ids=lambda case: case["name"])
def test_buyer_key_vectors(case: dict[str, Any]) -> None:
    life = halfway()
    life.tick()
    buyer = life.w.buyers[life.model.sales[OFFERED].buyer]
    changed = {"B1": ints(case["B1"]), "B2": ints(case["B2"]), "nonce": int.from_bytes(keccak(text="v")[:7], "big")}
    offer = {**life.offers[OFFERED], **changed, "executeBefore": life.w.evm.now + 100}
    before = life.w.splitter.call("ledgerBeforeClaims", life.w.currencies[0])
    answer = life.w.market.send(buyer.address, "offer", offer)
    assert answer.ok is case["must_accept"]
    price = offer["price"] if case["must_accept"] else 0
    assert life.w.splitter.call("ledgerBeforeClaims", life.w.currencies[0]) == before + price
