"""Rows of a listening export read in a second: what benchmarks/music_speed.py measures, in short."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import music_speed

KEPT = ("rows", "one_file_rows_per_cpu_second", "import_cpu_seconds", "peak_megabytes", "score_cpu_seconds")


def measure() -> dict[str, Any]:
    # Ends with 1 for a missed line, which `missed` tells. Writes its own music_speed.json.
    program = [sys.executable, str(Path(music_speed.__file__)), "--update"]
    done = subprocess.run(program, stdout=subprocess.PIPE, timeout=600)
    figures = json.loads(done.stdout)
    return {name: figures[name] for name in KEPT}


def missed(figures: dict[str, Any]) -> list[str]:
    return music_speed.missed(figures)
