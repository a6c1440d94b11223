"""The shared vectors of key delivery, and a small world derived from them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from unwrapped_dao.crypto.bn254 import G1Point, G2Point
from unwrapped_dao.crypto.header import EnvelopeContext
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.tree import Node, PoolId

FOLDER = Path(__file__).parents[2] / "fixtures" / "vectors"
VECTORS: dict[str, Any] = json.loads((FOLDER / "key-delivery.json").read_text())


def raw(text: str) -> bytes:
    """0x-hex to bytes."""
    return bytes.fromhex(text.removeprefix("0x"))


def number(text: str) -> int:
    return int(text, 16)


def words(texts: list[str]) -> list[int]:
    return [number(text) for text in texts]


COMMITTEE = VECTORS["committee"]
IDS = VECTORS["ids"]
SECRET = SecretScalar(number(COMMITTEE["x"]))
SHARES = {int(j): SecretScalar(number(value)) for j, value in COMMITTEE["shares"].items()}
POOL = PoolId.of(number(IDS["chainId"]), IDS["registry"], IDS["scope"], number(IDS["epoch"]))
ROOT = Node(4, 0)
CONTEXT = EnvelopeContext(POOL, member_number=2, tree_height=4)


@cache
def committee_key() -> G2Point:
    return G2Point.from_bytes(raw(COMMITTEE["Y_G2"]))


def g1(text: str) -> G1Point:
    return G1Point.from_bytes(raw(text))


def g2(text: str) -> G2Point:
    return G2Point.from_bytes(raw(text))
