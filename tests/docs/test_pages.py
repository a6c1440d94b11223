"""Every link of every page leads somewhere: to a file that git keeps, and to a heading that is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEPT = set(subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n"))
PAGES = sorted(name for name in KEPT if name.endswith(".md"))


def prose(page: str) -> str:
    return re.sub(r"^(```|~~~).*?^\1", "", (ROOT / page).read_text("utf-8"), flags=re.M | re.S)


def anchors(page: str) -> set[str]:
    """Of a page's headings, as they are made where it is shown."""
    headings = (line.lstrip("#").strip().lower() for line in prose(page).splitlines() if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"\w+:", target):
            continue  # another host's
        path, _, heading = target.partition("#")
        at = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        name = at.relative_to(ROOT).as_posix()
        assert name in KEPT or any(kept.startswith(f"{name}/") for kept in KEPT), target
        assert not heading or heading in anchors(name), target


def test_every_decision_is_in_the_numbers_of_its_index() -> None:
    index = prose("docs/adr/README.md")
    groups = [(int(first), int(last)) for first, last in re.findall(r"(\d{4})–(\d{4})", index)]
    for page in PAGES:
        if found := re.match(r"docs/adr/(\d{4})-", page):
            assert any(first <= int(found[1]) <= last for first, last in groups), page
            assert re.match(rf"# {found[1]}:? \S", (ROOT / page).read_text("utf-8")), f"{page}: its title"
