"""The complete matrix and twenty random lives: `make kill-matrix`. Writes benchmarks/kill-matrix.json.

    python -m tests.kills.report [--workers N] [--rounds N] [--seed N] [--minutes N]

With `--minutes` no case is begun after that time; the report says how many of all cases were tried. Rounds come first.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from random import Random
from typing import Any

from tests.kills import commands, matrix, rounds
from tests.kills.life import DEMO, Chapter, told

RESULT = Path(__file__).parents[2] / "benchmarks" / "kill-matrix.json"
MEMORY = Path("/dev/shm")
SEED = 20_250_923
ROUNDS = 20

_chapters: list[Chapter] = []
_folder = Path()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--minutes", type=float, default=None)
    given = parser.parse_args()
    started = time.monotonic()
    global _folder
    _folder = Path(tempfile.mkdtemp(prefix="unwrapped-kills-", dir=MEMORY if MEMORY.is_dir() else None))
    commands.import_everything()
    try:
        _chapters.extend(told(_folder / "life"))
        _chapters.extend(told(_folder / "demo", (DEMO,)))
        print(f"{len(_chapters)} commands, {sum(len(c.steps) for c in _chapters)} steps", file=sys.stderr, flush=True)
        report = _measured(given, started)
    finally:
        shutil.rmtree(_folder)
    RESULT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 1 if report["failures"] else 0


def _measured(given: argparse.Namespace, started: float) -> dict[str, Any]:
    cases = [(c, step) for c, chapter in enumerate(_chapters) for step in range(1, len(chapter.steps) + 1)]
    Random(given.seed).shuffle(cases)
    seeds = [given.seed + number for number in range(given.rounds)]
    failures: list[str] = []
    tried: Counter[str] = Counter()
    kills = lives = 0
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(given.workers, mp_context=context) as pool:

        def jobs() -> Iterator[Future[Any]]:
            yield from (pool.submit(_round, seed) for seed in seeds)
            for c, step in cases:
                if given.minutes is not None and time.monotonic() - started > given.minutes * 60:
                    return
                yield pool.submit(_case, c, step)

        for done in _as_they_end(jobs(), ahead=2 * given.workers):
            what, wrong, killed = done.result()
            kills += killed
            lives += what == "life"
            if what == "life":
                print(f"life {lives}: {killed} kills", file=sys.stderr, flush=True)
            if what != "life":
                tried[what] += 1
            failures += wrong
            for line in wrong:
                print(f"FAILED {line}", file=sys.stderr, flush=True)
            if (count := lives + sum(tried.values())) % 50 == 0:
                print(f"{count} of {len(seeds) + len(cases)} ...", file=sys.stderr, flush=True)
    of: Counter[str] = Counter()
    for chapter in _chapters:  # a command that comes twice is told once
        of[chapter.line.text] += len(chapter.steps)
    return {
        "commands": {text: {"steps": steps, "killed_at": tried[text]} for text, steps in of.items()},
        "cases": {"of": len(cases), "tried": sum(tried.values())},
        "rounds": {"lives": lives, "seeds": seeds, "kills": kills},
        "failures": failures,
        "seconds": int(time.monotonic() - started),
        "where": f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
    }


def _as_they_end(jobs: Iterator[Future[Any]], ahead: int) -> Iterator[Future[Any]]:
    """Results as they come; only a few jobs are begun before they are needed."""
    running: set[Future[Any]] = set()
    for job in jobs:
        running.add(job)
        if len(running) >= ahead:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from done
    yield from wait(running).done


def _case(chapter: int, step: int) -> tuple[str, list[str], int]:
    found = _chapters[chapter]
    return found.line.text, matrix.failures(matrix.Case(found, step)), 1


def _round(seed: int) -> tuple[str, list[str], int]:
    with tempfile.TemporaryDirectory(prefix="life-", dir=_folder) as name:
        life = [chapter for chapter in _chapters if chapter.line is not DEMO]
        lived = rounds.live(seed, life, Path(name) / "home")
    return "life", [f"seed {seed}: {failure}" for failure in lived.failures], lived.kills


if __name__ == "__main__":
    raise SystemExit(main())
