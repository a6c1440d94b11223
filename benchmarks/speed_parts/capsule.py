"""Wrapping a data key for a path of 21 nodes, and opening it with one node key: native and pure Python arithmetic."""

from __future__ import annotations

from typing import Any, Literal

from benchmarks.speed_parts.clock import cpu_seconds
from unwrapped_dao.crypto.bn254 import select_backend
from unwrapped_dao.crypto.capsule import open_capsule, seal_capsule
from unwrapped_dao.crypto.committee import CommitteeKey, sign_node
from unwrapped_dao.crypto.keys import DataKey, SecretScalar
from unwrapped_dao.crypto.tree import Node, PoolId

HEIGHT, LEAF = 20, 5


def measure() -> dict[str, Any]:
    return {"nodes": HEIGHT + 1} | _speeds("native", "native", 10) | _speeds("reference", "py_ecc", 1)


def _speeds(backend: Literal["native", "reference"], name: str, rounds: int) -> dict[str, float]:
    select_backend(backend)
    pool, secret, dek = PoolId.of(1337, "0x" + "11" * 20, bytes(32), 1), SecretScalar.generate(), DataKey.generate()
    key, node_key = CommitteeKey.of(secret).Y, sign_node(secret, pool, Node(HEIGHT, 0))
    capsule = seal_capsule(dek, b"context", pool, LEAF, HEIGHT, key)
    wrap = cpu_seconds(lambda: seal_capsule(dek, b"context", pool, LEAF, HEIGHT, key), rounds)
    opened = cpu_seconds(lambda: open_capsule(capsule, b"context", pool, LEAF, HEIGHT, node_key), rounds)
    return {
        f"wraps_per_cpu_second_{name}": round(1 / wrap, 2),
        f"opens_per_cpu_second_{name}": round(1 / opened, 2),
    }
