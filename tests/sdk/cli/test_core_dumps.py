"""What is in memory while a command runs, shares and passphrases among it, does not get onto the disk by a crash."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from unwrapped_dao.cli import running

ROOT = Path(running.__file__).parents[2]
CRASH = """
import os, resource
from unwrapped_dao.cli.running import run
run(["--version"])
print(resource.getrlimit(resource.RLIMIT_CORE), flush=True)
os.abort()
"""


def test_a_command_that_crashes_leaves_no_core_dump(tmp_path: Path) -> None:
    def allow() -> None:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    crash = [sys.executable, "-c", CRASH]
    with subprocess.Popen(crash, cwd=tmp_path, preexec_fn=allow, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.read().splitlines()[-1] == "(0, 0)"
        _, status = os.waitpid(process.pid, 0)  # says whether there was a dump, which Popen does not
        process.returncode = -1
    assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["packaging/unwrapped-custodian.service", "docs/validators.md"])
def test_the_units_keep_memory_out_of_swap_and_core_dumps(where: str) -> None:
    text = (ROOT / where).read_text("utf-8")
    assert "\nLimitCORE=0\n" in text and "\nMemorySwapMax=0\n" in text
