"""What opening envelopes gave: canonical row bytes by member number, in memory or in a file on disk.

The file (`Spool`) makes a long opening resumable: every envelope is written in a transaction of its own process, so a
kill at any moment loses at most what was being opened. It holds the buyer's plaintext and belongs beside the dataset.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..errors import InputError, RowsError, SettingsError, TemporaryError
from ..kinds.protocols import Scope

BUSY_TIMEOUT_S = 120
"""How long one process waits while others write; a write takes milliseconds."""

_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS opened (
    number INTEGER PRIMARY KEY, count INTEGER NOT NULL, reason TEXT NOT NULL, rows BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS refused (number INTEGER PRIMARY KEY, facts TEXT NOT NULL, final INTEGER NOT NULL);
"""


class Opened(Protocol):
    """Opened envelopes, whose rows were checked by `Checked.of`."""

    def members(self) -> list[tuple[int, int]]:
        """(member number, row count) of each that holds rows, ascending."""
        ...

    def rejected(self) -> list[tuple[int, str]]:
        """(member number, reason) of each that opened but holds no rows of the scope."""
        ...

    def rows(self, number: int) -> bytes:
        """The canonical row bytes of one member."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """One opened envelope: how many rows it holds, or the reason why it is left out."""

    number: int
    count: int
    reason: str
    rows: bytes = field(repr=False)

    @classmethod
    def of(cls, scope: Scope, number: int, data: bytes) -> Checked:
        """Checks that the bytes are canonical rows of the scope."""
        try:
            count = scope.count(data)
        except RowsError as error:
            return cls(number, 0, error.message, b"")
        return cls(number, count, "", data) if count else cls(number, 0, "It holds no row.", b"")


class OpenedInMemory:
    """`Opened` of a few members. Raises InputError if a member number comes twice."""

    def __init__(self, scope: Scope, members: Iterable[tuple[int, bytes]]) -> None:
        self._found: dict[int, Checked] = {}
        for number, data in members:
            if number in self._found:
                raise InputError("The same member number comes twice in one release.")
            self._found[number] = Checked.of(scope, number, data)

    def members(self) -> list[tuple[int, int]]:
        return [(number, found.count) for number, found in sorted(self._found.items()) if found.count]

    def rejected(self) -> list[tuple[int, str]]:
        return [(number, found.reason) for number, found in sorted(self._found.items()) if not found.count]

    def rows(self, number: int) -> bytes:
        return self._found[number].rows


class Spool:
    """`Opened` in one SQLite file. Several processes may write to it at once, each through a Spool of its own.

    `about` says what the file is of: opening a file of something else raises InputError. Without a path it is kept in
    memory, for one process.
    """

    def __init__(self, path: Path | None, about: str) -> None:
        self.path, self.about = path, about
        with _disk(path):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            # One thread at a time uses it, not always the one that made it.
            self._db = sqlite3.connect(
                path or ":memory:", timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_TABLES)
            self._db.execute("INSERT OR IGNORE INTO about VALUES ('of', ?)", (about,))
            (found,) = self._db.execute("SELECT value FROM about WHERE name = 'of'").fetchone()
        if found != about:
            self.close()
            raise InputError(
                f"{path} holds the beginning of another dataset.", hint="Name another output folder, or delete it."
            )

    def done(self) -> set[int]:
        """Member numbers that need not be opened again."""
        with _disk(self.path):
            found = self._db.execute("SELECT number FROM opened UNION SELECT number FROM refused WHERE final")
            return {number for (number,) in found}

    def add(self, opened: Sequence[Checked], refused: Sequence[tuple[int, str, bool]]) -> None:
        """Write what came of some envelopes, all or nothing; `refused` is (number, facts as JSON, final)."""
        with _disk(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                rows = [(one.number, one.count, one.reason, one.rows) for one in opened]
                self._db.executemany("INSERT OR REPLACE INTO opened VALUES (?, ?, ?, ?)", rows)
                self._db.executemany("DELETE FROM refused WHERE number = ?", [(one.number,) for one in opened])
                self._db.executemany("INSERT OR REPLACE INTO refused VALUES (?, ?, ?)", refused)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def refused(self) -> list[tuple[str, bool]]:
        """(facts as JSON, final) of each envelope that could not be opened, by member number."""
        with _disk(self.path):
            found = self._db.execute("SELECT facts, final FROM refused ORDER BY number")
            return [(facts, bool(final)) for facts, final in found]

    def members(self) -> list[tuple[int, int]]:
        with _disk(self.path):
            return list(self._db.execute("SELECT number, count FROM opened WHERE count > 0 ORDER BY number"))

    def rejected(self) -> list[tuple[int, str]]:
        with _disk(self.path):
            return list(self._db.execute("SELECT number, reason FROM opened WHERE count = 0 ORDER BY number"))

    def rows(self, number: int) -> bytes:
        with _disk(self.path):
            (data,) = self._db.execute("SELECT rows FROM opened WHERE number = ?", (number,)).fetchone()
        return bytes(data)

    def close(self) -> None:
        self._db.close()

    def delete(self) -> None:
        """Close and remove the file."""
        self.close()
        if self.path is None:
            return
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _disk(path: Path | None) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as problem:
        raise TemporaryError(
            f"{path or 'Memory'} could not be written or read: {problem}.",
            hint="Check the room on the disk and the folder's permissions; the same command goes on from here.",
        ) from problem
    except sqlite3.DatabaseError as problem:
        raise SettingsError(
            f"{path} is damaged: {problem}.", hint="Delete it and run the command again; nothing else was touched."
        ) from problem
