"""What contributing an export of 15,000 plays takes; writes benchmarks/contribute.json.

    python benchmarks/contribute.py

A collective in one process on the embedded chain, 2 of 3 validators. For each of some members: after the export was
imported and previewed, encrypt, have it attested twice (each time the records are checked, the envelope opened and the
capsule recomputed), record and mint. `crypto_ms` is the processor time of the curve and the ciphers alone, the member's
and both validators' together. `cpu_ms` is processor time of everything, `wall_ms` also waits for whatever else the
machine does (`load`: runnable processes). Medians; a first member, who also loads modules, is left out.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import unwrapped_dao as u  # noqa: E402
from unwrapped_dao.crypto import envelope  # noqa: E402
from unwrapped_dao.crypto.bn254 import P2, backend_name  # noqa: E402
from unwrapped_dao.crypto.envelope import EnvelopeContext  # noqa: E402
from unwrapped_dao.crypto.keys import DataKey  # noqa: E402
from unwrapped_dao.crypto.tree import PoolId  # noqa: E402

FILE = Path(__file__).with_name("contribute.json")
SCOPE = "artist-preferences"
PLAYS = 15_000
MEMBERS = 8
ATTESTATIONS = 2
HEIGHT = 20
CRYPTO_MUST_MS, ALL_MUST_MS = 100, 2_000


def contributions() -> tuple[list[float], list[float], int]:
    """Processor and wall time of each member's `contribute`, in ms; and the length of one's rows in bytes."""
    cpu, wall, size = [], [], 0
    with u.local(members=MEMBERS, attestations=ATTESTATIONS) as dao:
        exports = u.samples.exports(MEMBERS, seed=15, min_plays=PLAYS, max_plays=PLAYS)
        for member, export in zip(dao.members, exports, strict=True):
            preview = member.preview(export, scope=SCOPE)
            size = len(preview.rows_bytes)
            began, began_cpu = time.perf_counter(), time.process_time()
            member.contribute(preview)
            cpu.append((time.process_time() - began_cpu) * 1_000)
            wall.append((time.perf_counter() - began) * 1_000)
    return cpu[1:], wall[1:], size


def crypto(size: int) -> tuple[float, float]:
    """Processor time of (sealing, one validator's opening and recomputing the capsule), in ms."""
    pool, key, public = PoolId(1, b"\x33" * 20, b"\x44" * 32, 1), DataKey.generate(), P2 * 0xC0FFEE
    sealed: list[bytes] = []

    def seal(number: int) -> None:
        sink = io.BytesIO()
        context = EnvelopeContext(pool, number * 1_000, HEIGHT)
        envelope.seal(os.urandom(size), sink, context=context, committee_key=public, dek=key)
        sealed.append(sink.getvalue())

    def attest(number: int) -> None:
        reader = envelope.open_with_dek(sealed[number], io.BytesIO(), key)
        envelope.verify_capsule(reader.header, key, public)

    return _median(seal), _median(attest)


def _median(work: Callable[[int], None], rounds: int = 15) -> float:
    taken = []
    for number in range(rounds):
        began = time.process_time()
        work(number)
        taken.append((time.process_time() - began) * 1_000)
    return statistics.median(taken[1:])


def main() -> int:
    load = os.getloadavg()[0]
    cpu, wall, size = contributions()
    seal, attest = crypto(size)
    found: dict[str, Any] = {
        "command": "python benchmarks/contribute.py",
        "plays": PLAYS,
        "attestations": ATTESTATIONS,
        "curve_library": backend_name(),
        "load": round(load, 1),
        "seal_ms": round(seal, 1),
        "attest_ms": round(attest, 1),
        "crypto_ms": round(seal + ATTESTATIONS * attest, 1),
        "crypto_must_ms": CRYPTO_MUST_MS,
        "cpu_ms": round(statistics.median(cpu)),
        "wall_ms": round(statistics.median(wall)),
        "all_must_ms": ALL_MUST_MS,
    }
    text = json.dumps(found, indent=2)
    print(text)
    FILE.write_text(text + "\n")
    broken = [name for name, most in (("crypto_ms", CRYPTO_MUST_MS), ("wall_ms", ALL_MUST_MS)) if found[name] > most]
    for name in broken:
        print(f"error: {name} is {found[name]}, over its limit", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
