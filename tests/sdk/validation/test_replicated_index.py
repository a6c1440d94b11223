"""Validators without a common disk: each has a copy, a host orders the log and can neither read nor bend it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.log_hosts import BENDS, GENESIS, MemoryHost
from tests.sdk.validation.helpers import KEY, MAX_WEIGHT, MUSIC, SCOPE, address, submit
from unwrapped_dao import samples
from unwrapped_dao.errors import AttestationError, IndexUnavailableError, WorkspaceBusyError
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.validation import (
    FingerprintIndex,
    FingerprintKey,
    Held,
    Outcome,
    ReplicatedIndex,
    Submission,
    validate,
)

POOL = {"scope_id": SCOPE.scope_id, "epoch": 1}
Open = Callable[..., ReplicatedIndex]


@pytest.fixture(scope="module")
def histories() -> list[Listens]:
    return [MUSIC.read(e).records for e in samples.exports(3, seed=5, min_plays=400, max_plays=400)]


@pytest.fixture
def host() -> MemoryHost:
    return MemoryHost()


def replica(path: str | Path, host: MemoryHost, name: int = 1, key: FingerprintKey = KEY) -> ReplicatedIndex:
    """One validator's copy. Its signature over a head is its address, repeated: who signs is chain.eip712's matter."""
    writer = address(200 + name)

    def mark(who: str, head: bytes) -> bytes:
        return (bytes.fromhex(who[2:]) + head * 2)[:64]

    def verify(who: str, head: bytes, signature: bytes) -> None:
        if signature != mark(who, head):
            raise AttestationError("not signed by its writer")

    return ReplicatedIndex(
        path, key, host, genesis=GENESIS, writer=writer, sign=lambda head: mark(writer, head), verify=verify
    )


@pytest.fixture
def opened(host: MemoryHost, tmp_path: Path) -> Iterator[Open]:
    made: list[ReplicatedIndex] = []

    def one(name: int, **given: FingerprintKey) -> ReplicatedIndex:
        made.append(replica(tmp_path / f"{name}.sqlite", host, name, **given))
        return made[-1]

    yield one
    for index in made:
        index.close()


def submission(records: Listens, member: int, version: int = 1) -> Submission:
    return Submission(
        member=address(member), scope_id=SCOPE.scope_id, epoch=1, version=version, content=bytes(32), expiry=9,
        records_bytes=MUSIC.encode_records(records), rows_bytes=SCOPE.encode(SCOPE.project(records)),
    )  # fmt: skip


def verdict(index: FingerprintIndex, one: Submission) -> Outcome:
    return validate(MUSIC, SCOPE, one, key=KEY, index=index, max_weight=MAX_WEIGHT)


def test_two_machines_cannot_both_accept_one_history(histories: list[Listens], opened: Open) -> None:
    """Each compares before the other has written; the second to write is told to compare again."""
    here, there = opened(1), opened(2)
    mine, theirs = submission(histories[0], 1), submission(histories[0], 2)
    seen = here.revision(), there.revision()
    verdicts = verdict(here, mine), verdict(there, theirs)
    assert all(each.attestation for each in verdicts)
    assert verdicts[0].remember(here, mine, as_of=seen[0])
    assert not verdicts[1].remember(there, theirs, as_of=seen[1])
    again = verdict(there, theirs)
    assert again.attestation is None and "another member" in again.report.reasons[0]
    assert len(here) == len(there) == 1


def test_the_last_moment_belongs_to_the_host(histories: list[Listens], host: MemoryHost, opened: Open) -> None:
    """Another validator writes between this one's last look and its own entry."""
    here, there = opened(1), opened(2)
    late = submission(histories[0], 2)
    seen = there.revision()
    outcome = verdict(there, late)
    host.before_append = lambda: submit(here, histories[1], 1) and None
    assert not outcome.remember(there, late, as_of=seen)
    assert outcome.remember(there, late)  # without `as_of` it takes the next place
    assert here.revision() == there.revision() and len(here) == len(there) == 2


def test_m_validators_on_as_many_machines_give_the_same_verdict(histories: list[Listens], opened: Open) -> None:
    machines = [opened(n) for n in range(3)]
    contents = []
    for index in machines:
        one = submission(histories[0], 1)
        seen = index.revision()
        outcome = verdict(index, one)
        assert outcome.remember(index, one, as_of=seen)
        contents.append(outcome.attestation)
    assert contents[0] is not None and contents.count(contents[0]) == 3
    assert {index.revision() for index in machines} == {machines[0].revision()}
    assert machines[0].revision().others == 1, "the same contribution is one entry"


