"""Runs `unwrapped-dao` as a process of its own, as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = "from unwrapped_dao.cli import main; main()"
ROOT = Path(__file__).parents[2]


def run(arguments: list[str], folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """One command in a folder, with no settings of the outer environment."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("UNWRAPPED_")}
    env |= {"PYTHONPATH": str(ROOT), **environ}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
