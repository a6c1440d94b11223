"""A pool carried by hand arrives whole or is refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sdk.storage.golden import MIB, golden_bytes
from unwrapped_dao.errors import ContentMismatchError, NotFoundError
from unwrapped_dao.storage.blockstore import BlockStore
from unwrapped_dao.storage.car import CarReader, export_car, import_car
from unwrapped_dao.storage.cid import CID, cid_of_bytes
from unwrapped_dao.storage.interfaces import ContentReader

CONTENTS = (b"", b"small", golden_bytes(MIB), golden_bytes(2 * MIB + 3))


@pytest.fixture
def sender(tmp_path: Path) -> BlockStore:
    return BlockStore(tmp_path / "sender")


def exported(sender: BlockStore, contents: tuple[bytes, ...] = CONTENTS) -> tuple[list[CID], bytes]:
    cids = [sender.publish(io.BytesIO(content)) for content in contents]
    file = io.BytesIO()
    export_car(sender, cids, file)
    return cids, file.getvalue()


def test_a_pool_arrives_whole_and_pinned(sender: BlockStore, tmp_path: Path) -> None:
    cids, car = exported(sender)
    receiver = BlockStore(tmp_path / "receiver")
    assert import_car(io.BytesIO(car), receiver) == cids
    assert receiver.pins() == set(cids)
    for cid, content in zip(cids, CONTENTS, strict=True):
        assert receiver.fetch(cid).read() == content


def test_a_shared_block_is_written_once(sender: BlockStore) -> None:
    _, car = exported(sender)
    first = golden_bytes(MIB)
    assert car.count(first[:1000]) == 1


@pytest.mark.parametrize("count", [0, 1, 23, 24, 255, 256, 300])
def test_any_number_of_roots(count: int) -> None:
    contents = {cid_of_bytes(n.to_bytes(2, "big")): n.to_bytes(2, "big") for n in range(count)}

    class Memory:
        name = "memory"

        def block(self, cid: CID) -> bytes:
            return contents[cid]

    file = io.BytesIO()
    assert export_car(Memory(), contents, file) == count  # type: ignore[arg-type]  # gives blocks only
    reader = CarReader(file)
    assert list(reader.roots) == list(contents)
    assert isinstance(reader, ContentReader)
    assert all(reader.has(cid) for cid in contents)


def test_the_header_is_what_the_carv1_specification_says() -> None:
    """Written out by hand: {"roots": [link], "version": 1} in DAG-CBOR, behind its length."""
    cid = cid_of_bytes(b"")

    class Empty:
        name = "empty"

        def block(self, _: CID) -> bytes:
            return b""

    file = io.BytesIO()
    export_car(Empty(), [cid], file)  # type: ignore[arg-type]
    link = bytes.fromhex("d82a582500") + bytes(cid)
    header = bytes.fromhex("a265") + b"roots" + b"\x81" + link + b"\x67version\x01"
    assert file.getvalue() == bytes([len(header)]) + header + bytes([36]) + bytes(cid)


def test_a_changed_byte_anywhere_in_a_block_is_refused(sender: BlockStore, tmp_path: Path) -> None:
    (cid,), car = exported(sender, (b"the only block",))
    at = car.index(b"the only block")
    changed = car[: at + 3] + b"?" + car[at + 4 :]
    receiver = BlockStore(tmp_path / "receiver")
    with pytest.raises(ContentMismatchError, match="CAR file"):
        import_car(io.BytesIO(changed), receiver)
    assert not receiver.has(cid)


def test_every_way_to_cut_it_short_is_refused(sender: BlockStore, tmp_path: Path) -> None:
    _, car = exported(sender, (b"one", b"two"))
    receiver = BlockStore(tmp_path / "receiver")
    for length in range(len(car)):
        with pytest.raises((ContentMismatchError, NotFoundError)):
            import_car(io.BytesIO(car[:length]), receiver)


def test_a_missing_block_is_not_found(sender: BlockStore) -> None:
    cids, car = exported(sender, (b"one", b"two"))
    without = car[: car.rindex(bytes(cids[1])) - 1]
    reader = CarReader(io.BytesIO(without))
    assert reader.has(cids[0])
    assert not reader.has(cids[1])
    with pytest.raises(NotFoundError):
        reader.fetch(cids[1])


def test_more_than_was_expected_is_refused(sender: BlockStore, tmp_path: Path) -> None:
    _, car = exported(sender, (b"four",))
    with pytest.raises(ContentMismatchError, match="more than"):
        import_car(io.BytesIO(car), BlockStore(tmp_path / "receiver"), max_bytes=3)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_reading_raise_anything_else(data: bytes) -> None:
    for start in (b"", b"\x11\xa2\x65roots\x80\x67version\x01"):
        try:
            CarReader(io.BytesIO(start + data))
        except ContentMismatchError as refusal:
            assert refusal.hint
