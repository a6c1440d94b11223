"""The HTTP transport against servers that misbehave. Nodes that behave are tested end to end."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.doubles.serving import serving
from unwrapped_dao.chain import http
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.http import ATTEMPTS, HttpTransport
from unwrapped_dao.chain.transport import RpcError
from unwrapped_dao.errors import RpcUnavailableError, SettingsError

CANARY = "canary-api-key"
Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


@contextmanager
def _server(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(request["method"])
            status, body = answer(request)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}/v3/{CANARY}", asked


def _result(value: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"jsonrpc": "2.0", "id": 0, "result": value}).encode()


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE_S", 0.001)


def test_a_result_and_an_error_come_through() -> None:
    def answer(request: dict[str, Any]) -> tuple[int, bytes]:
        if request["method"] == "eth_chainId":
            return _result("0x539")
        error = {"code": -32000, "message": "no", "data": "0x01"}
        return 200, json.dumps({"jsonrpc": "2.0", "id": 0, "error": error}).encode()

    with _server(answer) as (url, _):
        assert ChainClient.connect(url).chain_id == 1337
        with pytest.raises(RpcError) as refused:
            HttpTransport(url, timeout_s=5).request("eth_call", [])
        assert (refused.value.code, refused.value.message, refused.value.data) == (-32000, "no", "0x01")


@pytest.mark.parametrize(
    "body",
    [(200, b"<html>hello</html>"), (200, b""), (200, b"[]"), (200, b'"x"'), (200, b"{}"), (502, b"bad gateway")],
)
def test_nonsense_is_an_unavailable_node_and_shows_no_key(body: tuple[int, bytes]) -> None:
    with _server(lambda _: body) as (url, _), pytest.raises(RpcUnavailableError) as refused:
        ChainClient.connect(url)
    assert CANARY not in refused.value.message + refused.value.hint + repr(HttpTransport(url, timeout_s=1))
    assert "127.0.0.1" in refused.value.message


def test_a_passing_failure_is_repeated_but_time_is_moved_and_anything_sent_once() -> None:
    once = ("evm_increaseTime", "eth_sendTransaction", "eth_sendRawTransaction")
    left = {"eth_chainId": 2, **dict.fromkeys(once, 1)}

    def answer(request: dict[str, Any]) -> tuple[int, bytes]:
        if left.get(request["method"], 0):
            left[request["method"]] -= 1
            return 503, b"busy"
        return _result("0x1")

    with _server(answer) as (url, asked):
        transport = HttpTransport(url, timeout_s=5)
        assert transport.request("eth_chainId", []) == "0x1"
        for method in once:
            with pytest.raises(RpcUnavailableError):
                transport.request(method, [5])
        assert asked == ["eth_chainId"] * 3 + list(once)


def test_a_password_and_a_path_in_the_address_reach_the_node_and_nobody_else() -> None:
    seen: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers.get("Authorization")))
            status, body = _result("0x1")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(server):
        client = ChainClient.connect(f"http://ana:{CANARY}@127.0.0.1:{server.server_port}/v3/{CANARY}/")
    assert seen == [(f"/v3/{CANARY}/", "Basic " + base64.b64encode(f"ana:{CANARY}".encode()).decode())]
    with pytest.raises(RpcUnavailableError) as refused:
        client.block_number()
    assert CANARY not in refused.value.message + refused.value.hint + repr(client)


def test_a_dead_node_is_said_soon() -> None:
    with _server(lambda _: _result(0)) as (url, _):
        pass
    started = time.monotonic()
    with pytest.raises(RpcUnavailableError, match="does not answer"):
        ChainClient.connect(url)
    assert time.monotonic() - started < 5


def test_a_silent_node_is_given_up_after_the_timeout() -> None:
    def answer(_: dict[str, Any]) -> tuple[int, bytes]:
        time.sleep(0.5)
        return _result("0x1")

    with _server(answer) as (url, asked):
        started = time.monotonic()
        with pytest.raises(RpcUnavailableError):
            HttpTransport(url, timeout_s=0.05).request("eth_chainId", [])
        assert time.monotonic() - started < 3
        assert len(asked) <= ATTEMPTS


@pytest.mark.parametrize("url", ["", "127.0.0.1:8545", "ws://127.0.0.1:8545", "http://", f"file:///{CANARY}"])
def test_an_address_that_is_no_url_is_refused_unshown(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        HttpTransport(url, timeout_s=1)
    assert CANARY not in refused.value.message


def test_no_log_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with _server(lambda _: _result("0x1")) as (url, _):
        _ = ChainClient.connect(url).chain_id
    assert CANARY not in caplog.text
