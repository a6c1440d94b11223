"""Puts real previews into docs/what-leaves-your-machine.md: `python -m tests.docs.make_previews` from the root.

The exports are invented and the same every time; test_previews_page.py says when the page is stale.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from tests.sdk.kinds.test_heart_rate import csv_of, person
from unwrapped_dao import kinds, samples
from unwrapped_dao.cli.running import run

PAGE = Path(__file__).parents[2] / "docs" / "what-leaves-your-machine.md"
BEGIN, END = "<!-- commands: made by python -m tests.docs.make_previews -->\n", "<!-- end of commands -->"
WIDTH = 118


def previews() -> str:
    """What `unwrapped-dao member preview` prints for a scope of each kind that ships, as Markdown."""
    blocks = []
    with tempfile.TemporaryDirectory() as name, samples.exports(1, seed=7, min_plays=600, max_plays=600) as exports:
        folder = Path(name)
        shutil.copy(exports[0].path, folder / "my_spotify_data.zip")
        (folder / "watch.csv").write_text(csv_of(person(1)))
        for file, kind in (("my_spotify_data.zip", "music"), ("watch.csv", "heart-rate")):
            command = ["member", "preview", file, "--scope", next(iter(kinds.get(kind).scopes)), "--rows", "3"]
            blocks.append(f"```console\n$ unwrapped-dao {' '.join(command)}\n{_told(folder, command)}```\n")
    return "\n".join(blocks)


def _told(folder: Path, command: list[str]) -> str:
    out = io.StringIO()
    # The coins of a randomised scope are drawn anew each time; here they are always the same, to compare the page.
    fixed = mock.patch("unwrapped_dao.kinds.preview.secrets.token_bytes", lambda size: b"\x07" * size)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("UNWRAPPED_")}
    with (
        contextlib.chdir(folder),
        fixed,
        mock.patch.dict(os.environ, clean, clear=True),
        contextlib.redirect_stdout(out),
    ):
        assert run(command) == 0
    return "".join(_wrapped(line) + "\n" for line in out.getvalue().splitlines())


def _wrapped(line: str) -> str:
    """As a terminal of this width shows it."""
    indent = "    " if line.startswith("  ") else "  "
    found: list[str] = []
    while len(line) > WIDTH:
        at = line.rfind(" ", 0, WIDTH)
        if at <= len(indent):
            break
        found.append(line[:at])
        line = indent + line[at + 1 :]
    return "\n".join([*found, line])


def page_with_previews(page: str) -> str:
    """The page with the previews between its markers."""
    start = page.index(BEGIN) + len(BEGIN)
    return page[:start] + "\n" + previews() + "\n" + page[page.index(END) :]


if __name__ == "__main__":
    PAGE.write_text(page_with_previews(PAGE.read_text("utf-8")), "utf-8")
