"""The cover of a tree by its definition, for contract tests: slow, and plainly right."""

from __future__ import annotations

from collections.abc import Collection

Node = tuple[int, int]


def leaves_of(height: int, index: int) -> range:
    """The leaves under node (height, index)."""
    return range(index << height, (index + 1) << height)


def cover(tree_height: int, n: int, excluded: Collection[int]) -> list[Node]:
    """All nodes of the tree that hold no excluded leaf, start below n, and whose parent (if any) holds one."""

    def clean(height: int, index: int) -> bool:
        return not any(leaf in excluded for leaf in leaves_of(height, index))

    found = [
        (height, index)
        for height in range(tree_height + 1)
        for index in range(1 << (tree_height - height))
        if index << height < n and clean(height, index) and (height == tree_height or not clean(height + 1, index >> 1))
    ]
    return sorted(found, key=lambda node: node[1] << node[0])


def step_cover(tree_height: int, n: int, excluded: Collection[int]) -> list[Node]:
    """The same by the walk the contract does, node by node at a cursor; for trees too high for `cover`."""
    nodes, cursor = [], 0
    while cursor < n:
        if cursor in excluded:
            cursor += 1
            continue
        height = 0
        while height < tree_height and cursor % (2 << height) == 0 and _clean(excluded, cursor, 2 << height):
            height += 1
        nodes.append((height, cursor >> height))
        cursor += 1 << height
    return nodes


def _clean(excluded: Collection[int], start: int, size: int) -> bool:
    return not any(start <= leaf < start + size for leaf in excluded)
