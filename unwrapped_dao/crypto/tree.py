"""The binary tree over member numbers: node ids, the path of a leaf, the unique cover of a sale (docs/protocol.md).

Node (h, i) covers leaves [i·2^h, (i+1)·2^h); the root of a tree of height H ≤ 32 is (H, 0).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from ..errors import InputError
from .hashing import SUITE, node_id

MAX_TREE_HEIGHT = 32


def _require_height(tree_height: int) -> None:
    if not 0 <= tree_height <= MAX_TREE_HEIGHT:
        raise InputError(f"A tree height lies between 0 and {MAX_TREE_HEIGHT}, not {tree_height}.")


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One tree node. Raises InputError for a height above 32 or a negative index."""

    height: int
    index: int

    def __post_init__(self) -> None:
        _require_height(self.height)
        if not 0 <= self.index < 1 << (MAX_TREE_HEIGHT - self.height):
            raise InputError(f"A node of height {self.height} has no index {self.index}.")

    @property
    def first_leaf(self) -> int:
        return self.index << self.height

    @property
    def end_leaf(self) -> int:
        """One past the last leaf."""
        return (self.index + 1) << self.height

    def covers(self, leaf: int) -> bool:
        """Whether the leaf lies under this node."""
        return leaf >> self.height == self.index

    def is_in_tree(self, tree_height: int) -> bool:
        """Whether a tree of this height has the node: h ≤ H and i < 2^(H−h)."""
        return self.height <= tree_height and self.index >> (tree_height - self.height) == 0


@dataclass(frozen=True, slots=True)
class PoolId:
    """What a node id binds besides the node: one (scope, epoch) of one registry on one chain.

    registry: 20 bytes; scope: 32 bytes; epoch: uint64; chain_id: uint256. Raises InputError for other shapes.
    """

    chain_id: int
    registry: bytes
    scope: bytes
    epoch: int
    suite: int = SUITE

    def __post_init__(self) -> None:
        if len(self.registry) != 20 or len(self.scope) != 32:
            raise InputError("A registry address has 20 bytes and a scope id has 32.")
        if not 0 <= self.chain_id < 1 << 256 or not 0 <= self.epoch < 1 << 64:
            raise InputError("The chain id or the epoch is out of range.")
        if self.suite != SUITE:
            raise InputError(f"There is no suite {self.suite}; this version knows suite {SUITE}.")

    @classmethod
    def of(cls, chain_id: int, registry: str, scope: bytes | str, epoch: int) -> Self:
        """From a 0x-address and a scope id as bytes or 0x-hex."""
        try:
            scope_bytes = bytes.fromhex(scope.removeprefix("0x")) if isinstance(scope, str) else bytes(scope)
            return cls(chain_id, bytes.fromhex(registry.removeprefix("0x")), scope_bytes, epoch)
        except ValueError:
            raise InputError("The registry address or the scope id is not hexadecimal.") from None

    def node_id(self, node: Node) -> bytes:
        """The 32-byte id that is hashed to G1 (fixed encoding, hashing.node_id)."""
        return _cached_node_id(self, node)


@lru_cache(maxsize=4096)
def _cached_node_id(pool: PoolId, node: Node) -> bytes:
    return node_id(pool.suite, pool.chain_id, pool.registry, pool.scope, pool.epoch, node.height, node.index)


def path(leaf: int, tree_height: int) -> tuple[Node, ...]:
    """The H + 1 nodes above a leaf, root first, the leaf itself last. Raises InputError for a leaf outside the tree."""
    _require_height(tree_height)
    if not 0 <= leaf < 1 << tree_height:
        raise InputError(f"Member number {leaf} does not fit a tree of height {tree_height}.")
    return tuple(Node(height, leaf >> height) for height in range(tree_height, -1, -1))


def cover(n: int, tree_height: int, excluded: Iterable[int] = ()) -> tuple[Node, ...]:
    """The maximal nodes without an excluded leaf that start below n, from left to right.

    With nobody excluded that is the root alone; with everybody excluded it is empty, and there is nothing to deliver.
    Raises InputError unless 1 ≤ n ≤ 2^H and every excluded leaf is below n. Work: O(excluded · H).
    """
    _require_height(tree_height)
    if not 1 <= n <= 1 << tree_height:
        raise InputError(f"A tree of height {tree_height} cannot cover {n} member numbers.")
    leaves = sorted(set(excluded))
    if leaves and not 0 <= leaves[0] <= leaves[-1] < n:
        raise InputError(f"An excluded member number lies outside the {n} members of this pool.")
    found: list[Node] = []
    pending = [(tree_height, 0, 0, len(leaves))]  # a node, and the slice of `leaves` that lies under it
    while pending:
        height, index, low, high = pending.pop()
        if index << height >= n:
            continue
        if low == high:
            found.append(Node(height, index))
        elif height > 0:
            right = 2 * index + 1
            middle = bisect_left(leaves, right << (height - 1), low, high)
            pending.append((height - 1, right, middle, high))
            pending.append((height - 1, right - 1, low, middle))
    return tuple(found)
