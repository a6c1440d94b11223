"""The validator's HTTP server (aiohttp): routes, limits, spooling, graceful end. What is asked is the desk's work.

Bodies are spooled as they come, sealed, in a file without a name, and worked on one at a time in a thread. Nobody's
address, no header and no path of a request is logged or kept.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, BinaryIO, Protocol, TypeVar, cast

from aiohttp import web
from aiohttp.typedefs import Handler

from ..errors import SealedRequestError, SettingsError
from .limits import MIB, Limits, Quota
from .openapi import PROBLEM, SEALED_ANSWER, SEALED_REQUEST, Health, document
from .wire import KeyRecord, Problem, encode

_SPOOL_IN_MEMORY = MIB
_BUSY_RETRY_S = 5
_Result = TypeVar("_Result")
# aiohttp's own logger would name peers, paths and what was sent.
_SILENT = logging.getLogger("unwrapped_dao.silent")
_SILENT.disabled = True
ENDING_S = 10.0
"""How long housekeeping may take then."""
SHUTDOWN_S = 60.0
"""How long what was received already may take when the server is asked to end."""


class Service(Protocol):
    """What the server needs of a validator. Called from one thread."""

    def handle(self, body: BinaryIO) -> bytes:
        """The sealed answer to a sealed request. Raises SealedRequestError."""
        ...

    def record(self) -> KeyRecord:
        """The encryption key's record, renewed when it is due."""
        ...

    def sweep(self) -> None:
        """Housekeeping; raises nothing."""
        ...


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


class Server:
    """One validator's routes. `application()` is for aiohttp; `run` serves until SIGINT or SIGTERM."""

    def __init__(self, service: Service, limits: Limits, *, sweep_s: float = 30.0) -> None:
        self._service = service
        self._limits = limits
        self._sweep_s = sweep_s
        self._worker = Worker()
        self._peers = Quota(limits.per_peer, 60.0)
        self._receiving = 0
        self._waiting = 0
        self._record: KeyRecord | None = None

    def application(self) -> web.Application:
        """Routes, and the housekeeping around them."""
        application = web.Application(middlewares=[_problems])
        application.router.add_get("/v1/validator", self._key_record)
        application.router.add_post("/v1/requests", self._request)
        application.router.add_get("/v1/health", self._health)
        application.router.add_get("/openapi.json", self._openapi)
        application.cleanup_ctx.append(self._housekeeping)
        return application

    async def _key_record(self, _: web.Request) -> web.Response:
        assert self._record is not None
        return web.Response(body=encode(self._record), content_type="application/json")

    async def _health(self, _: web.Request) -> web.Response:
        health = Health("ok", self._waiting)
        return web.json_response({"status": health.status, "waiting": health.waiting})

    async def _openapi(self, _: web.Request) -> web.Response:
        return web.json_response(document(self._limits.max_request_bytes))

    async def _request(self, request: web.Request) -> web.Response:
        self._admit(request)
        self._receiving += 1
        try:
            with tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY) as spool:
                try:
                    async with asyncio.timeout(self._limits.upload_s):
                        await self._receive(request, cast(BinaryIO, spool))
                except TimeoutError:
                    raise _refusal(408, "The request took too long to arrive") from None
                if self._waiting >= self._limits.waiting:
                    raise _refusal(503, "Too many requests wait", retry_s=_BUSY_RETRY_S)
                spool.seek(0)
                self._waiting += 1
                try:
                    # A client that hangs up does not stop its request: it may ask again and gets this answer.
                    answer = await self._in_thread(partial(self._service.handle, cast(BinaryIO, spool)))
                except SealedRequestError as problem:
                    raise _refusal(400, "No sealed request for this validator", kind=problem.kind) from None
                finally:
                    self._waiting -= 1
        finally:
            self._receiving -= 1
        return web.Response(body=answer, content_type=SEALED_ANSWER)

    def _admit(self, request: web.Request) -> None:
        """What can be refused before a byte of the body is read."""
        if request.content_type != SEALED_REQUEST:
            raise _refusal(415, f"A request is of the type {SEALED_REQUEST}")
        if request.content_length is None:
            raise _refusal(411, "A request states its length")
        if request.content_length > self._limits.max_request_bytes:
            raise _refusal(413, "The request is larger than this validator takes")
        wait_s = self._peers.take(request.remote or "")
        if wait_s:
            raise _refusal(429, "Too many requests", retry_s=int(wait_s) + 1)
        if self._receiving >= self._limits.uploads:
            raise _refusal(503, "Too many requests are being received", retry_s=_BUSY_RETRY_S)

    async def _receive(self, request: web.Request, spool: BinaryIO) -> None:
        left = request.content_length or 0
        async for piece in request.content.iter_chunked(64 * 1024):
            left -= len(piece)
            if left < 0:
                raise _refusal(413, "The request is longer than it stated")
            spool.write(piece)

    async def _housekeeping(self, _: web.Application) -> AsyncIterator[None]:
        self._record = await self._in_thread(self._service.record)
        task = asyncio.create_task(self._sweep())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        # Every request was answered by now. Housekeeping may hang on a node that is away, and may be cut off anywhere.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._in_thread(lambda: None), ENDING_S)
        self._worker.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_s)
            await self._in_thread(self._service.sweep)
            self._record = await self._in_thread(self._service.record)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await self._worker.do(work)

    def runner(self) -> web.AppRunner:
        """aiohttp's runner of these routes, which logs nobody's address."""
        return web.AppRunner(
            self.application(),
            access_log=None,
            logger=_SILENT,
            keepalive_timeout=15.0,
            shutdown_timeout=SHUTDOWN_S,
        )

    def run(self, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; requests that were received by then are still answered."""
        asyncio.run(self._run(listener, on_ready))

    async def _run(self, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        runner, asked_to_end = self.runner(), asyncio.Event()
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


def _refusal(status: int, title: str, *, kind: str = "", retry_s: int = 0) -> web.HTTPException:
    kinds: dict[int, type[web.HTTPError]] = {
        400: web.HTTPBadRequest,
        408: web.HTTPRequestTimeout,
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
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Everything that is no answer is a problem document, and no traceback is written anywhere."""
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
    except Exception:
        body = {"title": "A mistake of the validator", "status": 500}
        return web.Response(text=json.dumps(body), status=500, content_type=PROBLEM)
