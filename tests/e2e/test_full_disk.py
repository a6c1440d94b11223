"""A disk that is really full: a tmpfs in a mount namespace of its own, filled to the last page before each command."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forked import forked
from tests.kills import commands
from tests.kills.life import Chapter, chapter_of
from tests.kills.world import differences, look

CLONE_NEWNS = 0x20000
MS_PRIVATE_REC = 0x40000 | 0x4000
PAGE = 4096
ROOM = 8 << 20
LEFT_PAGES = (0, 6)
"""Pages that are still free when the command begins: it gets further with each."""

# The life that all of these interrupt is told within the first test.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def _libc(name: str, *arguments: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def on_small_disk(folder: Path, size: int, work: Callable[[], list[str]]) -> list[str] | None:
    """What `work` finds while `folder` is a disk of this size that nobody else sees; None if that is not allowed."""
    folder.mkdir()
    answer = folder.parent / "answer.json"

    def told() -> None:
        try:
            _libc("unshare", CLONE_NEWNS)
            _libc("mount", None, b"/", None, MS_PRIVATE_REC, None)
            _libc("mount", b"none", bytes(folder), b"tmpfs", 0, f"size={size}".encode())
        except OSError as problem:
            answer.write_text(json.dumps({"refused": str(problem)}))
        else:
            answer.write_text(json.dumps(work()))

    assert forked(told) == 0
    found = json.loads(answer.read_text())
    if isinstance(found, dict):
        print(f"no small disk could be mounted here: {found['refused']}")
        return None
    return found  # type: ignore[no-any-return]


def fill(folder: Path, pages: int) -> Path:
    """Leave this many free pages on the disk of `folder`."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"\0" * (64 * PAGE))
            except OSError:
                break
        while os.statvfs(folder).f_bavail < pages:
            file.truncate(os.fstat(file.fileno()).st_size - PAGE)
    return filler


def tried(chapter: Chapter, disk: Path, pages: int) -> list[str]:
    """What went wrong with a command on a disk with so many free pages, and after room was made."""
    home = chapter.copy(disk / "home")
    filler = fill(disk, pages)
    full = commands.run(chapter.line.arguments, home)
    where = f"{chapter.line.text} with {pages} free pages"
    wrong = []
    if full.code not in (0, 3):
        wrong.append(f"{where}: exit code {full.code}\n{full.err}")
    if full.code == 3 and not (full.err.count("error: ") == full.err.count("hint: ") == 1):
        wrong.append(f"{where}: not one sentence and one hint\n{full.err}")
    if "Traceback" in full.err:
        wrong.append(f"{where}: {full.err}")
    filler.unlink()
    told = full.code == 0
    again = full if told else commands.run(chapter.line.arguments, home)
    if again.code != 0:
        wrong.append(f"{where}: after room was made it ends with {again.code}: {again.err}")
    else:
        wrong += [f"{where}: {difference}" for difference in differences(look(home), chapter.after)]
    shutil.rmtree(home)
    if pages == 0 and told:
        wrong.append(f"{where}: the disk was not full")
    return wrong


@pytest.mark.parametrize(
    "text",
    [
        "samples more",
        "account new founder",
        "collective deploy",
        "member contribute exports/1.zip --as ana",
        "pool publish",
        "buyer offer",
        "buyer receive",
        "member claim --as ana",
    ],
)
def test_a_full_disk_is_said_costs_nothing_and_is_forgotten_when_there_is_room(
    chapters: list[Chapter], tmp_path: Path, text: str
) -> None:
    chapter = chapter_of(chapters, text)
    size = sum(path.stat().st_size for path in chapter.before.rglob("*")) + ROOM
    disk = tmp_path / "disk"

    def work() -> list[str]:
        return [wrong for pages in LEFT_PAGES for wrong in tried(chapter, disk, pages)]

    found = on_small_disk(disk, size, work)
    if found is None:
        pytest.skip("mounting a small disk needs root, or user namespaces")
    assert found == []
