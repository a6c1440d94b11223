"""A real Kubo node: the same CIDs as the embedded store, pins that hold, and every byte re-hashed on the way back."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.kubo import KuboNode, running
from tests.e2e.kubo_fixture import kubo, kubo_binary
from tests.sdk.storage.golden import LENGTHS, MIB, Golden, golden_bytes, golden_cids
from unwrapped_dao.errors import ContentMismatchError, NotFoundError, StorageUnavailableError
from unwrapped_dao.storage.blockstore import BlockStore
from unwrapped_dao.storage.car import CarReader, export_car
from unwrapped_dao.storage.cid import CID, cid_of, cid_of_bytes, content_digest
from unwrapped_dao.storage.gateway import Gateway
from unwrapped_dao.storage.interfaces import ContentReader, ContentStore
from unwrapped_dao.storage.kubo import KuboStore
from unwrapped_dao.storage.pinning import check, pin_all, republish
from unwrapped_dao.storage.reader import resolve, verify
from unwrapped_dao.storage.sources import Sources

__all__ = ["kubo"]  # the fixture


@pytest.fixture
def node(kubo: KuboNode) -> KuboStore:
    return KuboStore(kubo.rpc_url, timeout_s=60)


@pytest.fixture
def gateway(kubo: KuboNode) -> Gateway:
    return Gateway(kubo.gateway_url, timeout_s=30)


def ipfs(kubo: KuboNode, *arguments: str, stdin: bytes = b"") -> bytes:
    """The node's own command line, talking to the running node."""
    environment = os.environ | {"IPFS_PATH": str(kubo.repository), "IPFS_TELEMETRY": "off"}
    command = [str(kubo_binary()), *arguments]
    return subprocess.run(command, env=environment, input=stdin, capture_output=True, check=True, timeout=60).stdout


def sha256_of(reader: ContentReader, cid: CID) -> str:
    digest = hashlib.sha256()
    with reader.fetch(cid) as stream:
        while data := stream.read(MIB):
            digest.update(data)
    return digest.hexdigest()


def block_file(kubo: KuboNode, cid: CID) -> Path:
    """Where Kubo keeps a block: named by its multihash in base32, in a folder named by the last two letters but one."""
    name = base64.b32encode(b"\x12\x20" + cid.digest).decode().rstrip("=")
    return kubo.repository / "blocks" / name[-3:-1] / f"{name}.data"


@pytest.mark.parametrize("length", LENGTHS)
def test_published_content_has_the_embedded_cid_and_reads_back(node: KuboStore, gateway: Gateway, length: int) -> None:
    cid = node.publish(Golden(length))
    assert str(cid) == golden_cids()[length]
    assert cid in node.pins()
    assert node.has(cid)
    if length <= 20 * MIB or length == 175 * MIB:
        expected = hashlib.sha256(Golden(length).read()).hexdigest()
        assert sha256_of(node, cid) == expected
        assert sha256_of(gateway, cid) == expected


def test_random_lengths_have_the_embedded_cid(node: KuboStore, tmp_path: Path) -> None:
    store = BlockStore(tmp_path / "store")
    chance = random.Random(2)
    for _ in range(12):
        length = chance.randrange(6 * MIB)
        assert node.publish(Golden(length)) == store.publish(Golden(length)), length


def test_a_digest_from_the_chain_is_enough_to_find_the_content(node: KuboStore, gateway: Gateway) -> None:
    for length in (0, 5, MIB, MIB + 1, 3 * MIB):
        cid = node.publish(Golden(length))
        assert resolve(node, content_digest(cid)) == cid
        assert resolve(gateway, content_digest(cid)) == cid


@pytest.mark.parametrize(
    "import_settings",
    [
        {"CidVersion": "0", "UnixFSRawLeaves": "false", "UnixFSChunker": '"size-262144"', "UnixFSFileMaxLinks": "10"},
        {"CidVersion": "1", "HashFunction": '"sha2-512"'},
    ],
)
def test_a_node_with_other_import_settings_gives_the_same_cid(tmp_path: Path, import_settings: dict[str, str]) -> None:
    with running(kubo_binary(), tmp_path) as first:
        for key, value in import_settings.items():
            ipfs(first, "config", "--json", f"Import.{key}", value)
    with running(kubo_binary(), tmp_path) as second:
        content = golden_bytes(12 * MIB)
        plain = ipfs(second, "add", "-Q", stdin=content).decode().strip()
        cid = KuboStore(second.rpc_url).publish(io.BytesIO(content))
        assert cid == cid_of_bytes(content)
        assert plain != str(cid), "the settings above do change what others get"


def test_what_is_absent_is_not_found(node: KuboStore, gateway: Gateway) -> None:
    absent = cid_of_bytes(b"never published")
    assert not node.has(absent)
    assert not gateway.has(absent)
    node.unpin(absent)
    for question in (node.block, node.fetch, node.pin, gateway.block, gateway.fetch):
        with pytest.raises(NotFoundError, match=r"127\.0\.0\.1"):
            question(absent)


