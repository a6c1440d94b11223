"""One HTTP question to a machine that is not trusted: bounded in bytes and, as a whole, in time.

A socket's own time-out starts anew with every byte, so a slow drip outlives it; here a timer shuts the
socket at the deadline. Standard library only, no proxies, no cookies, redirects left to the caller.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult

from unwrapped_dao.errors import StorageUnavailableError


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    A body longer than the limit is cut one byte above it, so that its reader sees it was too long.
    """

    status: int
    location: str | None
    body: bytes


class HttpExchange:
    """Asks one peer, called `name` in messages, and keeps its connections open between questions."""

    def __init__(self, name: str, *, timeout_s: float) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._kept: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def ask(self, method: str, url: SplitResult, *, limit: int, accept: str = "*/*") -> Answer:
        """One question within `timeout_s`. Anything but an answer is a StorageUnavailableError that names the peer.

        Questions must be harmless to repeat: one on a connection that turns out to be closed is put again
        on a fresh one.
        """
        deadline = time.monotonic() + self._timeout_s
        key = (url.scheme, url.netloc)
        reused = key in self._kept
        try:
            try:
                return self._once(method, url, deadline, limit, accept)
            except (ConnectionError, http.client.BadStatusLine):
                if not reused or time.monotonic() > deadline:
                    raise
            return self._once(method, url, deadline, limit, accept)
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

    def _once(self, method: str, url: SplitResult, deadline: float, limit: int, accept: str) -> Answer:
        key = (url.scheme, url.netloc)
        connection = self._kept.pop(key, None) or _connection(url, max(0.001, deadline - time.monotonic()))
        keep = False
        try:
            if connection.sock is None:
                connection.connect()
            with _cut_off(connection.sock, deadline) as timed_out:
                try:
                    target = f"{url.path}?{url.query}" if url.query else url.path
                    headers = {"Accept": accept, "Accept-Encoding": "identity"}
                    connection.request(method, target, headers=headers)
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
            return Answer(response.status, response.getheader("Location"), body)
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
    if url.scheme == "https":
        return http.client.HTTPSConnection(url.netloc, timeout=timeout_s)
    return http.client.HTTPConnection(url.netloc, timeout=timeout_s)
