"""Where the embedded chain lives: one SQLite file, in which every block is one transaction.

A process killed at any point leaves the chain as it was before or after a block, never between. What a command costs
depends on what it reads and writes, not on how long the chain is: state nodes are read when they are asked for.

Not here: what a block means (engine.py), who may open the file (lock.py).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ...errors import SettingsError, TemporaryError

Json = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nodes (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (
    number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, timestamp INTEGER NOT NULL,
    state_root BLOB NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS transactions (
    hash BLOB PRIMARY KEY, number INTEGER NOT NULL, body TEXT NOT NULL, receipt TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS logs (
    number INTEGER NOT NULL, position INTEGER NOT NULL, address BLOB NOT NULL, topic0 BLOB, body TEXT NOT NULL,
    PRIMARY KEY (number, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS logs_by_topic ON logs (topic0, number);
"""

# Raised when the tables change their meaning; a file of another version is refused, not guessed at.
FORMAT = "1"


class Block(msgspec.Struct, frozen=True):
    """One block. `timestamp` in seconds; `body` is what eth_getBlockByNumber answers, without transactions."""

    number: int
    hash: bytes
    timestamp: int
    state_root: bytes
    body: Json


class Entry(msgspec.Struct, frozen=True):
    """The transaction of a block as JSON-RPC answers it, with its receipt (which holds its logs)."""

    hash: bytes
    body: Json
    receipt: Json


class Nodes:
    """State nodes by hash: the mapping that py-evm reads and writes. Writes are kept until the block is saved."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[bytes, bytes] = {}
        self.unsaved: dict[bytes, bytes] = {}

    def __getitem__(self, key: bytes) -> bytes:
        value = self._known.get(key)
        if value is not None:
            return value
        row = self._connection.execute("SELECT value FROM nodes WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        self._known[key] = row[0]
        return bytes(row[0])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._known[key] = self.unsaved[key] = value

    def __delitem__(self, key: bytes) -> None:
        """Keep the node: it is named by its hash, and older blocks may need it."""

    def __contains__(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    def forget_unsaved(self) -> None:
        """Drop what was written since the last save."""
        for key in self.unsaved:
            self._known.pop(key, None)
        self.unsaved.clear()


class Store:
    """Blocks, transactions, logs and state nodes. `path` None keeps them in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        with self._translated():
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
            # WAL with NORMAL: a killed process loses nothing; a power cut may lose the last blocks, never half of one.
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_SCHEMA)
        self.nodes = Nodes(self._connection)

    def copy_to(self, path: Path) -> None:
        """Write the whole chain into a new file."""
        with self._translated(), closing(sqlite3.connect(path)) as other:
            self._connection.backup(other)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._connection.close()

    def meta(self, name: str) -> str | None:
        """A named fact of this chain, such as its format or chain id."""
        row = self._one("SELECT value FROM meta WHERE name = ?", name)
        return None if row is None else str(row[0])

    def head(self) -> Block | None:
        """The newest block; None before genesis."""
        return self._block("ORDER BY number DESC LIMIT 1")

    def block_by_number(self, number: int) -> Block | None:
        """A block of the chain, None above the head."""
        return self._block("WHERE number = ?", number)

    def block_by_hash(self, block_hash: bytes) -> Block | None:
        """A block of the chain, None if the hash is unknown."""
        return self._block("WHERE hash = ?", block_hash)

    def hashes_before(self, number: int) -> Iterator[bytes]:
        """Block hashes from `number` - 1 downwards, read one by one: BLOCKHASH asks rarely."""
        for below in range(number - 1, max(-1, number - 257), -1):
            row = self._one("SELECT hash FROM blocks WHERE number = ?", below)
            if row is not None:
                yield bytes(row[0])

    def entry(self, transaction_hash: bytes) -> Entry | None:
        """A mined transaction."""
        row = self._one("SELECT hash, body, receipt FROM transactions WHERE hash = ?", transaction_hash)
        return None if row is None else _entry(row)

    def entries_of(self, number: int) -> list[Entry]:
        """The transactions of a block."""
        rows = self._connection.execute("SELECT hash, body, receipt FROM transactions WHERE number = ?", (number,))
        return [_entry(row) for row in rows]

    def logs(self, first: int, last: int, addresses: Iterable[bytes], topics0: Iterable[bytes]) -> Iterator[Json]:
        """Logs of blocks first..last in order; an empty `addresses` or `topics0` means any."""
        query, values = "SELECT body FROM logs WHERE number BETWEEN ? AND ?", list[int | bytes]((first, last))
        for column, wanted in (("address", tuple(addresses)), ("topic0", tuple(topics0))):
            if wanted:
                query += f" AND {column} IN ({', '.join('?' * len(wanted))})"
                values.extend(wanted)
        for (body,) in self._connection.execute(query + " ORDER BY number, position", values):
            yield json.loads(body)

    def begin(self, block: Block, facts: dict[str, str]) -> None:
        """Save the genesis block with the facts of the chain."""
        with self._saving():
            self._insert_block(block)
            self._connection.executemany("INSERT INTO meta VALUES (?, ?)", [("format", FORMAT), *facts.items()])

    def save(self, block: Block, entries: Iterable[Entry] = ()) -> None:
        """Append a block, all of it or nothing."""
        with self._saving():
            self._insert_block(block)
            for entry in entries:
                row = (entry.hash, block.number, json.dumps(entry.body), json.dumps(entry.receipt))
                self._connection.execute("INSERT INTO transactions VALUES (?, ?, ?, ?)", row)
                self._connection.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?)", _log_rows(block, entry))

    def truncate(self, number: int) -> None:
        """Forget every block above `number`. State nodes stay; they do no harm."""
        with self._saving():
            for table in ("blocks", "transactions", "logs"):
                self._connection.execute(f"DELETE FROM {table} WHERE number > ?", (number,))

    def _insert_block(self, block: Block) -> None:
        row = (block.number, block.hash, block.timestamp, block.state_root, json.dumps(block.body))
        self._connection.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?)", row)

    @contextmanager
    def _saving(self) -> Iterator[None]:
        try:
            with self._translated():
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany("INSERT OR IGNORE INTO nodes VALUES (?, ?)", self.nodes.unsaved.items())
                yield
                self._connection.execute("COMMIT")
        except BaseException:
            self.nodes.forget_unsaved()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self.nodes.unsaved.clear()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as problem:
            raise TemporaryError(
                f"The embedded chain could not be read or written: {problem}.",
                hint="Check that the workspace's disk has room and may be written to; nothing was changed.",
            ) from problem
        except sqlite3.DatabaseError as problem:
            raise SettingsError(
                f"{self._path} is not a chain of this program, or is damaged: {problem}.",
                hint="Restore the workspace from a copy, or start over with `unwrapped-dao chain reset`.",
            ) from problem

    def _block(self, where: str, *values: Any) -> Block | None:
        row = self._one(f"SELECT number, hash, timestamp, state_root, body FROM blocks {where}", *values)
        return None if row is None else Block(row[0], row[1], row[2], row[3], json.loads(row[4]))

    def _one(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        with self._translated():
            row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
            return row


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(row[0], json.loads(row[1]), json.loads(row[2]))


def _log_rows(block: Block, entry: Entry) -> Iterator[tuple[int, int, bytes, bytes | None, str]]:
    for position, log in enumerate(entry.receipt["logs"]):
        topics = log["topics"]
        topic0 = bytes.fromhex(topics[0][2:]) if topics else None
        yield block.number, position, bytes.fromhex(log["address"][2:]), topic0, json.dumps(log)
