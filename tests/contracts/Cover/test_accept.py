"""The cover on-chain equals brute force, and every way to shift it is refused."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.contracts.support import cover_model
from tests.contracts.support.vectors import load

HUGE = 2**64 - 1


@pytest.fixture(scope="module")
def tree(deploy):
    return deploy("CoverHarness")


def test_the_two_models_agree_on_all_subsets():
    for height in range(4):
        for n in range(1, 2**height + 1):
            for mask in range(2**n):
                excluded = {leaf for leaf in range(n) if mask >> leaf & 1}
                assert cover_model.cover(height, n, excluded) == cover_model.step_cover(height, n, excluded)


@pytest.mark.parametrize(("height", "n"), [(3, 8), (3, 5), (4, 7)])
def test_all_subsets_have_one_accepted_node_at_each_cursor(tree, height, n):
    """For each cursor and subset the contract is asked about every node of the tree that starts there."""
    for start in range(0, 2**n, 64):
        stop = min(start + 64, 2**n)
        assert tree.walkAllSubsets(height, n, start, stop, {"gas_limit": 29_000_000}) == stop - start


def test_covers_equal_brute_force_on_a_sample_of_16_leaves(tree):
    source = random.Random(16)
    for _ in range(120):
        n = source.randint(1, 16)
        excluded = sorted(source.sample(range(n), source.randint(0, n)))
        nodes = cover_model.cover(4, n, set(excluded))
        assert tree.walk(nodes, 4, n, excluded) == n


def test_covers_of_high_trees(tree):
    source = random.Random(20)
    for _ in range(20):
        n = source.randint(1, 10_000)
        excluded = sorted(source.sample(range(n), min(n, 6)))
        nodes = cover_model.step_cover(20, n, excluded)
        assert tree.walk(nodes, 20, n, excluded) == n
    assert tree.walk([(32, 0)], 32, 2**32 - 1, []) == 2**32 - 1


def test_nobody_excluded_is_the_root_alone(tree, refused):
    assert tree.walk([(20, 0)], 20, 10_000, []) == 10_000
    for height in range(20):
        with refused("NodeNotMaximal", height, 0):
            tree.walk([(height, 0)], 20, 10_000, [])


def test_every_other_node_is_refused_everywhere(tree):
    """Replace one node of the cover by any node of the tree, at any step: refused."""
    height, n, excluded = 3, 7, [2, 5]
    nodes = cover_model.cover(height, n, set(excluded))
    every = [(h, i) for h in range(height + 2) for i in range(2**height + 2)]
    for at, other in itertools.product(range(len(nodes)), every):
        if other != nodes[at]:
            with pytest.raises(Exception, match="Node"):
                tree.walk([*nodes[:at], other], height, n, excluded)


def test_the_cursor_cannot_be_shifted_by_one_small_node(tree, refused):
    """Leaf 5 is excluded: (2, 0) covers 0..3. Taking leaf 0 alone would leave a rest that no honest share fits."""
    with refused("NodeNotMaximal", 0, 0):
        tree.walk([(0, 0)], 3, 8, [5])
    with refused("NodeNotMaximal", 1, 0):
        tree.walk([(1, 0)], 3, 8, [5])


def test_heights_above_the_tree_are_refused(tree, refused):
    for height in (5, 6, 64, 128, 255):
        with refused("NodeOutOfRange", height, 0):
            tree.walk([(height, 0)], 4, 16, [])
    # 256 + 4 is a height of 4 to whoever truncates; the decoder refuses it before the library is asked.
    with pytest.raises(OverflowError):
        tree.walk([(256 + 4, 0)], 4, 16, [])


def test_truncated_indices_are_refused(tree, refused):
    for height, index in [(0, 2**4), (4, 1), (3, 2), (0, 2**32), (1, 2**63), (0, HUGE), (4, HUGE), (2, 2**62)]:
        with refused("NodeOutOfRange", height, index):
            tree.range(height, index, 4)
    with refused("NodeOutOfRange", 0, 2**32):
        tree.range(0, 2**32, 32)
    assert tree.range(0, 2**32 - 1, 32) == (2**32 - 1, 2**32)
    assert tree.range(32, 0, 32) == (0, 2**32)


def test_an_empty_tree_has_no_cover(tree, refused):
    assert tree.walk([], 4, 0, []) == 0
    with refused("NodeNotAtCursor", 0, 0):
        tree.walk([(4, 0)], 4, 0, [])


def test_all_excluded_has_no_cover(tree, refused):
    everyone = list(range(5))
    assert tree.walk([], 4, 5, everyone) == 5
    with refused("NodeNotAtCursor", 0, 5):
        tree.walk([(0, 0)], 4, 5, everyone)
    with refused("NodeNotAtCursor", 5, 5):
        tree.walk([(0, 5)], 4, 5, everyone)


def test_nothing_is_accepted_after_the_end(tree, refused):
    with refused("NodeNotAtCursor", 0, 10):
        tree.walk([(4, 0), (4, 0)], 4, 10, [])


def test_excluded_leaves_are_never_under_a_node(tree, refused):
    with refused("NodeContainsExcluded", 4, 0):
        tree.walk([(4, 0)], 4, 16, [7])
    with refused("NodeContainsExcluded", 3, 1):
        tree.walk([(2, 0), (1, 2), (0, 6), (3, 1)], 4, 16, [7, 15])
    with refused("NodeNotAtCursor", 0, 1):
        tree.walk([(0, 0)], 4, 16, [0])


def test_searching_the_list(tree):
    leaves = [0, 3, 4, 9, 1000, 2**32 - 1]
    for leaf in (0, 1, 2, 3, 4, 5, 9, 10, 999, 1000, 1001, 2**32 - 2, 2**32 - 1):
        assert tree.lowerBound(leaves, leaf) == sum(1 for other in leaves if other < leaf)
        assert tree.contains(leaves, leaf) == (leaf in leaves)
    assert not tree.contains([], 0)


def test_node_ids_equal_the_vectors(tree, chain):
    ids = load()["ids"]
    assert int(ids["chainId"], 16) == chain.id
    for node in ids["nodes"]:
        index, epoch = int(node["index"]), int(ids["epoch"], 16)
        made = tree.nodeId(ids["registry"], ids["scope"], epoch, int(node["height"]), index)
        assert str(made) == node["id"]
