"""How long a buyer takes to open 10,000 contributions; writes benchmarks/receive.json.

    python benchmarks/receive.py                    seals the envelopes first (some minutes), then opens them
    python benchmarks/receive.py --folder FOLDER    keeps the sealed envelopes there, and uses them the next time

Envelopes of the scope artist-preferences, 50 artists each, made by the package's own code for a tree of height 20 and
published to an embedded store. What is measured is what `buyer receive` does once it has the node key of the root:
read from the store with every CID recomputed, open on all cores, recompute R, check the rows, keep them in the spool;
and then writing the dataset with its card and risk report. `cpu_s` is of all processes: wall time also depends on what
else the machine does (`load` is the number of runnable processes beside this one).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from unwrapped_dao import kinds  # noqa: E402
from unwrapped_dao.crypto import envelope  # noqa: E402
from unwrapped_dao.crypto.bn254 import P2, backend_name, hash_to_g1  # noqa: E402
from unwrapped_dao.crypto.envelope import EnvelopeContext  # noqa: E402
from unwrapped_dao.crypto.keys import NodeKey  # noqa: E402
from unwrapped_dao.crypto.tree import Node, PoolId  # noqa: E402
from unwrapped_dao.dataset import Release, Spool, build_opened  # noqa: E402
from unwrapped_dao.kinds.music.scopes.artist_preferences import ArtistPreference  # noqa: E402
from unwrapped_dao.roles.identity import no_progress  # noqa: E402
from unwrapped_dao.roles.opening import Opener, Task, open_all  # noqa: E402
from unwrapped_dao.storage.blockstore import BlockStore  # noqa: E402

FILE = Path(__file__).with_name("receive.json")
SCOPE = kinds.scope("artist-preferences")
MEMBERS = 10_000
ARTISTS = 50
CATALOGUE = 5_000
HEIGHT = 20
SECRET = int.from_bytes(b"receive benchmark", "big")
POOL = PoolId(1337, b"\x22" * 20, SCOPE.scope_id, 1)
MUST_S = 30


def rows(number: int) -> bytes:
    """50 artists of a catalogue in which a few are known to many."""
    source = random.Random(number)
    names: dict[int, None] = {}
    while len(names) < ARTISTS:
        names[min(CATALOGUE, int(source.paretovariate(0.5)))] = None
    made = [
        ArtistPreference(artist=f"Artist {name}", months_active=1 + source.randrange(12), rank=rank, share_ppm=share)
        for rank, (name, share) in enumerate(zip(names, range(90_000, 0, -1_000), strict=False), start=1)
    ]
    return SCOPE.encode(made)


def seal(job: tuple[Path, range]) -> list[tuple[int, bytes]]:
    """Seal and publish some members' envelopes; (number, content digest) of each."""
    folder, numbers = job
    store, public = BlockStore(folder), P2 * SECRET
    made = []
    for number in numbers:
        sink = io.BytesIO()
        envelope.seal(rows(number), sink, context=EnvelopeContext(POOL, number, HEIGHT), committee_key=public)
        made.append((number, store.publish(io.BytesIO(sink.getvalue()), pin=False).digest))
    return made


def sealed(folder: Path, members: int) -> list[Task]:
    """The tasks of a folder's envelopes, sealing those that are not there yet."""
    listing = folder / f"sealed-{members}.json"
    if not listing.exists():
        jobs = [(folder / "store", range(at, min(at + 100, members))) for at in range(0, members, 100)]
        found: list[tuple[int, bytes]] = []
        with ProcessPoolExecutor() as pool:
            for done in pool.map(seal, jobs):
                found += done
                print(f"\rsealed {len(found):,} of {members:,}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        listing.write_text(json.dumps([(number, digest.hex()) for number, digest in found]))
    return [Task(number, bytes.fromhex(digest), 0) for number, digest in json.loads(listing.read_text())]


def measure(folder: Path, members: int) -> dict[str, object]:
    """Open them all, then write the dataset."""
    tasks = sealed(folder, members)
    root = Node(HEIGHT, 0)
    key = NodeKey(POOL, root, hash_to_g1(POOL.node_id(root)) * SECRET, P2 * SECRET)
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    spool = Spool(work / "dataset.opening", "benchmark")
    load = os.getloadavg()[0]
    began, cpu = time.monotonic(), _cpu()
    shut = open_all(Opener(BlockStore(folder / "store"), POOL, HEIGHT, [key], SCOPE), tasks, spool, no_progress)
    opened, opened_cpu = time.monotonic(), _cpu()
    assert not shut, shut[:3]
    peak_of_children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    release = Release(
        collective="0x" + "ab" * 20, chain_id=1337, epoch=1, sale_id="0x" + "cd" * 32, purpose="ai-training",
        terms_digest="0x" + "ef" * 32, date="2026-01-02", salt=b"s" * 32,
    )  # fmt: skip
    dataset = build_opened(SCOPE, spool, release)
    dataset.to_parquet(work / "dataset")
    written, written_cpu = time.monotonic(), _cpu()
    assert dataset.num_members == members and dataset.num_rows == members * ARTISTS
    spool.close()
    shutil.rmtree(work)
    return {
        "command": "python benchmarks/receive.py",
        "contributions": members,
        "rows": dataset.num_rows,
        "curve_library": backend_name(),
        "cores": os.cpu_count(),
        "load": round(load, 1),
        "open_s": round(opened - began, 1),
        "open_cpu_s": round(opened_cpu - cpu, 1),
        "open_cpu_s_per_core": round((opened_cpu - cpu) / (os.cpu_count() or 1), 1),
        "open_must_s": MUST_S,
        "write_s": round(written - opened, 1),
        "write_cpu_s": round(written_cpu - opened_cpu, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "peak_mb_of_an_opening_process": peak_of_children // 1024,
    }


def _cpu() -> float:
    """Seconds of processor time of this process and of those it has waited for."""
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the sealed envelopes are kept")
    parser.add_argument("--members", type=int, default=MEMBERS, help="fewer for a try; nothing is written then")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = measure(folder, options.members)
    text = json.dumps(found, indent=2)
    print(text)
    if options.members == MEMBERS:
        FILE.write_text(text + "\n")
    if options.members == MEMBERS and found["open_s"] > MUST_S:
        print(f"error: opening took {found['open_s']} seconds, over {MUST_S}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
