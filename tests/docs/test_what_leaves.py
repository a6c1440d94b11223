"""docs/what-leaves-your-machine.md shows what the command prints today, for every scope that ships."""

from __future__ import annotations

from tests.docs.make_previews import PAGE, page_with_previews, rows_shown
from unwrapped_dao import kinds

TEXT = PAGE.read_text("utf-8")


def test_the_previews_are_what_the_command_prints_now() -> None:
    assert page_with_previews(TEXT) == TEXT, "stale: run `python -m tests.docs.make_previews`"


def test_every_scope_that_ships_is_shown() -> None:
    shipped = {name for kind in ("music", "heart-rate") for name in kinds.get(kind).scopes}
    assert {line.split("--scope ")[1].split(" ")[0] for line in rows_shown(TEXT)} == shipped
    assert TEXT.count("If you do nothing, nothing leaves this machine.") == len(shipped)
    assert TEXT.count("see in full: ") == TEXT.count("Stays on this machine: ") == len(shipped)
