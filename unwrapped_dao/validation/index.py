"""What the validators remember: fingerprints and sketches in one SQLite file, no record, no address, no name.

One row for each contribution that is live or could become so (member tag, scope, epoch, fingerprint). Seeds, the
smallest few hashes of each bucket, are indexed, so that a near copy is found without reading every sketch.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from ..errors import SettingsError, TemporaryError, WorkspaceBusyError
from ..kinds.protocols import ORDER_BUCKET, PPM, SHAPE_BUCKET, TIMELESS_BUCKETS
from .fingerprint import FingerprintKey
from .sketch import Bucket, Sketch, bucket_tag, contained_ppm, union

SEEDS: Final = 16
"""Indexed hashes a bucket: of a copy that holds a tenth of somebody's year, about 20 of 192 seeds are hit."""
SEEDS_TIMELESS: Final = 128
SCHEMA_VERSION: Final = 2
_SCHEMA: Final = """
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


@dataclass(frozen=True, slots=True)
class Overlap:
    """How a history compares with what was contributed.

    `others_ppm`: the largest share that it has in common with one other member's contribution, either way
    around;
    `exact_other`: another member holds the very same dataset; `shape_ppm` and `order_ppm`: the same without the times;
    `novelty_ppm`: by bucket name, what this member has not contributed to this scope in other epochs.
    """

    exact_other: bool
    others_ppm: int
    shape_ppm: int
    order_ppm: int
    novelty_ppm: Mapping[str, int]


class Held(NamedTuple):
    """One contribution that is remembered, as far as the index can tell it: no data, no date."""

    scope_id: bytes
    epoch: int
    version: int
    fingerprint: bytes


class Revision(NamedTuple):
    """A moment of the index: SQLite's count of what others wrote, and our own."""

    others: int
    own: int


