"""Every command killed at every step and run again: the world is then the one that no kill gives.

Not here: how a process dies (dying.py), which commands (life.py), what is compared (world.py).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.kills import commands
from tests.kills.life import Chapter
from tests.kills.world import differences, look

WAITS_THAT_VARY = 2
"""A command that looks again until the chain has moved may take a step less on another day, and end before its last."""


@dataclass(frozen=True)
class Case:
    """A command and the step (from 1) before which it is killed."""

    chapter: Chapter
    step: int

    def __str__(self) -> str:
        return f"{self.chapter.line.text}, killed before step {self.step} ({self.chapter.steps[self.step - 1]})"


def cases(chapter: Chapter) -> Iterator[Case]:
    """All of a command's cases."""
    return (Case(chapter, step) for step in range(1, len(chapter.steps) + 1))


def riskiest(chapter: Chapter) -> Case:
    """All is done, and nobody was told: whoever asks again must not get it twice."""
    return Case(chapter, max(n for n, step in enumerate(chapter.steps, start=1) if step == "tell"))


def failures(case: Case) -> list[str]:
    """What went wrong; empty if the kill cost nothing."""
    with tempfile.TemporaryDirectory(prefix="kills-", dir=case.chapter.before.parent) as name:
        home = case.chapter.copy(Path(name) / "home")
        killed = commands.run(case.chapter.line.arguments, home, deadly=case.step)
        if killed.code == 0 and case.step > len(case.chapter.steps) - WAITS_THAT_VARY:
            return [f"{case}: {difference}" for difference in differences(look(home), case.chapter.after)]
        if killed.code != commands.KILLED:
            return [f"{case}: ended with {killed.code} before it could be killed\n{killed.err}"]
        again = commands.run(case.chapter.line.arguments, home)
        if again.code != 0:
            return [f"{case}: run again it ends with {again.code}: {again.err.strip()}"]
        return [f"{case}: {difference}" for difference in differences(look(home), case.chapter.after)]
