"""One question over HTTP to a peer that bends the protocol itself: what it can make us hold is bounded."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from unwrapped_dao.errors import StorageUnavailableError
from unwrapped_dao.storage.http_exchange import HttpExchange

LIMIT = 10_000
PATIENCE_S = 0.5
MIB = 1 << 20
FLOOD = 64 * MIB
#: What may lie in the buffers of both sockets when our side closes.
IN_FLIGHT = 16 * MIB


class Flood(threading.Thread):
    """Answers one question with `begin`, then repeats `again` until 64 MiB are sent or the other side has closed."""

    def __init__(self, begin: bytes, again: bytes) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._begin, self._again = begin, again * max(1, MIB // len(again))
        self.sent = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def run(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener, contextlib.suppress(OSError):
            connection.settimeout(1)  # some kernels leave a peer whose other side has closed waiting
            connection.recv(65_536)
            connection.sendall(self._begin)
            while self.sent < FLOOD:
                connection.sendall(self._again)
                self.sent += len(self._again)


@contextlib.contextmanager
def flooding(begin: bytes, again: bytes) -> Iterator[Flood]:
    flood = Flood(begin, again)
    flood.start()
    yield flood
    flood.join(20)
    assert not flood.is_alive()


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (CHUNKED + b"-1\r\n", b"x"),
        (CHUNKED + b"-5\r\n", b"x"),
        (CHUNKED + b"0\r\n", b"X-Trailer: x\r\n"),
        (CHUNKED, b"1"),
        (OK + b"Content-Length: -1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x"),
        (OK, b"X-Header: x\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"2"),
    ],
    ids=[
        "a chunk of -1 bytes",
        "a chunk of -5 bytes",
        "endless trailers",
        "an endless length of a chunk",
        "a length of -1 and a chunk of -1",
        "endless headers",
        "endlessly about to answer",
        "an endless first line",
    ],
)
def test_a_peer_that_bends_http_is_given_up_before_it_fills_the_memory(begin: bytes, again: bytes) -> None:
    started = time.monotonic()
    with flooding(begin, again) as peer:
        with pytest.raises(StorageUnavailableError, match="The peer gave no usable answer"):
            HttpExchange("The peer", timeout_s=PATIENCE_S).ask("GET", urlsplit(peer.url), limit=LIMIT)
        assert time.monotonic() - started < 10
    if begin.endswith(b"0\r\n") or b"Continue" in again:
        return  # of trailers and of "100 Continue" nothing is kept, for as long as they come
    assert peer.sent <= IN_FLIGHT


@pytest.mark.parametrize(
    "begin",
    [OK + b"Content-Length: -1\r\n\r\n", OK + b"Content-Length: 99999999999999\r\n\r\n", CHUNKED + b"ffffffffffff\r\n"],
    ids=["a length of -1", "a length beyond every memory", "a chunk beyond every memory"],
)
def test_a_body_is_cut_one_byte_above_the_limit(begin: bytes) -> None:
    with flooding(begin, b"x") as peer:
        answer = HttpExchange("The peer", timeout_s=PATIENCE_S).ask("GET", urlsplit(peer.url), limit=LIMIT)
    assert len(answer.body) == LIMIT + 1
    assert peer.sent <= IN_FLIGHT
