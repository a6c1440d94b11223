"""The tree of errors is the one that is drawn, and nothing hangs on it that is never raised."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from unwrapped_dao import errors
from unwrapped_dao.cli.running import exit_code
from unwrapped_dao.errors import UnwrappedError

PACKAGE = Path(errors.__file__).parent


def tree(kind: type[UnwrappedError] = UnwrappedError) -> dict[str, str]:
    """Every error by name, with its parent's."""
    found = {child.__name__: kind.__name__ for child in kind.__subclasses__() if child.__module__ == errors.__name__}
    for child in kind.__subclasses__():
        found |= tree(child)
    return found


def drawn() -> dict[str, str]:
    above = ["UnwrappedError"]
    found = {}
    for bars, name in re.findall(r"^([│├└─ ]+)(\w+Error)\b", errors.__doc__ or "", re.M):
        depth = len(bars) // 4
        del above[depth:]
        found[name] = above[-1]
        above.append(name)
    return found


def test_the_tree_at_the_top_of_the_module_is_the_real_one() -> None:
    assert drawn() == tree()


def test_every_error_is_raised_somewhere() -> None:
    called = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called.add(node.func.id)
    assert set(tree()) - called == set()


def test_every_branch_has_an_exit_code_of_its_own_and_every_error_its_branchs() -> None:
    branches = UnwrappedError.__subclasses__()
    codes = {branch.__name__: exit_code(branch("x")) for branch in branches}
    assert len(set(codes.values())) == len(branches)
    for name, parent in tree().items():
        if parent != "UnwrappedError":
            branch = next(above for above in getattr(errors, name).__mro__ if UnwrappedError in above.__bases__)
            assert exit_code(getattr(errors, name)("x")) == codes[branch.__name__], name


def test_every_error_has_advice_that_is_one_sentence() -> None:
    for name in tree():
        hint = getattr(errors, name)("What happened.").hint
        assert hint.endswith(".") and not hint.startswith(" ") and "\n" not in hint, name
