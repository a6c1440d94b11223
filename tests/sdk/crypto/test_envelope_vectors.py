"""The committed envelope vectors: each opens, or is refused with its class; and the specification shows real bytes."""

from __future__ import annotations

import base64
import io
import json
from typing import Any, get_args

import pytest
from crypto_vectors import FOLDER, raw
from make_envelope_vectors import CONTENT, SPEC, pattern, render, spec_with_example

from unwrapped_dao.crypto import envelope
from unwrapped_dao.crypto.bn254 import G1Point, G2Point, hash_to_g1, select_backend
from unwrapped_dao.crypto.capsule import Capsule
from unwrapped_dao.crypto.header import EnvelopeContext
from unwrapped_dao.crypto.keys import NodeKey
from unwrapped_dao.crypto.tree import Node, PoolId
from unwrapped_dao.errors import CapsuleError, CapsuleFault, EnvelopeError, EnvelopeFault

VECTORS: dict[str, Any] = json.loads((FOLDER / "envelope.json").read_text())
BASES = {name: base64.b64decode(text) for name, text in VECTORS["bases"].items()}
WHERE = VECTORS["context"]


def _pool(epoch: int = WHERE["epoch"]) -> PoolId:
    return PoolId.of(WHERE["chainId"], WHERE["registry"], WHERE["scope"], epoch)


def _opener(name: str) -> NodeKey:
    """Like a buyer's program, from bytes; checked against Y except where the case wants a stranger's key."""
    row = VECTORS["openers"][name]
    pool, node = _pool(row["epoch"]), Node(row["height"], row["index"])
    if name == "other-committee":
        return NodeKey.from_trusted_point(pool, node, G1Point.from_bytes(raw(row["sigma"])))
    return NodeKey.from_secret_bytes(pool, node, raw(row["sigma"]), G2Point.from_bytes(raw(VECTORS["committee"]["Y"])))


def _assemble(pieces: list[Any]) -> bytes:
    return b"".join(bytes.fromhex(p) if isinstance(p, str) else BASES[p[0]][p[1] : p[2]] for p in pieces)


def _outcome(case: dict[str, Any], key: NodeKey | None = None) -> tuple[str, bytes]:
    expected = None
    if member := case.get("expected_member"):
        expected = EnvelopeContext(_pool(), int(member), WHERE["tree_height"])
    sink = io.BytesIO()
    try:
        envelope.open(_assemble(case["pieces"]), sink, key or _opener(case["opener"]), expected=expected)
    except (EnvelopeError, CapsuleError) as error:
        assert error.message.endswith(".") and error.hint
        return f"{type(error).__name__} {error.kind}", b""
    return "ok", sink.getvalue()


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda c: c["name"])
def test_envelope_vector(case: dict[str, Any]) -> None:
    outcome, content = _outcome(case)
    assert outcome == case["outcome"]
    if outcome == "ok":
        given = case["content"]
        assert content == (pattern(given["pattern"]) if "pattern" in given else bytes.fromhex(given["hex"]))


def test_the_vectors_name_every_class_of_failure() -> None:
    named = {case["outcome"] for case in VECTORS["cases"]}
    kinds = {f"EnvelopeError {kind}" for kind in get_args(EnvelopeFault)}
    kinds |= {f"CapsuleError {kind}" for kind in get_args(CapsuleFault)}
    assert named == kinds | {"ok"}


def test_the_specification_names_every_class_of_failure() -> None:
    spec = SPEC.read_text()
    table = spec[spec.index("## 6. Classes of failure") : spec.index("## 7.")]
    for kind in (*get_args(EnvelopeFault), *get_args(CapsuleFault)):
        assert kind in table and spec.count(f"`{kind}`") >= 1, kind


def test_the_reference_library_opens_a_vector_too() -> None:
    key = _opener("root")  # checked by the native library, to save half a second
    select_backend("reference")
    hash_to_g1.cache_clear()
    try:
        assert _outcome(VECTORS["cases"][0], key) == ("ok", CONTENT)
    finally:
        select_backend("auto")


def test_the_committed_vectors_are_what_the_generator_makes() -> None:
    """Remake with `python tests/sdk/crypto/make_envelope_vectors.py`; a changed byte is a changed format."""
    assert render() == (FOLDER / "envelope.json").read_text()


def test_the_worked_example_in_the_specification_is_real() -> None:
    spec = SPEC.read_text()
    assert "SHA-256 is" in spec
    assert spec_with_example(spec) == spec


def test_the_capsules_of_the_bases_are_canonical() -> None:
    for data in BASES.values():
        header = envelope.inspect(data)
        assert Capsule.from_bytes(header.capsule.to_bytes(), 2) == header.capsule
        assert header.to_bytes() == data[: header.length] and header.envelope_length == len(data)
