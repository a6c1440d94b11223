"""What a shipped profile must not allow."""

from __future__ import annotations

from unwrapped_dao.chain.profiles import LIVE
from unwrapped_dao.crypto.tree import MAX_TREE_HEIGHT

MEMBER_NUMBERS = 2**32
JOIN_GAS = 40_000
"""Of one member in a batch (benchmarks/gas.json `join_batch`)."""


def test_nobody_can_use_up_the_leaves_of_a_live_collective() -> None:
    """Joining is free to all and numbers are for ever, so a stranger can join under made up addresses. Once the numbers
    pass the tree's leaves nobody new could ever contribute: a tree of a million leaves was full for 42 G gas."""
    assert 2**LIVE.tree_height >= MEMBER_NUMBERS
    assert LIVE.tree_height <= MAX_TREE_HEIGHT
    assert 2**LIVE.tree_height * JOIN_GAS > 10**14
