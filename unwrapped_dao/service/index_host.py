"""The host of the index log over HTTP: it orders what the validators write, and cannot read it.

Only accounts that the registry has as validators at this moment may read or write. What it holds of anybody is in
docs/spec/index-log.md; secrecy does not rest on TLS, but who sits in between can withhold what was written.
"""

from __future__ import annotations

import asyncio
import io
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Self, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from ..chain import eip712
from ..chain.collective import Collective
from ..errors import AttestationError, SettingsError, TemporaryError, UntrustedDataError, WorkspaceBusyError
from ..validation.log import MAX_BODY, MAX_FREED, Entry, IndexLog, genesis
from .http import Patience, Worker, problems, receive, refusal, run, runner_of
from .limits import Quota, network
from .wire import Address, Uint

INDEX_LOG = "application/vnd.unwrapped-dao.index-log"
MAX_REQUEST = MAX_BODY + 9 * MAX_FREED + 1_024
PAGE_BYTES = 8 << 20
LONGEST_QUERY_S = 600
PER_PEER = 1_200
"""Requests of one address a minute: a verdict takes three."""
CONNECTIONS = 128
_UPLOAD_S = 60.0
_Result = TypeVar("_Result")


class Query(Struct, frozen=True, array_like=True):
    """What follows this position? `signature` is over EIP-712 `IndexQuery`."""

    validator: Address
    position: Annotated[int, Meta(ge=0, lt=1 << 53)]
    head: Annotated[bytes, Meta(min_length=32, max_length=32)]
    expiry: Uint
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class ForkError(UntrustedDataError):
    """A validator names a head that this log does not have."""


class IndexHost:
    """The log in one SQLite file, which one process has alone. Called from one thread."""

    def __init__(self, path: Path, collective: Collective) -> None:
        self._collective = collective
        self._genesis = genesis(collective.client.chain_id, collective.registry.address)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA secure_delete = ON")
            self._log = IndexLog(self._db, self._genesis)
            self._log.require_ours()
        except sqlite3.OperationalError as error:
            raise WorkspaceBusyError(f"The index log {path.name!r} is served already, or cannot be written.") from error
        except sqlite3.DatabaseError as error:
            raise SettingsError(f"The index log {path.name!r} cannot be opened: {error}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def last(self) -> tuple[int, bytes]:
        """(position, head)."""
        return self._log.last()

    def adopt(self, copy: Path) -> int:
        """Begin an empty log with the one in a validator's copy, after the host's own was lost; how many entries."""
        if self.last()[0]:
            raise SettingsError("This index log has entries already.", hint="Name a new file with --log.")
        try:
            source = sqlite3.connect(f"{copy.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)
            theirs = IndexLog(source, self._genesis)
            theirs.require_ours()
        except sqlite3.DatabaseError as error:
            raise SettingsError(f"{copy} is no validator's copy of an index log, or is in use.") from error
        self._db.execute("BEGIN IMMEDIATE")
        for entry in theirs.after(0, 1 << 62):
            self._log.append(entry)
        self._db.execute("COMMIT")
        source.close()
        return self.last()[0]

    def entries(self, query: Query) -> list[Entry]:
        """The next entries. Raises AttestationError for who may not ask, ForkError for who knows another history."""
        now = self._collective.client.now()
        if not now - LONGEST_QUERY_S <= query.expiry <= now + 2 * LONGEST_QUERY_S:
            raise AttestationError("The query has expired, or is valid for too long.")
        message = eip712.IndexQuery(query.validator, query.position, query.head, query.expiry)
        self._require_validator(query.validator, message, query.signature)
        if self._log.head_at(query.position) != query.head:
            raise ForkError("This log has another history.")
        return list(self._log.after(query.position, PAGE_BYTES))

    def append(self, entry: Entry) -> bool:
        """Durably in the log when True; False if its place is taken by another. Raises as `entries`."""
        entry.require_sound()
        if not entry.body:
            raise UntrustedDataError("An entry without a body is none.")
        previous = self._log.head_at(entry.position - 1)
        if previous is None:
            return False
        head = entry.head(previous)
        self._require_validator(entry.writer, eip712.IndexEntry(head), entry.signature)
        if (there := self._log.head_at(entry.position)) is not None:
            return there == head
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._log.append(entry)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return True

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _require_validator(self, address: str, message: eip712.Message, signature: bytes) -> None:
        registry = self._collective.registry
        domain = eip712.read_domain(self._collective.client, registry.address)
        eip712.require_signed_by(address, domain, message, signature)
        if not registry.is_validator(address):
            raise AttestationError(f"{address} is no current validator of this collective.")


class IndexServer:
    """Routes of the log's host; `run` serves until SIGINT or SIGTERM."""

    def __init__(self, host: IndexHost) -> None:
        self._host = host
        self._worker = Worker()
        self._peers = Quota(PER_PEER, 60.0)
        self._patience = Patience(CONNECTIONS)
        self._runner: web.AppRunner | None = None

    def application(self) -> web.Application:
        """Two questions and a sign of life."""
        application = web.Application(middlewares=[self._patience.middleware, problems])
        application.router.add_post("/v1/index/entries", self._entries)
        application.router.add_post("/v1/index/append", self._append)
        application.router.add_get("/v1/health", self._health)
        application.cleanup_ctx.append(self._housekeeping)
        return application

    async def _entries(self, request: web.Request) -> web.Response:
        query = await self._asked(request, Query)
        return _answer(await self._done(lambda: self._host.entries(query)))

    async def _append(self, request: web.Request) -> web.Response:
        entry = await self._asked(request, Entry)
        if not await self._done(lambda: self._host.append(entry)):
            raise refusal(409, "Another entry took this place", kind="taken")
        return _answer(entry.position)

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _asked(self, request: web.Request, kind: type[_Result]) -> _Result:
        if request.content_type != INDEX_LOG:
            raise refusal(415, f"A request is of the type {INDEX_LOG}")
        if request.content_length is None:
            raise refusal(411, "A request states its length")
        if request.content_length > MAX_REQUEST:
            raise refusal(413, "The request is larger than an entry may be")
        wait_s = self._peers.take(network(request.remote))
        if wait_s:
            raise refusal(429, "Too many requests", retry_s=int(wait_s) + 1)
        body = io.BytesIO()
        await receive(request, body, limit_s=_UPLOAD_S)
        try:
            return msgspec.msgpack.decode(body.getvalue(), type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise refusal(400, "Not as specified") from None

    async def _done(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await self._worker.do(work)
        except AttestationError:
            raise refusal(403, "Not signed by a current validator of this collective, or too long ago") from None
        except ForkError:
            raise refusal(409, "This log has another history than the validator", kind="history") from None
        except UntrustedDataError:
            raise refusal(400, "Not as specified") from None
        except (TemporaryError, sqlite3.OperationalError):  # the chain is away, or the disk full
            raise refusal(503, "Not just now", retry_s=5) from None

    async def _housekeeping(self, _: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(self._patience.watch(lambda: self._runner.server if self._runner else None))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await self._worker.do(lambda: None)
        self._worker.close()

    def runner(self) -> web.AppRunner:
        """aiohttp's runner of these routes."""
        self._runner = runner_of(self.application())
        return self._runner

    def run(self, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM."""
        run(self.runner, listener, on_ready)


def _answer(value: object) -> web.Response:
    return web.Response(body=msgspec.msgpack.encode(value), content_type=INDEX_LOG)
