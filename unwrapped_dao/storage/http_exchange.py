"""One HTTP question to a machine that is not trusted: bounded in bytes and, as a whole, in time.

A socket's own time-out starts anew with every byte, so a slow drip outlives it; here a timer shuts the
socket at the deadline. Standard library only, no proxies, no cookies, redirects left to the caller.
"""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import SplitResult

from ..errors import StorageUnavailableError


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    A body longer than the limit is cut one byte above it, so that its reader sees it was too long.
    """

    status: int
    location: str | None
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By lower-case name."""


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    url: SplitResult
    limit: int
    accept: str
    body: BinaryIO | None
    content_type: str

    def put(self, connection: http.client.HTTPConnection) -> None:
        target = f"{self.url.path}?{self.url.query}" if self.url.query else self.url.path
        headers = {"Accept": self.accept, "Accept-Encoding": "identity"}
        if self.body is None:
            connection.request(self.method, target, headers=headers)
            return
        headers |= {"Content-Type": self.content_type, "Content-Length": str(self.body.seek(0, os.SEEK_END))}
        self.body.seek(0)
        try:
            connection.request(self.method, target, body=self.body, headers=headers)
        except (BrokenPipeError, ConnectionResetError):
            """A peer that takes no such body says so before it has read it: its answer is there to be read."""


class _Response(http.client.HTTPResponse):
    """Python takes the length of a chunk with a sign, and reads a chunk of -1 bytes until the connection ends."""

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]  # private to http.client; tested
        if size < 0:
            raise ValueError("a chunk has a negative length")
        return size


class HttpExchange:
    """Asks one peer, called `name` in messages, and keeps its connections open between questions."""

    def __init__(self, name: str, *, timeout_s: float) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._kept: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def ask(
        self,
        method: str,
        url: SplitResult,
        *,
        limit: int,
        accept: str = "*/*",
        body: BinaryIO | None = None,
        content_type: str = "application/octet-stream",
    ) -> Answer:
        """One question within `timeout_s`. Anything but an answer is a StorageUnavailableError that names the peer.

        Questions must be harmless to repeat: one on a connection that turns out to be closed is put again
        on a fresh one. `body` is a seekable file, sent from its beginning.
        """
        question = _Question(method, url, limit, accept, body, content_type)
        deadline = time.monotonic() + self._timeout_s
        key = (url.scheme, url.netloc)
        reused = key in self._kept
        try:
            try:
                return self._once(question, deadline)
            except (ConnectionError, http.client.BadStatusLine):
                if not reused or time.monotonic() > deadline:
                    raise
            return self._once(question, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise StorageUnavailableError(
                f"{self._name} gave no usable answer: {reason[:200]}.",
                hint="Try again later or name another one; nothing that came was used.",
            ) from error

    def close(self) -> None:
        """End the kept connections."""
        while self._kept:
            self._kept.popitem()[1].close()

    def _once(self, question: _Question, deadline: float) -> Answer:
        url, limit = question.url, question.limit
        key = (url.scheme, url.netloc)
        connection = self._kept.pop(key, None) or _connection(url, max(0.001, deadline - time.monotonic()))
        keep = False
        try:
            if connection.sock is None:
                connection.connect()
            with _cut_off(connection.sock, deadline) as timed_out:
                try:
                    question.put(connection)
                    response = connection.getresponse()
                    body = response.read(limit + 1)
                    if len(body) <= limit and response.length:
                        raise http.client.IncompleteRead(body, response.length)
                except (OSError, http.client.HTTPException, ValueError):
                    if not timed_out.is_set():
                        raise
                if timed_out.is_set():  # also where the cut looked like the end of the body
                    raise TimeoutError(f"no whole answer within {self._timeout_s:g} seconds")
            keep = response.isclosed() and not response.will_close
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers.get("location"), body, headers)
        finally:
            if keep:
                self._kept[key] = connection
            else:
                connection.close()


@contextmanager
def _cut_off(sock: socket.socket, deadline: float) -> Iterator[threading.Event]:
    """Shut the socket at the deadline, and say so."""
    timed_out = threading.Event()

    def shut() -> None:
        timed_out.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield timed_out
    finally:
        timer.cancel()


def _connection(url: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.netloc, timeout=timeout_s)
    connection.response_class = _Response
    return connection
