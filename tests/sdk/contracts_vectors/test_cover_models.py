"""The cover by its definition, by the contract's walk, and by the package: equal for all subsets of up to 16 leaves."""

from __future__ import annotations

import pytest

from tests.contracts.support import cover_model
from unwrapped_dao.crypto.tree import cover


def _by_definition(height: int, n: int, mask: int) -> list[tuple[int, int]]:
    """As cover_model.cover, with sets of leaves as bit masks."""

    def clean(h: int, i: int) -> bool:
        return not mask >> (i << h) & ((1 << (1 << h)) - 1)

    found = [
        (h, i)
        for h in range(height + 1)
        for i in range(1 << (height - h))
        if i << h < n and clean(h, i) and (h == height or not clean(h + 1, i >> 1))
    ]
    return sorted(found, key=lambda node: node[1] << node[0])


@pytest.mark.parametrize("height", [0, 1, 2, 3])
def test_every_pool_of_small_trees(height: int) -> None:
    for n in range(1, 2**height + 1):
        for mask in range(2**n):
            excluded = {leaf for leaf in range(n) if mask >> leaf & 1}
            expected = _by_definition(height, n, mask)
            assert cover_model.cover(height, n, excluded) == expected
            assert cover_model.step_cover(height, n, excluded) == expected
            assert [(node.height, node.index) for node in cover(n, height, excluded)] == expected


@pytest.mark.parametrize("n", [9, 11, 13, 16])
def test_every_subset_of_up_to_16_leaves(n: int) -> None:
    for mask in range(2**n):
        excluded = {leaf for leaf in range(n) if mask >> leaf & 1}
        expected = _by_definition(4, n, mask)
        assert cover_model.step_cover(4, n, excluded) == expected
        assert [(node.height, node.index) for node in cover(n, 4, excluded)] == expected
