"""A process that dies by SIGKILL right before its k-th durable step, or counts its steps.

A step is whatever another process could see the absence of: a file created, written, synced, renamed, linked or
removed, a database transaction committed, a request that changes something sent to a node, the result told. Python's
audit events report most of them; a few functions are wrapped in this process alone. Nothing of this is in the package:
`install` is called in a forked child that runs one command and never returns to the test.
"""

from __future__ import annotations

import builtins
import http.client
import io
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_PATH_EVENTS = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
_CHANGING_REQUESTS = (
    b"eth_sendRawTransaction",
    b"eth_sendTransaction",
    b"evm_",
    b"/api/v0/add",
    b"/api/v0/pin/add",
    b"/api/v0/block/put",
)
_OUTSIDE_A_TRANSACTION = ("INSERT", "UPDATE", "DELETE", "CREATE")
_write, _kill = os.write, os.kill  # before they are wrapped


class Steps:
    """The steps of one process under `folder`. `deadly` is the step before which it dies; None: none of them."""

    def __init__(self, folder: Path, log: int, deadly: int | None) -> None:
        self._folder = f"{folder.resolve()}/"
        self._log = log
        self._deadly = deadly
        self._count = 0

    def step(self, what: str, dying: Callable[[], None] | None = None) -> None:
        """One step is about to happen; `dying` does the part of it that a killed process may leave behind."""
        self._count += 1
        _write(self._log, f"{what}\n".encode())
        if self._count == self._deadly:
            if dying is not None:
                dying()
            _kill(os.getpid(), signal.SIGKILL)

    def name(self, path: Any) -> str | None:
        """How a file of the folder is told; None for any other, and for locks, which hold nothing."""
        if isinstance(path, int) or path is None:
            return None
        full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 (follows no link, as the events do not)
        if not full.startswith(self._folder) or full.endswith("/lock"):
            return None
        return _without_chance(full.removeprefix(self._folder))


def install(folder: Path, log: int, deadly: int | None) -> Steps:
    """Watch this process from now on; `log` is a file descriptor that takes a line for each step."""
    steps = Steps(folder, log, deadly)
    _watch_files(steps)
    _watch_databases(steps)
    _watch_requests(steps)
    return steps


def _without_chance(name: str) -> str:
    """Digits and random letters of temporary names out of the way, so that the same step is called the same."""
    parts = Path(name).parts
    return "/".join(f"{part[:6]}…" if len(part) > 34 or part.startswith(".") else part for part in parts)


def _watch_files(steps: Steps) -> None:
    def heard(event: str, facts: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = facts
            if isinstance(flags, int) and flags & _CHANGES and (name := steps.name(path)):
                steps.step(f"open {name}")
        elif event in _PATH_EVENTS:
            relative = event in ("os.remove", "os.rmdir") and facts[-1] != -1  # rmtree works below an open folder
            name = os.fsdecode(facts[0]) if relative else steps.name(facts[0])
            if name:
                steps.step(f"{event.removeprefix('os.')} {name}")

    sys.addaudithook(heard)
    open_file, open_handle, fsync, write = io.open, os.open, os.fsync, os.write

    def opened(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        made = open_file(file, mode, *args, **options)
        if set(mode) & set("wxa+") and (name := steps.name(file)):
            steps.step(f"opened {name}, nothing is in it yet")
        return made

    def opened_handle(path: Any, flags: int, *args: Any, **options: Any) -> int:
        handle = open_handle(path, flags, *args, **options)
        if flags & os.O_CREAT and (name := steps.name(path)):
            steps.step(f"created {name}")
        return handle

    def synced(handle: Any) -> None:
        if name := steps.name(_path_of(handle)):
            steps.step(f"fsync {name}")
        fsync(handle)

    def written(handle: int, data: Any) -> int:
        if name := steps.name(_path_of(handle)):
            steps.step(f"write {name}", dying=lambda: _half(handle, data))
        return write(handle, data)

    io.open = builtins.open = opened  # type: ignore[assignment]
    os.open, os.fsync, os.write = opened_handle, synced, written  # type: ignore[assignment]


def _path_of(handle: Any) -> str:
    return os.readlink(f"/proc/self/fd/{handle if isinstance(handle, int) else handle.fileno()}")  # noqa: PTH115


def _half(handle: int, data: Any) -> None:
    _write(handle, memoryview(data)[: len(data) // 2])


def _watch_databases(steps: Steps) -> None:
    connect = sqlite3.connect

    def connected(path: Any, *args: Any, **options: Any) -> sqlite3.Connection:
        name = steps.name(path) if path != ":memory:" else None
        if name is None:
            return connect(path, *args, **options)
        steps.step(f"connect {name}")

        class Connection(sqlite3.Connection):
            def execute(self, query: str, *values: Any) -> sqlite3.Cursor:
                verb = query.split(None, 1)[0].upper()
                if verb == "COMMIT":
                    steps.step(f"commit to {name}")
                    done = super().execute(query, *values)
                    steps.step(f"committed to {name}")
                    return done
                if verb in _OUTSIDE_A_TRANSACTION and not self.in_transaction:
                    steps.step(f"{verb.lower()} in {name}")
                return super().execute(query, *values)

            def executescript(self, script: str) -> sqlite3.Cursor:
                steps.step(f"schema of {name}")
                return super().executescript(script)

            def backup(self, *args: Any, **options: Any) -> None:
                steps.step(f"copy of {name}")
                super().backup(*args, **options)

        return connect(path, *args, factory=Connection, **options)

    sqlite3.connect = connected  # type: ignore[assignment]


def _watch_requests(steps: Steps) -> None:
    send, answer = http.client.HTTPConnection.send, http.client.HTTPConnection.getresponse
    changing: set[int] = set()

    def sent(self: http.client.HTTPConnection, data: Any) -> None:
        found = next((word for word in _CHANGING_REQUESTS if isinstance(data, bytes) and word in data), None)
        if found is not None:
            steps.step(f"send {found.decode()}")
            changing.add(id(self))
        send(self, data)

    def answered(self: http.client.HTTPConnection) -> http.client.HTTPResponse:
        response = answer(self)  # the node has done it
        if id(self) in changing:
            changing.discard(id(self))
            steps.step("sent, and the answer is not read")
        return response

    http.client.HTTPConnection.send = sent  # type: ignore[assignment]
    http.client.HTTPConnection.getresponse = answered  # type: ignore[method-assign]
