"""How well do validators tell genuine listening histories from forged ones? Run: python benchmarks/validation.py

Invented, genuine-looking histories are contributed first; then forgeries of each sort and strength are tried by a
new member against the same index, at default thresholds. Writes validation.json, .md and .svg beside this file.
The genuine side is invented as well (real exports cannot be published), so the false-alarm rate is a lower bound.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.validation_parts.forgeries import FORGERIES, MUSIC, SIZE
from benchmarks.validation_parts.habits import HABITS, albums
from benchmarks.validation_parts.page import STRENGTHS, missed, plot, table
from unwrapped_dao import kinds, samples
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.validation import FingerprintIndex, FingerprintKey, Outcome, Submission, validate

SCOPE = kinds.scope("artist-preferences")
KEY = FingerprintKey(b"benchmark key of thirty-two byte")
MAX_WEIGHT = 1_000
HERE = Path(__file__).parent


def submit(index: FingerprintIndex, records: Listens, member: int) -> Outcome:
    submission = Submission(
        member=f"0x{member:040x}", scope_id=SCOPE.scope_id, epoch=1, version=1, content=bytes(32), expiry=1,
        records_bytes=MUSIC.encode_records(records), rows_bytes=SCOPE.encode(SCOPE.project(records)),
    )  # fmt: skip
    outcome = validate(MUSIC, SCOPE, submission, key=KEY, index=index, max_weight=MAX_WEIGHT)
    if member < 1_000 and outcome.attestation:
        outcome.remember(index, submission)
    return outcome


def run(trials: int, honest: int, seed: int) -> dict[str, Any]:
    started = time.process_time()
    with samples.exports(honest, seed=seed, **SIZE) as made:
        histories = [MUSIC.read(export).records for export in made]
    with samples.exports(trials, seed=seed + 1, **SIZE, format="extended-zip") as made:
        owns = [list(MUSIC.read(export).records.rows()) for export in made]
    fan = Listens.of_rows(albums(list(histories[0].rows()), Random(seed)))
    out: dict[str, Any] = {"seed": seed, "trials": trials, "honest": honest, "plays": SIZE, "forgeries": {}}
    with FingerprintIndex(":memory:", KEY) as index:
        genuine = [
            submit(index, records, n)
            for n, records in enumerate([*histories, MUSIC.read(samples.third_party()).records, fan])
        ]
        out["false_alarms"] = sum(outcome.report.refused for outcome in genuine)
        out["genuine"] = len(genuine)
        out["lowest_genuine_score_ppm"] = min(outcome.report.score for outcome in genuine)
        out["habits"] = {}
        for name, habit in HABITS.items():
            reports = [
                submit(index, Listens.of_rows(habit(own, Random(f"{seed}/{name}/{n}"))), 8_000).report
                for n, own in enumerate(owns)
            ]
            out["habits"][name] = {
                "refused": sum(report.refused for report in reports),
                "lowest_score_percent": min(report.score for report in reports) // 10_000,
            }
        out["false_alarms"] += sum(found["refused"] for found in out["habits"].values())
        out["genuine"] += len(owns) * len(HABITS)
        extended = [list(r.rows()) for r in histories if "spotify-extended" in r.texts("source")]
        honest_weight = [submit(index, Listens.of_rows(own), 5_000).report.weight for own in owns]
        for name, (forge, _) in FORGERIES.items():
            lines = {}
            for percent in STRENGTHS:
                refused = 0
                weights = []
                for trial, own in enumerate(owns):
                    random = Random(f"{seed}/{name}/{percent}/{trial}")
                    rows = forge(own, extended[trial % len(extended)], percent / 100, random)
                    report = submit(index, Listens.of_rows(rows), 9_000).report
                    refused += report.refused
                    weights.append(report.weight * 100 // max(1, honest_weight[trial]))
                lines[str(percent)] = {
                    "refused_percent": refused * 100 // trials,
                    "weight_percent_of_honest": sum(weights) // len(weights),
                }
            out["forgeries"][name] = lines
            print(f"{name}: {lines}", flush=True)
    out["cpu_seconds"] = round(time.process_time() - started)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--honest", type=int, default=18)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    found = run(options.trials, options.honest, options.seed)
    (options.out / "validation.json").write_text(json.dumps(found, indent=1) + "\n")
    (options.out / "validation.md").write_text(table(found))
    (options.out / "validation.svg").write_text(plot(found))
    for line in missed(found):
        print(f"error: {line}", file=sys.stderr)
    sys.exit(bool(missed(found)))


if __name__ == "__main__":
    main()
