"""The report of a member's own insights over 300,000 plays: what benchmarks/insights.py measures, in short."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parents[1] / "insights.py"
KEPT = ("plays", "report_cpu_s", "limit_s", "peak_memory_mb")


def measure() -> dict[str, Any]:
    # Ends with 1 for a missed line, which `missed` tells. Writes its own insights.json.
    done = subprocess.run([sys.executable, str(PROGRAM)], stdout=subprocess.PIPE, timeout=600)
    figures = json.loads(done.stdout)
    return {name: figures[name] for name in KEPT}


def missed(figures: dict[str, Any]) -> list[str]:
    seconds, limit = figures["report_cpu_s"], figures["limit_s"]
    return [f"report_cpu_s is {seconds}, over {limit}"] if seconds > limit else []
