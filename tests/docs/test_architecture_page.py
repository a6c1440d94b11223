"""docs/architecture.md shows the tree there is, and the package keeps what it says of itself."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
PACKAGE = ROOT / "unwrapped_dao"
NOT_SHOWN = {"__init__.py", "__main__.py", "py.typed"}


def drawn() -> dict[str, set[str]]:
    """Of the tree on the page: each folder of the root, and what stands below it."""
    tree: dict[str, set[str]] = {}
    block = PAGE.split("```\n")[1]
    for line in block.splitlines():
        name = line.split()[0] if line.strip() else ""
        if not line.startswith(" "):
            top = name.rstrip("/")
            tree[top] = set()
        elif re.match(r"  \S", line):
            tree[top].add(name.rstrip("/"))
    return tree


def kept(folder: Path) -> set[str]:
    """What git keeps in a folder, by name."""
    listed = subprocess.run(["git", "ls-files", "."], cwd=folder, capture_output=True, text=True, check=True).stdout
    return {line.split("/")[0] for line in listed.splitlines()}


def test_every_room_of_the_package_is_drawn_and_no_other() -> None:
    assert drawn()["unwrapped_dao"] == kept(PACKAGE) - NOT_SHOWN


def test_every_contract_is_named_where_the_contracts_are_drawn() -> None:
    shown, real = drawn()["contracts"], kept(ROOT / "contracts")
    assert shown <= real
    part = PAGE.split("\ncontracts/\n")[1].split("\nunwrapped_dao/\n")[0]
    assert {name for name in real - {"slither.toml"} if name not in part} == set()


def test_every_folder_of_the_root_is_drawn() -> None:
    folders = {name for name in kept(ROOT) if (ROOT / name).is_dir() and not name.startswith(".")}
    assert folders - {"docs"} == set(drawn())


def test_the_floors_on_the_page_are_those_that_are_held() -> None:
    """pyproject.toml's, where brackets say that a floor may still be missing."""
    page = PAGE.split("## Floors")[1].split("```\n")[1].splitlines()
    layers = re.search(r"^layers = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.M | re.S)
    assert layers is not None
    held = [re.sub(r"[\"(),]", "", line).strip() for line in layers[1].splitlines()]
    assert [set(line.split(" | ")) for line in page] == [set(line.split(" | ")) for line in held]


def test_the_package_names_itself_relatively() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = node.module or "" if isinstance(node, ast.ImportFrom) and not node.level else ""
            assert named.split(".")[0] != "unwrapped_dao", f"{path}:{getattr(node, 'lineno', 0)}"
