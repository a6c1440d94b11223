"""A chain's node seen through a proxy that answers some requests itself: another name, another id, a refusal."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.doubles.serving import serving


class Refused(Exception):  # noqa: N818 (an answer, not a failure of the proxy)
    """Answer with a JSON-RPC error."""

    def __init__(self, message: str, code: int = -32601) -> None:
        super().__init__(message)
        self.answer = {"code": code, "message": message}


Reply = Callable[[list[Any]], Any]


@dataclass
class Proxy:
    """`url` to connect to; `asked` are the methods that were asked for, in order."""

    url: str
    asked: list[str] = field(default_factory=list)


def refusing(message: str, code: int = -32601) -> Reply:
    """A reply that refuses whatever is asked."""

    def reply(_: list[Any]) -> Any:
        raise Refused(message, code)

    return reply


CLOCK_OF_ITS_OWN: Mapping[str, Reply] = {
    "web3_clientVersion": lambda _: "Somebody/v1",
    "evm_increaseTime": refusing("the method evm_increaseTime does not exist"),
    "evm_mine": refusing("the method evm_mine does not exist"),
}
"""What makes a development node look like one whose clock nobody moves."""


@contextmanager
def proxied(upstream: str, replies: Mapping[str, Reply]) -> Iterator[Proxy]:
    """`replies` by method; everything else goes to the node at `upstream`."""
    proxy = Proxy("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = json.loads(body)
            proxy.asked.append(request["method"])
            own = replies.get(request["method"])
            if own is None:
                forwarded = urllib.request.Request(upstream, body, {"Content-Type": "application/json"})
                with urllib.request.urlopen(forwarded, timeout=60) as answer:
                    self._send(answer.read())
                return
            told: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
            try:
                told["result"] = own(request["params"])
            except Refused as refused:
                told["error"] = refused.answer
            self._send(json.dumps(told).encode())

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield proxy
