"""The life of a sale, told once for all tests that interrupt it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kills import commands, life

MEMORY = Path("/dev/shm")
"""A kill does not care what the disk is made of, and the tests take a third of the time."""


@pytest.fixture(scope="session")
def chapters() -> Iterator[list[life.Chapter]]:
    """Each command with the workspace before it and the world after it."""
    commands.import_everything()
    folder = Path(tempfile.mkdtemp(prefix="unwrapped-life-", dir=MEMORY if MEMORY.is_dir() else None))
    yield list(life.told(folder))
    shutil.rmtree(folder)
