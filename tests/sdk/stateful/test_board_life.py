"""Committees formed, reshared, retired and given up in any order: after every step the board is as its table says."""

from __future__ import annotations

import os

import pytest

from tests.sdk.stateful.board_life import BoardLife
from tests.sdk.stateful.test_life import seeds
from tests.sdk.stateful.walk import Walk

pytestmark = pytest.mark.long

STEPS = int(os.environ.get("STATEFUL_STEPS") or 120)


@pytest.mark.parametrize("seed", seeds(os.environ.get("STATEFUL_SEEDS") or "1-4"))
def test_every_step_of_the_boards_life_is_as_the_table_says(seed: int) -> None:
    life = Walk(BoardLife, seed).run(STEPS)
    assert len(life.story) >= STEPS // 2