class FingerprintIndex:
    """The validators' shared memory. `path` is a file, or ":memory:" in tests; safe for several processes."""

    def __init__(self, path: str | Path, key: FingerprintKey) -> None:
        self._key = key
        self._writes = 0
        try:
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA foreign_keys = ON")
            # A signature may leave only after what it rests on is on the disk.
            self._db.execute("PRAGMA synchronous = FULL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise SettingsError(
                    f"The fingerprint index has the layout {version}, this program knows {SCHEMA_VERSION}."
                )
            self._db.executescript(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.OperationalError as error:
            raise _unwritable(error) from error
        except sqlite3.DatabaseError as error:
            raise SettingsError(f"The fingerprint index {Path(path).name!r} cannot be opened.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM contribution").fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise _unwritable(error) from error
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise _unwritable(error) from error
            raise
        self._writes += 1

    def revision(self) -> Revision:
        """Now. Two alike mean that nothing was written in between, by whatever process."""
        return Revision(int(self._db.execute("PRAGMA data_version").fetchone()[0]), self._writes)

    def record(
        self,
        *,
        kind: str,
        scope_id: bytes,
        epoch: int,
        member: str,
        version: int,
        fingerprint: bytes,
        sketch: Sketch,
        live: bytes | None = None,
        as_of: Revision | None = None,
    ) -> bool:
        """Remember a contribution. Durable when it returns.

        It takes the place of this member's earlier versions in this epoch, but for the one whose fingerprint is `live`:
        that one stays on-chain until this is recorded. Other attested histories of the same version stay as well, since
        the member may record either. With `as_of`, only if nothing was written since: what was compared then holds.
        """
        tag = self._key.member_tag(member)
        with self._writing():
            if as_of is not None and self.revision() != as_of:
                return False
            self._db.execute(
                "DELETE FROM contribution WHERE scope = ? AND epoch = ? AND member = ? "
                "AND (fingerprint = ? OR (version < ? AND fingerprint IS NOT ?))",
                (scope_id, epoch, tag, fingerprint, version, live),
            )
            cursor = self._db.execute(
                "INSERT INTO contribution (kind, scope, epoch, member, version, fingerprint) VALUES (?, ?, ?, ?, ?, ?)",
                (kind, scope_id, epoch, tag, version, fingerprint),
            )
            owner = cursor.lastrowid
            self._db.executemany(
                "INSERT INTO sketch VALUES (?, ?, ?, ?)",
                [(owner, bucket, b.size, b.to_bytes()) for bucket, b in sorted(sketch.buckets.items())],
            )
            seeds = {
                h
                for bucket, b in sketch.buckets.items()
                for h in b.hashes[: SEEDS_TIMELESS if sketch.names[bucket] in TIMELESS_BUCKETS else SEEDS]
            }
            self._db.executemany(
                "INSERT INTO seed VALUES (?, ?)", [(h.to_bytes(8, "big"), owner) for h in sorted(seeds)]
            )
        return True

    def held(self, member: str) -> list[Held]:
        """What is remembered of one member, oldest first."""
        rows = self._db.execute(
            "SELECT scope, epoch, version, fingerprint FROM contribution WHERE member = ? ORDER BY id",
            (self._key.member_tag(member),),
        )
        return [Held(*row) for row in rows]

    def forget(self, *, scope_id: bytes, epoch: int, member: str, fingerprint: bytes | None = None) -> bool:
        """Delete what a member withdrew: one history, or all of this epoch; True if there was any."""
        with self._writing():
            return self._delete(scope_id, epoch, self._key.member_tag(member), fingerprint)

    def keep_only(self, *, scope_id: bytes, epoch: int, live: Iterable[tuple[str, bytes]]) -> int:
        """Delete what is remembered of one pool but these (member, fingerprint) pairs; how many that were."""
        kept = {(self._key.member_tag(member), fingerprint) for member, fingerprint in live}
        rows = self._db.execute(
            "SELECT member, fingerprint FROM contribution WHERE scope = ? AND epoch = ?", (scope_id, epoch)
        )
        stale = [row for row in rows.fetchall() if row not in kept]
        if stale:
            with self._writing():
                for tag, fingerprint in stale:
                    self._delete(scope_id, epoch, tag, fingerprint)
        return len(stale)

    def _delete(self, scope_id: bytes, epoch: int, tag: bytes, fingerprint: bytes | None) -> bool:
        done = self._db.execute(
            "DELETE FROM contribution WHERE scope = ? AND epoch = ? AND member = ? "
            "AND fingerprint = ifnull(?, fingerprint)",
            (scope_id, epoch, tag, fingerprint),
        )
        return done.rowcount > 0

    def compare(
        self, *, kind: str, scope_id: bytes, epoch: int, member: str, fingerprint: bytes, sketch: Sketch,
        shape_bucket: str | None = None,
    ) -> Overlap:  # fmt: skip
        """Compare with every other contribution of the kind, and with the member's own of other epochs."""
        tag = self._key.member_tag(member)
        timeless = {name: {t for t, n in sketch.names.items() if n == name} for name in TIMELESS_BUCKETS}
        timed = set(sketch.names) - set().union(*timeless.values())
        exact = self._db.execute(
            "SELECT 1 FROM contribution WHERE fingerprint = ? AND kind = ? AND member != ?",
            (fingerprint, kind, tag),
        ).fetchone()
        others = shape = order = 0
        for owner in self._candidates(sketch, kind, tag):
            theirs = self._sketch(owner)
            others = max(others, _common_ppm(sketch.buckets, theirs, timed, self._timed_size(theirs)))
            shape, order = (
                max(most, _common_ppm(sketch.buckets, theirs, timeless[name], _size_of(theirs, timeless[name])))
                for most, name in ((shape, SHAPE_BUCKET), (order, ORDER_BUCKET))
            )
        return Overlap(exact is not None, others, shape, order, self._novelty(sketch, scope_id, epoch, tag))

    def _timed_size(self, theirs: Mapping[int, Bucket]) -> int:
        """Elements in all buckets that are stretches of time, also in those that the other side lacks."""
        timeless = {bucket_tag(self._key, name) for name in TIMELESS_BUCKETS}
        return sum(bucket.size for tag, bucket in theirs.items() if tag not in timeless)

    def _candidates(self, sketch: Sketch, kind: str, tag: bytes) -> list[int]:
        """Contributions of other members that share a seed, most shared first; at most 50 are compared in
        full.
        """
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
        mine = {
            row[0] for row in self._db.execute("SELECT id FROM contribution WHERE member = ? OR kind != ?", (tag, kind))
        }
        ranked = sorted((-count, owner) for owner, count in hits.items() if owner not in mine)
        return [owner for _, owner in ranked[:50]]

    def _sketch(self, owner: int) -> dict[int, Bucket]:
        rows = self._db.execute("SELECT bucket, size, hashes FROM sketch WHERE contribution = ?", (owner,))
        return {bucket: Bucket.from_bytes(size, hashes) for bucket, size, hashes in rows}

    def _novelty(self, sketch: Sketch, scope_id: bytes, epoch: int, tag: bytes) -> dict[str, int]:
        owners = self._db.execute(
            "SELECT id FROM contribution WHERE scope = ? AND member = ? AND epoch != ?",
            (scope_id, tag, epoch),
        ).fetchall()
        before: dict[int, list[Bucket]] = defaultdict(list)
        for (owner,) in owners:
            for bucket, found in self._sketch(owner).items():
                before[bucket].append(found)
        return {
            sketch.names[t]: PPM - contained_ppm(mine, union(before[t])) if t in before else PPM
            for t, mine in sorted(sketch.buckets.items())
        }


def _unwritable(error: sqlite3.OperationalError) -> TemporaryError:
    if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return WorkspaceBusyError("Another validator is writing to the fingerprint index.")
    return TemporaryError(
        f"The fingerprint index could not be read or written: {error}.",
        hint="Check that its disk has room and may be written to, then run the command again; nothing was changed.",
    )


def _size_of(buckets: Mapping[int, Bucket], tags: set[int]) -> int:
    return sum(buckets[tag].size for tag in tags if tag in buckets)


def _common_ppm(mine: Mapping[int, Bucket], theirs: Mapping[int, Bucket], tags: set[int], their_size: int) -> int:
    """The larger of: my share that is theirs, their share that is mine. Under 8 common elements it is chance."""
    shared = sum(
        contained_ppm(mine[tag], theirs[tag]) * mine[tag].size for tag in sorted(tags) if tag in mine and tag in theirs
    )
    if shared < 8 * PPM:
        return 0
    return min(PPM, shared // max(1, min(_size_of(mine, tags), their_size)))
