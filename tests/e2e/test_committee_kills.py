"""One of three custodians, killed before any durable step of its part in a key and in a sale, and run again.

Beside the life of tests/kills, whose only custodian says no READY and posts no share. UNWRAPPED_KILL_ALL=1 kills before
every step; otherwise a few of each command are drawn.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.kills import commands, matrix
from tests.kills.life import Chapter, Line, told

pytestmark = [pytest.mark.long, pytest.mark.timeout(3_600)]

SEED = 20_261_127
EACH = None if os.environ.get("UNWRAPPED_KILL_ALL") else 2
MEMORY = Path("/dev/shm")
KEEPERS = ("kim", "lea", "max")


def lines() -> Iterator[Line]:
    """The life of a sale that lea serves too."""
    yield Line("chain start")
    yield Line("account new founder buyer ana ben cleo kim lea max")
    yield Line("validator setup")
    yield Line(
        "collective deploy --name Three --validators validator-1,validator-2,validator-3 --custodian kim,lea,max"
        " --threshold 2 --as founder"
    )
    for _ in range(5):  # registers, commits, deals, checks, keeps
        yield from (Line(f"custodian setup --as {name}") for name in KEEPERS)
    yield from (Line(f"custodian heartbeat --as {name}") for name in ("kim", "lea"))
    yield Line("pool open --as kim")
    for number, who in enumerate(("ana", "ben", "cleo"), 1):
        yield Line(f"member contribute exports/{number}.zip --as {who}")
    for text in ("pool announce --as founder", "pool seal --as founder", "pool publish"):
        yield Line(text)
    yield Line("account fund buyer --tusd 60000")
    yield Line("buyer offer --price 55000 --purpose ai-training")
    yield Line("proposal create --sale 1 --as ana")
    yield Line("member opt-out 1 --as cleo")
    yield from (Line(f"proposal vote 1 for --as {who}") for who in ("ana", "ben", "cleo"))
    yield Line("proposal execute 1 --as founder")
    yield Line("custodian run --once --as lea")  # fixes the exclusions and says READY
    yield from (Line(f"custodian run --once --as {name}") for name in ("kim", "max"))
    yield Line("custodian run --once --as lea")  # posts its shares, combines and delivers


@pytest.fixture(scope="module")
def life() -> Iterator[list[Chapter]]:
    commands.import_everything()
    folder = Path(tempfile.mkdtemp(prefix="unwrapped-committee-", dir=MEMORY if MEMORY.is_dir() else None))
    yield list(told(folder, list(lines())))
    shutil.rmtree(folder)


def of_lea(life: list[Chapter]) -> list[Chapter]:
    return [chapter for chapter in life if chapter.line.text.startswith("custodian") and "lea" in chapter.line.text]


def test_lea_did_each_of_a_custodians_deeds_and_once(life: list[Chapter]) -> None:
    did = {what.removeprefix("lea: "): count for what, count in life[-1].after["transactions"].items() if "lea" in what}
    for deed in ("registerKey", "commitDeal", "deal", "publishShareKey", "ready", "fixExcluded", "deliver"):
        assert [count for what, count in did.items() if what.endswith(f".{deed}")] == [1], (deed, did)
    assert did["KeyCommittee.postShares"] == 2  # the sign of life, and the shares of the sale
    assert life[-1].after["sales"][0]["state"] == "SETTLED"


def test_killed_before_any_step_and_run_again_the_world_is_the_same(life: list[Chapter]) -> None:
    drawn, tried = Random(SEED), 0
    for chapter in of_lea(life):
        cases = list(matrix.cases(chapter))
        for case in cases if EACH is None else [*drawn.sample(cases, min(EACH, len(cases))), matrix.riskiest(chapter)]:
            assert matrix.failures(case) == []
            tried += 1
    assert tried >= 20
    print(f"{tried} of {sum(len(chapter.steps) for chapter in of_lea(life))} steps")
