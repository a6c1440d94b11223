"""Validators that misbehave: a small local HTTP server with one vice, around an honest service or around nothing."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
from eth_account.signers.local import LocalAccount

from tests.doubles.serving import serving
from unwrapped_dao.app.serving import ValidatorService
from unwrapped_dao.chain import eip712
from unwrapped_dao.crypto.sealed_request import EncryptionKey, OpenedRequest, Recipient
from unwrapped_dao.service.openapi import SEALED_ANSWER
from unwrapped_dao.service.wire import Answer, Attested, Held, KeyRecord, Refused, decode_answer, encode

TRANSPORT_VICES = (
    "deaf",  # takes the request and says nothing
    "dripping",  # one byte now and then
    "truncating",  # promises the whole answer, sends half, hangs up
    "endless",  # never stops sending
    "nonsense",  # a friendly web page
    "failing",  # server error
    "busy",  # always later
    "busy_for_ever",  # later, by a number of seconds with five thousand digits
    "hanging_up",  # closes without an answer
    "empty",  # success, no bytes
    "redirecting",  # says that the answer is elsewhere
)
ANSWER_VICES = (
    "replaying",  # a good answer, to another request
    "echoing",  # what was sent
    "altering",  # one byte changed on the way
    "misweighing",  # another weight, properly signed
    "forging",  # the right content, signed by nobody
    "other_content",  # properly signed, over another envelope
    "other_member",  # properly signed, for somebody else
    "huge",  # a refusal of many megabytes
    "deep",  # an answer of nested lists
    "answering_else",  # an answer to another question
    "refusing",  # a refusal without a reason
)
RECORD_VICES = (
    "in_between",  # a key of its own in the place of the validator's
    "stranger",  # vouched for by an account that is no validator
    "elsewhere",  # of another collective
    "stale",  # expired
)


@dataclass
class Vicious(ThreadingHTTPServer):
    """`asked` counts requests, `seen` collects their bodies."""

    vice: str
    service: ValidatorService
    account: LocalAccount
    record: KeyRecord
    key: EncryptionKey
    domain: eip712.Domain
    stranger: LocalAccount
    old_answer: bytes = b""
    elsewhere: int = 9
    """The port that a redirecting one names."""
    asked: int = 0
    seen: list[bytes] = field(default_factory=list)

    daemon_threads = True

    def __post_init__(self) -> None:
        assert self.vice in (*TRANSPORT_VICES, *ANSWER_VICES, *RECORD_VICES), self.vice
        super().__init__(("127.0.0.1", 0), _Handler)
        self.closing = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hanging up is what these tests are about."""

    def said_record(self) -> KeyRecord:
        record, account = self.record, self.account
        key, expiry = bytes.fromhex(record.key), record.expiry
        if self.vice == "elsewhere":
            return msgspec.structs.replace(record, registry="0x" + "99" * 20)
        if self.vice == "in_between":
            key, account = EncryptionKey.generate().public, self.stranger
        if self.vice == "stale":
            expiry = 1
        validator = record.validator
        if self.vice == "stranger":
            account, validator = self.stranger, self.stranger.address
        signature = eip712.sign(account, self.domain, eip712.EncryptionKey(validator, key, expiry))
        return msgspec.structs.replace(
            record, validator=validator, key=key.hex(), expiry=expiry, signature=signature.hex()
        )

    def answer(self, body: bytes) -> bytes:
        with self.lock:
            honest = self.service.handle(io.BytesIO(body))
        if self.vice == "replaying" and self.old_answer:
            return self.old_answer
        self.old_answer = self.old_answer or honest
        if self.vice == "echoing":
            return body
        if self.vice == "altering":
            return honest[:60] + bytes([honest[60] ^ 1]) + honest[61:]
        if self.vice == "huge":
            return self._sealed(
                body, b'{"outcome":"refused","why":"refused","hint":"","message":"' + b"x" * (64 << 20) + b'"}'
            )
        if self.vice == "deep":
            return self._sealed(body, b"[" * 20_000 + b"]" * 20_000)
        recipient = Recipient.of(self.record.chain_id, self.record.registry, self.record.validator)
        opened = OpenedRequest(io.BytesIO(body), self.key, recipient)
        true = decode_answer(opened.answer_key.open(honest))
        return opened.answer_key.seal(encode(self._lie(true, opened)))

    def _sealed(self, body: bytes, said: bytes) -> bytes:
        recipient = Recipient.of(self.record.chain_id, self.record.registry, self.record.validator)
        return OpenedRequest(io.BytesIO(body), self.key, recipient).answer_key.seal(said)

    def _lie(self, said: Answer, opened: OpenedRequest) -> Answer:
        if self.vice == "answering_else":
            return Held(())
        if self.vice == "refusing":
            return Refused("refused", "No.\x1b[2J\nReally", "Go\raway.")
        if not isinstance(said, Attested):
            return said
        if self.vice == "forging":
            return msgspec.structs.replace(said, signature="11" * 32 + "22" * 32)
        if self.vice in ("misweighing", "other_content", "other_member"):
            asked = msgspec.json.decode(opened.manifest)
            member = self.stranger.address if self.vice == "other_member" else asked["member"]
            content = bytes(32) if self.vice == "other_content" else bytes.fromhex(asked["content"])
            weight = said.weight + (self.vice == "misweighing")
            message = eip712.Contribution(
                member, *(bytes.fromhex(asked["scope_id"]), asked["epoch"], asked["version"]), content, weight,
                bytes.fromhex(said.fingerprint), bytes.fromhex(said.report), asked["expiry"],
            )  # fmt: skip
            signature = eip712.sign(self.account, self.domain, message).hex()
            return msgspec.structs.replace(said, weight=weight, signature=signature)
        return said


@contextlib.contextmanager
def running(server: Vicious) -> Iterator[Vicious]:
    with serving(server, closing=server.closing):
        yield server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Vicious

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._send(200, encode(self.server.said_record()), "application/json")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        self.server.seen.append(body)
        vice = self.server.vice
        match vice:
            case "deaf":
                self.server.closing.wait(30)
                self.close_connection = True
            case "hanging_up":
                self.close_connection = True
            case "nonsense":
                self._send(200, b"<html>Welcome!</html>", "text/html")
            case "empty":
                self._send(200, b"")
            case "redirecting":
                self._send(307, b"", Location=f"http://127.0.0.1:{self.server.elsewhere}/v1/requests")
            case "failing":
                self._send(500, b"{}", "application/problem+json")
            case "busy":
                self._send(503, b"{}", "application/problem+json", **{"Retry-After": "0"})
            case "busy_for_ever":
                self._send(503, b"{}", "application/problem+json", **{"Retry-After": "9" * 5_000})
            case "endless":
                self._head(200, 1 << 40)
                with contextlib.suppress(OSError):
                    while not self.server.closing.is_set():
                        self.wfile.write(b"x" * 65_536)
                self.close_connection = True
            case "dripping":
                self._head(200, 2_000)
                with contextlib.suppress(OSError):
                    while not self.server.closing.is_set():
                        self.wfile.write(b"x")
                        self.wfile.flush()
                        time.sleep(0.1)
                self.close_connection = True
            case "truncating":
                answer = self.server.answer(body)
                self._head(200, len(answer))
                self.wfile.write(answer[: len(answer) // 2])
                self.close_connection = True
            case _:
                self._send(200, self.server.answer(body))

    def _head(self, status: int, length: int, media: str = SEALED_ANSWER, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, status: int, body: bytes, media: str = SEALED_ANSWER, **headers: str) -> None:
        self._head(status, len(body), media, **headers)
        self.wfile.write(body)
