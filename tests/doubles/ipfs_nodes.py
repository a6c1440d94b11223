"""IPFS nodes that misbehave: a small local HTTP server that is an RPC and a gateway at once, with one vice.

A vice begins after `honest_for` good blocks, so that a node can also turn bad in the middle of a file.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.doubles.serving import serving
from unwrapped_dao.storage.cid import CID, cid_of

VICES = (
    "lying",  # one changed byte
    "swapping",  # another block, whole and sound
    "slow",  # takes the question and says nothing
    "dripping",  # one byte now and then
    "truncating",  # promises the whole block, sends half, hangs up
    "shortening",  # sends half and calls it whole
    "endless",  # never stops sending
    "nonsense",  # a friendly web page
    "empty",  # success, no bytes
    "failing",  # server error
    "circling",  # redirects to itself
    "hanging_up",  # closes without an answer
    "resetting",  # sends half and resets the connection
)
# Vices of the RPC's other answers; blocks are given honestly.
RPC_VICES = ("misnaming", "forgetful", "rambling", "deaf")


class IpfsNode(ThreadingHTTPServer):
    """`blocks` by digest; `asked` counts block requests; to the URL `elsewhere` it sends on whoever wants one."""

    daemon_threads = True

    def __init__(self, vice: str = "", *, honest_for: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vice = vice
        self.honest_for = honest_for
        self.blocks: dict[bytes, bytes] = {}
        self.pinned: set[str] = set()
        self.asked = 0
        self.elsewhere: str | None = None
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def put(self, data: bytes) -> CID:
        return cid_of(io.BytesIO(data), lambda cid, block: self.blocks.__setitem__(cid.digest, block))

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hanging up on a bad node are what these tests are about; no traceback for it."""


@contextlib.contextmanager
def ipfs_node(vice: str = "", *, honest_for: int = 0) -> Iterator[IpfsNode]:
    assert vice in ("", *VICES, *RPC_VICES)
    node = IpfsNode(vice, honest_for=honest_for)
    with serving(node, closing=node.closing):
        yield node


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: IpfsNode

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:  # the gateway
        path = urlsplit(self.path)
        assert path.path.startswith("/ipfs/") and parse_qs(path.query) == {"format": ["raw"]}, self.path
        self._block(CID.parse(path.path.removeprefix("/ipfs/")), rpc=False)

    def do_POST(self) -> None:  # the RPC
        url = urlsplit(self.path)
        arguments = parse_qs(url.query)
        body = self._body()
        vice = self.server.vice
        if vice == "deaf":
            self.server.closing.wait(30)
            return
        if vice == "rambling":
            self._send(200, b'["what?", {"Keys": 7}]', "application/json")
            return
        match url.path.removeprefix("/api/v0/"):
            case "block/get":
                self._block(CID.parse(arguments["arg"][0]), rpc=True)
            case "add":
                head, content = body.split(b"\r\n\r\n", 1)
                content = content[: content.rindex(b"\r\n" + head.split(b"\r\n")[0])]
                if vice in ("hanging_up", "truncating"):
                    self.close_connection = True
                    return
                if vice == "failing":
                    self._send(500, b'{"Message": "disk is on fire", "Code": 0, "Type": "error"}', "application/json")
                    return
                cid = str(self.server.put(content + b"!" if vice == "misnaming" else content))
                if arguments["pin"] == ["True"]:
                    self.server.pinned.add(cid)
                self._json({"Name": "", "Hash": cid, "Size": str(len(content))})
            case "pin/add":
                self.server.pinned.add(arguments["arg"][0])
                self._json({"Pins": arguments["arg"]})
            case "pin/ls":
                pinned = set() if vice == "forgetful" else self.server.pinned
                asked = set(arguments.get("arg", pinned))
                if asked - pinned:
                    answer = {"Message": f"path '{asked.pop()}' is not pinned", "Code": 0, "Type": "error"}
                    self._send(500, json.dumps(answer).encode(), "application/json")
                else:
                    self._json({"Keys": {cid: {"Type": "recursive"} for cid in asked}})
            case other:
                raise AssertionError(f"not played here: {other}")

    def _block(self, cid: CID, *, rpc: bool) -> None:
        node = self.server
        node.asked += 1
        block = node.blocks.get(cid.digest)
        if block is None:
            if rpc:
                message = {"Message": "block was not found locally (offline)", "Code": 0, "Type": "error"}
                self._send(500, json.dumps(message).encode(), "application/json")
            else:
                self._send(404, b"no such block")
            return
        if node.elsewhere is not None:
            self._redirect(node.elsewhere + self.path)
            return
        vice = node.vice if node.asked > node.honest_for and node.vice in VICES else ""
        half = block[: len(block) // 2]
        match vice:
            case "":
                self._send(200, block)
            case "lying":
                self._send(200, block[:-1] + bytes([block[-1] ^ 1]))
            case "swapping":
                self._send(200, next(other for digest, other in node.blocks.items() if digest != cid.digest))
            case "shortening":
                self._send(200, half)
            case "empty":
                self._send(200, b"")
            case "nonsense":
                self._send(200, b"<html>Welcome!</html>", "text/html")
            case "failing":
                self._send(500, b"oops")
            case "circling":
                self._redirect(self.path)
            case "slow":
                node.closing.wait(30)
            case "hanging_up":
                self.close_connection = True
            case "truncating":
                self._send(200, half, length=len(block))
                self.close_connection = True
            case "resetting":
                self._send(200, half, length=len(block))
                self.wfile.flush()
                # With no time to linger, closing a socket is a reset (socket(7), SO_LINGER).
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
            case "dripping":
                self._stream(bytes([byte]) for byte in block)
            case "endless":
                self._stream(iter(lambda: bytes(1 << 16), None), pause_s=0)

    def _redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _stream(self, pieces: Iterator[bytes], *, pause_s: float = 0.02) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        ends = time.monotonic() + 30
        for piece in pieces:
            if self.server.closing.is_set() or time.monotonic() > ends:
                return
            self.wfile.write(piece)
            if pause_s:
                time.sleep(pause_s)

    def _json(self, answer: dict[str, object]) -> None:
        self._send(200, json.dumps(answer).encode() + b"\n", "application/json")

    def _send(
        self, status: int, body: bytes, kind: str = "application/octet-stream", length: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body
