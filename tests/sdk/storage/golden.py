"""Deterministic content of any length, and the CIDs Kubo v0.39.0 gave it.

Remake the list with a Kubo node: `python -m tests.sdk.storage.golden /path/to/ipfs`, which runs
`ipfs add --only-hash --cid-version=1 --raw-leaves --chunker=size-1048576` on each length.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

MIB = 1 << 20
LENGTHS = (
    0,
    1,
    MIB - 1,
    MIB,
    MIB + 1,
    2 * MIB,
    174 * MIB,
    174 * MIB + 1,
    175 * MIB,
)  # 174 leaves fill a node
LENGTHS = (*LENGTHS, 262_144, 3_000_000, 7_340_033, 12_345_678, 19_999_999)
GOLDEN = Path(__file__).parents[2] / "fixtures" / "storage" / "kubo-cids.json"


class Golden:
    """A read-only file of `length` bytes: pieces of 1 MiB, each SHAKE-128 of its number. Holds one piece."""

    def __init__(self, length: int) -> None:
        self._left = length
        self._number = 0
        self._piece = b""

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(iter(lambda: self.read(MIB), b""))
        if not self._piece:
            seed = f"unwrapped-dao/golden/{self._number}".encode()
            self._piece = hashlib.shake_128(seed).digest(min(MIB, self._left))
            self._left -= len(self._piece)
            self._number += 1
        taken, self._piece = self._piece[:size], self._piece[size:]
        return taken


def golden_bytes(length: int) -> bytes:
    return Golden(length).read()


def golden_cids() -> dict[int, str]:
    return {int(length): cid for length, cid in json.loads(GOLDEN.read_text())["cids"].items()}


def remake(ipfs: str) -> None:
    """Ask a Kubo binary, in a repository of its own, for every CID, and write the fixture."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"IPFS_PATH": f"{folder}/repo", "IPFS_TELEMETRY": "off"}
        subprocess.run([ipfs, "init", "--profile=test"], env=environment, check=True, capture_output=True)
        version = subprocess.run([ipfs, "version", "-n"], env=environment, check=True, capture_output=True, text=True)
        cids = {}
        for length in LENGTHS:
            with (Path(folder) / "content").open("wb") as file:
                content = Golden(length)
                while piece := content.read(MIB):
                    file.write(piece)
            command = [
                ipfs,
                "--offline",
                "add",
                "--quieter",
                "--only-hash",
                "--cid-version=1",
                "--raw-leaves",
            ]
            command += ["--chunker=size-1048576", f"{folder}/content"]
            added = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            cids[str(length)] = added.stdout.strip()
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(json.dumps({"kubo": version.stdout.strip(), "cids": cids}, indent=1) + "\n")


if __name__ == "__main__":
    remake(sys.argv[1])
