"""The embedded chain as a node: JSON-RPC over HTTP on 127.0.0.1, so that several processes share it without Node.js."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

from eth_account.signers.local import LocalAccount

from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.chain.transport import RpcError


@dataclass(frozen=True)
class ChainServer:
    """A running node with its faucet."""

    url: str
    faucet: LocalAccount

    def client(self) -> ChainClient:
        return ChainClient.connect(self.url, patience_s=600)

    def fund(self, *addresses: str) -> None:
        client = self.client()
        for address in addresses:
            client.send(self.faucet, address, value=10**19)


class _Server(HTTPServer):
    request_queue_size = 128  # of connections that wait; five, the default, are soon lost on a busy machine


@contextmanager
def chain_server() -> Iterator[ChainServer]:
    """One thread owns the chain and answers one request after the other."""
    started: Queue[tuple[HTTPServer, LocalAccount]] = Queue()
    thread = threading.Thread(target=_serve, args=(started,), daemon=True)
    thread.start()
    server, faucet = started.get(timeout=60)
    try:
        yield ChainServer(f"http://127.0.0.1:{server.server_port}", faucet)
    finally:
        server.shutdown()
        thread.join(10)


def _serve(started: Queue[tuple[HTTPServer, LocalAccount]]) -> None:
    with LocalChain.in_memory() as chain:

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked.get("id", 0)}
                try:
                    answer["result"] = chain.request(asked["method"], asked["params"])
                except RpcError as error:
                    answer["error"] = {"code": error.code, "message": error.message, "data": error.data}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

        server = _Server(("127.0.0.1", 0), Handler)
        started.put((server, chain.faucet))
        server.serve_forever(poll_interval=0.02)
        server.server_close()
