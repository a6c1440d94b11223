"""The pages that name tests: every name exists, every invariant has one, and every function they credit is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "invariants.md"
PAGES = [PAGE, ROOT / "docs" / "threat-model.md"]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FUNCTION = re.compile(r"`(\w+):(\w+)`")


@cache
def _tests(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = TEST.findall(page.read_text())
    assert len(named) > 10
    missing = [
        f"{path}::{name}" for path, name in named if not (ROOT / path).is_file() or name not in _tests(ROOT / path)
    ]
    assert missing == []
    assert all(name.startswith("test_") for _, name in named)


def test_every_invariant_has_its_tests() -> None:
    parts = re.split(r"^## (\d+)\. ", PAGE.read_text(), flags=re.M)[1:]
    numbers, bodies = parts[::2], parts[1::2]
    assert [int(number) for number in numbers] == list(range(1, 17))
    for number, body in zip(numbers, bodies, strict=True):
        assert len(TEST.findall(body)) >= 3, f"invariant {number}"
        assert "Kept by" in body, f"invariant {number}"


def test_every_function_that_keeps_one_exists() -> None:
    named = FUNCTION.findall(PAGE.read_text())
    assert len(named) > 20
    for contract, function in named:
        (source,) = [path for path in (ROOT / "contracts").rglob(f"{contract}.sol")]
        assert re.search(rf"\bfunction {function}\(", source.read_text()), f"{contract}:{function}"
    for path in re.findall(r"`(unwrapped_dao/[\w/]+\.py)`", PAGE.read_text()):
        assert (ROOT / path).is_file()
