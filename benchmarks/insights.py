"""How long a report takes: `python benchmarks/insights.py` measures and writes `insights.json` beside itself.

The history is an invented one of 300,000 plays over eight years; making it is not measured. The best of three
runs, on one core: `cpu` is the processor's time, `wall` the clock's.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.sdk.insights.lifelike import lifelike  # noqa: E402
from unwrapped_dao.kinds.music.insights import INSIGHTS, History, write_report  # noqa: E402
from unwrapped_dao.kinds.music.listens import Listens  # noqa: E402

PLAYS = 300_000
LIMIT_S = 5.0
ROUNDS = 3


def bench(plays: int = PLAYS) -> dict[str, Any]:
    """Measure the report and each insight on a history of `plays` plays; seconds."""
    listens = _history(plays)
    reports = []
    sizes = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            began, wall = time.process_time(), time.perf_counter()
            files = write_report(listens, folder, timezone="Europe/Berlin")
            reports.append((time.process_time() - began, time.perf_counter() - wall))
            sizes = {path.name: path.stat().st_size for path in (files.report, files.card, files.notes)}
    cpu, wall = min(reports)
    began = time.process_time()
    history = History(listens, "Europe/Berlin")
    parts = {"history": time.process_time() - began}
    for insight in INSIGHTS:
        began = time.process_time()
        insight.of(history)
        parts[insight.name] = time.process_time() - began
    return {
        "plays": len(listens),
        "report_cpu_s": round(cpu, 2),
        "report_wall_s": round(wall, 2),
        "limit_s": LIMIT_S,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "bytes": sizes,
        "parts_cpu_s": {name: round(seconds, 3) for name, seconds in parts.items()},
        "python": platform.python_version(),
    }


def _history(plays: int) -> Listens:
    """Exactly `plays` plays, the first of a longer life."""
    made = lifelike("bench", per_day=26 * plays / 70_000)
    rows = list(made.rows())
    if len(rows) < plays:
        raise SystemExit(f"error: only {len(rows)} plays were made")
    return Listens.of_rows(rows[:plays])


if __name__ == "__main__":
    measured = bench()
    text = json.dumps(measured, indent=2) + "\n"
    (ROOT / "benchmarks" / "insights.json").write_text(text, encoding="utf-8")
    print(text, end="")
    sys.exit(measured["report_cpu_s"] > LIMIT_S)
