"""Opening many envelopes: the same on one core and on several, resumable after a kill, evidence for what stays shut."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from unwrapped_dao import kinds
from unwrapped_dao.crypto import envelope
from unwrapped_dao.crypto.bn254 import P2, hash_to_g1
from unwrapped_dao.crypto.envelope import EnvelopeContext
from unwrapped_dao.crypto.keys import NodeKey
from unwrapped_dao.crypto.tree import Node, PoolId
from unwrapped_dao.dataset import Spool
from unwrapped_dao.errors import InputError, NotFoundError, StorageUnavailableError
from unwrapped_dao.kinds.music.scopes.artist_preferences import ArtistPreference
from unwrapped_dao.roles.identity import no_progress
from unwrapped_dao.roles.opening import Opener, Task, Unopened, open_all
from unwrapped_dao.roles.receiving import require_some
from unwrapped_dao.storage.blockstore import BlockStore
from unwrapped_dao.storage.cid import CID
from unwrapped_dao.storage.kubo import KuboStore

SCOPE = kinds.scope("artist-preferences")
SECRET = 0x5EC7E7
COMMITTEE = P2 * SECRET
POOL = PoolId(1337, b"\x11" * 20, SCOPE.scope_id, 1)
HEIGHT = 6
MEMBERS = 24


def node_key(height: int, index: int, pool: PoolId = POOL) -> NodeKey:
    node = Node(height, index)
    return NodeKey(pool, node, hash_to_g1(pool.node_id(node)) * SECRET, COMMITTEE)


def rows_of(number: int) -> bytes:
    rows = [ArtistPreference(artist=f"A{number}x{i}", months_active=1, rank=i + 1, share_ppm=9) for i in range(3)]
    return SCOPE.encode(rows)


def sealed(number: int, content: bytes, pool: PoolId = POOL) -> bytes:
    sink = io.BytesIO()
    envelope.seal(content, sink, context=EnvelopeContext(pool, number, HEIGHT), committee_key=COMMITTEE)
    return sink.getvalue()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[BlockStore, list[Task]]:
    """24 members' envelopes in a store; the left half of the tree is delivered by one key, the rest by another."""
    store = BlockStore(tmp_path_factory.mktemp("opening") / "store")
    tasks = []
    for number in range(MEMBERS):
        cid = store.publish(io.BytesIO(sealed(number, rows_of(number))))
        tasks.append(Task(number, cid.digest, 0 if number < 16 else 1))
    return store, tasks


KEYS = (node_key(4, 0), node_key(4, 1))


def opener(store: object) -> Opener:
    return Opener(store, POOL, HEIGHT, KEYS, SCOPE)  # type: ignore[arg-type]


class Counting:
    """A store that notes what it was asked for."""

    def __init__(self, store: BlockStore) -> None:
        self.store, self.asked = store, set[bytes]()

    def block(self, cid: CID) -> bytes:
        self.asked.add(cid.digest)
        return self.store.block(cid)

    def fetch(self, cid: CID, *, max_bytes: int | None = None) -> io.BufferedIOBase:
        return self.store.fetch(cid, max_bytes=max_bytes)  # type: ignore[return-value]

    def has(self, cid: CID) -> bool:
        return self.store.has(cid)


def test_several_processes_open_what_one_does(published: tuple[BlockStore, list[Task]], tmp_path: Path) -> None:
    store, tasks = published
    alone, together = Spool(None, "a sale"), Spool(tmp_path / "spool", "a sale")
    seen: list[int] = []
    assert open_all(opener(store), tasks, alone, no_progress) == []
    assert open_all(opener(store), tasks, together, lambda _, done, __: seen.append(done), processes=2) == []
    assert alone.members() == together.members() == [(number, 3) for number in range(MEMBERS)]
    assert all(together.rows(number) == alone.rows(number) == rows_of(number) for number in range(MEMBERS))
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == MEMBERS


