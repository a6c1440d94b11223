"""How long `unwrapped-dao --help` and `import unwrapped_dao` take, Python's own start included.

`cpu` is what the program needs; the clock adds whatever else the machine does.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import Any

from benchmarks.speed_parts.clock import wall_seconds

ROUNDS = 9
MOST_HELP_SECONDS = 0.3
PROGRAMS = {
    "python_alone": "pass",
    "import": "import unwrapped_dao",
    "help": "import sys; sys.argv = ['unwrapped-dao', '--help']; from unwrapped_dao.cli import main; main()",
}


def measure() -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name, code in PROGRAMS.items():
        cpu = []

        def run(code: str = code, cpu: list[float] = cpu) -> None:
            before = _children_cpu()
            subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
            cpu.append(_children_cpu() - before)

        figures[f"{name}_wall_seconds"] = round(wall_seconds(run, ROUNDS), 3)
        figures[f"{name}_cpu_seconds"] = round(min(cpu), 3)
    return figures


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def missed(figures: dict[str, Any]) -> list[str]:
    seconds = figures["help_cpu_seconds"]
    return [f"help_cpu_seconds is {seconds}, over {MOST_HELP_SECONDS}"] if seconds > MOST_HELP_SECONDS else []
