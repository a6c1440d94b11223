"""The rows of the validators' index in SQLite: contributions, their sketches, and the seeds by which copies are found.

One row for each contribution that is live or could become so. Seeds, the smallest few hashes of each bucket, are
indexed, so that a near copy is found without reading every sketch. Members, buckets and data sets are named by keyed
hashes.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from ..kinds.protocols import TIMELESS_BUCKETS
from .fingerprint import FingerprintKey
from .sketch import Bucket, Sketch, bucket_tag

SEEDS: Final = 16
"""Indexed hashes a bucket: of a copy that holds a tenth of somebody's year, about 20 of 192 seeds are hit."""
SEEDS_TIMELESS: Final = 128
MOST_COMPARED: Final = 50
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS contribution (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, scope BLOB NOT NULL, epoch INTEGER NOT NULL, member BLOB NOT
    NULL,
    version INTEGER NOT NULL, fingerprint BLOB NOT NULL, UNIQUE (scope, epoch, member, fingerprint));
CREATE INDEX IF NOT EXISTS by_fingerprint ON contribution (fingerprint);
CREATE TABLE IF NOT EXISTS sketch (
    contribution INTEGER NOT NULL REFERENCES contribution (id) ON DELETE CASCADE, bucket INTEGER NOT NULL,
    size INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (contribution, bucket)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seed (
    hash BLOB NOT NULL, contribution INTEGER NOT NULL REFERENCES contribution (id) ON DELETE CASCADE,
    PRIMARY KEY (hash, contribution)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seed_owner ON seed (contribution);
"""


class Remembered(msgspec.Struct, frozen=True, array_like=True):
    """One contribution as the index holds it. `member` is a keyed tag; `buckets` are (tag, size, hashes)."""

    kind: str
    scope_id: bytes
    epoch: int
    member: bytes
    version: int
    fingerprint: bytes
    buckets: tuple[tuple[int, int, bytes], ...]

    @staticmethod
    def packed(sketch: Sketch) -> tuple[tuple[int, int, bytes], ...]:
        """The buckets of a sketch, in a fixed order."""
        return tuple((tag, bucket.size, bucket.to_bytes()) for tag, bucket in sorted(sketch.buckets.items()))


class Held(NamedTuple):
    """One contribution that is remembered, as far as the index can tell it: no data, no date."""

    scope_id: bytes
    epoch: int
    version: int
    fingerprint: bytes


class ContributionTable:
    """Rows by their number. Writes happen inside a transaction of the caller."""

    def __init__(self, db: sqlite3.Connection, key: FingerprintKey) -> None:
        self._db = db
        self._timeless = {bucket_tag(key, name) for name in TIMELESS_BUCKETS}

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM contribution").fetchone()[0])

    def add(self, row: Remembered, number: int | None = None) -> None:
        """Insert under this number, or the next."""
        cursor = self._db.execute(
            "INSERT INTO contribution (id, kind, scope, epoch, member, version, fingerprint) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, row.kind, row.scope_id, row.epoch, row.member, row.version, row.fingerprint),
        )
        owner = cursor.lastrowid
        self._db.executemany("INSERT INTO sketch VALUES (?, ?, ?, ?)", [(owner, *bucket) for bucket in row.buckets])
        seeds = {
            hashes[at : at + 8]
            for tag, _, hashes in row.buckets
            for at in range(0, min(len(hashes), 8 * (SEEDS_TIMELESS if tag in self._timeless else SEEDS)), 8)
        }
        self._db.executemany("INSERT INTO seed VALUES (?, ?)", [(seed, owner) for seed in sorted(seeds)])

    def all(self) -> Iterator[Remembered]:
        """Every row, oldest first."""
        rows = self._db.execute(
            "SELECT id, kind, scope, epoch, member, version, fingerprint FROM contribution ORDER BY id"
        ).fetchall()
        for number, kind, scope_id, epoch, member, version, fingerprint in rows:
            buckets = self._db.execute(
                "SELECT bucket, size, hashes FROM sketch WHERE contribution = ? ORDER BY bucket", (number,)
            ).fetchall()
            yield Remembered(kind, scope_id, epoch, member, version, fingerprint, tuple(buckets))

    def remove(self, numbers: Iterable[int]) -> None:
        """Delete these rows; what is not there is no matter."""
        self._db.executemany("DELETE FROM contribution WHERE id = ?", [(number,) for number in numbers])

    def of_member(
        self, scope_id: bytes, epoch: int, member: bytes, fingerprint: bytes | None = None
    ) -> dict[int, Held]:
        """One member's rows in one pool, by number: all, or those of one data set."""
        rows = self._db.execute(
            "SELECT id, scope, epoch, version, fingerprint FROM contribution WHERE scope = ? AND epoch = ? "
            "AND member = ? AND fingerprint = ifnull(?, fingerprint) ORDER BY id",
            (scope_id, epoch, member, fingerprint),
        )
        return {row[0]: Held(*row[1:]) for row in rows}

    def of_pool(self, scope_id: bytes, epoch: int) -> dict[int, tuple[bytes, bytes]]:
        """(member tag, fingerprint) by number."""
        rows = self._db.execute(
            "SELECT id, member, fingerprint FROM contribution WHERE scope = ? AND epoch = ? ORDER BY id",
            (scope_id, epoch),
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def held(self, member: bytes) -> list[Held]:
        """What is remembered of one member, oldest first."""
        rows = self._db.execute(
            "SELECT scope, epoch, version, fingerprint FROM contribution WHERE member = ? ORDER BY id", (member,)
        )
        return [Held(*row) for row in rows]

    def is_of_another(self, fingerprint: bytes, kind: str, member: bytes) -> bool:
        """Whether another member holds this very data set."""
        found = self._db.execute(
            "SELECT 1 FROM contribution WHERE fingerprint = ? AND kind = ? AND member != ?", (fingerprint, kind, member)
        )
        return found.fetchone() is not None

    def elsewhere(self, scope_id: bytes, epoch: int, member: bytes) -> list[int]:
        """This member's rows in the scope's other epochs."""
        rows = self._db.execute(
            "SELECT id FROM contribution WHERE scope = ? AND member = ? AND epoch != ?", (scope_id, member, epoch)
        )
        return [row[0] for row in rows]

    def candidates(self, sketch: Sketch, kind: str, member: bytes) -> list[int]:
        """Rows of other members that share a seed, most shared first; at most 50 are compared in full."""
        hits: Counter[int] = Counter()
        hashes = sorted({h for b in sketch.buckets.values() for h in b.hashes})
        for i in range(0, len(hashes), 500):
            chunk = [h.to_bytes(8, "big") for h in hashes[i : i + 500]]
            marks = ",".join("?" * len(chunk))
            rows = self._db.execute(
                f"SELECT contribution, count(*) FROM seed WHERE hash IN ({marks}) GROUP BY 1", chunk
            )
            hits.update(dict(rows.fetchall()))
        if not hits:
            return []
        mine = self._db.execute("SELECT id FROM contribution WHERE member = ? OR kind != ?", (member, kind))
        own = {row[0] for row in mine}
        ranked = sorted((-count, owner) for owner, count in hits.items() if owner not in own)
        return [owner for _, owner in ranked[:MOST_COMPARED]]

    def sketch(self, number: int) -> dict[int, Bucket]:
        """The buckets of one row."""
        rows = self._db.execute("SELECT bucket, size, hashes FROM sketch WHERE contribution = ?", (number,))
        return {bucket: Bucket.from_bytes(size, hashes) for bucket, size, hashes in rows}

    def timed_size(self, buckets: dict[int, Bucket]) -> int:
        """Elements in all buckets that are stretches of time."""
        return sum(bucket.size for tag, bucket in buckets.items() if tag not in self._timeless)
