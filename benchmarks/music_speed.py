"""Speed and memory of a lifetime history: `python benchmarks/music_speed.py`; `--update` writes music_speed.json.

An invented extended history of 185,000 plays (about 125 MB in 11 files) is read in a fresh process, so that the peak
memory is the import's own; then one file alone, best of five; then validators' whole work for it. One core each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from unwrapped_dao import kinds, samples  # noqa: E402
from unwrapped_dao.validation import FingerprintIndex, FingerprintKey, Submission, validate  # noqa: E402

PLAYS = 185_000


def peak_megabytes() -> int:
    """This process's own peak. Not ru_maxrss: a child inherits its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def measure(folder: Path) -> dict[str, Any]:
    """The figures, in this process."""
    music, scope = kinds.get("music"), kinds.scope("artist-preferences")
    music.read(samples.third_party())
    started = time.perf_counter()
    found = music.read(folder)
    whole_s = time.perf_counter() - started
    peak_mb = peak_megabytes()
    file = sorted(folder.rglob("*Audio*.json"))[3]
    best, rows = 1e9, 0
    for _ in range(5):
        started = time.perf_counter()
        rows = music.read(file).summary.rows
        best = min(best, time.perf_counter() - started)
    preview = kinds.preview(music, found, scope)
    submission = Submission(
        member="0x" + "11" * 20, scope_id=scope.scope_id, epoch=1, version=1, content=bytes(32), expiry=1,
        records_bytes=preview.records_bytes, rows_bytes=preview.rows_bytes,
    )  # fmt: skip
    key = FingerprintKey(bytes(32))
    with FingerprintIndex(":memory:", key) as index:
        started = time.perf_counter()
        outcome = validate(music, scope, submission, key=key, index=index, max_weight=1_000)
        report_s = time.perf_counter() - started
    assert not outcome.report.refused
    return {
        "megabytes": sum(p.stat().st_size for p in folder.rglob("*.json")) >> 20,
        "rows": found.summary.rows,
        "import_seconds": round(whole_s, 2),
        "peak_megabytes": peak_mb,
        "one_file_rows_per_second": int(rows / best),
        "report_seconds": round(report_s, 2),
        "report_seconds_per_300000": round(report_s * 300_000 / len(found.records), 2),
    }


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


if __name__ == "__main__":
    main()
