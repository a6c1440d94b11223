"""A kept file is as it was or as it shall be: killed before any step, on a full disk, beside other writers."""

from __future__ import annotations

import os
import resource
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forked import forked
from tests.kills import dying
from unwrapped_dao import disk
from unwrapped_dao.errors import SettingsError, StorageUnavailableError
from unwrapped_dao.storage.journal import Intent, Journal
from unwrapped_dao.storage.notes import FolderNotes
from unwrapped_dao.storage.receipts import Receipts

BEFORE, AFTER = b"before" * 100, b"after" * 1000


def steps_of(folder: Path, work: Callable[[], object]) -> list[str]:
    """The durable steps that a whole run takes below `folder`."""
    read, write = os.pipe()

    def counted() -> None:
        dying.install(folder, write, None)
        work()

    assert forked(counted) == 0
    os.close(write)
    with os.fdopen(read) as told:
        return told.read().splitlines()


def kill(folder: Path, work: Callable[[], object], step: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)

    def killed() -> None:
        dying.install(folder, nothing, step)
        work()

    assert forked(killed) == -9
    os.close(nothing)


# --- killed ----------------------------------------------------------------------------------------------------------


def test_killed_before_any_step_a_replaced_file_is_whole_and_what_is_left_is_swept(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "note"

    def work() -> None:
        disk.replace(path, AFTER)

    disk.replace(path, BEFORE)
    steps = steps_of(tmp_path, work)
    assert {"fsync", "rename", "write"} <= {step.split()[0] for step in steps}
    seen = set()
    for step in range(1, len(steps) + 1):
        disk.replace(path, BEFORE)
        kill(tmp_path, work, step)
        seen.add(path.read_bytes())
        disk.sweep(path.parent)
        assert [left.name for left in path.parent.iterdir()] == ["note"], steps[step - 1]
    assert seen == {BEFORE, AFTER}


def test_killed_before_any_step_a_created_file_is_whole_or_not_there_and_can_be_created_then(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "k[e]y"  # a name that a pattern would misread

    def work() -> None:
        assert disk.create(path, AFTER)

    steps = steps_of(tmp_path, work)
    assert {"fsync", "link", "write"} <= {step.split()[0] for step in steps}
    path.unlink()
    seen = set()
    for step in range(1, len(steps) + 1):
        kill(tmp_path, work, step)
        was_there = path.exists()
        seen.add(was_there)
        assert not was_there or path.read_bytes() == AFTER
        assert disk.create(path, AFTER) is not was_there
        assert [left.name for left in path.parent.iterdir()] == [path.name], steps[step - 1]
        path.unlink()
    assert seen == {True, False}


def test_killed_before_any_step_of_closing_a_note_its_wish_is_still_open(tmp_path: Path) -> None:
    """Closed and then killed, its caller would be told nothing, ask again, and pay again."""
    journal, intent = Journal(tmp_path / "journal"), Intent("name", {"pay": 5}, {})

    def work() -> None:
        journal.finish(intent)

    journal.begin(intent)
    steps = steps_of(tmp_path, work)
    for step in range(1, len(steps) + 1):
        journal.begin(intent)
        kill(tmp_path, work, step)
        assert journal.unfinished({"pay": 5}) == intent, steps[step - 1]


# --- full, or not ours -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [disk.replace, disk.create], ids=["replace", "create"])
def test_a_file_that_does_not_fit_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, write: Callable[[Path, bytes], object]
) -> None:
    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # the system itself refuses the rest, as when full
        with pytest.raises(StorageUnavailableError, match=r"^The disk that holds .* is full\.$") as refusal:
            write(tmp_path / "new", AFTER)
        assert "space" in refusal.value.hint
        if write is disk.replace:
            with pytest.raises(StorageUnavailableError):
                write(tmp_path / "old", AFTER)

    disk.replace(tmp_path / "old", BEFORE)
    assert forked(work) == 0
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("old", BEFORE)]


@pytest.mark.parametrize(
    "keep",
    [
        lambda folder: Journal(folder).begin(Intent("name", {}, {})),
        lambda folder: Receipts(folder).keep("name", {"said": "yes"}),
        lambda folder: FolderNotes(folder).put("name", b"raw"),
    ],
    ids=["journal", "receipts", "notes"],
)
def test_who_keeps_small_files_says_a_full_disk_so(
    tmp_path: Path, keep: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailableError, match="full"):
        keep(tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SettingsError, match="cannot be written to"):
        disk.replace(tmp_path / "file" / "note", AFTER)


def test_a_failing_disk_is_no_full_one() -> None:
    with pytest.raises(StorageUnavailableError, match="failed: Input/output error"), disk.speaking(Path("place")):
        raise OSError(5, "Input/output error")


# --- written ---------------------------------------------------------------------------------------------------------


def test_only_its_owner_can_read_what_is_kept(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        disk.replace(tmp_path / "a", AFTER)
        assert disk.create(tmp_path / "b", AFTER)
    finally:
        os.umask(mask)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_taken_name_is_left_alone(tmp_path: Path) -> None:
    assert disk.create(tmp_path / "key", BEFORE)
    assert not disk.create(tmp_path / "key", AFTER)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("key", BEFORE)]


def test_of_many_writers_at_once_one_whole_file_stays(tmp_path: Path) -> None:
    contents = [bytes([number]) * 50_000 for number in range(8)]
    writers = [threading.Thread(target=disk.replace, args=(tmp_path / "note", content)) for content in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [path.name for path in tmp_path.iterdir()] == ["note"] and (tmp_path / "note").read_bytes() in contents
