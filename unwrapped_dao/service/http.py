"""What every server of this package has in common (aiohttp): one worker thread, problem documents, patience with slow
connections, a graceful end. Nobody's address, no header and no path of a request is logged or kept.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from ..errors import SettingsError
from .limits import MIN_RATE, PATIENCE_S
from .wire import PROBLEM, Problem, encode

_Result = TypeVar("_Result")
# aiohttp's own logger would name peers, paths and what was sent.
_SILENT = logging.getLogger("unwrapped_dao.silent")
_SILENT.disabled = True
_LOG = logging.getLogger(__name__)
SHUTDOWN_S = 60.0
"""How long what was received already may take when the server is asked to end."""


class Worker:
    """One thread that does one thing after the other, and that the end of the process does not wait for."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._work, name="validator", daemon=True).start()

    async def do(self, work: Callable[[], _Result]) -> _Result:
        """The result of `work`, once its turn came."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Result] = loop.create_future()

        def run() -> None:
            try:
                result = work()
            except BaseException as problem:
                tell(future.set_exception, problem)
            else:
                tell(future.set_result, result)

        def tell(told: Callable[[Any], None], what: Any) -> None:
            with suppress(RuntimeError):  # nobody waits any more: the loop is closed
                loop.call_soon_threadsafe(lambda: None if future.done() else told(what))

        self._queue.put(run)
        return await future

    def close(self) -> None:
        """End the thread once what it has is done."""
        self._queue.put(None)

    def _work(self) -> None:
        while (run := self._queue.get()) is not None:
            run()


class Patience:
    """Closes connections that do not get a request together; a server runs `watch` as a task.

    aiohttp waits for a request's head for ever, and for as many as care to connect.
    """

    def __init__(self, most: int, patience_s: float = PATIENCE_S) -> None:
        self._most = most
        self._patience_s = patience_s
        self._busy: set[object] = set()
        self._idle_since: dict[object, float] = {}

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Notes which connections have a request."""
        protocol = request.protocol
        self._busy.add(protocol)
        try:
            return await handler(request)
        finally:
            self._busy.discard(protocol)
            self._idle_since.pop(protocol, None)

    def look(self, server: web.Server) -> None:
        """Close what has been silent for too long, and what is too many."""
        now = time.monotonic()
        idle = [connection for connection in server.connections if connection not in self._busy]
        since: dict[object, float] = {connection: self._idle_since.get(connection, now) for connection in idle}
        oldest_first = sorted(idle, key=since.__getitem__)
        for at, connection in enumerate(oldest_first):
            if now - since[connection] > self._patience_s or len(server.connections) - at > self._most:
                connection.force_close()
                del since[connection]
        self._idle_since = since

    async def watch(self, server: Callable[[], web.Server | None]) -> None:
        """Look every now and then, until cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self._patience_s / 4))
            if (found := server()) is not None:
                self.look(found)


async def receive(request: web.Request, sink: BinaryIO, *, limit_s: float) -> None:
    """Copy the body, as long as it comes fast enough. Raises a 408 or 413 problem."""
    length = left = request.content_length or 0
    started = time.monotonic()
    pieces = request.content.iter_chunked(64 * 1024)
    while True:
        due_s = min(limit_s, PATIENCE_S + (length - left) / MIN_RATE)
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + due_s - (time.monotonic() - started)):
                piece = await anext(pieces, None)
        except TimeoutError:
            raise refusal(408, "The request took too long to arrive") from None
        if piece is None:
            return
        left -= len(piece)
        if left < 0:
            raise refusal(413, "The request is longer than it stated")
        sink.write(piece)


def runner_of(application: web.Application) -> web.AppRunner:
    """aiohttp's runner, which logs nobody's address."""
    return web.AppRunner(
        application, access_log=None, logger=_SILENT, keepalive_timeout=15.0, shutdown_timeout=SHUTDOWN_S
    )


def run(runner: Callable[[], web.AppRunner], listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; requests that were received by then are still answered."""
    asyncio.run(_run(runner, listener, on_ready))


async def _run(make: Callable[[], web.AppRunner], listener: socket.socket, on_ready: Callable[[], None]) -> None:
    runner = make()
    asked_to_end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_end.set)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        on_ready()
        await asked_to_end.wait()
    finally:
        await runner.cleanup()


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises SettingsError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as problem:
        raise SettingsError(
            f"Nobody can listen on {host} port {port}: {problem.strerror or problem}.",
            hint="Choose another --port, or end the program that uses it.",
        ) from problem
    return listener


def bound_url(listener: socket.socket) -> str:
    """Where it answers."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def refusal(status: int, title: str, *, kind: str = "", retry_s: int = 0) -> web.HTTPException:
    kinds: dict[int, type[web.HTTPError]] = {
        400: web.HTTPBadRequest,
        403: web.HTTPForbidden,
        408: web.HTTPRequestTimeout,
        409: web.HTTPConflict,
        411: web.HTTPLengthRequired,
    }
    kinds |= {415: web.HTTPUnsupportedMediaType, 429: web.HTTPTooManyRequests, 503: web.HTTPServiceUnavailable}
    body = encode(Problem(title, status, kind)).decode()
    # What was not read of a body is not waited for.
    headers = {"Connection": "close"} | ({"Retry-After": str(retry_s)} if retry_s else {})
    if status == 413:
        return web.HTTPRequestEntityTooLarge(0, 0, text=body, content_type=PROBLEM, headers=headers)
    return kinds[status](text=body, content_type=PROBLEM, headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is no answer is a problem document. Of a mistake of ours its kind and place are logged, never its text."""
    try:
        return await handler(request)
    except web.HTTPException as problem:
        if problem.content_type == PROBLEM:
            raise
        body = {"title": problem.reason, "status": problem.status}
        headers = {"Allow": problem.headers["Allow"]} if "Allow" in problem.headers else {}
        return web.json_response(body, status=problem.status, content_type=PROBLEM, headers=headers)
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as mistake:
        _LOG.error("%s at %s", type(mistake).__name__, _place(mistake))
        body = {"title": "A mistake of this server", "status": 500}
        return web.Response(text=json.dumps(body), status=500, content_type=PROBLEM)


def _place(mistake: BaseException) -> str:
    """File and line where it was raised; values of a request are in neither."""
    *_, last = traceback.extract_tb(mistake.__traceback__)
    return f"{Path(last.filename).name}:{last.lineno}"
