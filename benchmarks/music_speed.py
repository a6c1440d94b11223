"""Speed and memory of a lifetime history: `python benchmarks/music_speed.py`; `--update` writes music_speed.json.

An invented extended history of 207,500 plays (130 MB in a dozen files) is read in a fresh process, so that the peak
memory is the import's own; then one file alone, best of seven; then validators' whole work for it. One core each.
`cpu` is the processor's time, which other work on the machine disturbs least; `wall` the clock's. Beside the import
stands the least that any import does: msgspec's decoding of the same file and fields, in the same run. Ends with 1 if
a figure misses its line.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import msgspec  # noqa: E402

from unwrapped_dao import kinds, samples  # noqa: E402
from unwrapped_dao.kinds.music.sources.spotify_extended import _Play  # noqa: E402
from unwrapped_dao.validation import FingerprintIndex, FingerprintKey, Submission, validate  # noqa: E402

PLAYS = 207_500
ROUNDS = 7
# What is promised: at least so many rows a second from one file, at most so many seconds and megabytes for them all.
LEAST = {"one_file_rows_per_cpu_second": 300_000}
MOST = {"import_cpu_seconds": 3.0, "peak_megabytes": 400}


def peak_megabytes() -> int:
    """This process's own peak. Not ru_maxrss: a child inherits its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def timed(action: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds of the processor and of the clock, and the result."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = action()
    return time.process_time() - cpu, time.perf_counter() - wall, found


def best(action: Callable[[], Any]) -> tuple[float, float]:
    """The least seconds of the processor and of the clock over the rounds; results are dropped in between."""
    rounds = [timed(action)[:2] for _ in range(ROUNDS)]
    return min(cpu for cpu, _ in rounds), min(wall for _, wall in rounds)


def measure(folder: Path) -> dict[str, Any]:
    """The figures, in this process."""
    music, scope = kinds.get("music"), kinds.scope("artist-preferences")
    music.read(samples.third_party())
    whole_cpu, whole_wall, found = timed(lambda: music.read(folder))
    peak_mb = peak_megabytes()
    file = sorted(folder.rglob("*Audio*.json"))[3]
    rows = music.read(file).summary.rows
    decode_cpu, _ = best(lambda: msgspec.json.decode(file.read_bytes(), type=list[_Play]))
    file_cpu, file_wall = best(lambda: music.read(file))
    preview = kinds.preview(music, found, scope)
    submission = Submission(
        member="0x" + "11" * 20, scope_id=scope.scope_id, epoch=1, version=1, content=bytes(32), expiry=1,
        records_bytes=preview.records_bytes, rows_bytes=preview.rows_bytes,
    )  # fmt: skip
    key = FingerprintKey(bytes(32))
    with FingerprintIndex(":memory:", key) as index:
        report_cpu, _, outcome = timed(
            lambda: validate(music, scope, submission, key=key, index=index, max_weight=1_000)
        )
    assert not outcome.report.refused
    return {
        "files": sum(1 for _ in folder.rglob("*.json")),
        "megabytes": sum(p.stat().st_size for p in folder.rglob("*.json")) // 1_000_000,
        "rows": found.summary.rows,
        "import_cpu_seconds": round(whole_cpu, 2),
        "import_wall_seconds": round(whole_wall, 2),
        "peak_megabytes": peak_mb,
        "one_file_rows_per_cpu_second": int(rows / file_cpu),
        "one_file_rows_per_wall_second": int(rows / file_wall),
        "msgspec_rows_per_cpu_second": int(rows / decode_cpu),
        "share_of_msgspec_speed": round(decode_cpu / file_cpu, 2),
        "score_cpu_seconds": round(report_cpu, 2),
        "score_cpu_seconds_per_300000": round(report_cpu * 300_000 / len(found.records), 2),
        "python": platform.python_version(),
    }


def missed(figures: dict[str, Any]) -> list[str]:
    """The promised lines that the figures do not reach."""
    low = [f"{name} is {figures[name]}, under {line}" for name, line in LEAST.items() if figures[name] < line]
    return low + [f"{name} is {figures[name]}, over {line}" for name, line in MOST.items() if figures[name] > line]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--measure", type=Path)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    with (
        tempfile.TemporaryDirectory() as home,
        samples.exports(1, seed=3, min_plays=PLAYS, max_plays=PLAYS, format="extended-zip") as made,
    ):
        zipfile.ZipFile(made[0].path).extractall(home)
        child = [sys.executable, __file__, "--measure", home]
        figures = json.loads(subprocess.run(child, check=True, capture_output=True, timeout=300).stdout)
    print(json.dumps(figures, indent=1))
    if options.update:
        (HERE / "music_speed.json").write_text(json.dumps(figures, indent=1) + "\n")
    for line in missed(figures):
        print(f"error: {line}", file=sys.stderr)
    sys.exit(bool(missed(figures)))


if __name__ == "__main__":
    main()
