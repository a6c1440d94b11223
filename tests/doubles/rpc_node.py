"""A node that misbehaves: the embedded chain behind HTTP, with a finality of its own, vices, and reorganisations.

A vice is a function of a request that answers instead of the node, or raises Hangup; it may look at the node. Several
programs use one node at once, as with any other; `url` is for processes, `client()` for the test itself.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from eth_account.signers.local import LocalAccount

from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.chain.transport import RpcError

Json = Any
Vice = Callable[["RpcNode", str, list[Json]], Json]


class Hangup(Exception):  # noqa: N818 (a behaviour, not a mistake)
    """Close the connection without an answer."""


class RpcNode:
    """The server. `lag` is how many blocks `finalized` is behind; `asked` counts requests by method."""

    def __init__(self, *, lag: int = 0) -> None:
        self.lag = lag
        self.vice: Vice | None = None
        self.asked: dict[str, int] = {}
        self.sent: list[str] = []
        self._started = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.node = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._started.wait(60)

    faucet: LocalAccount

    def _serve(self) -> None:
        # The chain lives in the thread that answers, one request after the other.
        with LocalChain.in_memory() as chain:
            self._chain, self.faucet = chain, chain.faucet
            self._started.set()
            self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def client(self) -> ChainClient:
        return ChainClient.connect(self.url)

    def honest(self, method: str, params: list[Json]) -> Json:
        """What a good node would answer. For vices, which run in its thread."""
        if method == "eth_getBlockByNumber" and params[0] in ("finalized", "safe"):
            head = int(self._chain.request("eth_blockNumber", []), 16)
            params = [hex(max(0, head - self.lag)), *params[1:]]
        return self._chain.request(method, params)

    def answer(self, method: str, params: list[Json]) -> Json:
        self.asked[method] = self.asked.get(method, 0) + 1
        if method == "eth_sendRawTransaction":
            self.sent.append(params[0])
        return self.honest(method, params) if self.vice is None else self.vice(self, method, params)

    # What happens to the chain itself; through HTTP, so in the node's thread.

    def mine(self, blocks: int = 1) -> None:
        client = self.client()
        for _ in range(blocks):
            client.request("evm_mine")

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """What is mined inside is reorganised away at the end: other, empty blocks (and one more) replace it."""
        client = self.client()
        snapshot, before = client.request("evm_snapshot"), client.block_number()
        yield
        lost = client.block_number() - before
        assert client.request("evm_revert", [snapshot])
        client.request("evm_increaseTime", [3])  # else an empty block could be the very same again
        for _ in range(lost + 1):
            client.request("evm_mine")


@contextlib.contextmanager
def rpc_node(*, lag: int = 0) -> Iterator[RpcNode]:
    """A running node; ended at the end."""
    node = RpcNode(lag=lag)
    try:
        yield node
    finally:
        node.close()


# --- vices ----------------------------------------------------------------------------------------------------------


def dropping(every: int) -> Vice:
    """Each `every`-th request gets no answer and is not passed on."""

    def vice(node: RpcNode, method: str, params: list[Json]) -> Json:
        if sum(node.asked.values()) % every == 0:
            raise Hangup
        return node.honest(method, params)

    return vice


def swallowing(times: int = 10**9) -> Vice:
    """A transaction is taken and mined, and its answer is lost, `times` times; receipts too while it lasts."""
    left = [times]

    def vice(node: RpcNode, method: str, params: list[Json]) -> Json:
        found = node.honest(method, params)
        if method in ("eth_sendRawTransaction", "eth_getTransactionReceipt") and left[0] > 0:
            left[0] -= 1
            raise Hangup
        return found

    return vice


def unanswered(times: int) -> Vice:
    """Transactions are taken and mined, and the answers to the first `times` of them are lost."""
    left = [times]

    def vice(node: RpcNode, method: str, params: list[Json]) -> Json:
        found = node.honest(method, params)
        if method == "eth_sendRawTransaction" and left[0] > 0:
            left[0] -= 1
            raise Hangup
        return found

    return vice


def forgetting(node: RpcNode, method: str, params: list[Json]) -> Json:
    """Finds no transaction by its hash, also when it is sent once more; blocks still hold them."""
    if method == "eth_sendRawTransaction" and params[0] in node.sent[:-1]:
        raise RpcError(-32000, "nonce too low")
    if method in ("eth_getTransactionReceipt", "eth_getTransactionByHash"):
        return None
    return node.honest(method, params)


def without_receipts(node: RpcNode, method: str, params: list[Json]) -> Json:
    """Mines everything, and has no receipt of anything: its index comes after its blocks."""
    return None if method == "eth_getTransactionReceipt" else node.honest(method, params)


def slow(seconds: float) -> Vice:
    """Every answer comes late."""

    def vice(node: RpcNode, method: str, params: list[Json]) -> Json:
        time.sleep(seconds)
        return node.honest(method, params)

    return vice


def hasty(node: RpcNode, method: str, params: list[Json]) -> Json:
    """Calls final what is not even mined: a block above its own newest."""
    if method == "eth_getBlockByNumber" and params[0] == "finalized":
        newest = node.honest(method, ["latest", False])
        return newest | {"number": hex(int(newest["number"], 16) + 5), "hash": "0x" + "ab" * 32}
    return node.honest(method, params)


class _Server(HTTPServer):
    node: RpcNode


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer: dict[str, Json] = {"jsonrpc": "2.0", "id": question["id"]}
        try:
            answer["result"] = self.server.node.answer(question["method"], question.get("params", []))
        except RpcError as error:
            answer["error"] = {"code": error.code, "message": error.message, "data": error.data}
        except Hangup:
            self.close_connection = True
            self.connection.close()
            return
        body = json.dumps(answer).encode()
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""
