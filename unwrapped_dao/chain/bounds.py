"""What a node may cost who asks it: a session of requests whose answers are bounded in bytes and, as a whole, in time.

The time-out that requests knows starts anew with every byte, so that a slow drip outlives it; and it reads whatever
comes. Here a timer shuts the socket of a head that does not end, and a body is read as it comes.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

MOST_BYTES = 256 << 20
"""Of one answer, unpacked. The largest honest ones are pages of logs, which nodes themselves end far below."""
BODY_PATIENCE = 6
"""How many times its head's time-out an answer's body may take."""
_PIECE = 64 << 10


def bounded_session(timeout_s: float) -> requests.Session:
    """A session that gives up an answer: its head after `timeout_s`, its body after six times as long, or by length."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Bounded(timeout_s))
    return session


@contextmanager
def _cut_off(connection: HTTPConnection, after_s: Any) -> Iterator[None]:
    def shut() -> None:
        with suppress(OSError, AttributeError):  # it may be closed meanwhile
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(after_s, shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Head(HTTPConnection):
    def getresponse(self) -> Any:
        with _cut_off(self, self.timeout or 0):  # by now the time-out for what is read
            return super().getresponse()


class _TlsHead(HTTPSConnection):
    def getresponse(self) -> Any:
        with _cut_off(self, self.timeout or 0):
            return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Head


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsHead


class _Bounded(HTTPAdapter):
    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        super().__init__()

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def send(self, request: requests.PreparedRequest, *given: Any, **named: Any) -> requests.Response:
        response = super().send(request, *given, **named | {"stream": True})
        raw: BaseHTTPResponse = response.raw
        body, ends = bytearray(), time.monotonic() + BODY_PATIENCE * self._timeout_s
        try:
            while piece := raw.read1(_PIECE, decode_content=True):
                body += piece
                if len(body) > MOST_BYTES or time.monotonic() > ends:
                    raise requests.ConnectionError("The answer is too long, or too slow.", request=request)
        except HTTPError as problem:
            raise requests.ConnectionError("The answer breaks off.", request=request) from problem
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        response.raw = BytesIO(body)
        return response
