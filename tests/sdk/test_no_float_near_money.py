"""Money is integers of base units: no float, and no division that makes one, where amounts are handled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "unwrapped_dao"
FLOORS = ("chain", "roles", "app", "demo", "cli")
SECONDS = {
    *("chain/bounds.py", "chain/cancelling.py", "chain/client.py", "chain/clock.py", "chain/http.py", "chain/lock.py"),
    *("chain/noting.py", "chain/outbox.py", "chain/rehearsal.py"),
    *("chain/local/__init__.py", "roles/custodian/daemon.py", "app/opening.py"),
    *("cli/custodian.py", "cli/custodian_rounds.py", "cli/talk.py", "cli/validator.py"),
}
"""Modules whose floats are durations in seconds."""
AMOUNT = re.compile(r"amount|price|wei|weight|fee|paid|due|credit|balance|dust|units|money|treasury|\d")


def floats(source: str, *, seconds: bool) -> Iterator[str]:
    """What makes or names a float; `seconds` allows all but division and conversion of amounts."""
    for node in ast.walk(ast.parse(source)):
        makes = _divides_an_amount(node) or (
            isinstance(node, ast.Call) and ast.unparse(node.func) in ("float", "round")
        )
        names = (isinstance(node, ast.Constant) and isinstance(node.value, float)) or (
            isinstance(node, ast.Name) and node.id == "float"
        )
        if makes or (names and not seconds):
            yield f"{node.lineno}: {ast.unparse(node)}"  # type: ignore[attr-defined]


def _divides_an_amount(node: ast.AST) -> bool:
    """Paths are joined by the same sign, and what they join is text; a Decimal stays one."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)):
        return False
    parts = ast.unparse(node.left), ast.unparse(node.right)
    amounts = [part for part in parts if AMOUNT.search(part.lower()) and not part.startswith(("'", "f'"))]
    return bool(amounts) and not parts[0].startswith("Decimal(")


@pytest.mark.parametrize("source", ["x = price / 2", "float(x)", "round(x)", "x = 0.05", "x: float = y", "a / amount"])
def test_each_way_to_a_float_is_seen(source: str) -> None:
    assert list(floats(source, seconds=False))


@pytest.mark.parametrize("source", ["p = folder / 'amounts.json'", "x = price // 2", "x = price * 5 // 10_000"])
def test_paths_and_whole_divisions_are_none(source: str) -> None:
    assert not list(floats(source, seconds=False))


@pytest.mark.parametrize("floor", FLOORS)
def test_no_float_touches_money(floor: str) -> None:
    found = []
    for path in sorted((PACKAGE / floor).rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        found += [f"{name}:{line}" for line in floats(path.read_text(), seconds=name in SECONDS)]
    assert found == []
