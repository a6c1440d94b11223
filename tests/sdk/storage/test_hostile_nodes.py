"""Lying, slow, dead and truncating nodes are survived and named, as gateways and as one's own node alike."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable

import pytest

from tests.doubles.ipfs_nodes import VICES, ipfs_node
from tests.sdk.storage.golden import MIB, golden_bytes
from unwrapped_dao.errors import (
    ContentMismatchError,
    NotFoundError,
    SettingsError,
    StorageUnavailableError,
)
from unwrapped_dao.storage.cid import cid_of_bytes
from unwrapped_dao.storage.gateway import Gateway
from unwrapped_dao.storage.interfaces import ContentReader, ContentStore
from unwrapped_dao.storage.kubo import KuboStore
from unwrapped_dao.storage.sources import Sources

CONTENT = golden_bytes(2 * MIB + 3)  # four blocks: the root, three leaves
TIMEOUT_S = 0.5  # how long a bad node may keep the tests waiting
PATIENCE_S = 30  # with an honest one on a busy machine
LIES = ("lying", "swapping", "shortening", "endless", "nonsense", "empty")

Reach = Callable[..., ContentReader]


def by_gateway(url: str, timeout_s: float = PATIENCE_S) -> ContentReader:
    return Gateway(url, timeout_s=timeout_s)


def by_rpc(url: str, timeout_s: float = PATIENCE_S) -> ContentReader:
    return KuboStore(url, timeout_s=timeout_s)


def patience(vice: str) -> float:
    """Short only where the vice is to keep one waiting."""
    return TIMEOUT_S if vice in ("slow", "dripping") else PATIENCE_S


REACHES = pytest.mark.parametrize("reach", [by_gateway, by_rpc])


def dead_url() -> str:
    """An address of this machine where nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@REACHES
def test_an_honest_node_gives_the_content(reach: Reach) -> None:
    with ipfs_node() as node:
        cid = node.put(CONTENT)
        assert reach(node.url).fetch(cid).read() == CONTENT
        with pytest.raises(NotFoundError, match=node.url):
            reach(node.url).block(cid_of_bytes(b"absent"))


@REACHES
@pytest.mark.parametrize("vice", VICES)
@pytest.mark.parametrize("honest_for", [0, 2])
def test_a_bad_node_is_named_and_gives_no_false_byte(reach: Reach, vice: str, honest_for: int) -> None:
    with ipfs_node(vice, honest_for=honest_for) as node:
        cid = node.put(CONTENT)
        received = b""
        started = time.monotonic()
        with pytest.raises((ContentMismatchError, StorageUnavailableError), match=node.url) as refusal:
            stream = reach(node.url, patience(vice)).fetch(cid)
            while data := stream.read(100_000):
                received += data
        assert time.monotonic() - started < 20
        assert CONTENT.startswith(received)
        assert len(received) < len(CONTENT)
        if vice in LIES:
            assert isinstance(refusal.value, ContentMismatchError)
        else:
            assert isinstance(refusal.value, StorageUnavailableError)
        assert refusal.value.hint


@REACHES
def test_a_dead_node_is_named(reach: Reach) -> None:
    url = dead_url()
    with pytest.raises(StorageUnavailableError, match=url):
        reach(url).fetch(cid_of_bytes(b"x"))


@pytest.mark.parametrize("vice", VICES)
@pytest.mark.parametrize("honest_for", [0, 2])
def test_a_good_source_behind_bad_ones_gives_the_content(vice: str, honest_for: int) -> None:
    with ipfs_node(vice, honest_for=honest_for) as bad, ipfs_node() as empty, ipfs_node() as good:
        cid = good.put(CONTENT)
        bad.put(CONTENT)
        dead = by_gateway(dead_url())
        sources = Sources([dead, by_gateway(bad.url, patience(vice)), by_rpc(empty.url), by_gateway(good.url)])
        assert isinstance(sources, ContentReader)
        assert sources.fetch(cid).read() == CONTENT
        named = {failure.source for failure in sources.failures}
        assert named == {dead.name, f"The gateway {bad.url}"}
        assert {failure.lied for failure in sources.failures if failure.source != dead.name} == {vice in LIES}
        assert bad.asked <= honest_for + 5, "a source that failed is asked last from then on"


def test_when_nobody_gives_it_each_is_named_with_its_reason() -> None:
    with ipfs_node("lying") as lying, ipfs_node() as empty:
        cid = lying.put(CONTENT)
        url = dead_url()
        sources = [by_gateway(lying.url), by_gateway(empty.url)]
        with pytest.raises(ContentMismatchError, match="other bytes") as lies:
            Sources(sources).fetch(cid)
        assert lying.url in lies.value.message
        assert empty.url in lies.value.message
        with pytest.raises(StorageUnavailableError, match=url):
            Sources([*sources, by_gateway(url)]).fetch(cid)
        with pytest.raises(NotFoundError):
            Sources([by_gateway(empty.url)]).fetch(cid)
        assert not Sources([by_gateway(url), by_gateway(empty.url)]).has(cid)
    with pytest.raises(SettingsError):
        Sources([])


@pytest.mark.parametrize("vice", ["", "lying", "nonsense", "resetting"])
def test_another_host_that_one_is_sent_on_to_is_trusted_no_more(vice: str) -> None:
    with ipfs_node() as node, ipfs_node(vice) as other:
        cid = other.put(CONTENT)
        node.put(CONTENT)
        node.elsewhere = other.url
        if not vice:
            assert by_gateway(node.url).fetch(cid).read() == CONTENT
        else:
            expected = ContentMismatchError if vice in LIES else StorageUnavailableError
            with pytest.raises(expected, match=node.url):
                by_gateway(node.url).fetch(cid).read()
        asked = other.asked
        with pytest.raises(StorageUnavailableError, match="302"):  # one's own node has no reason to send on
            by_rpc(node.url).fetch(cid)
        assert other.asked == asked > 0


