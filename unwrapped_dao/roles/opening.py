"""Opening what was delivered: every covered envelope, on all cores, resumable, with evidence for what stays shut.

Each envelope's bytes are hashed while they are read, its header must name the expected member and pool, and R is
recomputed from the data key. Processes write what they opened into one `Spool`, an envelope in memory each.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from itertools import islice

from .. import kinds
from ..crypto import envelope
from ..crypto.bn254 import G1Point
from ..crypto.envelope import EnvelopeContext
from ..crypto.keys import NodeKey
from ..crypto.tree import Node, PoolId
from ..dataset.opened import Checked, Spool
from ..errors import (
    CapsuleError,
    ContentMismatchError,
    EnvelopeError,
    NotFoundError,
    RowsError,
    TemporaryError,
    UntrustedDataError,
    UnwrappedError,
)
from ..kinds import Scope
from ..kinds.rows import MAX_ROWS_BYTES, BoundedRows
from ..storage.interfaces import ContentReader
from ..storage.reader import resolve
from .identity import Progress

LARGEST_ENVELOPE = 1 << 32
SMALL = 256
"""Fewer envelopes are opened by this process alone: starting others takes as long."""
CHUNK = 16
"""Envelopes that are opened and written at a time; a kill loses no more of each process."""

_IN_HEADER = ("malformed", "version", "context", "truncated", "trailing")
#: Checks that need the published bytes alone; the others need the node's key, or the envelope's data key.
_OF_PUBLISHED_BYTES = frozenset(
    {"missing", "unavailable", "content", "capsule malformed", *(f"envelope {kind}" for kind in _IN_HEADER)}
)


@dataclass(frozen=True, slots=True)
class Unopened:
    """An envelope that was paid for and stayed shut, in terms that anyone can recompute.

    `content` is the sha2-256 digest that the chain recorded, (height, index) the node whose delivered key was tried,
    `check` the first check that failed; `final` is false where trying again may help.
    """

    number: int
    content: bytes
    height: int
    index: int
    check: str
    reason: str
    final: bool

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"content": self.content.hex()})

    @classmethod
    def from_json(cls, text: str) -> Unopened:
        facts = json.loads(text)
        return cls(**facts | {"content": bytes.fromhex(facts["content"])})

    def evidence(self) -> dict[str, object]:
        """As it stands in unopened.json."""
        public = self.check in _OF_PUBLISHED_BYTES
        return {
            "member_number": self.number,
            "content_sha256": self.content.hex(),
            "node": {"height": self.height, "index": self.index},
            "check": self.check,
            "recomputed_with": "the published bytes" if public else "the node's key or the data key",
            "reason": self.reason,
            "try_again": not self.final,
        }


@dataclass(frozen=True, slots=True)
class Task:
    """One envelope to open, with the key at this position."""

    number: int
    content: bytes
    key: int


class Opener:
    """What opening an envelope of one pool needs."""

    def __init__(
        self, store: ContentReader, pool: PoolId, tree_height: int, keys: Sequence[NodeKey], scope: Scope
    ) -> None:
        self._store, self._pool, self._height = store, pool, tree_height
        self._keys, self._scope = tuple(keys), scope

    def rows(self, number: int, content: bytes, key: NodeKey) -> bytes:
        """The plaintext rows of one envelope. Its CID is recomputed while it is read."""
        expected = EnvelopeContext(self._pool, number, self._height)
        rows = BoundedRows(MAX_ROWS_BYTES, "It holds more rows than a contribution may.")
        with self._store.fetch(resolve(self._store, content), max_bytes=LARGEST_ENVELOPE) as file:
            envelope.open(file, rows, key, expected=expected)
        return rows.getvalue()

    def open(self, task: Task) -> Checked | Unopened:
        """The rows, checked against the scope, or why there are none."""
        key = self._keys[task.key]
        try:
            return Checked.of(self._scope, task.number, self.rows(task.number, task.content, key))
        except RowsError as problem:
            return Checked(task.number, 0, problem.message, b"")
        except UnwrappedError as problem:
            check, final = _fault(problem)
            return Unopened(task.number, task.content, key.node.height, key.node.index, check, problem.message, final)

    def open_into(self, spool: Spool, tasks: Sequence[Task]) -> int:
        """Open some envelopes, one in memory at a time, and write each; how many there were."""
        for task in tasks:
            found = self.open(task)
            if isinstance(found, Unopened):
                spool.add((), [(found.number, found.to_json(), found.final)])
            else:
                spool.add([found], ())
        return len(tasks)

    def facts(self) -> _Facts:
        """For another process. It holds node keys: hand it over through a pipe only."""
        keys = [(key.node.height, key.node.index, key.to_secret_bytes()) for key in self._keys]
        return self._store, self._pool, self._height, keys, self._scope.name

    @classmethod
    def from_facts(cls, facts: _Facts) -> Opener:
        store, pool, height, raw, scope = facts
        keys = [
            # Checked by the process that sent them.
            NodeKey.from_trusted_point(pool, Node(h, i), G1Point.from_bytes(secret))
            for h, i, secret in raw
        ]
        return cls(store, pool, height, keys, kinds.scope(scope))


_Facts = tuple[ContentReader, PoolId, int, list[tuple[int, int, bytes]], str]


def open_all(
    opener: Opener, tasks: Sequence[Task], spool: Spool, progress: Progress, processes: int | None = None
) -> list[Unopened]:
    """Open what the spool does not hold yet; what stayed shut, by member number.

    processes: by default one for each core, or this one alone for few envelopes or a spool in memory.
    Raises TemporaryError if a process was killed; called again it goes on.
    """
    done = spool.done()
    left = [task for task in tasks if task.number not in done]
    begun = len(tasks) - len(left)
    if processes is None:
        processes = 1 if len(left) < SMALL else os.cpu_count() or 1
    chunks = [left[at : at + CHUNK] for at in range(0, len(left), CHUNK)]
    counts: Iterator[int]
    if processes == 1 or spool.path is None:
        counts = (opener.open_into(spool, chunk) for chunk in chunks)
    else:
        counts = _in_processes(opener, chunks, spool, processes)
    progress("opening", begun, len(tasks))
    for count in counts:
        begun += count
        progress("opening", begun, len(tasks))
    return [Unopened.from_json(facts) for facts, _ in spool.refused()]


def _in_processes(opener: Opener, chunks: Iterable[Sequence[Task]], spool: Spool, processes: int) -> Iterator[int]:
    """Counts of chunks as they are done. Fresh interpreters: a fork would share the store's connections."""
    assert spool.path is not None
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(opener.facts(), str(spool.path), spool.about),
    )
    try:
        waiting = iter(chunks)
        running: set[Future[int]] = {pool.submit(_work, chunk) for chunk in islice(waiting, 2 * processes)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(_work, chunk) for chunk in islice(waiting, len(finished))}
            for future in finished:
                yield future.result()
    except BrokenProcessPool:
        raise TemporaryError(
            "A process that opened envelopes was ended from outside, perhaps for want of memory.",
            hint="Run the same command again; it goes on with what is left.",
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_mine: tuple[Opener, Spool]


def _begin(facts: _Facts, path: str, about: str) -> None:
    """In a new process: what it opens with, and an end with its parent, however that ends."""
    global _mine
    from pathlib import Path

    threading.Thread(target=_end_with_parent, daemon=True).start()
    _mine = Opener.from_facts(facts), Spool(Path(path), about)


def _work(tasks: Sequence[Task]) -> int:
    opener, spool = _mine
    return opener.open_into(spool, tasks)


def _end_with_parent() -> None:
    """A killed parent cannot end its children; without this they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _fault(problem: UnwrappedError) -> tuple[str, bool]:
    """(the check that failed, whether trying again cannot help)."""
    if isinstance(problem, EnvelopeError):
        return f"envelope {problem.kind}", True
    if isinstance(problem, CapsuleError):
        return f"capsule {problem.kind}", True
    if isinstance(problem, ContentMismatchError):
        return "content", False  # another store, or another copy, may hold the right bytes
    if isinstance(problem, NotFoundError):
        return "missing", False
    if isinstance(problem, TemporaryError):
        return "unavailable", False
    return type(problem).__name__, isinstance(problem, UntrustedDataError)