def test_a_copy_from_the_log_alone_knows_what_a_file_knows(
    histories: list[Listens], opened: Open, tmp_path: Path
) -> None:
    with FingerprintIndex(tmp_path / "file.sqlite", KEY) as file:
        for index in (file, opened(1)):
            submit(index, histories[0], 1)
            submit(index, histories[1], 2)
            submit(index, histories[2], 1, version=2, expiry=100)
            assert index.forget(member=address(2), **POOL)
            submit(index, histories[1], 3, epoch=2)
        fresh = opened(9)
        fresh.revision()
        for n in range(1, 4):
            assert fresh.held(address(n)) == file.held(address(n))
        with sqlite3.connect(tmp_path / "file.sqlite") as db:
            expected = db.execute("SELECT bucket, size, hashes FROM sketch ORDER BY 1, 3").fetchall()
            seeds = db.execute("SELECT hash FROM seed ORDER BY 1").fetchall()
        assert fresh._db.execute("SELECT bucket, size, hashes FROM sketch ORDER BY 1, 3").fetchall() == expected
        assert fresh._db.execute("SELECT hash FROM seed ORDER BY 1").fetchall() == seeds


def test_what_a_file_knew_moves_into_the_log_once(
    histories: list[Listens], host: MemoryHost, opened: Open, tmp_path: Path
) -> None:
    """A collective that began on one machine."""
    with FingerprintIndex(tmp_path / "file.sqlite", KEY) as file:
        for n, records in enumerate(histories):
            submit(file, records, n)
        here, there = opened(1), opened(2)
        submit(there, histories[0], 0)  # attested there already
        assert here.adopt(file) == 2
        assert here.adopt(file) == there.adopt(file) == 0
        assert len(here) == len(there) == 3 and here.revision() == there.revision()
        for n in range(3):
            assert [h[1:] for h in here.held(address(n))] == [h[1:] for h in file.held(address(n))]
    assert submit(there, histories[2], 7, remember=False).attestation is None


def test_what_is_freed_is_gone_from_the_host_and_every_copy(
    histories: list[Listens], host: MemoryHost, opened: Open, tmp_path: Path
) -> None:
    here, there = opened(1), opened(2)
    for n, records in enumerate(histories):
        submit(here, records, n)
    submit(there, histories[0], 0, version=2)  # replaced
    assert there.forget(member=address(1), **POOL)  # withdrawn
    mark = there.held(address(2))[0].fingerprint
    assert here.keep_only(live=[(address(2), mark)], **POOL) == 1  # sealed
    assert there.keep_only(live=[(address(2), mark)], **POOL) == 0
    left = Held(SCOPE.scope_id, 1, 1, mark)
    assert here.held(address(2)) == there.held(address(2)) == [left] and len(here) == len(there) == 1
    for db in (host.db, here._db, there._db):
        bodies = dict(db.execute("SELECT position, length(body) FROM entry").fetchall())
        assert [position for position, length in bodies.items() if length > 1_000] == [3]
    fresh = opened(9)
    assert fresh.held(address(2)) == [left]


@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS)
def test_a_host_that_bends_the_log_is_noticed_and_nothing_of_it_is_kept(
    histories: list[Listens], host: MemoryHost, opened: Open, bend: Callable[..., object]
) -> None:
    writer = opened(1)
    for n, records in enumerate(histories[:2]):
        submit(writer, records, n)
    reader = opened(2)
    host.bend = bend  # type: ignore[assignment]
    with pytest.raises(IndexUnavailableError, match="index log") as noticed:
        reader.revision()
    assert "other validators" in noticed.value.hint
    host.bend = list
    assert reader.position() == (0, GENESIS) and len(reader) == 0
    reader.revision()
    assert submit(reader, histories[0], 7, remember=False).attestation is None


def test_a_host_that_shows_another_history_than_before_is_noticed(histories: list[Listens], opened: Open) -> None:
    """Restored from an old copy, say, or a fork of it."""
    here = opened(1)
    submit(here, histories[0], 1)
    here._host = MemoryHost()
    with pytest.raises(IndexUnavailableError, match="another history"):
        here.revision()


