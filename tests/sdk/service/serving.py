"""A server's routes on a free port of 127.0.0.1, in a thread of this process; and raw HTTP to speak to it with."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from unwrapped_dao.service.index_host import IndexServer
from unwrapped_dao.service.limits import Limits
from unwrapped_dao.service.openapi import SEALED_REQUEST
from unwrapped_dao.service.server import Server, Service


@contextmanager
def serving(service: Service, limits: Limits | None = None, *, sweep_s: float = 3600) -> Iterator[str]:
    """The URL of a running validator's server."""
    with listening(Server(service, limits or Limits(), sweep_s=sweep_s)) as url:
        yield url


@contextmanager
def listening(server: Server | IndexServer) -> Iterator[str]:
    """The URL of any server of this package."""
    ready = threading.Event()
    started: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        runner, ended = server.runner(), asyncio.Event()
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        started.append((port, asyncio.get_running_loop(), ended))
        ready.set()
        await ended.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert ready.wait(20)
    port, loop, ended = started[0]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(20)


def ask(
    url: str, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """(status, headers by lower-case name, body) of one request; `content_type` names that header."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        given.setdefault("content-type", SEALED_REQUEST)
    try:
        connection.request(method, path, body=body, headers=given)
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


def raw(url: str, data: bytes) -> socket.socket:
    """A connection on which these bytes were sent and that stays open."""
    host, _, port = url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.sendall(data)
    return connection
