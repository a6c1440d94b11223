"""CIDs equal Kubo's, stream in constant memory, and read back as text only in the one form."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sdk.storage.golden import LENGTHS, MIB, Golden, golden_bytes, golden_cids
from unwrapped_dao.errors import InputError
from unwrapped_dao.storage.cid import CID, CidBuilder, cid_from_digest, cid_of, cid_of_bytes, content_digest
from unwrapped_dao.storage.unixfs import DAG_PB, MAX_LINKS, RAW, child_span, height_of


@pytest.mark.parametrize("length", LENGTHS)
def test_cid_equals_kubos(length: int) -> None:
    assert str(cid_of(Golden(length))) == golden_cids()[length]


def test_text_that_is_no_cid_of_ours_is_refused() -> None:
    good = str(cid_of_bytes(b"x"))
    bad = [
        "",
        "b",
        "not a cid",
        "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn",  # CIDv0
        good.upper(),
        good[:-1],
        good + "a",
        "z" + good[1:],
        "bafyrei" + good[7:],  # dag-cbor
        "b\u00e4" + good[2:],
    ]
    for text in bad:
        with pytest.raises(InputError) as refusal:
            CID.parse(text)
        assert refusal.value.hint


def test_every_stray_bit_in_the_last_character_is_refused() -> None:
    good = str(cid_of_bytes(b"x"))
    others = [good[:-1] + letter for letter in "abcdefghijklmnopqrstuvwxyz234567" if letter != good[-1]]
    accepted = []
    for text in others:
        try:
            accepted.append(str(CID.parse(text)))
        except InputError:
            continue
    assert len(accepted) == 7  # 58 characters carry 290 bits for 288: 8 endings are canonical, ours is one
    assert all(text in others for text in accepted)


def test_a_cid_with_a_wrong_codec_or_length_cannot_be_made() -> None:
    for codec, digest in ((0x71, bytes(32)), (RAW, bytes(31)), (DAG_PB, bytes(33))):
        with pytest.raises(InputError):
            CID(codec, digest)


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32), st.sampled_from([RAW, DAG_PB]))
def test_text_round_trips(digest: bytes, codec: int) -> None:
    cid = CID(codec, digest)
    assert CID.parse(str(cid)) == cid
    assert len(str(cid)) == 59
    assert content_digest(cid) == digest


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3 * MIB), st.lists(st.integers(1, 2 * MIB), max_size=6))
def test_how_the_bytes_arrive_does_not_matter(length: int, cuts: list[int]) -> None:
    data = golden_bytes(length)
    builder = CidBuilder()
    at = 0
    for cut in cuts:
        builder.update(data[at : at + cut])
        at += cut
    builder.update(data[at:])
    assert builder.finish() == cid_of(io.BytesIO(data))
    assert builder.size == length


@pytest.mark.parametrize("length", LENGTHS)
def test_a_digest_and_a_length_give_the_cid_back(length: int) -> None:
    cid = CID.parse(golden_cids()[length])
    assert cid_from_digest(content_digest(cid), length) == cid


def test_a_negative_length_is_refused() -> None:
    with pytest.raises(InputError):
        cid_from_digest(bytes(32), -1)


def test_heights_change_exactly_where_a_level_is_full() -> None:
    assert [height_of(n) for n in (0, 1, MIB)] == [0, 0, 0]
    for height in (1, 2):
        full = MIB * MAX_LINKS**height
        assert height_of(full) == height
        assert height_of(full + 1) == height + 1
        assert child_span(height + 1) == full


def test_memory_does_not_grow_with_the_file() -> None:
    content = Golden(64 * MIB)
    tracemalloc.start()
    try:
        cid_of(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * MIB
