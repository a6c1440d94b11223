"""The index log: one order of all changes to the validators' index, kept by a host that cannot read it.

Entries are numbered from 1. Each names by `frees` the earlier entries that it makes obsolete, whose bodies are then
erased, and has a body that only the validators' shared key opens. `head` binds an entry to everything before it, erased
bodies included (by their digests), so that a log can be erased from and still not be rewritten. The bytes are
docs/spec/index-log.md.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta

from ..crypto.header import padme
from ..errors import SettingsError, UntrustedDataError
from .fingerprint import FingerprintKey
from .table import Remembered

MAX_BODY: Final = 4 << 20
"""A lifetime of listening is a sketch of some 200 KiB."""
MAX_FREED: Final = 65_536
_HEAD: Final = b"unwrapped-dao/index-log/head/v1\0"
_GENESIS: Final = b"unwrapped-dao/index-log/genesis/v1\0"
_NONCE: Final = 12
TELL: Final = "Stop this validator, and compare what `validator status` says of the index with the other validators."
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entry (
    position INTEGER PRIMARY KEY, frees BLOB NOT NULL, digest BLOB NOT NULL, body BLOB NOT NULL, writer TEXT NOT NULL,
    signature BLOB NOT NULL, head BLOB NOT NULL, freed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS entry_without_body ON entry (position) WHERE length(body) = 0 AND freed = 0;
"""

Position = Annotated[int, Meta(ge=1, lt=1 << 53)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One change. `body` is empty once a later entry freed this one; `signature` is its writer's, over the new head."""

    position: Position
    frees: Annotated[tuple[Position, ...], Meta(max_length=MAX_FREED)]
    digest: Bytes32
    body: Annotated[bytes, Meta(max_length=MAX_BODY)]
    writer: Annotated[str, Meta(pattern="^0x[0-9a-fA-F]{40}$", max_length=42)]  # `$` lets a line break follow
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]

    def head(self, previous: bytes) -> bytes:
        """The head of the log that ends with this entry."""
        return hashlib.sha256(_HEAD + _place(previous, self.position, self.frees) + self.digest).digest()

    def require_sound(self) -> None:
        """What anybody can check of one entry alone. Raises UntrustedDataError."""
        ascending = all(a < b for a, b in zip(self.frees, self.frees[1:], strict=False))
        if not ascending or (self.frees and self.frees[-1] >= self.position):
            raise UntrustedDataError("An entry of the index log frees what is not before it.", hint=TELL)
        if self.body and hashlib.sha256(self.body).digest() != self.digest:
            raise UntrustedDataError("An entry of the index log is not what its digest says.", hint=TELL)


def genesis(chain_id: int, registry: str) -> bytes:
    """The head of an empty log: of one collective on one chain."""
    return hashlib.sha256(_GENESIS + chain_id.to_bytes(32, "big") + bytes.fromhex(registry[2:])).digest()


def seal(
    key: FingerprintKey, previous: bytes, position: int, frees: tuple[int, ...], added: Remembered | None
) -> bytes:
    """The body: nonce, then AES-256-GCM of the padded contribution under a key that follows from the shared one."""
    plain = msgspec.msgpack.encode(added)
    framed = len(plain).to_bytes(4, "big") + plain
    framed += bytes(padme(len(framed)) - len(framed))
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key.log_key()).encrypt(nonce, framed, _place(previous, position, frees))


def unseal(key: FingerprintKey, previous: bytes, entry: Entry) -> Remembered | None:
    """What an entry adds. Raises UntrustedDataError for what no holder of the key wrote at this place."""
    nonce, sealed = entry.body[:_NONCE], entry.body[_NONCE:]
    try:
        framed = AESGCM(key.log_key()).decrypt(nonce, sealed, _place(previous, entry.position, entry.frees))
        length = int.from_bytes(framed[:4], "big")
        return msgspec.msgpack.decode(framed[4 : 4 + length], type=Remembered | None)
    except (InvalidTag, ValueError, msgspec.DecodeError):
        raise UntrustedDataError(
            f"Entry {entry.position} of the index log was not written under the validators' shared key.", hint=TELL
        ) from None


def _place(previous: bytes, position: int, frees: tuple[int, ...]) -> bytes:
    numbers = b"".join(number.to_bytes(8, "big") for number in frees)
    return previous + position.to_bytes(8, "big") + len(frees).to_bytes(4, "big") + numbers


class IndexLog:
    """Entries in SQLite. Writes happen inside a transaction of the caller."""

    def __init__(self, db: sqlite3.Connection, genesis: bytes) -> None:
        self._db = db
        self._genesis = genesis
        db.executescript(SCHEMA)

    def require_ours(self) -> None:
        """Raises SettingsError if this log is another collective's. Holds the file from here on, if it is exclusive."""
        self._db.execute("BEGIN IMMEDIATE")
        first = next(self.after(0, 0), None)
        row = self._db.execute("SELECT head FROM entry WHERE position = 1").fetchone()
        self._db.execute("COMMIT")
        if first is not None and first.head(self._genesis) != row[0]:
            raise SettingsError(
                "This index log is another collective's, or of another chain.", hint="Name another file."
            )

    def last(self) -> tuple[int, bytes]:
        """(position, head); (0, the genesis) of an empty log."""
        row = self._db.execute("SELECT position, head FROM entry ORDER BY position DESC LIMIT 1").fetchone()
        return (row[0], row[1]) if row else (0, self._genesis)

    def head_at(self, position: int) -> bytes | None:
        """The head once this entry was written; None where there is none."""
        if position == 0:
            return self._genesis
        row = self._db.execute("SELECT head FROM entry WHERE position = ?", (position,)).fetchone()
        return bytes(row[0]) if row else None

    def append(self, entry: Entry) -> bytes:
        """Write the next entry, erase what it frees; the new head. Raises UntrustedDataError if it does not fit."""
        entry.require_sound()
        position, previous = self.last()
        if entry.position != position + 1:
            raise UntrustedDataError(f"The index log ends at {position}: entry {entry.position} does not follow.")
        head = entry.head(previous)
        self._db.executemany(
            "UPDATE entry SET body = x'', freed = 1 WHERE position = ?", [(number,) for number in entry.frees]
        )
        numbers = b"".join(number.to_bytes(8, "big") for number in entry.frees)
        facts = (entry.position, numbers, entry.digest, entry.body, entry.writer, entry.signature, head)
        self._db.execute(
            "INSERT INTO entry (position, frees, digest, body, writer, signature, head) VALUES (?, ?, ?, ?, ?, ?, ?)",
            facts,
        )
        return head

    def after(self, position: int, most_bytes: int) -> Iterator[Entry]:
        """The entries that follow, at least one and at most so many bytes of them."""
        used = 0
        rows = self._db.execute(
            "SELECT position, frees, digest, body, writer, signature FROM entry WHERE position > ? ORDER BY position",
            (position,),
        )
        for at, frees, digest, body, writer, signature in rows:
            used += len(body) + len(frees) + 200
            if used > most_bytes and at > position + 1:
                return
            numbers = tuple(int.from_bytes(frees[i : i + 8], "big") for i in range(0, len(frees), 8))
            yield Entry(at, numbers, digest, body, writer, signature)

    def is_whole(self) -> bool:
        """Whether every body is here but those that a later entry freed."""
        row = self._db.execute("SELECT 1 FROM entry WHERE length(body) = 0 AND freed = 0 LIMIT 1").fetchone()
        return row is None
