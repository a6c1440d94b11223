"""The embedded store believes no byte it has not hashed, and survives kills, full disks and neighbours."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.sdk.storage.golden import MIB, Golden, golden_bytes, golden_cids
from unwrapped_dao.errors import (
    ContentMismatchError,
    NotFoundError,
    SettingsError,
    StorageUnavailableError,
)
from unwrapped_dao.storage.blockstore import BlockStore
from unwrapped_dao.storage.cid import cid_of_bytes
from unwrapped_dao.storage.interfaces import ContentStore
from unwrapped_dao.storage.reader import verify

THREE = golden_bytes(3 * MIB + 9)


@pytest.fixture
def store(tmp_path: Path) -> BlockStore:
    return BlockStore(tmp_path / "store")


def blocks_of(store: BlockStore) -> dict[str, Path]:
    return {path.name: path for path in (store.folder / "blocks-v1").glob("??/*")}


def assert_sound(store: BlockStore) -> None:
    """Every block is what its name says, and every pin is complete."""
    for name, path in blocks_of(store).items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name
    for cid in store.pins():
        verify(store, cid)


def test_it_is_a_content_store(store: BlockStore) -> None:
    assert isinstance(store, ContentStore)


@pytest.mark.parametrize("length", [0, 1, MIB, MIB + 1, 12_345_678])
def test_content_comes_back_under_kubos_cid(store: BlockStore, length: int) -> None:
    data = golden_bytes(length) if length not in golden_cids() else Golden(length).read()
    cid = store.publish(io.BytesIO(data))
    if length in golden_cids():
        assert str(cid) == golden_cids()[length]
    assert store.fetch(cid).read() == data
    assert store.has(cid)
    assert store.pins() == {cid}


def test_publishing_twice_changes_nothing(store: BlockStore) -> None:
    cid = store.publish(io.BytesIO(THREE))
    before = {name: path.stat().st_mtime_ns for name, path in blocks_of(store).items()}
    assert store.publish(io.BytesIO(THREE)) == cid
    assert {name: path.stat().st_mtime_ns for name, path in blocks_of(store).items()} == before


def test_a_damaged_block_is_refused_then_healed_by_publishing_again(store: BlockStore) -> None:
    cid = store.publish(io.BytesIO(THREE))
    for damage in (b"", b"?" * MIB, b"?" * (2 * MIB)):
        leaf = blocks_of(store)[cid_of_bytes(THREE[MIB : 2 * MIB]).digest.hex()]
        leaf.write_bytes(damage)
        stream = store.fetch(cid)
        assert stream.read(MIB) == THREE[:MIB]
        with pytest.raises(ContentMismatchError, match="store"):
            stream.read(1)
        store.publish(io.BytesIO(THREE))
        assert store.fetch(cid).read() == THREE


def test_what_is_not_there_is_not_found(store: BlockStore) -> None:
    cid = cid_of_bytes(b"nowhere")
    assert not store.has(cid)
    for call in (store.block, store.fetch, store.pin):
        with pytest.raises(NotFoundError):
            call(cid)
    store.unpin(cid)
    store.delete(cid)


def test_content_that_lost_a_leaf_is_not_had_and_not_pinned(store: BlockStore) -> None:
    cid = store.publish(io.BytesIO(THREE), pin=False)
    assert store.has(cid)
    assert store.pins() == frozenset()
    blocks_of(store)[cid_of_bytes(THREE[:MIB]).digest.hex()].unlink()
    assert not store.has(cid)
    with pytest.raises(NotFoundError):
        store.pin(cid)


def test_deleting_keeps_what_other_content_shares(store: BlockStore) -> None:
    one = store.publish(io.BytesIO(THREE))
    two = store.publish(io.BytesIO(THREE[: 2 * MIB]))
    store.delete(one)
    assert store.fetch(two).read() == THREE[: 2 * MIB]
    assert not store.has(one)
    assert store.pins() == {two}
    assert len(blocks_of(store)) == 3
    store.delete(two)
    assert blocks_of(store) == {}


def test_nothing_is_deleted_while_a_pinned_tree_cannot_be_read(store: BlockStore) -> None:
    one = store.publish(io.BytesIO(THREE))
    two = store.publish(io.BytesIO(THREE[: 2 * MIB]))
    blocks_of(store)[one.digest.hex()].write_bytes(b"?")
    before = set(blocks_of(store))
    with pytest.raises(ContentMismatchError, match="damaged"):
        store.delete(two)
    with pytest.raises(ContentMismatchError, match="damaged"):
        store.sweep()
    assert set(blocks_of(store)) == before
    store.publish(io.BytesIO(THREE))
    store.delete(two)
    assert store.fetch(one).read() == THREE


def test_sweep_removes_exactly_what_nothing_pins(store: BlockStore) -> None:
    kept = store.publish(io.BytesIO(THREE))
    store.publish(io.BytesIO(b"loose"), pin=False)
    (store.folder / "tmp" / "left-over").write_bytes(b"half")
    assert store.sweep() == 1
    assert store.fetch(kept).read() == THREE
    assert list((store.folder / "tmp").iterdir()) == []
    store.unpin(kept)
    assert store.sweep() == 5
    assert blocks_of(store) == {}


def test_a_folder_with_other_files_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SettingsError, match="other files"):
        BlockStore(tmp_path)
    with pytest.raises(SettingsError):
        BlockStore(tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_full_disk_is_one_clear_error_and_loses_nothing(store: BlockStore, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store.publish(io.BytesIO(b"older"))
    real, room = os.write, [2 * MIB + 500]

    def write(handle: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(handle, memoryview(data)[: room[0]])
        room[0] -= written
        return written

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(StorageUnavailableError, match="full") as refusal:
            store.publish(io.BytesIO(THREE))
    assert "space" in refusal.value.hint
    assert store.pins() == {kept}
    assert len(blocks_of(store)) == 1, "the space of the failed publish is given back"
    assert list((store.folder / "tmp").iterdir()) == []
    assert store.fetch(store.publish(io.BytesIO(THREE))).read() == THREE
    assert_sound(store)


REAL_FULL_DISK = """
import io, sys
from unwrapped_dao.errors import StorageUnavailableError
from unwrapped_dao.storage.blockstore import BlockStore
store = BlockStore(sys.argv[1])
kept = store.publish(io.BytesIO(b"older"))
try:
    store.publish(io.BytesIO(bytes(range(256)) * 4096 + b"x" * (4 << 20) + bytes(8 << 20)))
