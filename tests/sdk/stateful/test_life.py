"""Everything at once, in any order: joins, contributions, withdrawals, sales, opt-outs, deliveries, claims, votes.

Random walks; a plain model says what must come of each step, and after every step the whole collective is compared with
it (life.py). A failing walk is cut down and printed as a story, one sentence per step.

`make stateful SEEDS=1000-1099 STEPS=300` walks farther. Seeds that once found something, or that go where others seldom
do, are kept below and walked every time.
"""

from __future__ import annotations

import os

import pytest

from tests.sdk.stateful.life import Life
from tests.sdk.stateful.walk import Walk

pytestmark = pytest.mark.long

KEPT_SEEDS = "1-8"
STEPS = int(os.environ.get("STATEFUL_STEPS") or 80)


def seeds(text: str) -> list[int]:
    """Of "1-3,7": 1, 2, 3, 7."""
    ends = [part.partition("-") for part in text.split(",")]
    return [seed for first, _, last in ends for seed in range(int(first), int(last or first) + 1)]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", seeds(os.environ.get("STATEFUL_SEEDS") or KEPT_SEEDS))
def test_every_step_of_a_life_is_as_the_model_says(seed: int) -> None:
    life = Walk(Life, seed).run(STEPS)
    assert len(life.story) >= STEPS