def test_a_pool_is_pinned_lost_noticed_and_brought_back(kubo: KuboNode, node: KuboStore, tmp_path: Path) -> None:
    assert isinstance(node, ContentStore)
    member = BlockStore(tmp_path / "member")
    contents = [golden_bytes(2 * MIB)[n:] for n in range(11, 15)]
    pool = [member.publish(io.BytesIO(content)) for content in contents]
    for content in contents:
        node.publish(io.BytesIO(content), pin=False)
    assert check(node, pool).unpinned == tuple(pool)
    assert pin_all(node, pool).complete
    assert check(node, pool, deep=True).complete

    node.unpin(pool[0])
    node.unpin(pool[0])
    assert check(node, pool).unpinned == (pool[0],)
    ipfs(kubo, "repo", "gc")
    assert check(node, pool).missing == (pool[0],)
    assert pin_all(node, pool).missing == (pool[0],)
    assert republish(node, pool, [member]).complete
    assert node.fetch(pool[0]).read() == contents[0]


def test_a_block_that_rots_on_the_nodes_disk_is_noticed(
    kubo: KuboNode, node: KuboStore, gateway: Gateway, tmp_path: Path
) -> None:
    content = golden_bytes(3 * MIB)[17:]
    cid = node.publish(io.BytesIO(content))
    rotten = block_file(kubo, cid_of_bytes(content[MIB : 2 * MIB]))
    sound = rotten.read_bytes()
    rotten.chmod(0o644)
    rotten.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    try:
        for reader in (node, gateway):
            stream = reader.fetch(cid)
            assert stream.read(MIB) == content[:MIB]
            with pytest.raises((ContentMismatchError, StorageUnavailableError), match=r"127\.0\.0\.1"):
                stream.read(1)
        assert check(node, [cid]).complete, "a shallow check believes the node"
        assert check(node, [cid], deep=True).damaged == (cid,)
        member = BlockStore(tmp_path / "member")
        member.publish(io.BytesIO(content))
        sources = Sources([node, member])
        assert sources.fetch(cid).read() == content
        assert [failure.source for failure in sources.failures] == [node.name]
    finally:
        rotten.write_bytes(sound)
    assert verify(node, cid) == len(content)


def test_car_files_are_kubos_byte_for_byte(kubo: KuboNode, node: KuboStore, tmp_path: Path) -> None:
    store = BlockStore(tmp_path / "store")
    content = golden_bytes(3 * MIB)[33:]
    cid = store.publish(io.BytesIO(content))
    ours = io.BytesIO()
    export_car(store, [cid], ours)

    ipfs(kubo, "dag", "import", stdin=ours.getvalue())
    assert cid in node.pins()
    theirs = ipfs(kubo, "dag", "export", str(cid))
    assert theirs == ours.getvalue()
    assert CarReader(io.BytesIO(theirs)).fetch(cid).read() == content


def test_a_node_killed_while_publishing_is_named_and_a_second_try_is_whole(tmp_path: Path) -> None:
    length = 40 * MIB
    with running(kubo_binary(), tmp_path) as doomed:

        class KillingHalfway(Golden):
            def read(self, size: int = -1) -> bytes:
                if self._number == 20:
                    os.kill(doomed.pid, signal.SIGKILL)
                return super().read(size)

        with pytest.raises(StorageUnavailableError, match=doomed.rpc_url):
            KuboStore(doomed.rpc_url, timeout_s=10).publish(KillingHalfway(length))
    with running(kubo_binary(), tmp_path) as again:
        store = KuboStore(again.rpc_url)
        assert store.pins() == frozenset()
        cid = store.publish(Golden(length))
        assert cid == cid_of(Golden(length))
        assert check(store, [cid], deep=True).complete


def test_a_node_killed_while_reading_gives_no_false_byte(tmp_path: Path) -> None:
    content = golden_bytes(4 * MIB)
    with running(kubo_binary(), tmp_path) as doomed:
        store = KuboStore(doomed.rpc_url, timeout_s=10)
        stream = store.fetch(store.publish(io.BytesIO(content)))
        assert stream.read(MIB) == content[:MIB]
        os.kill(doomed.pid, signal.SIGKILL)
        with pytest.raises(StorageUnavailableError, match=doomed.rpc_url):
            stream.read()


def gone(pid: int, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_node_ends_with_its_block_and_with_a_killed_starter(tmp_path: Path) -> None:
    with running(kubo_binary(), tmp_path / "one") as node:
        pid = node.pid
    assert gone(pid, 5)

    script = """
import sys, time
from pathlib import Path
from scripts.kubo import running
with running(Path(sys.argv[1]), Path(sys.argv[2])) as node:
    print(node.pid, flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", script, str(kubo_binary()), str(tmp_path / "two")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        orphan = int(starter.stdout.readline())
        starter.send_signal(signal.SIGKILL)
    assert gone(orphan, 15)
