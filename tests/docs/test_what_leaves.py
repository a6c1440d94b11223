"""docs/what-leaves-your-machine.md shows what the code shows, and no planted mark beyond the service's own file."""

from __future__ import annotations

from tests.docs.what_leaves import BEGIN, END, PAGE, generated, previews


def test_the_previews_on_the_page_are_the_code_s() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = page[page.index(BEGIN) + len(BEGIN) : page.index(END)]
    assert shown == generated(), "run: python -m tests.docs.what_leaves"


def test_what_is_planted_in_the_file_is_in_nothing_that_leaves() -> None:
    file, _, rest = generated().partition("### What your validators see")
    assert "CANARY" in file and '"ip_addr"' in file
    assert "CANARY" not in rest and "ip_addr" not in rest and "198.51.100.23" not in rest
    for preview in previews():
        assert b"CANARY" not in preview.records_bytes + preview.rows_bytes
