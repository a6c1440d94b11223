"""A chain that was lost, replaced or taken back under its workspace: said, not guessed, and nothing is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kills import commands
from tests.kills.life import Chapter, chapter_of
from tests.kills.world import WORKSPACE

# The life that all of these read is told within the first test.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
CHAIN = Path(WORKSPACE) / "chain"
READERS = ("pool list", "member claim --as ana", "buyer offer --price 1 --purpose ai-training", "account new late")


@pytest.fixture
def home(chapters: list[Chapter], tmp_path: Path) -> Path:
    return chapter_of(chapters, "member claim --as ana").copy(tmp_path / "home")


def refused(text: str, home: Path, sentence: str) -> None:
    before = {path: path.read_bytes() for path in (home / WORKSPACE).rglob("*") if path.is_file()}
    ended = commands.run(text.split(), home)
    assert ended.code == 2, (text, ended.out, ended.err)
    assert ended.err.count("error: ") == ended.err.count("hint: ") == 1
    assert sentence in ended.err
    after = {path: path.read_bytes() for path in (home / WORKSPACE).rglob("*") if path.is_file()}
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert {path.parent.name for path in changed} <= {"chain"}, changed  # opening a database touches its own files


@pytest.mark.parametrize("text", READERS)
def test_a_chain_that_was_deleted_is_not_taken_for_one_on_a_node(home: Path, text: str) -> None:
    shutil.rmtree(home / CHAIN)
    refused(text, home, "is gone, and with it the collective that was on it.")
    assert not (home / CHAIN / "chain.sqlite").exists()


def test_after_that_a_reset_clears_what_belonged_to_it_and_keys_stay(home: Path) -> None:
    shutil.rmtree(home / CHAIN)
    keys = sorted((home / WORKSPACE / "keys").iterdir())
    assert commands.run(["chain", "reset", "--yes"], home).code == 0
    assert commands.run(["chain", "reset", "--yes"], home).out.endswith("has no embedded chain.\n")
    assert sorted((home / WORKSPACE / "keys").iterdir()) == keys
    assert commands.run(["chain", "start"], home).code == 0


@pytest.mark.parametrize("text", READERS[:3])
def test_another_chain_in_its_place_is_noticed(chapters: list[Chapter], home: Path, text: str) -> None:
    shutil.rmtree(home / CHAIN)
    shutil.copytree(chapter_of(chapters, "collective deploy").before / CHAIN, home / CHAIN)
    refused(text, home, "The chain was reset, or is another one with the same id")


def test_an_older_copy_of_the_chain_tells_what_it_does_not_hold(chapters: list[Chapter], home: Path) -> None:
    shutil.rmtree(home / CHAIN)
    shutil.copytree(chapter_of(chapters, "buyer offer").before / CHAIN, home / CHAIN)
    ended = commands.run(["buyer", "receive", "1"], home)
    assert ended.code == 5
    assert "There is no offer number 1; none were made." in ended.err
    # The offer was noted as made, so this is a new one, with a key of its own.
    assert commands.run(["buyer", "offer", "--price", "55000", "--purpose", "ai-training"], home).code == 0
