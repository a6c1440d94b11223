"""What a member replaced or withdrew leaves the validators without being asked, once that is final."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.sdk.service.rig import SCOPE, Rig, all_serving, over_http, rigged
from unwrapped_dao import kinds, samples
from unwrapped_dao.chain.pinned import BlockId, settled
from unwrapped_dao.errors import IndexUnavailableError, NotAllowedError

# The tests of this module tell one story, in order.
pytestmark = pytest.mark.xdist_group("release")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rigged(tmp_path_factory.mktemp("release"), members=3) as made:
        yield made


@pytest.fixture(scope="module")
def urls(rig: Rig) -> Iterator[list[str]]:
    with all_serving(rig) as served:
        yield served


@pytest.fixture(scope="module")
def exports() -> Iterator[samples.SampleExports]:
    with samples.exports(3, seed=51, min_plays=400, max_plays=400) as made:
        yield made


def _contribute(rig: Rig, urls: list[str], number: int, export: samples.SampleExport) -> None:
    member = over_http(rig, rig.dao.members[number], urls)
    member.contribute(member.preview(export, scope=SCOPE))


def _known(rig: Rig, number: int) -> list[int]:
    """Versions of which the validators hold a fingerprint and a sketch."""
    return [held.version for held in rig.indexes[0].held(rig.dao.members[number].address)]


def _envelopes(rig: Rig) -> int:
    return sum(len(list(pending.contents())) for pending in rig.pendings)


def _sweep(rig: Rig) -> None:
    for service in rig.services:
        service.sweep()


def _released(rig: Rig) -> int:
    logs = (rig.folder / str(number) / "audit.jsonl" for number in range(3))
    lines = [json.loads(line) for log in logs if log.exists() for line in log.read_text().splitlines()]
    return sum(line["count"] for line in lines if line["event"] == "released")


def test_what_is_live_stays(rig: Rig, urls: list[str], exports: samples.SampleExports) -> None:
    _contribute(rig, urls, 0, exports[0])
    _sweep(rig)
    assert _known(rig, 0) == [1] and _envelopes(rig) == 2 and _released(rig) == 0


def test_a_withdrawal_that_may_still_be_undone_erases_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    before: BlockId = settled(rig.dao.collective.client, "finalized")
    rig.dao.members[0].withdraw(SCOPE)
    monkeypatch.setattr("unwrapped_dao.app.serving.settled", lambda *_: before)
    _sweep(rig)
    assert _known(rig, 0) == [1] and _envelopes(rig) == 2


def test_a_final_withdrawal_erases_sketch_and_envelope_and_frees_the_history(
    rig: Rig, urls: list[str], exports: samples.SampleExports
) -> None:
    with pytest.raises(NotAllowedError, match="another member"):
        _contribute(rig, urls[:2], 1, exports[0])  # still protected; a third would be asked beside the second
    _sweep(rig)
    assert _known(rig, 0) == [] and _envelopes(rig) == 0
    assert _released(rig) == 3  # one fingerprint that they share, two envelopes
    with rig.indexes[0]._db as db:
        assert db.execute("SELECT count(*) FROM sketch").fetchone() == (0,)
    _contribute(rig, urls, 1, exports[0])
    removed, kept = rig.remote(urls[0]).forget(rig.dao.members[0]._account, rig.dao.collective)
    assert removed == kept == []


def test_a_final_replacement_erases_what_it_replaced(rig: Rig, urls: list[str], exports: samples.SampleExports) -> None:
    _contribute(rig, urls, 2, exports[1])
    _contribute(rig, urls, 2, exports[2])
    assert _known(rig, 2) == [1, 2]  # the first was live while the second was attested
    _sweep(rig)
    assert _known(rig, 2) == [2]
    assert _envelopes(rig) == 4 and _known(rig, 1) == [1]
    _sweep(rig)
    assert _known(rig, 2) == [2] and _envelopes(rig) == 4


def test_who_comes_back_with_the_same_history_keeps_it(
    rig: Rig, urls: list[str], exports: samples.SampleExports
) -> None:
    """The withdrawal is old news by then."""
    rig.dao.members[2].withdraw(SCOPE)
    _contribute(rig, urls, 2, exports[2])
    _sweep(rig)
    assert _known(rig, 2) == [4] and _envelopes(rig) == 4


def test_a_restarted_validator_looks_at_everything_again_and_erases_nothing_more(rig: Rig) -> None:
    before = _released(rig)
    for service in rig.services:
        service._next_block = 0
    _sweep(rig)
    assert _known(rig, 2) == [4] and _known(rig, 1) == [1] and _envelopes(rig) == 4 and _released(rig) == before


def test_an_index_that_is_away_keeps_nothing_from_being_published(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed envelopes are due; erasing comes as soon as the index answers, and both are said once."""
    dao = rig.dao
    pool = dao.relayer.seal(dao.relayer.announce(dao.collective.registry.current_pool(kinds.scope(SCOPE).scope_id)))
    rig.dao.members[1].withdraw(SCOPE)
    service = rig.services[0]

    def away(*_: object, **__: object) -> None:
        raise IndexUnavailableError("away")

    before = _events(rig, 0)
    with monkeypatch.context() as patch:
        patch.setattr(type(rig.indexes[0]), "revision", away)
        patch.setattr(type(rig.indexes[0]), "keep_only", away)
        patch.setattr(type(service._validator), "release", away)
        service.sweep()
        service.sweep()
    assert pool.id not in service._cleaned
    assert {cid.digest for cid in dao.store.pins()} <= {
        c.record.content for c in dao.collective.registry.contributions(pool)
    }
    assert _events(rig, 0)[len(before) :].count("published") == 1
    service.sweep()
    service.sweep()
    assert _events(rig, 0)[len(before) :].count("published") == 1
    assert pool.id in service._cleaned


def _events(rig: Rig, number: int) -> list[str]:
    return [json.loads(line)["event"] for line in (rig.folder / str(number) / "audit.jsonl").read_text().splitlines()]
