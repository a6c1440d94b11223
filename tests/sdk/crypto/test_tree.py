"""Node ids, paths, and the unique cover against brute force."""

from __future__ import annotations

import random
import time

import pytest
from crypto_vectors import IDS, POOL, raw
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto.bn254 import hash_to_g1
from unwrapped_dao.crypto.tree import Node, PoolId, cover, path
from unwrapped_dao.errors import InputError


@pytest.mark.parametrize("vector", IDS["nodes"], ids=lambda v: f"{v['height']}-{v['index']}")
def test_node_id_vector(vector: dict[str, str | int]) -> None:
    node_id = POOL.node_id(Node(int(vector["height"]), int(vector["index"])))
    assert node_id == raw(str(vector["id"]))
    assert hash_to_g1(node_id).to_bytes() == raw(str(vector["H"]))


def test_node_ids_differ_in_every_field() -> None:
    node = Node(3, 1)
    others = [
        PoolId(POOL.chain_id + 1, POOL.registry, POOL.scope, POOL.epoch),
        PoolId(POOL.chain_id, bytes(20), POOL.scope, POOL.epoch),
        PoolId(POOL.chain_id, POOL.registry, bytes(32), POOL.epoch),
        PoolId(POOL.chain_id, POOL.registry, POOL.scope, POOL.epoch + 1),
    ]
    ids = {pool.node_id(node) for pool in [POOL, *others]} | {POOL.node_id(Node(2, 1)), POOL.node_id(Node(3, 0))}
    assert len(ids) == 7


@pytest.mark.parametrize(("height", "index"), [(33, 0), (-1, 0), (256 + 4, 0), (0, 1 << 32), (4, -1), (32, 1)])
def test_nodes_outside_any_tree_are_refused(height: int, index: int) -> None:
    with pytest.raises(InputError):
        Node(height, index)


@pytest.mark.parametrize(
    ("chain_id", "registry", "scope", "epoch", "suite"),
    [
        (-1, bytes(20), bytes(32), 0, 1),
        (1 << 256, bytes(20), bytes(32), 0, 1),
        (1, bytes(19), bytes(32), 0, 1),
        (1, bytes(20), bytes(31), 0, 1),
        (1, bytes(20), bytes(32), 1 << 64, 1),
        (1, bytes(20), bytes(32), 0, 2),
    ],
)
def test_pool_of_another_shape_is_refused(chain_id: int, registry: bytes, scope: bytes, epoch: int, suite: int) -> None:
    with pytest.raises(InputError):
        PoolId(chain_id, registry, scope, epoch, suite)


def test_pool_from_text_refuses_what_is_no_hex() -> None:
    with pytest.raises(InputError):
        PoolId.of(1, "0xnothex", bytes(32), 0)


def test_path_runs_from_root_to_leaf() -> None:
    assert path(2, 4) == (Node(4, 0), Node(3, 0), Node(2, 0), Node(1, 1), Node(0, 2))
    assert path(0, 0) == (Node(0, 0),)
    assert len(path(2**32 - 1, 32)) == 33


@pytest.mark.parametrize(("leaf", "height"), [(16, 4), (-1, 4), (0, 33), (1, 0)])
def test_path_of_a_leaf_outside_is_refused(leaf: int, height: int) -> None:
    with pytest.raises(InputError):
        path(leaf, height)


def test_node_on_path_covers_its_leaf_and_not_its_neighbour() -> None:
    assert all(node.covers(37) and node.is_in_tree(10) for node in path(37, 10))
    assert not Node(0, 37).covers(36) and not Node(2, 9).covers(40)
    assert not Node(5, 0).is_in_tree(4) and not Node(3, 2).is_in_tree(4)


def _brute_force_cover(n: int, tree_height: int, excluded: set[int]) -> list[Node]:
    """The definition: every clean node that starts below n and has no clean parent."""

    def is_clean(node: Node) -> bool:
        return not any(node.first_leaf <= leaf < node.end_leaf for leaf in excluded)

    found = []
    for height in range(tree_height + 1):
        for index in range(1 << (tree_height - height)):
            node = Node(height, index)
            has_clean_parent = height < tree_height and is_clean(Node(height + 1, index // 2))
            if node.first_leaf < n and is_clean(node) and not has_clean_parent:
                found.append(node)
    return sorted(found, key=lambda node: node.first_leaf)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8])
def test_cover_is_brute_force_for_all_subsets_up_to_8(n: int) -> None:
    for height in {3, 5}:
        for mask in range(1 << n):
            excluded = {leaf for leaf in range(n) if mask >> leaf & 1}
            assert list(cover(n, height, excluded)) == _brute_force_cover(n, height, excluded)


@pytest.mark.parametrize("n", [11, 13, 16])
def test_cover_is_exact_for_all_subsets_of_up_to_16_leaves(n: int) -> None:
    """The tiles ascend, start below n, hold no excluded leaf, are maximal, and reach every other leaf.

    These properties define the cover; as bit masks they are checked for all 2^n subsets without the code under test.
    """
    masks = {Node(h, i): ((1 << (1 << h)) - 1) << (i << h) for h in range(5) for i in range(16 >> h)}
    parents = {node: Node(node.height + 1, node.index >> 1) for node in masks if node.height < 4}
    members = (1 << n) - 1
    for excluded in range(1 << n):
        union, last = 0, -1
        for node in cover(n, 4, [leaf for leaf in range(n) if excluded >> leaf & 1]):
            assert last < node.first_leaf < n and masks[node] & (excluded | union) == 0
            assert node.height == 4 or masks[parents[node]] & excluded
            last, union = node.first_leaf, union | masks[node]
        assert union & members == members & ~excluded


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 16), st.integers(0, 3), st.data())
def test_cover_is_brute_force_when_the_tree_is_larger(n: int, extra: int, data: st.DataObject) -> None:
    height = (n - 1).bit_length() + extra
    excluded = data.draw(st.sets(st.integers(0, n - 1)))
    assert list(cover(n, height, excluded)) == _brute_force_cover(n, height, excluded)


def test_nobody_excluded_is_the_root_alone() -> None:
    assert cover(10_000, 20) == (Node(20, 0),)
    assert cover(1, 0) == (Node(0, 0),)


@pytest.mark.parametrize(("n", "height"), [(1, 0), (5, 5), (8, 3)])
def test_everybody_excluded_is_nothing(n: int, height: int) -> None:
    assert cover(n, height, range(n)) == ()


@pytest.mark.parametrize(
    ("n", "height", "excluded"), [(0, 4, []), (-1, 4, []), (17, 4, []), (5, 4, [5]), (5, 4, [-1]), (1, 33, [])]
)
def test_cover_of_an_impossible_pool_is_refused(n: int, height: int, excluded: list[int]) -> None:
    with pytest.raises(InputError):
        cover(n, height, excluded)


def test_cover_of_ten_thousand_with_two_hundred_excluded_is_fast_and_exact() -> None:
    excluded = set(random.Random(7).sample(range(10_000), 200))
    start = time.perf_counter()
    tiles = cover(10_000, 20, excluded)
    assert time.perf_counter() - start < 0.5
    covered = [leaf for node in tiles for leaf in range(node.first_leaf, min(node.end_leaf, 10_000))]
    assert covered == [leaf for leaf in range(10_000) if leaf not in excluded]
