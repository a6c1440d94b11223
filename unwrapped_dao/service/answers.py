"""Attestations already given: the same request gets the same answer, after a lost connection, a kill, a restart.

Kept until the attestation expires. A request is known by the hash of all of it, and the answer holds nothing of a
member: weight, fingerprint, digest of the report, signature.
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from ..errors import SettingsError
from .wire import AttestAsk, Attested, decode_answer, encode

_SCHEMA = "CREATE TABLE IF NOT EXISTS answer (request BLOB PRIMARY KEY, body BLOB NOT NULL, expiry INTEGER NOT NULL)"


def request_digest(ask: AttestAsk, records_bytes: bytes) -> bytes:
    """Who can state this has the data key and the member's signature over the request."""
    state = hashlib.sha256(b"unwrapped-dao/answered-request/v1\0")
    for name in sorted(ask.__struct_fields__):
        state.update(f"{name}={getattr(ask, name)}\n".encode())
    state.update(hashlib.sha256(records_bytes).digest())
    return state.digest()


class AnswerBook:
    """One SQLite file of one validator."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise SettingsError(f"The answers in {path} cannot be opened.", hint="Move the file away.") from error

    def find(self, request: bytes) -> Attested | None:
        """The answer given to this request."""
        row = self._db.execute("SELECT body FROM answer WHERE request = ?", (request,)).fetchone()
        found = decode_answer(row[0]) if row else None
        return found if isinstance(found, Attested) else None

    def keep(self, request: bytes, answer: Attested, expiry: int) -> None:
        """Durable when this returns."""
        self._db.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", (request, encode(answer), expiry))

    def drop_expired(self, now: int) -> None:
        """Forget what can no longer be used."""
        self._db.execute("DELETE FROM answer WHERE expiry <= ?", (now,))

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM answer").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()
