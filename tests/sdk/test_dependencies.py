"""The package asks little of whoever installs it: ranges instead of exact pins, and nothing of its own test tools."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUN_TIME = [*PROJECT["dependencies"], *(one for extra in PROJECT["optional-dependencies"].values() for one in extra)]
UNSEEN = {"coincurve": "eth-keys uses it where it is"}
"""Needed without being imported by a plain import."""
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


def named(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


def imported() -> Iterator[str]:
    """What the package imports by name that is neither its own nor Python's, by distribution."""
    of = packages_distributions()
    for path in (ROOT / "unwrapped_dao").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and not top.startswith("unwrapped_"):
                    yield next(one.lower().replace("_", "-") for one in of[top] if one != "pycryptodomex")


def test_what_is_asked_for_is_what_is_imported() -> None:
    asked = {named(one) for one in RUN_TIME} - {"unwrapped-dao"}
    assert set(imported()) == asked - UNSEEN.keys()