except StorageUnavailableError as error:
    assert "full" in error.message, error.message
    assert store.pins() == {kept} and store.fetch(kept).read() == b"older"
    store.publish(io.BytesIO(b"small again"))
    print("survived")
"""


def test_a_really_full_disk(tmp_path: Path) -> None:
    """A tmpfs of 2 MiB in a mount namespace of its own."""
    if shutil.which("unshare") is None:
        pytest.skip("no `unshare`, so no small disk can be mounted for the test")
    mount = f"mount -t tmpfs -o size=2m none {tmp_path}"
    unshare = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    probe = subprocess.run([*unshare, mount], capture_output=True, text=True, timeout=20)
    if probe.returncode:
        pytest.skip(f"this machine lets nobody mount a small disk: {probe.stderr.strip()}")
    script = tmp_path.parent / f"{tmp_path.name}.py"
    script.write_text(REAL_FULL_DISK)
    command = f"{mount} && {sys.executable} {script} {tmp_path}/store"
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([*unshare, command], capture_output=True, text=True, timeout=60, env=environment)
    assert done.stdout.strip() == "survived", done.stderr


def test_an_unwritable_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(SettingsError, match="Permission denied"):
        BlockStore(tmp_path / "store")


def test_a_source_that_fails_leaves_nothing_and_raises_its_own_error(store: BlockStore) -> None:
    class Breaking(Golden):
        def read(self, size: int = -1) -> bytes:
            if self._number == 2:
                raise OSError(errno.EIO, "stick pulled out")
            return super().read(size)

    with pytest.raises(OSError, match="stick"):
        store.publish(Breaking(5 * MIB))
    assert blocks_of(store) == {}


KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from tests.sdk.storage.golden import Golden
from unwrapped_dao.storage.blockstore import BlockStore

folder, step, nth = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = BlockStore(folder)
calls = 0

def kill_at(real, first_half):
    def wrapper(*arguments):
        global calls
        calls += 1
        if calls == nth:
            if first_half:
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)
    return wrapper

owner, name = (Path, "replace") if step == "replace" else (os, step)
setattr(owner, name, kill_at(getattr(owner, name), step == "write"))
store.publish(Golden(3 * 2**20 + 9))
print("finished")
"""


@pytest.mark.parametrize(
    ("step", "nth"),
    [
        *(("write", nth) for nth in (1, 3, 5)),
        *(("fsync", nth) for nth in (1, 5, 6, 9, 10, 11)),
        *(("replace", nth) for nth in (1, 5)),
        *(("open", nth) for nth in (2, 8)),
    ],
)
def test_a_kill_in_mid_write_loses_nothing(tmp_path: Path, step: str, nth: int) -> None:
    store = BlockStore(tmp_path / "store")
    kept = store.publish(io.BytesIO(b"older"))
    command = [sys.executable, "-c", KILLED_WRITER, str(store.folder), step, str(nth)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr or done.stdout
    assert_sound(store)
    assert kept in store.pins()
    cid = store.publish(io.BytesIO(THREE))
    assert store.fetch(cid).read() == THREE
    assert store.pins() == {kept, cid}
    store.sweep()
    assert len(blocks_of(store)) == 6
    assert list((store.folder / "tmp").iterdir()) == []


def test_neighbours_publishing_and_deleting_at_once_lose_nothing(tmp_path: Path) -> None:
    """Two threads, each with its own store object: one publishes shared content, one deletes its own."""
    mine, other = BlockStore(tmp_path / "store"), BlockStore(tmp_path / "store")
    failures: list[BaseException] = []

    def churn() -> None:
        try:
            for turn in range(15):
                cid = other.publish(io.BytesIO(THREE[: 2 * MIB] + bytes([turn])))
                other.delete(cid)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=churn)
    thread.start()
    for turn in range(15):
        cid = mine.publish(io.BytesIO(THREE + bytes([turn])))
        assert verify(mine, cid) == len(THREE) + 1
    thread.join(60)
    assert failures == []
    assert len(mine.pins()) == 15
    assert_sound(mine)


def test_a_foreign_name_among_the_pins_is_not_taken_for_content(store: BlockStore) -> None:
    cid = store.publish(io.BytesIO(b"x"))
    (store.folder / "pins" / ".DS_Store").write_bytes(b"")
    assert store.pins() == {cid}


def test_what_killed_writers_left_goes_with_the_next_publish_unless_somebody_writes(store: BlockStore) -> None:
    left_over = store.folder / "tmp" / "half"
    left_over.write_bytes(b"half")
    with store._locked(exclusive=False):  # as another writer holds it
        store.publish(io.BytesIO(b"one"))
        assert left_over.exists(), "somebody may be writing it now"
    store.publish(io.BytesIO(b"two"))
    assert not left_over.exists()
