"""Ways to time something on a machine that does other work too."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def cpu_seconds(action: Callable[[], object], rounds: int) -> float:
    """The least seconds of this process's processor time over some rounds."""
    found = []
    for _ in range(rounds):
        started = time.process_time()
        action()
        found.append(time.process_time() - started)
    return min(found)


def wall_seconds(action: Callable[[], object], rounds: int) -> float:
    """The least seconds on the clock over some rounds."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        found.append(time.perf_counter() - started)
    return min(found)


def peak_megabytes() -> int:
    """This process's own peak of resident memory. Not ru_maxrss: a child inherits its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024
