"""How fast it is: `python benchmarks/speed.py` measures, `--update` writes speed.json too, `--only PART` a part of it.

Each part runs in a process of its own (benchmarks/speed_parts), so that memory is its own. Processor time is told where
one process does the work, the clock's time where people wait. Figures differ from machine to machine: the promises are
ratios and limits, and a broken one ends this with 1.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

FILE = HERE / "speed.json"
PARTS = ("envelope", "capsule", "music_import", "insight_report", "latency", "startup")
TIMEOUT_S = 900


def measured(part: str) -> dict[str, Any]:
    """A part's figures, from a fresh process."""
    code = f"import json; from benchmarks.speed_parts import {part}; print(json.dumps({part}.measure()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE.parent, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT_S
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def missed(figures: dict[str, dict[str, Any]]) -> list[str]:
    """The promises that are not kept, each with its part."""
    found = []
    for part, its in figures.items():
        tell = getattr(import_module(f"benchmarks.speed_parts.{part}"), "missed", None)
        found += [f"{part}: {line}" for line in tell(its)] if tell else []
    return found


def machine() -> dict[str, Any]:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    load = round(os.getloadavg()[0], 1)
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "load_before": load}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write speed.json")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; may be repeated")
    options = parser.parse_args()
    where = machine()
    figures = {}
    for part in options.only or PARTS:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        figures[part] = measured(part)
    print(json.dumps(figures, indent=1))
    if options.update:
        kept = json.loads(FILE.read_text()) if FILE.is_file() else {}
        kept |= figures
        found = {"machine": where} | {part: kept[part] for part in PARTS if part in kept}
        FILE.write_text(json.dumps(found, indent=1) + "\n")
    broken = missed(figures)
    for line in broken:
        print(f"error: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