def test_what_was_opened_is_not_asked_for_again(published: tuple[BlockStore, list[Task]], tmp_path: Path) -> None:
    store, tasks = published
    open_all(opener(store), tasks[:10], Spool(tmp_path / "spool", "a sale"), no_progress)
    counting = Counting(store)
    spool = Spool(tmp_path / "spool", "a sale")
    open_all(opener(counting), tasks, spool, no_progress)
    assert counting.asked == {task.content for task in tasks[10:]}
    assert len(spool.members()) == MEMBERS


def test_a_spool_of_another_sale_is_refused(tmp_path: Path) -> None:
    Spool(tmp_path / "spool", "a sale").close()
    with pytest.raises(InputError, match="another dataset"):
        Spool(tmp_path / "spool", "another sale")


Damage = Callable[[BlockStore, Task], Task]


def _missing(store: BlockStore, task: Task) -> Task:
    return Task(task.number, b"\x07" * 32, task.key)


def _rotten(store: BlockStore, task: Task) -> Task:
    path = next(path for path in store.folder.rglob(task.content.hex()) if path.is_file())
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    return task


def _republished(change: Callable[[bytes], bytes]) -> Damage:
    def damage(store: BlockStore, task: Task) -> Task:
        with store.fetch(CID(0x55, task.content)) as file:
            return Task(task.number, store.publish(io.BytesIO(change(file.read()))).digest, task.key)

    return damage


def _another_members(store: BlockStore, task: Task) -> Task:
    return Task(task.number, store.publish(io.BytesIO(sealed(task.number + 1, rows_of(1)))).digest, task.key)


