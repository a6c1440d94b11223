"""The index that validators share: what two of them decide at the same time, they decide one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sdk.validation.helpers import KEY, MAX_WEIGHT, MUSIC, SCOPE, address, submit
from unwrapped_dao import samples
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.validation import FingerprintIndex, Held, Submission, validate


@pytest.fixture(scope="module")
def histories() -> list[Listens]:
    return [MUSIC.read(e).records for e in samples.exports(3, seed=5, min_plays=400, max_plays=400)]


def submission(records: Listens, member: int, version: int = 1) -> Submission:
    return Submission(
        member=address(member), scope_id=SCOPE.scope_id, epoch=1, version=version, content=bytes(32), expiry=9,
        records_bytes=MUSIC.encode_records(records), rows_bytes=SCOPE.encode(SCOPE.project(records)),
    )  # fmt: skip


def test_two_validators_cannot_both_accept_one_history(histories: list[Listens], tmp_path: Path) -> None:
    """Each compares before the other has written; the second to write is told to compare again."""
    path = tmp_path / "index.sqlite"
    with FingerprintIndex(path, KEY) as here, FingerprintIndex(path, KEY) as there:
        mine, theirs = submission(histories[0], 1), submission(histories[0], 2)
        seen = here.revision(), there.revision()
        verdicts = [
            validate(MUSIC, SCOPE, s, key=KEY, index=i, max_weight=MAX_WEIGHT)
            for i, s in ((here, mine), (there, theirs))
        ]
        assert all(verdict.attestation for verdict in verdicts)
        assert verdicts[0].remember(here, mine, as_of=seen[0])
        assert not verdicts[1].remember(there, theirs, as_of=seen[1])
        again = validate(MUSIC, SCOPE, theirs, key=KEY, index=there, max_weight=MAX_WEIGHT)
        assert again.attestation is None and "another member" in again.report.reasons[0]
        assert len(here) == len(there) == 1


def test_an_own_write_is_noticed_too(histories: list[Listens]) -> None:
    with FingerprintIndex(":memory:", KEY) as index:
        seen = index.revision()
        submit(index, histories[0], 1)
        late = submission(histories[0], 2)
        outcome = validate(MUSIC, SCOPE, late, key=KEY, index=index, max_weight=MAX_WEIGHT)
        assert not outcome.remember(index, late, as_of=seen)


def test_what_is_live_stays_known_while_a_replacement_is_only_attested(histories: list[Listens]) -> None:
    """Else a friend could contribute a near copy of it in between."""
    with FingerprintIndex(":memory:", KEY) as index:
        first = submit(index, histories[0], 1)
        other = submission(histories[1], 1, version=2)
        verdict = validate(MUSIC, SCOPE, other, key=KEY, index=index, max_weight=MAX_WEIGHT)
        assert verdict.remember(index, other, live=first.fingerprint)
        assert submit(index, histories[0], 2, remember=False).attestation is None
        assert submit(index, histories[1], 2, remember=False).attestation is None
        # Recorded as version 2, it is what is live when version 3 is attested.
        third = submission(histories[2], 1, version=3)
        last = validate(MUSIC, SCOPE, third, key=KEY, index=index, max_weight=MAX_WEIGHT)
        assert last.remember(index, third, live=verdict.fingerprint)
        assert submit(index, histories[0], 2, remember=False).attestation is not None
        assert submit(index, histories[1], 2, remember=False).attestation is None


def test_two_attested_for_one_version_both_stay_since_either_may_be_recorded(histories: list[Listens]) -> None:
    with FingerprintIndex(":memory:", KEY) as index:
        for records in histories[:2]:
            submit(index, records, 1)
        assert all(submit(index, records, 2, remember=False).attestation is None for records in histories[:2])


def test_after_the_seal_only_what_is_in_the_pool_stays(histories: list[Listens]) -> None:
    with FingerprintIndex(":memory:", KEY) as index:
        marks = [submit(index, r, n, epoch=2 if n == 2 else 1).fingerprint for n, r in enumerate(histories)]
        pool = {"scope_id": SCOPE.scope_id, "epoch": 1}
        assert index.keep_only(**pool, live=[(address(1), marks[1]), (address(0), marks[1])]) == 1
        assert index.held(address(0)) == [] and index.held(address(1)) == [Held(SCOPE.scope_id, 1, 1, marks[1])]
        assert index.held(address(2)) == [Held(SCOPE.scope_id, 2, 1, marks[2])]
        assert index.keep_only(**pool, live=[(address(1), marks[1])]) == 0


def test_one_of_two_histories_can_be_forgotten(histories: list[Listens]) -> None:
    with FingerprintIndex(":memory:", KEY) as index:
        marks = [submit(index, records, 1).fingerprint for records in histories[:2]]
        assert index.forget(scope_id=SCOPE.scope_id, epoch=1, member=address(1), fingerprint=marks[0])
        assert [held.fingerprint for held in index.held(address(1))] == [marks[1]]
        assert submit(index, histories[0], 2, remember=False).attestation is not None


KILLED = """
import os, signal, sys
from tests.sdk.validation.helpers import KEY, MUSIC, submit
from unwrapped_dao import samples
from unwrapped_dao.validation import FingerprintIndex
index = FingerprintIndex(sys.argv[1], KEY)
submit(index, MUSIC.read(samples.exports(3, seed=5, min_plays=400, max_plays=400)[0]).records, 1)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_remembered_survives_a_kill(histories: list[Listens], tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, timeout=60)
    assert done.returncode == -9
    with FingerprintIndex(path, KEY) as index:
        assert [held.version for held in index.held(address(1))] == [1]
        assert submit(index, histories[0], 2, remember=False).attestation is None
        assert submit(index, histories[0], 1, remember=False).attestation is not None
