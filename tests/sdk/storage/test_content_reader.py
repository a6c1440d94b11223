"""Nothing unverified leaves the reader: each way to forge a tree is refused before its bytes are returned."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sdk.storage.golden import MIB, golden_bytes
from unwrapped_dao.errors import ContentMismatchError, NotFoundError
from unwrapped_dao.storage.cid import CID, cid_of, cid_of_bytes
from unwrapped_dao.storage.reader import block_cids, open_content, resolve, verify
from unwrapped_dao.storage.unixfs import DAG_PB, RAW, Link, decode_node, encode_node, is_file_root, varint


class Memory:
    """Blocks in a dictionary, as they were put; checks nothing."""

    def __init__(self) -> None:
        self.blocks: dict[bytes, bytes] = {}
        self.asked: list[CID] = []

    def publish(self, data: bytes) -> CID:
        return cid_of(io.BytesIO(data), lambda cid, block: self.blocks.__setitem__(cid.digest, block))

    def put(self, block: bytes, codec: int = DAG_PB) -> CID:
        cid = CID.of_block(codec, block)
        self.blocks[cid.digest] = block
        return cid

    def block(self, cid: CID) -> bytes:
        self.asked.append(cid)
        if cid.digest not in self.blocks:
            raise NotFoundError(f"No block {cid}.")
        return self.blocks[cid.digest]


@pytest.mark.parametrize("length", [0, 1, MIB, MIB + 1, 3 * MIB + 5])
def test_content_reads_back(length: int) -> None:
    memory = Memory()
    data = golden_bytes(length)
    cid = memory.publish(data)
    with open_content(memory.block, cid) as stream:
        assert stream.read() == data
    assert verify(memory, cid) == length
    assert resolve(memory, cid.digest) == cid


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4 * MIB), st.integers(0, 70_000)), max_size=8))
def test_reading_at_any_offset_equals_a_slice(reads: list[tuple[int, int]]) -> None:
    memory = Memory()
    data = golden_bytes(3 * MIB + 7)
    stream = open_content(memory.block, memory.publish(data))
    for offset, length in reads:
        stream.seek(offset)
        assert stream.read(length) == data[offset : offset + length]


def test_seeking_under_two_levels_of_nodes_reads_the_right_leaf() -> None:
    memory = Memory()
    data = golden_bytes(2 * MIB) * 88 + b"the end"  # 177 leaves: height 2
    cid = memory.publish(data)
    assert resolve(memory, cid.digest) == cid
    assert verify(memory, cid) == len(data)
    stream = open_content(memory.block, cid)
    for offset in (174 * MIB - 3, 5, 175 * MIB, 174 * MIB, len(data) - 7):
        stream.seek(offset)
        assert stream.read(9) == data[offset : offset + 9]
    assert stream.seek(-7, io.SEEK_END) == len(data) - 7
    assert stream.read() == b"the end"


def test_a_changed_leaf_is_refused_and_what_came_before_was_right() -> None:
    memory = Memory()
    data = golden_bytes(3 * MIB)
    cid = memory.publish(data)
    third = cid_of_bytes(data[2 * MIB :])
    memory.blocks[third.digest] = memory.blocks[third.digest][:-1] + b"?"
    stream = open_content(memory.block, cid)
    assert stream.read(2 * MIB) == data[: 2 * MIB]
    with pytest.raises(ContentMismatchError):
        stream.read(1)
    with pytest.raises(ContentMismatchError):
        verify(memory, cid)


def test_a_changed_root_a_missing_leaf_and_a_swapped_block_are_refused() -> None:
    memory = Memory()
    data = golden_bytes(2 * MIB)
    cid = memory.publish(data)
    first, second = cid_of_bytes(data[:MIB]), cid_of_bytes(data[MIB:])
    kept = dict(memory.blocks)
    memory.blocks[first.digest] = kept[second.digest]
    with pytest.raises(ContentMismatchError):
        verify(memory, cid)
    memory.blocks = {digest: block for digest, block in kept.items() if digest != second.digest}
    with pytest.raises(NotFoundError):
        verify(memory, cid)
    memory.blocks = kept | {cid.digest: kept[cid.digest] + b"\0"}
    with pytest.raises(ContentMismatchError):
        open_content(memory.block, cid)


def test_more_than_was_expected_is_refused_at_the_root() -> None:
    memory = Memory()
    cid = memory.publish(golden_bytes(2 * MIB))
    memory.asked.clear()
    with pytest.raises(ContentMismatchError, match="more than"):
        open_content(memory.block, cid, max_bytes=2 * MIB - 1)
    assert memory.asked == [cid]
    assert verify(memory, cid, max_bytes=2 * MIB) == 2 * MIB


def _links(memory: Memory, count: int) -> list[Link]:
    block = golden_bytes(MIB)
    cid = memory.put(block, RAW)
    return [Link(cid.digest, MIB, MIB)] * count


def test_honest_hashes_over_a_dishonest_tree_are_refused() -> None:
    """Each root below hashes to its CID; what is wrong is what it says."""
    memory = Memory()
    two = _links(memory, 2)
    good = encode_node(two, 1)
    assert verify(memory, memory.put(good)) == 2 * MIB
    small = memory.put(b"short", RAW)
    forged = {
        "no links": encode_node([], 1),
        "one link": encode_node(two[:1], 1),
        "175 links": encode_node(_links(memory, 175), 1),
        "short first leaf": encode_node([Link(small.digest, 5, 5), two[0]], 1),
        "a leaf shorter than said": encode_node([two[0], Link(small.digest, MIB, MIB)], 1),
        "a leaf longer than said": encode_node([two[0], replace(two[1], size=MIB - 1)], 1),
        "a tsize that lies": encode_node([two[0], replace(two[1], tsize=MIB + 1)], 1),
        "nodes where leaves belong": encode_node(two, 2),
        "trailing bytes": good + b"\0",
        "cut short": good[:-1],
        "empty": b"",
        "data before links": good[-14:] + good[:-14],
        "a number too long": good[:2] + good[2:].replace(varint(MIB), b"\xff" * 10),
        "a directory": good.replace(b"\x08\x02", b"\x08\x01"),
        "a zero-length varint form": good.replace(b"\x08\x02", b"\x08\x82\x00"),
    }
    for what, block in forged.items():
        assert block != good, what
        with pytest.raises(ContentMismatchError):
            verify(memory, memory.put(block))


def test_a_lying_inner_node_is_refused() -> None:
    memory = Memory()
    full = _links(memory, 174)
    node = encode_node(full, 1)
    inner = memory.put(node)
    last = memory.put(encode_node(full[:1], 1))
    last_tsize = MIB + len(memory.blocks[last.digest])
    tsize = 174 * MIB + len(node)
    good = [Link(inner.digest, 174 * MIB, tsize), Link(last.digest, MIB, last_tsize)]
    assert verify(memory, memory.put(encode_node(good, 2))) == 175 * MIB
    for bad in (
        [replace(good[0], tsize=tsize - 1), good[1]],
        [good[0], replace(good[1], tsize=last_tsize + 1)],
        [good[0], replace(good[1], digest=inner.digest)],
        [good[0], replace(good[1], size=2 * MIB)],
    ):
        with pytest.raises(ContentMismatchError):
            verify(memory, memory.put(encode_node(bad, 2)))


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_decoding_raise_anything_else(block: bytes) -> None:
    try:
        decode_node(block)
    except ContentMismatchError:
        assert not is_file_root(block)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_flipped_byte_in_a_node_is_refused_or_is_another_node(at: int, value: int) -> None:
    block = bytearray(encode_node([Link(bytes([n]) * 32, MIB, MIB) for n in range(3)], 1))
    before = bytes(block)
    block[at % len(block)] = value
    try:
        _, links = decode_node(bytes(block))
    except ContentMismatchError:
        return
    assert encode_node(links, 1) == bytes(block)
    assert (bytes(block) == before) == (links == decode_node(before)[1])


def test_an_unresolvable_digest_is_refused() -> None:
    memory = Memory()
    cid = memory.publish(golden_bytes(2 * MIB))
    memory.blocks[cid.digest] = b"other"
    with pytest.raises(ContentMismatchError):
        resolve(memory, cid.digest)
    with pytest.raises(NotFoundError):
        resolve(memory, bytes(32))


def test_block_cids_names_each_block_parents_first() -> None:
    memory = Memory()
    data = golden_bytes(3 * MIB)
    cid = memory.publish(data)
    leaves = [cid_of_bytes(data[at : at + MIB]) for at in range(0, 3 * MIB, MIB)]
    assert list(block_cids(memory, cid)) == [cid, *leaves]