def _flip(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


PREFIX, R = 151, 128
OF_NODE_4 = PREFIX + R + 2 * 64  # the third wrap from the root: height 4


@pytest.mark.parametrize(
    ("damage", "check", "recomputed_with", "final"),
    [
        (_missing, "missing", "the published bytes", False),
        (_rotten, "content", "the published bytes", False),
        (_republished(lambda data: b"no envelope at all"), "envelope malformed", "the published bytes", True),
        (_republished(lambda data: data[:-40]), "envelope truncated", "the published bytes", True),
        (_republished(lambda data: data + b"\0"), "envelope trailing", "the published bytes", True),
        (_another_members, "envelope context", "the published bytes", True),
        (_republished(_flip(PREFIX + 10)), "capsule malformed", "the published bytes", True),
        (_republished(_flip(OF_NODE_4)), "capsule commit", "the node's key or the data key", True),
        (_republished(_flip(OF_NODE_4 + 20)), "capsule wrap", "the node's key or the data key", True),
        (_republished(_flip(-5)), "envelope payload", "the node's key or the data key", True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_stays_shut_is_told_in_terms_anyone_can_recompute(
    tmp_path: Path, damage: Damage, check: str, recomputed_with: str, final: bool
) -> None:
    store = BlockStore(tmp_path / "store")
    digests = [store.publish(io.BytesIO(sealed(number, rows_of(number)))).digest for number in range(2)]
    bad, good = (Task(number, digest, 0) for number, digest in enumerate(digests))
    bad = damage(store, bad)
    spool = Spool(tmp_path / "spool", "a sale")
    (told,) = open_all(opener(store), [bad, good], spool, no_progress)
    evidence = told.evidence()
    assert (told.check, told.final) == (check, final)
    assert evidence["content_sha256"] == bad.content.hex() and evidence["member_number"] == 0
    assert evidence["node"] == {"height": 4, "index": 0}
    assert (evidence["recomputed_with"], evidence["try_again"]) == (recomputed_with, not final)
    assert spool.members() == [(1, 3)]


def test_rows_of_no_scope_are_left_out_and_said(tmp_path: Path) -> None:
    store = BlockStore(tmp_path / "store")
    digest = store.publish(io.BytesIO(sealed(0, b'{"not":"rows"}\n'))).digest
    spool = Spool(None, "a sale")
    assert open_all(opener(store), [Task(0, digest, 0)], spool, no_progress) == []
    assert spool.members() == [] and len(spool.rejected()) == 1


def test_what_may_open_another_time_is_tried_again(published: tuple[BlockStore, list[Task]], tmp_path: Path) -> None:
    store, tasks = published

    class Down(Counting):
        def block(self, cid: CID) -> bytes:
            raise StorageUnavailableError("The node does not answer.")

    spool = Spool(tmp_path / "spool", "a sale")
    shut = open_all(opener(Down(store)), tasks[:3], spool, no_progress)
    assert [(one.check, one.final) for one in shut] == [("unavailable", False)] * 3
    assert open_all(opener(store), tasks[:3], spool, no_progress) == []
    assert len(spool.members()) == 3


def test_a_store_that_gives_nothing_is_not_taken_for_bad_envelopes() -> None:
    def shut(check: str, final: bool = False) -> Unopened:
        return Unopened(0, bytes(32), 0, 0, check, "The node does not answer.", final)

    with pytest.raises(StorageUnavailableError, match=r"^The node does not answer\.$"):
        require_some([shut("unavailable")] * 2, 2)
    with pytest.raises(NotFoundError, match="None of the 2 envelopes could be had: The node"):
        require_some([shut("missing")] * 2, 2)
    for some in ([], [shut("unavailable")], [shut("missing"), shut("envelope header", True)]):
        require_some(some, 2)


def test_stores_travel_to_other_processes(tmp_path: Path) -> None:
    store = BlockStore(tmp_path / "store")
    assert pickle.loads(pickle.dumps(store)).folder == store.folder
    kubo = pickle.loads(pickle.dumps(KuboStore("http://127.0.0.1:5999", timeout_s=3)))
    assert kubo.name == "The IPFS node at http://127.0.0.1:5999"


SLOW = """
import sys, time
from pathlib import Path
from tests.sdk.roles import test_opening as t
from unwrapped_dao.storage.blockstore import BlockStore

class Slow(BlockStore):
    def block(self, cid):
        time.sleep(0.05)
        return super().block(cid)

if __name__ == "__main__":
    folder, spool = Path(sys.argv[1]), Path(sys.argv[2])
    tasks = [t.Task(int(n), bytes.fromhex(d), int(k)) for n, d, k in (line.split() for line in sys.stdin)]
    t.open_all(t.opener(Slow(folder)), tasks, t.Spool(spool, "a sale"), t.no_progress, processes=2)
"""


def test_killed_and_called_again_it_goes_on_and_leaves_no_process_behind(
    published: tuple[BlockStore, list[Task]], tmp_path: Path
) -> None:
    store, tasks = published
    script, path = tmp_path / "slow_opening.py", tmp_path / "spool"
    script.write_text(SLOW)
    lines = "".join(f"{task.number} {task.content.hex()} {task.key}\n" for task in tasks)
    root = Path(__file__).parents[3]
    command = [sys.executable, str(script), str(store.folder), str(path)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, text=True, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert process.stdin is not None
    process.stdin.write(lines)
    process.stdin.close()
    deadline = time.monotonic() + 60
    while not (path.exists() and len(Spool(path, "a sale").members()) >= 3):
        assert process.poll() is None and time.monotonic() < deadline, (
            "it ended, or opened nothing, before it was killed"
        )
        time.sleep(0.02)
    children = _children(process.pid)
    assert children
    process.send_signal(signal.SIGKILL)
    process.wait()
    while any(_runs(child) for child in children):
        assert time.monotonic() < deadline, "a process outlived its killed parent"
        time.sleep(0.05)
    opened = {number for number, _ in Spool(path, "a sale").members()}
    assert 3 <= len(opened) < MEMBERS
    counting = Counting(store)
    spool = Spool(path, "a sale")
    assert open_all(opener(counting), tasks, spool, no_progress) == []
    assert counting.asked == {task.content for task in tasks if task.number not in opened}
    assert all(spool.rows(number) == rows_of(number) for number in range(MEMBERS))


def _children(pid: int) -> list[int]:
    """The opening processes that a process started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == pid and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (OSError, IndexError):
            continue
    return found


def _runs(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
