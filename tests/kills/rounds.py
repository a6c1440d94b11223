"""Whole lives of a sale in which commands are killed at random moments, again and again, until each has succeeded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.kills import commands
from tests.kills.life import LIFE, Chapter, begin
from tests.kills.world import differences, look

KILLED_AT_LEAST_ONCE = 0.6
"""How probable it is that a command is killed; a killed one is killed again with the same probability."""


@dataclass(frozen=True)
class Round:
    """One life: how often it was interrupted, and what differs from the undisturbed one."""

    seed: int
    kills: int
    failures: tuple[str, ...]


def live(seed: int, chapters: list[Chapter], folder: Path) -> Round:
    """`chapters` is the undisturbed life, `folder` is new."""
    random = Random(f"unwrapped-dao/kills/{seed}")
    home, kills = begin(folder), 0
    main = [chapter for chapter in chapters if not chapter.line.side]
    assert [chapter.line for chapter in main] == [line for line in LIFE if not line.side]
    for chapter in main:
        while True:
            deadly = random.randint(1, len(chapter.steps)) if random.random() < KILLED_AT_LEAST_ONCE else None
            ended = commands.run(chapter.line.arguments, home, deadly=deadly)
            if ended.code != commands.KILLED:
                break
            kills += 1
        if ended.code != 0:
            return Round(seed, kills, (f"{chapter.line.text}: {ended.err.strip()}",))
    return Round(seed, kills, tuple(differences(look(home), main[-1].after)))
