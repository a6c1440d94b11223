"""What a custodian of a 1-of-1 committee signs, for contract tests."""

from __future__ import annotations

from typing import Any

from eth_abi import encode
from eth_utils import keccak

from tests.contracts.support import bn254_model as model
from tests.contracts.support.vectors import load

SECRET = int(load()["committee"]["x"], 16)
WEEK_S = 604_800


def key_proof(
    committee: Any, chain_id: int, x: int, generation: int = 1, k: int = 0xC0FFEE
) -> tuple[model.Point, model.Point2, model.Point, int]:
    """(X, Y, T, s) of `postKey`, with the Schnorr nonce k."""
    point, key = model.mul(model.P1, x), model.mul2(x)

    def challenge(t: model.Point) -> int:
        tag = keccak(text="unwrapped-dao/committee-pok/v1")
        types = ["bytes32", "uint256", "address", "uint32", "uint256[2]", "uint256[4]", "uint256[2]"]
        digest = keccak(encode(types, [tag, chain_id, str(committee), generation, point, key, t]))
        return int.from_bytes(digest, "big") % model.R

    t, s = model.schnorr(x, k, challenge)
    return point, key, t, s


def heartbeat(committee: Any, chain_id: int, x: int, week: int, generation: int = 1) -> model.Point:
    """S = x·H(hb) for `week` (seconds / 604800)."""
    tag = keccak(text="unwrapped-dao/heartbeat/v1")
    types = ["bytes32", "uint8", "uint256", "address", "uint64", "uint64"]
    message = keccak(encode(types, [tag, 1, chain_id, str(committee), generation, week]))
    return model.mul(model.hash_to_g1(message), x)
