"""docs/what-leaves-your-machine.md shows what `member preview` prints today."""

from __future__ import annotations

from tests.docs.make_previews import PAGE, page_with_previews, previews


def test_the_previews_are_what_the_command_prints_now() -> None:
    page = PAGE.read_text("utf-8")
    assert page_with_previews(page) == page, "stale: run `python -m tests.docs.make_previews`"


def test_a_preview_has_both_lists_and_what_stays() -> None:
    told = previews()
    for needed in ("Buyers who pay may see these", "see in full: ", "Stays on this machine: ", "If you do nothing"):
        assert told.count(needed) == 2, needed
