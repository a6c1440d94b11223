"""The HTTP transport against servers that misbehave. Nodes that behave are tested end to end."""

from __future__ import annotations

import base64
import gzip
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.doubles.rpc_answers import Answer, Asked, answering, error, result
from unwrapped_dao.chain import bounds, http
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.http import ATTEMPTS, HttpTransport
from unwrapped_dao.chain.transport import RpcError
from unwrapped_dao.errors import RpcUnavailableError, SettingsError

MIB = 1 << 20
CANARY = "canary-api-key"
PATH = f"/v3/{CANARY}"


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited between two attempts; here it does not."""
    pauses: list[float] = []
    monkeypatch.setattr(http, "_sleep", pauses.append)
    return pauses


def first(count: int, bad: Answer) -> Callable[[Asked], Answer]:
    """`bad` so many times, then well."""
    left = [count]

    def reply(_: Asked) -> Answer:
        left[0] -= 1
        return bad if left[0] >= 0 else result("0x1")

    return reply


def test_a_result_and_an_error_come_through() -> None:
    def reply(asked: Asked) -> Answer:
        return result("0x539") if asked.method == "eth_chainId" else error(-32000, "no", "0x01")

    with answering(reply) as server:
        assert ChainClient.connect(server.url).chain_id == 1337
        with pytest.raises(RpcError) as refused:
            HttpTransport(server.url, timeout_s=5).request("eth_call", [])
        assert (refused.value.code, refused.value.message, refused.value.data) == (-32000, "no", "0x01")


@pytest.mark.parametrize("status", [400, 413, 500])
def test_an_error_that_comes_with_a_bad_status_is_the_nodes_own_word(status: int) -> None:
    """Hosted nodes refuse a range of logs so: it must be seen, to ask for less."""
    with answering(lambda _: error(-32602, "block range is too wide", status=status)) as server:
        with pytest.raises(RpcError, match="too wide"):
            HttpTransport(server.url, timeout_s=5).request("eth_getLogs", [{}])
        assert server.methods == ["eth_getLogs"]


@pytest.mark.parametrize(
    "bad",
    [
        Answer(200, b"<html>hello</html>"),
        Answer(200, b""),
        Answer(200, b"[]"),
        Answer(200, b'"x"'),
        Answer(200, b"{}"),
        Answer(200, b'{"error": {"code": "x", "message": null}}'),
        Answer(200, b'{"result": "\xff"}'),
        Answer(502, b"bad gateway"),
        Answer(502, b'["bad gateway"]'),
        Answer(403, b'{"message": "forbidden"}'),
    ],
    ids=lambda bad: f"{bad.status} {bad.body!r}",
)
def test_nonsense_is_an_unavailable_node_and_shows_no_key(bad: Answer) -> None:
    with answering(lambda _: bad, path=PATH) as server, pytest.raises(RpcUnavailableError) as refused:
        ChainClient.connect(server.url)
    assert CANARY not in refused.value.message + refused.value.hint + repr(HttpTransport(server.url, timeout_s=1))


def test_a_passing_failure_is_repeated_but_time_is_moved_and_anything_sent_once() -> None:
    once = ("evm_increaseTime", "eth_sendTransaction", "eth_sendRawTransaction")
    left = {"eth_chainId": 2, **dict.fromkeys(once, 1)}

    def reply(asked: Asked) -> Answer:
        if left.get(asked.method, 0):
            left[asked.method] -= 1
            return Answer(503, b"busy")
        return result("0x1")

    with answering(reply) as server:
        transport = HttpTransport(server.url, timeout_s=5)
        assert transport.request("eth_chainId", []) == "0x1"
        for method in once:
            with pytest.raises(RpcUnavailableError):
                transport.request(method, [5])
        assert server.methods == ["eth_chainId"] * 3 + list(once)


# --- rate limits ----------------------------------------------------------------------------------------------------

LIMITED = {
    "status": Answer(429, b"slow down"),
    "status, and an error": error(-32005, "limit exceeded", status=429),
    "code": error(429, "Your app has exceeded its capacity."),
    "words": error(-32005, "project ID request rate exceeded"),
    "more words": error(-32029, "Too Many Requests"),
}


@pytest.mark.parametrize("limited", LIMITED.values(), ids=LIMITED.keys())
def test_a_rate_limit_is_waited_for_longer_each_time(limited: Answer, slept: list[float]) -> None:
    with answering(first(3, limited)) as server:
        assert HttpTransport(server.url, timeout_s=5).request("eth_getLogs", [{}]) == "0x1"
    assert slept == [1, 2, 4]


def test_as_long_as_the_node_asks_for(slept: list[float]) -> None:
    with answering(first(2, Answer(429, b"", {"Retry-After": "7"}))) as server:
        assert HttpTransport(server.url, timeout_s=5).request("eth_chainId", []) == "0x1"
    assert slept == [7, 7]


@pytest.mark.parametrize("after", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_who_asks_for_too_long_is_not_waited_for(after: str, slept: list[float]) -> None:
    with answering(first(9, Answer(429, b"", {"Retry-After": after}))) as server:
        with pytest.raises(RpcUnavailableError, match="too many requests") as refused:
            HttpTransport(server.url, timeout_s=5).request("eth_chainId", [])
        assert len(server.asked) == 1
    assert slept == [] and "later" in refused.value.hint


@pytest.mark.parametrize("after", ["soon", "-5", "nan", "", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_time_that_makes_no_sense_is_none(after: str, slept: list[float]) -> None:
    with answering(first(1, Answer(429, b"", {"Retry-After": after}))) as server:
        assert HttpTransport(server.url, timeout_s=5).request("eth_chainId", []) == "0x1"
    assert slept == [1]


def test_a_limit_that_does_not_end_is_said_and_what_was_refused_may_be_sent_again(slept: list[float]) -> None:
    """A transaction too: the node did not look at it."""
    with answering(first(99, LIMITED["status"]), path=PATH) as server:
        with pytest.raises(RpcUnavailableError, match="too many requests") as refused:
            HttpTransport(server.url, timeout_s=5).request("eth_sendRawTransaction", ["0x"])
        assert 4 <= len(server.asked) <= 6
    assert sum(slept) < 30
    assert CANARY not in refused.value.message + refused.value.hint


# --- addresses ------------------------------------------------------------------------------------------------------


def test_a_password_and_a_path_in_the_address_reach_the_node_and_nobody_else() -> None:
    with answering(lambda _: result("0x1"), path=f"{PATH}/", login=f"ana:{CANARY}@") as server:
        client = ChainClient.connect(server.url)
    (asked,) = server.asked
    assert asked.path == f"{PATH}/"
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(f"ana:{CANARY}".encode()).decode()
    with pytest.raises(RpcUnavailableError) as refused:
        client.block_number()
    assert CANARY not in refused.value.message + refused.value.hint + repr(client)


def test_a_dead_node_is_said_soon() -> None:
    with answering(lambda _: result(0)) as server:
        pass
    started = time.monotonic()
    with pytest.raises(RpcUnavailableError, match="does not answer"):
        ChainClient.connect(server.url)
    assert time.monotonic() - started < 5


def test_a_silent_node_is_given_up_after_the_timeout() -> None:
    def reply(_: Asked) -> Answer:
        time.sleep(0.5)
        return result("0x1")

    with answering(reply) as server:
        started = time.monotonic()
        with pytest.raises(RpcUnavailableError):
            HttpTransport(server.url, timeout_s=0.05).request("eth_chainId", [])
        assert time.monotonic() - started < 3
        assert len(server.asked) <= ATTEMPTS


@pytest.mark.parametrize(
    ("begin", "again", "pause_s"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"y", 0.02),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" ", 0.02),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.02),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b" " * MIB, 0),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b" " * MIB, 0),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(64 * MIB)), b"", 0),
    ],
    ids=["a dripping head", "a dripping body", "dripping chunks", "an endless body", "a chunk of -1 bytes", "a bomb"],
)
def test_a_node_that_drips_or_floods_is_given_up_in_time_and_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch, begin: bytes, again: bytes, pause_s: float
) -> None:
    monkeypatch.setattr(bounds, "MOST_BYTES", 4 * MIB)
    with speaking(begin, again, pause_s) as url:
        started = time.monotonic()
        tracemalloc.start()
        with pytest.raises(RpcUnavailableError, match="does not answer"):
            HttpTransport(url, timeout_s=0.3).request("eth_sendRawTransaction", ["0x"])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert time.monotonic() - started < 6
    assert peak < 24 * MIB, f"{peak >> 20} MiB"


def test_a_wait_of_five_thousand_digits_is_no_error_of_ours(slept: list[float]) -> None:
    busy = Answer(429, b"", {"Retry-After": "9" * 5_000})
    with answering(lambda _: busy) as server, pytest.raises(RpcUnavailableError, match="too many requests"):
        HttpTransport(server.url, timeout_s=5).request("eth_chainId", [])
    assert slept == []


@contextmanager
def speaking(begin: bytes, again: bytes, pause_s: float) -> Iterator[str]:
    """A server that says `begin`, then `again` for ten seconds, whoever listens."""

    def answer() -> None:
        connection, _ = listener.accept()
        ends = time.monotonic() + 10
        with connection, suppress(OSError):
            connection.settimeout(1)
            connection.recv(65_536)
            connection.sendall(begin)
            while again and time.monotonic() < ends and not over.wait(pause_s):
                connection.sendall(again)

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join(5)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8545", "ws://127.0.0.1:8545", "http://", f"file:///{CANARY}"])
def test_an_address_that_is_no_url_is_refused_unshown(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        HttpTransport(url, timeout_s=1)
    assert CANARY not in refused.value.message


def test_no_log_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with answering(lambda _: result("0x1"), path=PATH) as server:
        _ = ChainClient.connect(server.url).chain_id
    assert CANARY not in caplog.text
