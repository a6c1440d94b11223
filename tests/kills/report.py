"""The complete matrix and twenty random lives: `make kill-matrix`. Writes benchmarks/kill-matrix.json.

    python -m tests.kills.report [--workers N] [--rounds N] [--seed N] [--minutes N]

With `--minutes` no case is begun after that time; the report says how many of all cases were tried. Rounds come first.
Stopped and begun again on the same commit it goes on with what is left (reports/kill-matrix.jsonl).
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import multiprocessing
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from random import Random
from typing import Any

from tests.kills import commands, matrix, rounds
from tests.kills.life import DEMO, Chapter, told
from tests.kills.progress import Progress

RESULT = Path(__file__).parents[2] / "benchmarks" / "kill-matrix.json"
MEMORY = Path("/dev/shm")
SEED = 20_250_923
ROUNDS = 20
PROGRESS = Path(__file__).parents[2] / "reports" / "kill-matrix.jsonl"

Result = dict[str, Any]
"""name, what, wrong (sentences), kills, seconds"""

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
    jobs = [(f"life {given.seed + number}", _round, (given.seed + number,)) for number in range(given.rounds)]
    cases = [(c, step) for c, chapter in enumerate(_chapters) for step in range(1, len(chapter.steps) + 1)]
    Random(given.seed).shuffle(cases)
    jobs += [(f"case {c} {step}", _case, (c, step)) for c, step in cases]
    progress = Progress(PROGRESS, {"commit": _commit(), "seed": given.seed})
    print(f"{len(progress.results)} of {len(jobs)} are measured already", file=sys.stderr, flush=True)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(given.workers, mp_context=context) as pool:

        def begun() -> Iterator[Future[Result]]:
            for name, job, arguments in jobs:
                if name in progress.results:
                    continue
                if given.minutes is not None and time.monotonic() - started > given.minutes * 60:
                    return
                yield pool.submit(_timed, name, job, arguments)

        for done in _as_they_end(begun(), ahead=2 * given.workers):
            result = done.result()
            progress.keep(result["name"], result)
            for line in result["wrong"]:
                print(f"FAILED {line}", file=sys.stderr, flush=True)
            if (count := len(progress.results)) % 50 == 0 or result["name"].startswith("life"):
                print(f"{count} of {len(jobs)}: {result['name']}, {result['kills']} kills", file=sys.stderr, flush=True)
    progress.close()
    return _report(progress.results, given, len(cases))


def _report(results: dict[str, Result], given: argparse.Namespace, cases: int) -> dict[str, Any]:
    lives = [result for name, result in results.items() if name.startswith("life")]
    of: Counter[str] = Counter()
    for chapter in _chapters:  # a command that comes twice is told once
        of[chapter.line.text] += len(chapter.steps)
    tried = Counter(result["what"] for name, result in results.items() if name.startswith("case"))
    return {
        "commands": {text: {"steps": steps, "killed_at": tried[text]} for text, steps in of.items()},
        "cases": {"of": cases, "tried": sum(tried.values())},
        "rounds": {"lives": len(lives), "first_seed": given.seed, "kills": sum(life["kills"] for life in lives)},
        "failures": [line for result in results.values() for line in result["wrong"]],
        "worker_seconds": int(sum(result["seconds"] for result in results.values())),
        "commit": _commit(),
        "where": f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
    }


def _commit() -> str:
    """The commit that is measured; changed files are told by their own digest, since their results are not its."""
    git = functools.partial(subprocess.run, cwd=RESULT.parent, capture_output=True, text=True, check=True)
    changed = git(["git", "diff", "HEAD", "--", ":!/benchmarks"]).stdout
    dirty = f" changed {hashlib.sha256(changed.encode()).hexdigest()[:12]}" if changed else ""
    return git(["git", "rev-parse", "--short=12", "HEAD"]).stdout.strip() + dirty


def _as_they_end(jobs: Iterator[Future[Any]], ahead: int) -> Iterator[Future[Any]]:
    """Results as they come; only a few jobs are begun before they are needed."""
    running: set[Future[Any]] = set()
    for job in jobs:
        running.add(job)
        if len(running) >= ahead:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from done
    yield from wait(running).done


def _timed(name: str, job: Callable[..., tuple[str, list[str], int]], arguments: tuple[int, ...]) -> Result:
    begun = time.monotonic()
    what, wrong, kills = job(*arguments)
    return {"name": name, "what": what, "wrong": wrong, "kills": kills, "seconds": time.monotonic() - begun}


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
