"""A server of `http.server` in a thread of this process, for as long as a test needs it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from typing import TypeVar

Server = TypeVar("Server", bound=BaseServer)


@contextmanager
def serving(server: Server, *, closing: threading.Event | None = None) -> Iterator[Server]:
    """`closing` is set first at the end, for handlers that wait."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        if closing is not None:
            closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
