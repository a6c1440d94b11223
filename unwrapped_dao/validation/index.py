"""What the validators remember: fingerprints and sketches, no record, no address, no name.

`FingerprintIndex` is one SQLite file that all validators of one machine open. Validators on several machines have a
`ReplicatedIndex` each (replica.py), which is the same with another way of agreeing on what comes next.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from ..errors import SettingsError, TemporaryError, WorkspaceBusyError
from ..kinds.protocols import ORDER_BUCKET, PPM, SHAPE_BUCKET, TIMELESS_BUCKETS
from .fingerprint import FingerprintKey
from .sketch import Bucket, Sketch, contained_ppm, union
from .table import SCHEMA, ContributionTable, Held, Remembered

SCHEMA_VERSION: Final = 2
TRIES: Final = 50
"""How often a change is worked out anew because somebody else wrote meanwhile."""


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


class Revision(NamedTuple):
    """A moment of the index. Two alike mean that nothing was written in between, by whatever validator."""

    others: int
    """SQLite's count of what other processes wrote; in a replica the position in the log."""
    own: int
    head: bytes = b""


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
            # What is erased is overwritten, not only unlinked.
            self._db.execute("PRAGMA secure_delete = ON")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise SettingsError(
                    f"The fingerprint index has the layout {version}, this program knows {SCHEMA_VERSION}."
                )
            self._db.executescript(SCHEMA)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.OperationalError as error:
            raise _unwritable(error) from error
        except sqlite3.DatabaseError as error:
            raise SettingsError(f"The fingerprint index {Path(path).name!r} cannot be opened.") from error
        self._rows = ContributionTable(self._db, key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __len__(self) -> int:
        return len(self._rows)

    # --- writing ---------------------------------------------------------------------------------------------------

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
        """Now, with everything that any validator has written so far."""
        return Revision(int(self._db.execute("PRAGMA data_version").fetchone()[0]), self._writes)

    def _change(self, freed: list[int], added: Remembered | None, as_of: Revision) -> bool:
        """Delete rows and add one, at once and durably; False, and nothing happens, unless it is still `as_of`."""
        with self._writing():
            if self.revision() != as_of:
                return False
            self._rows.remove(freed)
            if added is not None:
                self._rows.add(added)
        return True

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
        """Remember a contribution; again changes nothing. Durable when it returns.

        It takes the place of this member's earlier versions in this epoch, but for the one whose fingerprint is `live`:
        that one stays on-chain until this is recorded. Other attested histories of the same version stay as well, since
        the member may record either. With `as_of`, only if nothing was written since: what was compared then holds.
        """
        tag = self._key.member_tag(member)
        row = Remembered(kind, scope_id, epoch, tag, version, fingerprint, Remembered.packed(sketch))
        for _ in range(TRIES):
            seen = self.revision()
            if as_of is not None and seen != as_of:
                return False
            before = self._rows.of_member(scope_id, epoch, tag)
            freed = [
                number
                for number, held in before.items()
                if held.fingerprint == fingerprint or (held.version < version and held.fingerprint != live)
            ]
            if [before[number] for number in freed] == [Held(scope_id, epoch, version, fingerprint)]:
                return True
            if self._change(freed, row, seen):
                return True
            if as_of is not None:
                return False
        raise WorkspaceBusyError("Other validators keep writing to the fingerprint index.")

    def forget(self, *, scope_id: bytes, epoch: int, member: str, fingerprint: bytes | None = None) -> bool:
        """Delete what a member withdrew: one history, or all of this epoch; True if there was any."""
        tag = self._key.member_tag(member)
        return self._free(lambda: list(self._rows.of_member(scope_id, epoch, tag, fingerprint))) > 0

    def keep_only(self, *, scope_id: bytes, epoch: int, live: Iterable[tuple[str, bytes]]) -> int:
        """Delete what is remembered of one pool but these (member, fingerprint) pairs; how many that were."""
        kept = {(self._key.member_tag(member), fingerprint) for member, fingerprint in live}
        return self._free(lambda: [n for n, pair in self._rows.of_pool(scope_id, epoch).items() if pair not in kept])

    def _free(self, stale: Callable[[], list[int]]) -> int:
        for _ in range(TRIES):
            seen = self.revision()
            freed = stale()
            if not freed or self._change(freed, None, seen):
                return len(freed)
        raise WorkspaceBusyError("Other validators keep writing to the fingerprint index.")

    def remembered(self) -> Iterator[Remembered]:
        """Everything, oldest first, as it is held: what another index may adopt."""
        return self._rows.all()

    # --- reading ---------------------------------------------------------------------------------------------------

    def held(self, member: str) -> list[Held]:
        """What is remembered of one member, oldest first."""
        self.revision()
        return self._rows.held(self._key.member_tag(member))

    def compare(
        self, *, kind: str, scope_id: bytes, epoch: int, member: str, fingerprint: bytes, sketch: Sketch,
    ) -> Overlap:  # fmt: skip
        """Compare with every other contribution of the kind, and with the member's own of other epochs."""
        tag = self._key.member_tag(member)
        timeless = {name: {t for t, n in sketch.names.items() if n == name} for name in TIMELESS_BUCKETS}
        timed = set(sketch.names) - set().union(*timeless.values())
        others = shape = order = 0
        for number in self._rows.candidates(sketch, kind, tag):
            theirs = self._rows.sketch(number)
            others = max(others, _common_ppm(sketch.buckets, theirs, timed, self._rows.timed_size(theirs)))
            shape, order = (
                max(most, _common_ppm(sketch.buckets, theirs, timeless[name], _size_of(theirs, timeless[name]), least))
                for most, name, least in ((shape, SHAPE_BUCKET, CHANCE), (order, ORDER_BUCKET, ONE_PLAYLIST))
            )
        exact = self._rows.is_of_another(fingerprint, kind, tag)
        return Overlap(exact, others, shape, order, self._novelty(sketch, scope_id, epoch, tag))

    def _novelty(self, sketch: Sketch, scope_id: bytes, epoch: int, tag: bytes) -> dict[str, int]:
        before: dict[int, list[Bucket]] = defaultdict(list)
        for number in self._rows.elsewhere(scope_id, epoch, tag):
            for bucket, found in self._rows.sketch(number).items():
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


CHANCE: Final = 8
"""Common elements under which it is chance."""
ONE_PLAYLIST: Final = 40
"""The same of what followed what: two people may hear one playlist in its order, and nothing else yet."""


def _common_ppm(
    mine: Mapping[int, Bucket], theirs: Mapping[int, Bucket], tags: set[int], their_size: int, least: int = CHANCE
) -> int:
    """The larger of: my share that is theirs, their share that is mine; 0 with fewer than `least` in common."""
    shared = sum(
        contained_ppm(mine[tag], theirs[tag]) * mine[tag].size for tag in sorted(tags) if tag in mine and tag in theirs
    )
    if shared < least * PPM:
        return 0
    return min(PPM, shared // max(1, min(_size_of(mine, tags), their_size)))
