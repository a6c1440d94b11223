"""Puts real previews into docs/what-leaves-your-machine.md: `python -m tests.docs.make_previews` from the root.

The exports are invented and the same every time; test_what_leaves.py says when the page is stale.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from tests.sdk.kinds.test_heart_rate import csv_of, person
from unwrapped_dao import kinds, samples
from unwrapped_dao.cli.running import run

PAGE = Path(__file__).parents[2] / "docs" / "what-leaves-your-machine.md"
BEGIN, END = "<!-- previews: made by tests/docs/make_previews.py -->\n", "<!-- end of previews -->"
WIDTH = 118


def previews() -> str:
    """What `unwrapped-dao member preview` prints for every scope that ships, as Markdown."""
    blocks = []
    with tempfile.TemporaryDirectory() as name, samples.exports(1, seed=7, min_plays=600, max_plays=600) as exports:
        folder = Path(name)
        shutil.copy(exports[0].path, folder / "my_spotify_data.zip")
        (folder / "watch.csv").write_text(csv_of(person(1)))
        shipped = [scope for kind in ("music", "heart-rate") for scope in kinds.get(kind).scopes.values()]
        for scope in shipped:
            file = "watch.csv" if scope.kind == "heart-rate" else "my_spotify_data.zip"
            command = ["member", "preview", file, "--scope", scope.name, "--rows", "3"]
            told = _told(folder, command)
            blocks.append(f"### `{scope.name}`\n\n```console\n$ unwrapped-dao {' '.join(command)}\n{told}```\n")
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


def rows_shown(page: str) -> list[str]:
    """The commands whose previews stand in the page."""
    return re.findall(r"^\$ unwrapped-dao (member preview .*)$", page, re.M)


if __name__ == "__main__":
    PAGE.write_text(page_with_previews(PAGE.read_text("utf-8")), "utf-8")
