"""Two commands at once on one workspace: both finish, or one waits and says so; no update is lost. Real processes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kills import commands
from tests.kills.life import Chapter, chapter_of
from tests.kills.world import WORKSPACE, differences, look
from unwrapped_dao.chain.lock import WorkspaceLock

# The life that all of these interrupt is told within the first test.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def at_once(folder: Path, *lines: str) -> list[commands.Ended]:
    running = [commands.start(line.split(), folder) for line in lines]
    return [each.ended() for each in running]


@pytest.mark.parametrize(
    "text",
    [
        "account new founder",
        "member contribute exports/1.zip --as ana",
        "member withdraw --as dora",
        "pool publish",
        "member opt-out 1",
        "proposal vote 1 for --as ben",
        "proposal execute 1",
        "custodian run",
        "buyer receive 1",
        "member claim --as ana",
    ],
)
def test_the_same_command_twice_at_once_is_done_once(chapters: list[Chapter], tmp_path: Path, text: str) -> None:
    chapter = chapter_of(chapters, text)
    home = chapter.copy(tmp_path / "home")
    ended = at_once(home, chapter.line.text, chapter.line.text)
    assert [each.code for each in ended] == [0, 0], [each.err for each in ended]
    assert differences(look(home), chapter.after) == []


def test_two_members_contribute_at_once_and_both_are_in(chapters: list[Chapter], tmp_path: Path) -> None:
    lines = ["member contribute exports/3.zip --as cleo", "member contribute exports/4.zip --as dora"]
    home = chapter_of(chapters, lines[0]).copy(tmp_path / "home")
    ended = at_once(home, *lines)
    assert [each.code for each in ended] == [0, 0], [each.err for each in ended]
    world, one_after_the_other = look(home), chapter_of(chapters, lines[1]).after
    assert world["transactions"] == one_after_the_other["transactions"]
    (pool,), (expected,) = world["pools"], one_after_the_other["pools"]
    assert sorted(pool["contributions"]) == sorted(expected["contributions"])
    assert world["envelopes"] == one_after_the_other["envelopes"]


def test_money_that_is_wished_for_twice_at_once_comes_twice(chapters: list[Chapter], tmp_path: Path) -> None:
    chapter = chapter_of(chapters, "account fund buyer --tusd 60000")
    home = chapter.copy(tmp_path / "home")
    ended = at_once(home, chapter.line.text, chapter.line.text)
    assert [each.code for each in ended] == [0, 0], [each.err for each in ended]
    assert look(home)["money"]["tUSD"]["balances"]["buyer"] == 120_000 * 10**6


def test_of_two_offers_at_once_the_second_is_told_that_the_money_is_gone(
    chapters: list[Chapter], tmp_path: Path
) -> None:
    chapter = chapter_of(chapters, "buyer offer")
    home = chapter.copy(tmp_path / "home")
    ended = at_once(home, chapter.line.text, chapter.line.text)
    assert sorted(each.code for each in ended) == [0, 2]
    assert "or offer less; nothing was sent." in "".join(each.err for each in ended)
    assert differences(look(home), chapter.after) == []


def test_who_waits_too_long_is_told_and_can_come_back(chapters: list[Chapter], tmp_path: Path) -> None:
    chapter = chapter_of(chapters, "member claim --as ana")
    home = chapter.copy(tmp_path / "home")
    lock = WorkspaceLock(home / WORKSPACE)
    # Also a command that would use a node keeps off: both write the same notes, keys and envelopes.
    for elsewhere in ({}, {"UNWRAPPED_RPC": "http://127.0.0.1:9"}):
        busy = commands.run(chapter.line.arguments, home, UNWRAPPED_WAIT_S="0.1", **elsewhere)
        assert busy.code == 3
        assert busy.err.count("error: ") == busy.err.count("hint: ") == 1
        assert "Another command has been using" in busy.err
    lock.release()
    assert commands.run(chapter.line.arguments, home).code == 0
    assert differences(look(home), chapter.after) == []


def test_a_dry_run_goes_on_beside_a_command_and_its_copy_is_not_swept_away(
    chapters: list[Chapter], tmp_path: Path
) -> None:
    chapter = chapter_of(chapters, "member claim --as ana")
    home = chapter.copy(tmp_path / "home")
    ended = at_once(home, f"{chapter.line.text} --dry-run", chapter.line.text, f"{chapter.line.text} --dry-run")
    assert [each.code for each in ended] == [0, 0, 0], [each.err for each in ended]
    assert differences(look(home), chapter.after) == []


def test_what_a_killed_dry_run_copied_is_gone_with_the_next_command(chapters: list[Chapter], tmp_path: Path) -> None:
    chapter = chapter_of(chapters, "member claim --as ana")
    home = chapter.copy(tmp_path / "home")
    dry = [*chapter.line.arguments, "--dry-run"]
    steps = commands.run(dry, home, watched=True).steps
    assert commands.run(dry, home, deadly=steps.index("tell") + 1).code == commands.KILLED
    copies = list((home / WORKSPACE).glob(".dry-run-*"))
    # Killed before it was told, it may have cleaned up already; this one has not.
    shutil.copytree(home / WORKSPACE / "accounts", home / WORKSPACE / ".dry-run-killed" / "accounts")
    assert commands.run(["chain", "status"], home).code == 0
    assert list((home / WORKSPACE).glob(".dry-run-*")) == [], copies