def test_a_host_that_is_away_stops_everything_and_loses_nothing(
    histories: list[Listens], host: MemoryHost, opened: Open
) -> None:
    here = opened(1)
    submit(here, histories[0], 1)
    one = submission(histories[1], 2)
    outcome = verdict(here, one)
    host.away = True
    for refused in (
        lambda: here.revision(),
        lambda: outcome.remember(here, one),
        lambda: here.held(address(1)),
        lambda: here.forget(member=address(1), **POOL),
        lambda: here.keep_only(live=[], **POOL),
    ):
        with pytest.raises(IndexUnavailableError):
            refused()
    host.away = False
    assert outcome.remember(here, one) and len(here) == 2


def test_an_entry_whose_answer_was_lost_is_there_once(histories: list[Listens], host: MemoryHost, opened: Open) -> None:
    here = opened(1)
    host.lose_answers = 1
    with pytest.raises(IndexUnavailableError):
        submit(here, histories[0], 1)
    seen = here.revision()
    assert len(here) == 1 and seen.others == 1
    again = submit(here, histories[0], 1, remember=False)
    assert again.remember(here, submission(histories[0], 1), as_of=seen)
    assert here.revision() == seen


def test_the_host_holds_nothing_that_it_could_read(histories: list[Listens], host: MemoryHost, opened: Open) -> None:
    here = opened(1)
    outcome = submit(here, histories[0], 1)
    stored = b"".join(
        part if isinstance(part, bytes) else str(part).encode()
        for row in host.db.execute("SELECT * FROM entry").fetchall()
        for part in row
    )
    sketch = next(iter(outcome.sketch.buckets.values()))
    for secret in (
        outcome.fingerprint, SCOPE.scope_id, KEY.member_tag(address(1)), b"music", sketch.to_bytes()[:16],
        KEY.log_key(), KEY.to_secret_bytes(),
    ):  # fmt: skip
        assert secret not in stored
    with pytest.raises(IndexUnavailableError, match="shared key"):
        opened(2, key=FingerprintKey(b"z" * 32)).revision()


def test_lengths_of_entries_are_rounded(histories: list[Listens], host: MemoryHost, opened: Open) -> None:
    for n, records in enumerate(histories):
        submit(opened(n), records, n)
    lengths = [row[0] - 28 for row in host.db.execute("SELECT length(body) FROM entry")]
    assert all(length % 256 == 0 for length in lengths), lengths  # Padmé of some 10 to 30 KiB


def test_one_process_has_a_copy_alone(host: MemoryHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **given: connect(path, **(given | {"timeout": 0.1})))
    with replica(tmp_path / "copy.sqlite", host), pytest.raises(WorkspaceBusyError):
        replica(tmp_path / "copy.sqlite", host)


KILLED = """
import os, signal, sys
sys.path.insert(0, os.getcwd())
from tests.doubles.log_hosts import MemoryHost
from tests.sdk.validation.helpers import MUSIC, submit
from tests.sdk.validation.test_replicated_index import replica
from unwrapped_dao import samples
import sqlite3

class Host(MemoryHost):
    def __init__(self):
        super().__init__()
        from unwrapped_dao.validation.log import IndexLog
        from tests.doubles.log_hosts import GENESIS
        self.db = sqlite3.connect(sys.argv[1], isolation_level=None)
        self.log = IndexLog(self.db, GENESIS)
    def append(self, entry):
        super().append(entry)
        os.kill(os.getpid(), signal.SIGKILL)

submit(replica(sys.argv[2], Host()), MUSIC.read(samples.exports(3, seed=5, min_plays=400, max_plays=400)[0]).records, 1)
"""


def test_killed_between_the_log_and_its_copy_a_validator_reads_what_it_wrote(
    histories: list[Listens], host: MemoryHost, tmp_path: Path
) -> None:
    log, copy = tmp_path / "log.sqlite", tmp_path / "copy.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(log), str(copy)], check=False, timeout=60, env={**os.environ}
    )
    assert done.returncode == -signal.SIGKILL
    with sqlite3.connect(log) as source:
        source.backup(host.db)
    with replica(copy, host) as index:
        assert index.position() == (0, GENESIS)
        assert [held.version for held in index.held(address(1))] == [1]
        assert submit(index, histories[0], 2, remember=False).attestation is None
