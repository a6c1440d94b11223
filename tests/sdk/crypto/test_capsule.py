"""Wrapping a data key: the fixed vectors, the round trip, and each class of refusal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from crypto_vectors import CONTEXT, IDS, POOL, SECRET, VECTORS, committee_key, g1, g2, number, raw

from unwrapped_dao.crypto import committee
from unwrapped_dao.crypto.bn254 import P2, BackendName, hash_to_g1, pairing, select_backend
from unwrapped_dao.crypto.capsule import (
    Capsule,
    Wrap,
    capsule_length,
    open_capsule,
    seal_capsule,
    unwrap_for_node,
    wrap_for_node,
)
from unwrapped_dao.crypto.hashing import capsule_keys, capsule_scalar
from unwrapped_dao.crypto.keys import DataKey, NodeKey, SecretScalar
from unwrapped_dao.crypto.tree import Node, PoolId, path
from unwrapped_dao.errors import CapsuleError, InputError

IBE = VECTORS["ibe"]
CTX = b"the header bytes before the capsule"
DEK = DataKey(raw(IBE["dek"]))
LEAF, HEIGHT = CONTEXT.member_number, CONTEXT.tree_height


def _key(node: Node, pool: PoolId = POOL) -> NodeKey:
    return committee.sign_node(SECRET, pool, node)


def _sealed() -> Capsule:
    return seal_capsule(DEK, CTX, POOL, LEAF, HEIGHT, committee_key())


def _refusal(capsule: Capsule, key: NodeKey, context: bytes = CTX) -> str:
    with pytest.raises(CapsuleError) as caught:
        open_capsule(capsule, context, POOL, LEAF, HEIGHT, key)
    assert caught.value.hint and DEK.to_secret_bytes().hex() not in str(caught.value)
    return caught.value.kind


@pytest.mark.parametrize("wrap", IBE["wraps"], ids=lambda w: f"height-{w['height']}")
def test_wrap_vector(wrap: dict[str, str], curve: BackendName) -> None:
    node, ctx, r_bytes = raw(wrap["id"]), raw(IBE["ctx"]), raw(IBE["R_G2"])
    assert (P2 * number(IBE["r"])).to_bytes() == r_bytes
    gt = raw(wrap["gt"])
    if curve == "native" or wrap["height"] in (4, 0):
        assert pairing(g1(wrap["H"]), committee_key() * number(IBE["r"])) == gt
    assert capsule_keys(gt, node, r_bytes, ctx) == (raw(wrap["kek"]), raw(wrap["commit"]))
    assert wrap_for_node(DEK, ctx, r_bytes, node, gt) == Wrap(raw(wrap["commit"]), raw(wrap["wrapped"]))
    if curve == "native" or wrap["height"] == 2:
        assert pairing(g1(wrap["sigma"]), g2(IBE["R_G2"])) == gt
    assert unwrap_for_node(Wrap(raw(wrap["commit"]), raw(wrap["wrapped"])), ctx, r_bytes, node, gt) == DEK


def test_node_key_vector_is_the_committees_signature() -> None:
    for node, wrap in zip(path(IBE["leaf"], IDS["tree_height"]), IBE["wraps"], strict=True):
        assert _key(node).to_secret_bytes() == raw(wrap["sigma"])


def test_any_node_key_of_the_path_opens_the_capsule() -> None:
    capsule = _sealed()
    assert Capsule.from_bytes(capsule.to_bytes(), HEIGHT) == capsule
    assert len(capsule.to_bytes()) == capsule_length(HEIGHT)
    for node in path(LEAF, HEIGHT):
        assert open_capsule(capsule, CTX, POOL, LEAF, HEIGHT, _key(node)) == DEK


def test_both_libraries_make_the_same_capsule_and_open_each_others() -> None:
    native = seal_capsule(DEK, CTX, POOL, 1, 1, committee_key())
    select_backend("reference")
    hash_to_g1.cache_clear()
    try:
        assert seal_capsule(DEK, CTX, POOL, 1, 1, committee_key()) == native
        assert open_capsule(native, CTX, POOL, 1, 1, _key(Node(0, 1))) == DEK
    finally:
        select_backend("auto")


def test_sealing_is_deterministic_and_bound_to_context_and_data_key() -> None:
    assert _sealed() == _sealed()
    other_context = seal_capsule(DEK, CTX + b"!", POOL, LEAF, HEIGHT, committee_key())
    other_key = seal_capsule(DataKey(bytes(32)), CTX, POOL, LEAF, HEIGHT, committee_key())
    assert len({_sealed().r_bytes, other_context.r_bytes, other_key.r_bytes}) == 3


def test_a_key_of_another_branch_pool_or_tree_is_refused_as_node() -> None:
    capsule = _sealed()
    assert _refusal(capsule, _key(Node(0, 3))) == "node"
    assert _refusal(capsule, _key(Node(5, 0))) == "node"
    assert _refusal(capsule, _key(Node(4, 0), replace(POOL, epoch=POOL.epoch + 1))) == "node"


def test_a_key_of_another_committee_is_refused_as_commit() -> None:
    stranger = committee.sign_node(SecretScalar(12345), POOL, Node(4, 0))
    assert _refusal(_sealed(), stranger) == "commit"


def test_an_altered_context_or_commitment_is_refused_as_commit() -> None:
    capsule, key = _sealed(), _key(Node(4, 0))
    assert _refusal(capsule, key, CTX + b"!") == "commit"
    broken = Wrap(bytes(16), capsule.wraps[0].wrapped)
    assert _refusal(replace(capsule, wraps=(broken, *capsule.wraps[1:])), key) == "commit"


def test_an_altered_ciphertext_is_refused_as_wrap() -> None:
    capsule = _sealed()
    first = capsule.wraps[0]
    broken = Wrap(first.commit, bytes([first.wrapped[0] ^ 1]) + first.wrapped[1:])
    assert _refusal(replace(capsule, wraps=(broken, *capsule.wraps[1:])), _key(Node(4, 0))) == "wrap"


def test_wraps_cannot_be_exchanged_between_nodes() -> None:
    capsule = _sealed()
    swapped = (capsule.wraps[1], capsule.wraps[0], *capsule.wraps[2:])
    assert _refusal(replace(capsule, wraps=swapped), _key(Node(4, 0))) == "commit"


@pytest.mark.parametrize("r_bytes", [bytes(128), b"\xff" * 128, bytes(127) + b"\x01"])
def test_an_invalid_point_r_is_refused_as_malformed(r_bytes: bytes) -> None:
    assert _refusal(replace(_sealed(), r_bytes=r_bytes), _key(Node(4, 0))) == "malformed"


def test_a_point_r_outside_the_subgroup_is_refused_as_malformed(curve: BackendName) -> None:
    bad = next(c for c in VECTORS["on_chain_open"]["cases"] if c["name"] == "B2 not in subgroup")["B2"]
    capsule = replace(Capsule(b"", (Wrap(b"", b""),) * 5), r_bytes=b"".join(raw(word) for word in bad))
    assert _refusal(capsule, _key(Node(4, 0))) == "malformed"


def test_randomness_not_derived_from_the_data_key_is_refused() -> None:
    """A sender who picks r freely, as the vectors do, can wrap different keys for different nodes: never accepted."""
    wraps = tuple(Wrap(raw(wrap["commit"]), raw(wrap["wrapped"])) for wrap in IBE["wraps"])
    capsule = Capsule(raw(IBE["R_G2"]), wraps)
    assert capsule_scalar(DEK.to_secret_bytes(), raw(IBE["ctx"])) != number(IBE["r"])
    for node in path(LEAF, HEIGHT):
        assert _refusal(capsule, _key(node), raw(IBE["ctx"])) == "randomness"


@pytest.mark.parametrize("length", [0, 127, capsule_length(4) - 1, capsule_length(4) + 1, capsule_length(3)])
def test_a_capsule_of_another_length_is_malformed(length: int) -> None:
    with pytest.raises(CapsuleError) as caught:
        Capsule.from_bytes(bytes(length), 4)
    assert caught.value.kind == "malformed"


def test_a_committee_key_at_infinity_is_refused() -> None:
    with pytest.raises(InputError):
        seal_capsule(DEK, CTX, POOL, LEAF, HEIGHT, P2 * 0)
