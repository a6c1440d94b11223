"""A JSON-RPC server that says exactly what a test has it say, down to the bytes. There is no chain behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.doubles.serving import serving


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    params: list[Any]
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Answering:
    """`url` to connect to; `asked` is every request, in order."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def methods(self) -> list[str]:
        return [asked.method for asked in self.asked]


def result(value: Any) -> Answer:
    return Answer(body=json.dumps({"jsonrpc": "2.0", "id": 0, "result": value}).encode())


def error(code: int, message: str, data: Any = None, *, status: int = 200) -> Answer:
    told = {"jsonrpc": "2.0", "id": 0, "error": {"code": code, "message": message, "data": data}}
    return Answer(status, json.dumps(told).encode())


@contextmanager
def answering(reply: Callable[[Asked], Answer], *, path: str = "", login: str = "") -> Iterator[Answering]:
    """`path` and `login` ("user:password@") become part of the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked = Asked(request["method"], request["params"], self.path, dict(self.headers))
            server.asked.append(asked)
            answer = reply(asked)
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # whoever asked may have given up
                self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Answering(f"http://{login}127.0.0.1:{listening.server_port}{path}")
    with serving(listening):
        yield server
