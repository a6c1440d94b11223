"""The validator's HTTP server: routes, limits, spooling, housekeeping. What is asked is the desk's work.

Bodies are spooled as they come, sealed, in a file without a name, and worked on one at a time in a thread.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import BinaryIO, Protocol, cast

from aiohttp import web

from ..errors import SealedRequestError
from .http import Patience, Worker, problems, receive, refusal, run, runner_of
from .limits import MIB, Limits, Quota, network
from .openapi import SEALED_ANSWER, SEALED_REQUEST, Health, document
from .wire import KeyRecord, encode

_SPOOL_IN_MEMORY = MIB
_BUSY_RETRY_S = 5
ENDING_S = 10.0
"""How long housekeeping may take when the server is asked to end."""


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


class Server:
    """One validator's routes. `application()` is for aiohttp; `run` serves until SIGINT or SIGTERM."""

    def __init__(self, service: Service, limits: Limits, *, sweep_s: float = 30.0) -> None:
        self._service = service
        self._limits = limits
        self._sweep_s = sweep_s
        self._worker = Worker()
        self._peers = Quota(limits.per_peer, 60.0)
        self._patience = Patience(limits.connections, limits.head_s)
        self._runner: web.AppRunner | None = None
        self._receiving = 0
        self._waiting = 0
        self._record: KeyRecord | None = None

    def application(self) -> web.Application:
        """Routes, and the housekeeping around them."""
        application = web.Application(middlewares=[self._patience.middleware, problems])
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
                await receive(request, cast(BinaryIO, spool), limit_s=self._limits.upload_s)
                if self._waiting >= self._limits.waiting:
                    raise refusal(503, "Too many requests wait", retry_s=_BUSY_RETRY_S)
                spool.seek(0)
                self._waiting += 1
                try:
                    # A client that hangs up does not stop its request: it may ask again and gets this answer.
                    answer = await self._worker.do(partial(self._service.handle, cast(BinaryIO, spool)))
                except SealedRequestError as problem:
                    raise refusal(400, "No sealed request for this validator", kind=problem.kind) from None
                finally:
                    self._waiting -= 1
        finally:
            self._receiving -= 1
        return web.Response(body=answer, content_type=SEALED_ANSWER)

    def _admit(self, request: web.Request) -> None:
        """What can be refused before a byte of the body is read."""
        if request.content_type != SEALED_REQUEST:
            raise refusal(415, f"A request is of the type {SEALED_REQUEST}")
        if request.content_length is None:
            raise refusal(411, "A request states its length")
        if request.content_length > self._limits.max_request_bytes:
            raise refusal(413, "The request is larger than this validator takes")
        wait_s = self._peers.take(network(request.remote))
        if wait_s:
            raise refusal(429, "Too many requests", retry_s=int(wait_s) + 1)
        if self._receiving >= self._limits.uploads:
            raise refusal(503, "Too many requests are being received", retry_s=_BUSY_RETRY_S)

    async def _housekeeping(self, _: web.Application) -> AsyncIterator[None]:
        self._record = await self._worker.do(self._service.record)
        tasks = [asyncio.create_task(work) for work in (self._sweep(), self._patience.watch(self._listening))]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        # Every request was answered by now. Housekeeping may hang on a node that is away, and may be cut off anywhere.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._worker.do(lambda: None), ENDING_S)
        self._worker.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_s)
            await self._worker.do(self._service.sweep)
            self._record = await self._worker.do(self._service.record)

    def _listening(self) -> web.Server | None:
        return self._runner.server if self._runner else None

    def runner(self) -> web.AppRunner:
        """aiohttp's runner of these routes."""
        self._runner = runner_of(self.application())
        return self._runner

    def run(self, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; requests that were received by then are still answered."""
        run(self.runner, listener, on_ready)
