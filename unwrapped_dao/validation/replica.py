"""The index of a validator that shares no disk with the others: its own copy, and a log that says what comes next.

Whoever keeps the log (`LogHost`) decides the order and nothing else: it can read no entry, write none, and change none
that a validator has seen. A verdict is written only as the entry right after those it was compared with.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ..errors import AttestationError, IndexUnavailableError, UntrustedDataError, WorkspaceBusyError
from .fingerprint import FingerprintKey
from .index import TRIES, FingerprintIndex, Revision
from .log import TELL, Entry, IndexLog, seal, unseal
from .table import Remembered

Sign = Callable[[bytes], bytes]
"""This validator's signature (64 bytes) over a new head."""
Verify = Callable[[str, bytes, bytes], None]
"""Raises AttestationError unless the signature is this address's, over this head."""


class LogHost(Protocol):
    """Where the log is kept. Every method raises IndexUnavailableError when it cannot be reached."""

    def entries(self, after: int, head: bytes) -> Sequence[Entry]:
        """Some of the entries after this position, none if it is the last.

        Raises UntrustedDataError if the host's log does not have this head there.
        """
        ...

    def append(self, entry: Entry) -> bool:
        """Whether it is in the log now, at its position; False if another one took that place. Again is the same."""
        ...


class ReplicatedIndex(FingerprintIndex):
    """A copy in one SQLite file, which one process has alone: the rows, and the log that they follow from."""

    def __init__(
        self,
        path: str | Path,
        key: FingerprintKey,
        host: LogHost,
        *,
        genesis: bytes,
        writer: str,
        sign: Sign,
        verify: Verify,
    ) -> None:
        super().__init__(path, key)
        self._host = host
        self._writer = writer
        self._sign = sign
        self._verify = verify
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._log = IndexLog(self._db, genesis)
            self._log.require_ours()
        except sqlite3.OperationalError as error:
            raise WorkspaceBusyError("Another process has this validator's copy of the index.") from error

    def position(self) -> tuple[int, bytes]:
        """(position, head) of this copy, as it is."""
        return self._log.last()

    def adopt(self, file: FingerprintIndex) -> int:
        """Bring into the log what a file of before knows and the log does not; how many rows. Again adds nothing."""
        added = 0
        for row in file.remembered():
            for _ in range(TRIES):
                seen = self.revision()
                if self._rows.of_member(row.scope_id, row.epoch, row.member, row.fingerprint):
                    break
                if self._change([], row, seen):
                    added += 1
                    break
            else:
                raise WorkspaceBusyError("Other validators keep writing to the fingerprint index.")
        return added

    def revision(self) -> Revision:
        """Now: everything in the host's log is in this copy.

        Raises IndexUnavailableError when the host cannot be reached, or shows another history than before.
        """
        try:
            while self._catch_up():
                pass
        except UntrustedDataError as problem:
            raise IndexUnavailableError(problem.message, hint=problem.hint) from problem
        position, head = self._log.last()
        return Revision(position, 0, head)

    def _catch_up(self) -> bool:
        """Take the next entries, as many as make sense together: no body is missing that nobody freed."""
        entries = self._host.entries(*self._log.last())
        if not entries:
            return False
        with self._writing():
            while entries:
                for entry in entries:
                    self._apply(entry)
                if self._log.is_whole():
                    return True
                entries = self._host.entries(*self._log.last())
            raise UntrustedDataError("The index log lacks an entry that nobody erased.", hint=TELL)

    def _apply(self, entry: Entry) -> None:
        _, previous = self._log.last()
        added = unseal(self._key, previous, entry) if entry.body else None
        head = self._log.append(entry)
        try:
            self._verify(entry.writer, head, entry.signature)
        except AttestationError:
            raise UntrustedDataError(
                f"Entry {entry.position} of the index log is not its writer's.", hint=TELL
            ) from None
        self._rows.remove(entry.frees)
        if added is not None:
            try:
                self._rows.add(added, entry.position)
            except sqlite3.IntegrityError:
                raise UntrustedDataError(
                    f"Entry {entry.position} of the index log is there twice.", hint=TELL
                ) from None

    def _change(self, freed: list[int], added: Remembered | None, as_of: Revision) -> bool:
        frees, position = tuple(sorted(freed)), as_of.others + 1
        body = seal(self._key, as_of.head, position, frees, added)
        draft = Entry(position, frees, hashlib.sha256(body).digest(), body, self._writer, bytes(64))
        signature = self._sign(draft.head(as_of.head))
        entry = Entry(position, frees, draft.digest, body, self._writer, signature)
        try:
            if not self._host.append(entry):
                return False
        except UntrustedDataError as problem:
            raise IndexUnavailableError(problem.message, hint=problem.hint) from problem
        # Killed here, it is read from the log at the next start.
        with self._writing():
            self._apply(entry)
        return True
