"""`custodian run` on the embedded chain, beside everybody else's commands in the same workspace, for a long time."""

from __future__ import annotations

import json
import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kills import commands
from tests.kills.life import begin

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

LIMIT_S = 240
LEAK_KB = 8 * 1024


class Run:
    """The daemon, and what it told so far."""

    def __init__(self, home: Path) -> None:
        self.process = commands.start(shlex.split("custodian run --json --every 0.05"), home)
        self.status = Path(f"/proc/{self.process.child}")

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.process.told().splitlines() if line.endswith("}")]

    def memory_kb(self) -> int:
        line = next(line for line in (self.status / "status").read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1])

    def files(self) -> int:
        """Open handles between two rounds, the fewest of many looks: a round opens the chain and closes it again."""
        counts = []
        for _ in range(40):
            counts.append(len(list((self.status / "fd").iterdir())))
            time.sleep(0.05)
        return min(counts)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    commands.import_everything()
    yield begin(tmp_path / "home")


def done(home: Path, text: str) -> str:
    ended = commands.run(shlex.split(text), home)
    assert ended.code == 0, (text, ended.err)
    return ended.out


def until(found: Callable[[], bool], run: Run) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not found():
        assert time.monotonic() < deadline, run.events
        time.sleep(0.2)


def test_it_forms_the_key_serves_two_sales_between_the_others_commands_and_does_not_grow(home: Path) -> None:
    for text in (
        "account new founder custodian buyer ana ben cleo",
        "validator setup",
        "collective deploy --name Rehearsal --validators validator-1,validator-2,validator-3 --custodian custodian",
    ):
        done(home, text)
    run = Run(home)
    try:
        until(lambda: any(event["event"] == "setup" for event in run.events), run)
        done(home, "pool open")
        for number, name in enumerate(("ana", "ben", "cleo"), 1):
            done(home, f"member contribute exports/{number}.zip --as {name}")
        for text in ("pool announce", "pool seal", "pool publish", "account fund buyer --tusd 120000"):
            done(home, text)
        for number, price in ((1, 55_000), (2, 56_000)):
            done(home, f"buyer offer --price {price} --purpose ai-training")
            done(home, f"proposal create --sale {number} --as ana")
            for name in ("ana", "ben", "cleo"):
                done(home, f"proposal vote {number} for --as {name}")
            done(home, f"proposal execute {number} --as founder")
            until(lambda number=number: sum(e.get("what") == "delivered" for e in run.events) == number, run)  # type: ignore[misc]
            done(home, f"buyer receive {number} --output bought-{number}")
        before = run.memory_kb(), run.files()
        time.sleep(20)
        assert run.memory_kb() - before[0] < LEAK_KB
        assert run.files() <= before[1]
        assert not [event for event in run.events if event["alarm"]]
    finally:
        os.kill(run.process.child, signal.SIGTERM)
        ended = run.process.ended()
    assert ended.code == 0, ended.err
    assert json.loads(ended.out.splitlines()[-1])["event"] == "stopped"
    notes = home / ".unwrapped-dao" / "journal" / "custodian"
    assert [path.name for path in notes.glob("*/*")] == ["highest-final-block"]