def test_a_gateway_has_what_it_gives() -> None:
    with ipfs_node() as node:
        cid = node.put(CONTENT)
        assert by_gateway(node.url).has(cid)
        node.blocks.pop(cid_of_bytes(CONTENT[:MIB]).digest)
        assert not by_gateway(node.url).has(cid)


def test_a_gateway_that_closes_idle_connections_is_no_failure() -> None:
    """The server closes after each answer without saying so; the next question is put again on a fresh connection."""
    with ipfs_node() as node:
        cid = node.put(CONTENT)
        gateway = Gateway(node.url, timeout_s=5)
        stream = gateway.fetch(cid)
        for connection in gateway._http._kept.values():
            assert connection.sock is not None
            connection.sock.shutdown(socket.SHUT_RDWR)
        assert stream.read() == CONTENT
        gateway.close()


# --- one's own node: publishing and pinning ---


@pytest.fixture
def content() -> io.BytesIO:
    return io.BytesIO(CONTENT)


def test_publishing_to_an_honest_node(content: io.BytesIO) -> None:
    with ipfs_node() as node:
        store = KuboStore(node.url, timeout_s=PATIENCE_S)
        assert isinstance(store, ContentStore)
        cid = store.publish(content)
        assert cid == cid_of_bytes(CONTENT)
        assert store.fetch(cid).read() == CONTENT
        store.close()


def test_a_node_that_stores_something_else_is_refused(content: io.BytesIO) -> None:
    with ipfs_node("misnaming") as node, pytest.raises(ContentMismatchError, match=node.url):
        KuboStore(node.url, timeout_s=PATIENCE_S).publish(content)


def test_a_pin_that_was_never_made_is_noticed(content: io.BytesIO) -> None:
    with ipfs_node("forgetful") as node:
        store = KuboStore(node.url, timeout_s=PATIENCE_S)
        with pytest.raises(StorageUnavailableError, match="does not list the pin"):
            store.publish(content)
        with pytest.raises(StorageUnavailableError, match="does not list the pin"):
            store.pin(cid_of_bytes(CONTENT))
        assert store.publish(io.BytesIO(CONTENT), pin=False) == cid_of_bytes(CONTENT)


@pytest.mark.parametrize("vice", ["hanging_up", "truncating", "failing", "rambling", "deaf"])
def test_publishing_to_a_bad_node_is_one_clear_error(vice: str, content: io.BytesIO) -> None:
    with ipfs_node(vice) as node:
        store = KuboStore(node.url, timeout_s=TIMEOUT_S if vice == "deaf" else PATIENCE_S)
        with pytest.raises(StorageUnavailableError, match=node.url) as refusal:
            store.publish(content)
        assert "Traceback" not in refusal.value.message


@pytest.mark.parametrize("vice", ["rambling", "deaf"])
def test_every_question_to_a_bad_node_is_one_clear_error(vice: str) -> None:
    cid = cid_of_bytes(b"x")
    with ipfs_node(vice) as node:
        store = KuboStore(node.url, timeout_s=TIMEOUT_S if vice == "deaf" else PATIENCE_S)
        for question in (store.pins, store.version, lambda: store.pin(cid), lambda: store.unpin(cid)):
            with pytest.raises(StorageUnavailableError, match=node.url):
                question()
        with pytest.raises((StorageUnavailableError, ContentMismatchError), match=node.url):
            store.block(cid)
        with pytest.raises(StorageUnavailableError, match=node.url):
            store.has(cid)


def test_a_file_that_cannot_be_read_is_not_blamed_on_the_node() -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("stick pulled out")

    with ipfs_node() as node, pytest.raises(OSError, match="stick"):
        KuboStore(node.url, timeout_s=PATIENCE_S).publish(Breaking())


# --- addresses ---


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:5001", "/ip4/127.0.0.1/tcp/5001/http"),
        ("http://127.0.0.1:5001/api/v0", "/ip4/127.0.0.1/tcp/5001/http"),
        ("http://localhost", "/dns/localhost/tcp/5001/http"),
        ("https://ipfs.example:443/", "/dns/ipfs.example/tcp/443/https"),
        ("http://[::1]:5001", "/ip6/::1/tcp/5001/http"),
        ("/ip4/127.0.0.1/tcp/5001", "/ip4/127.0.0.1/tcp/5001/http"),
        ("/ip6/::1/tcp/5001/https", "/ip6/::1/tcp/5001/https"),
    ],
)
def test_addresses_of_a_node(url: str, address: str) -> None:
    assert KuboStore(url)._address == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "ftp://host",
        "http://",
        "http://h:99999",
        "http://h/x",
        "http://u:pw@h",
        "/unix/x",
        "http://[::1",
    ],
)
def test_what_is_no_address_of_a_node_is_said(url: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        KuboStore(url)
    assert "pw" not in refusal.value.message


@pytest.mark.parametrize("url", ["", "host", "ftp://h", "http://", "https://u:pw@h", "http://h:99999", "http://h?x=1"])
def test_what_is_no_address_of_a_gateway_is_said(url: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Gateway(url)
    assert "pw" not in refusal.value.message
