"""The package asks little of whoever installs it: ranges instead of exact pins, and nothing of its own test tools."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
RUN_TIME = [*PROJECT["dependencies"], *(one for extra in PROJECT["optional-dependencies"].values() for one in extra)]
TEST_TOOLS = ("brownie", "solcx", "py-solc-x", "pytest", "hypothesis", "eth-tester")


def test_no_dependency_is_pinned_exactly() -> None:
    assert [one for one in RUN_TIME if "==" in one or "===" in one] == []


def test_no_test_tool_is_needed_at_run_time() -> None:
    assert [one for one in RUN_TIME if any(tool in one.lower() for tool in TEST_TOOLS)] == []


def test_the_package_runs_without_them() -> None:
    """In a process where importing any of them fails."""
    code = (
        "import sys\n"
        "for name in ('brownie', 'solcx', 'pytest', 'hypothesis', 'eth_tester'): sys.modules[name] = None\n"
        "import unwrapped_dao as u\n"
        "with u.local(members=1) as dao: print(dao.members[0].join().number)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
