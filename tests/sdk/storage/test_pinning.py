"""A pool's pins: made, read back, checked later, repaired; a pin that was never made is noticed."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from tests.sdk.storage.golden import MIB, golden_bytes
from unwrapped_dao.errors import NotFoundError, StorageUnavailableError
from unwrapped_dao.storage.blockstore import BlockStore
from unwrapped_dao.storage.cid import CID
from unwrapped_dao.storage.pinning import check, pin_all, republish

POOL = (*(golden_bytes(MIB + 1 + n) for n in range(3)), b"small")


class ForgetfulStore(BlockStore):
    """Says "pinned" and pins nothing, as a node with a full or read-only pin list does."""

    def pin(self, cid: CID) -> None:
        if not self.has(cid):
            raise NotFoundError("not here")


@pytest.fixture
def keeper(tmp_path: Path) -> BlockStore:
    return BlockStore(tmp_path / "keeper")


def publish(store: BlockStore, *, pin: bool = True) -> list[CID]:
    return [store.publish(io.BytesIO(content), pin=pin) for content in POOL]


def leaf_of(store: BlockStore, content: bytes) -> Path:
    name = hashlib.sha256(content[:MIB]).hexdigest()
    return store.folder / "blocks-v1" / name[:2] / name


def test_all_are_pinned_and_said_so(keeper: BlockStore) -> None:
    cids = publish(keeper, pin=False)
    assert check(keeper, cids).unpinned == tuple(cids)
    report = pin_all(keeper, cids)
    assert report.complete
    assert report.pinned == tuple(cids)
    assert keeper.pins() == set(cids)


def test_a_pin_that_was_never_made_is_noticed(tmp_path: Path) -> None:
    store = ForgetfulStore(tmp_path / "forgetful")
    cids = publish(store, pin=False)
    report = pin_all(store, cids)
    assert not report.complete
    assert report.unpinned == tuple(cids)


def test_what_went_missing_or_bad_is_found_and_brought_back(keeper: BlockStore, tmp_path: Path) -> None:
    cids = publish(keeper)
    member = BlockStore(tmp_path / "member")
    publish(member)
    leaf_of(keeper, POOL[3]).unlink()
    tail = keeper.folder / "blocks-v1" / hashlib.sha256(POOL[0][MIB:]).hexdigest()[:2]
    (tail / hashlib.sha256(POOL[0][MIB:]).hexdigest()).write_bytes(b"?")
    keeper.unpin(cids[1])

    quick = check(keeper, cids)
    assert (quick.pinned, quick.unpinned, quick.missing) == ((cids[0], cids[2]), (cids[1],), (cids[3],))
    deep = check(keeper, cids, deep=True)
    assert deep.damaged == (cids[0],)
    assert deep.missing == (cids[3],)

    empty = BlockStore(tmp_path / "empty")
    still = republish(keeper, cids, [empty], deep=True)
    assert still.missing == (cids[3],)
    assert still.damaged == (cids[0],)
    assert republish(keeper, cids, [empty, member], deep=True).complete
    assert keeper.fetch(cids[0]).read() == POOL[0]


def test_missing_content_is_reported_not_raised(keeper: BlockStore, tmp_path: Path) -> None:
    cids = publish(BlockStore(tmp_path / "elsewhere"))
    report = pin_all(keeper, cids)
    assert report.missing == tuple(cids)


def test_a_cid_named_twice_is_reported_once(keeper: BlockStore) -> None:
    cids = publish(keeper)
    assert check(keeper, cids + cids).pinned == tuple(cids)


def test_a_store_that_does_not_answer_is_an_error_not_a_finding(keeper: BlockStore) -> None:
    cids = publish(keeper)

    class Silent(BlockStore):
        def pins(self) -> frozenset[CID]:
            raise StorageUnavailableError("silent")

    with pytest.raises(StorageUnavailableError):
        check(Silent(keeper.folder), cids)


def test_a_dead_source_does_not_stop_the_next(keeper: BlockStore, tmp_path: Path) -> None:
    member = BlockStore(tmp_path / "member")
    cids = publish(member)

    class Dead(BlockStore):
        def block(self, cid: CID) -> bytes:
            raise StorageUnavailableError("dead")

    dead = Dead(tmp_path / "dead")
    assert republish(keeper, cids, [dead, member]).complete
    keeper.delete(cids[0])
    with pytest.raises(StorageUnavailableError):
        republish(keeper, cids, [dead, BlockStore(tmp_path / "empty")])
