"""Envelopes end to end: round trips, every altered byte, reading at an offset, odd sources, the validator's check."""

from __future__ import annotations

import io
import os
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from crypto_vectors import CONTEXT, POOL, SECRET, committee_key
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto import committee, envelope
from unwrapped_dao.crypto.bn254 import P2
from unwrapped_dao.crypto.content import MAX_EXPANSION
from unwrapped_dao.crypto.envelope import Compression
from unwrapped_dao.crypto.header import PREAMBLE_LENGTH, EnvelopeContext, padme
from unwrapped_dao.crypto.keys import DataKey
from unwrapped_dao.crypto.stream import CHUNK_LENGTH
from unwrapped_dao.crypto.tree import Node, path
from unwrapped_dao.errors import CapsuleError, EnvelopeError, InputError

ROWS = "".join(f"artist {i % 40},{i * 7919 % 1000}\n" for i in range(400)).encode()
ROOT_KEY = committee.sign_node(SECRET, POOL, Node(4, 0))


def _seal(content: bytes, compression: Compression = Compression.NONE, dek: DataKey | None = None) -> bytes:
    sink = io.BytesIO()
    envelope.seal(content, sink, context=CONTEXT, committee_key=committee_key(), dek=dek, compression=compression)
    return sink.getvalue()


def _open(data: bytes) -> bytes:
    sink = io.BytesIO()
    envelope.open(data, sink, ROOT_KEY, expected=CONTEXT)
    return sink.getvalue()


SEALED = _seal(ROWS)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=5000), st.sampled_from(Compression))
def test_any_content_round_trips(content: bytes, compression: Compression) -> None:
    assert _open(_seal(content, compression)) == content


@pytest.mark.parametrize(
    "size",
    [CHUNK_LENGTH - 16, CHUNK_LENGTH - 15, CHUNK_LENGTH, 2 * CHUNK_LENGTH - 16, 3 * CHUNK_LENGTH + 1, (1 << 20) + 7],
)
def test_sizes_around_chunk_boundaries_round_trip(size: int) -> None:
    content = os.urandom(size)
    sealed = _seal(content)
    header = envelope.inspect(sealed)
    assert header.padded_length == padme(PREAMBLE_LENGTH + size) and len(sealed) == header.envelope_length
    assert _open(sealed) == content


def test_every_node_key_of_the_path_opens_and_no_other() -> None:
    for node in path(CONTEXT.member_number, CONTEXT.tree_height):
        sink = io.BytesIO()
        reader = envelope.open(SEALED, sink, committee.sign_node(SECRET, POOL, node))
        assert sink.getvalue() == ROWS and reader.header.context == CONTEXT
    with pytest.raises(CapsuleError):
        envelope.unlock(SEALED, committee.sign_node(SECRET, POOL, Node(1, 0)))


def test_two_envelopes_of_one_content_share_nothing() -> None:
    again = envelope.inspect(_seal(ROWS))
    first = envelope.inspect(SEALED)
    assert first.salt != again.salt and first.capsule.r_bytes != again.capsule.r_bytes


def test_resealing_under_one_data_key_gives_another_payload_key() -> None:
    """A payload encrypted under the data key itself would repeat nonces here."""
    dek = DataKey.generate()
    first, second = _seal(ROWS, dek=dek), _seal(ROWS, dek=dek)
    start = envelope.inspect(first).length
    assert first[start:] != second[start:]


# --- alteration -----------------------------------------------------------------------------------------------------


def _refused(data: bytes) -> bool:
    try:
        _open(data)
    except (EnvelopeError, CapsuleError):
        return True
    return False


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_altering_any_byte_is_refused_by_the_named_errors_alone(at: int, mask: int) -> None:
    altered = bytearray(SEALED)
    altered[at] ^= mask
    assert _refused(bytes(altered))


def test_altering_each_byte_of_the_header_is_refused() -> None:
    header_length = envelope.inspect(SEALED).length
    for at in range(header_length):
        altered = bytearray(SEALED)
        altered[at] ^= 1 << (at % 8)
        assert _refused(bytes(altered)), f"byte {at}"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SEALED) - 1), st.integers(0, len(SEALED)), st.binary(max_size=40))
def test_cutting_and_splicing_is_refused(start: int, stop: int, filler: bytes) -> None:
    data = SEALED[:start] + filler + SEALED[stop:]
    assert data == SEALED or _refused(data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600))
def test_garbage_is_refused_as_no_envelope(data: bytes) -> None:
    assert _refused(data)
    assert _refused(SEALED[:11] + data)


def test_a_part_of_the_output_before_a_fault_is_authentic() -> None:
    content = os.urandom(3 * CHUNK_LENGTH)
    altered = bytearray(_seal(content))
    altered[-1] ^= 1
    sink = io.BytesIO()
    with pytest.raises(EnvelopeError) as caught:
        envelope.open(bytes(altered), sink, ROOT_KEY)
    assert caught.value.kind == "payload"
    assert content.startswith(sink.getvalue())


# --- compression ----------------------------------------------------------------------------------------------------


def test_rows_are_deflated_and_noise_is_stored() -> None:
    small = envelope.inspect(_seal(ROWS, Compression.DEFLATE))
    assert small.compression is Compression.DEFLATE and small.padded_length < len(ROWS) // 2
    noise = envelope.inspect(_seal(os.urandom(1000), Compression.DEFLATE))
    assert noise.compression is Compression.NONE


def test_what_would_shrink_beyond_the_bound_is_stored() -> None:
    content = bytes(1_000_000)
    sealed = _seal(content, Compression.DEFLATE)
    assert envelope.inspect(sealed).compression is Compression.NONE and _open(sealed) == content


class _Counter:
    def __init__(self) -> None:
        self.written = 0

    def write(self, data: bytes) -> int:
        self.written += len(data)
        return len(data)


def test_a_bomb_is_refused_before_it_fills_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its writer states an allowed length, and hides a thousand times more behind it."""
    from unwrapped_dao.crypto import content as content_module

    bomb = zlib.compressobj(9, wbits=-15)
    packed = bomb.compress(bytes(10_000_000)) + bomb.flush()
    real = content_module.prepare(bytes(packed), Compression.NONE)
    stated = 2 * len(packed)
    lying = replace(real, compression=Compression.DEFLATE, plain_length=stated)
    monkeypatch.setattr(content_module.Content, "pieces", _pieces_of(packed, stated, lying.padded_length))
    monkeypatch.setattr(envelope, "prepare", lambda *_: lying)
    sealed = _seal(b"")
    assert stated < MAX_EXPANSION * lying.padded_length
    sink = _Counter()
    with pytest.raises(EnvelopeError) as caught:
        envelope.open(sealed, sink, ROOT_KEY)
    assert caught.value.kind == "compression" and sink.written <= stated + 1


def _pieces_of(packed: bytes, stated: int, padded: int) -> Callable[[object], list[bytes]]:
    plaintext = len(packed).to_bytes(8, "big") + stated.to_bytes(8, "big") + packed
    return lambda _self: [plaintext + bytes(padded - len(plaintext))]


# --- reading at an offset -------------------------------------------------------------------------------------------

LONG = os.urandom(3 * CHUNK_LENGTH + 500)
LONG_SEALED = _seal(LONG)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(LONG) + 10), st.integers(0, 2 * CHUNK_LENGTH))
def test_any_range_can_be_read_alone(offset: int, size: int) -> None:
    reader = envelope.unlock(LONG_SEALED, ROOT_KEY)
    assert reader.read_at(offset, size) == LONG[offset : offset + size]


def test_reading_a_range_does_not_disturb_reading_the_whole() -> None:
    reader, sink = envelope.unlock(io.BytesIO(LONG_SEALED), ROOT_KEY), io.BytesIO()
    reader.read_at(CHUNK_LENGTH, 10)
    assert reader.copy_to(sink) == len(LONG) and sink.getvalue() == LONG


def test_a_range_is_checked_and_needs_no_other_chunk() -> None:
    altered = bytearray(LONG_SEALED)
    altered[envelope.inspect(LONG_SEALED).length + CHUNK_LENGTH + 100] ^= 1  # in the second chunk
    reader = envelope.unlock(bytes(altered), ROOT_KEY)
    assert reader.read_at(2 * CHUNK_LENGTH, 1000) == LONG[2 * CHUNK_LENGTH :][:1000]
    with pytest.raises(EnvelopeError) as caught:
        reader.read_at(CHUNK_LENGTH, 10)
    assert caught.value.kind == "payload"


def test_a_range_of_a_compressed_content_and_a_negative_one_are_refused() -> None:
    with pytest.raises(InputError, match="compressed"):
        envelope.unlock(_seal(ROWS, Compression.DEFLATE), ROOT_KEY).read_at(0, 1)
    with pytest.raises(InputError):
        envelope.unlock(LONG_SEALED, ROOT_KEY).read_at(-1, 1)


# --- sources --------------------------------------------------------------------------------------------------------


class _Trickle(io.RawIOBase):
    """A source that gives a few bytes per call and cannot seek, like a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1, /) -> bytes:
        return self._data.read(min(size, 1000) if size >= 0 else 1000)

    def seekable(self) -> bool:
        return False


def test_an_envelope_opens_from_a_slow_pipe() -> None:
    sink = io.BytesIO()
    envelope.open(_Trickle(LONG_SEALED), sink, ROOT_KEY)
    assert sink.getvalue() == LONG


def test_sealing_reads_a_file_from_its_position(tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(b"skipped" + ROWS)
    with (tmp_path / "rows").open("rb") as source, (tmp_path / "envelope").open("wb") as sink:
        source.seek(7)
        envelope.seal(source, sink, context=CONTEXT, committee_key=committee_key(), compression=Compression.DEFLATE)
    with (tmp_path / "envelope").open("rb") as sealed, (tmp_path / "out").open("wb") as sink:
        envelope.open(sealed, sink, ROOT_KEY)
    assert (tmp_path / "out").read_bytes() == ROWS


def test_sealing_refuses_a_pipe() -> None:
    with pytest.raises(InputError, match="pipe"):
        envelope.seal(_Trickle(ROWS), io.BytesIO(), context=CONTEXT, committee_key=committee_key())


class _Changing(io.BytesIO):
    """A file that another program changes after its length was taken."""

    def __init__(self, data: bytes, later: bytes) -> None:
        super().__init__(data)
        self._later = later

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence == 0 and self._later:
            super().__init__(self._later)
        return super().seek(offset, whence)


@pytest.mark.parametrize("later", [ROWS + b"more" * 1000, ROWS[:-1]])
def test_a_file_that_changes_while_it_is_sealed_is_refused(later: bytes) -> None:
    with pytest.raises(InputError, match="while it was being encrypted"):
        envelope.seal(_Changing(ROWS, later), io.BytesIO(), context=CONTEXT, committee_key=committee_key())


class _Zeros:
    """A large file that takes no memory."""

    def __init__(self, size: int) -> None:
        self._size, self._at = size, 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = offset if whence == 0 else self._size + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        size = min(size, self._size - self._at)
        self._at += size
        return bytes(size)


@pytest.mark.parametrize("compression", list(Compression))
def test_memory_stays_constant_both_ways(tmp_path: Path, compression: Compression) -> None:
    size = 24 << 20
    with (tmp_path / "envelope").open("w+b") as file:
        tracemalloc.start()
        try:
            envelope.seal(_Zeros(size), file, context=CONTEXT, committee_key=committee_key(), compression=compression)
            file.seek(0)
            counter = _Counter()
            envelope.open(file, counter, ROOT_KEY)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert counter.written == size and peak < 8 << 20


# --- members and validators -----------------------------------------------------------------------------------------


def test_the_data_key_opens_and_another_is_refused() -> None:
    dek = DataKey.generate()
    sealed = _seal(ROWS, dek=dek)
    sink = io.BytesIO()
    envelope.open_with_dek(sealed, sink, dek, expected=CONTEXT)
    assert sink.getvalue() == ROWS
    with pytest.raises(CapsuleError) as caught:
        envelope.unlock_with_dek(sealed, DataKey.generate())
    assert caught.value.kind == "randomness"


def test_another_context_than_expected_is_refused_before_any_key_is_used() -> None:
    other = EnvelopeContext(POOL, 3, CONTEXT.tree_height)
    with pytest.raises(EnvelopeError) as caught:
        envelope.unlock(SEALED, ROOT_KEY, expected=other)
    assert caught.value.kind == "context"
    with pytest.raises(EnvelopeError) as caught:
        envelope.unlock_with_dek(SEALED, DataKey.generate(), expected=other)
    assert caught.value.kind == "context"


def test_a_validator_accepts_an_honest_capsule_and_names_a_dishonest_one() -> None:
    dek = DataKey.generate()
    header = envelope.inspect(_seal(ROWS, dek=dek))
    envelope.verify_capsule(header, dek, committee_key())
    with pytest.raises(CapsuleError) as caught:
        envelope.verify_capsule(header, DataKey.generate(), committee_key())
    assert caught.value.kind == "randomness"
    with pytest.raises(CapsuleError) as caught:
        envelope.verify_capsule(header, dek, P2 * 5)  # made for another committee
    assert caught.value.kind == "wrap"
    leaf = replace(header.capsule.wraps[-1], wrapped=bytes(48))  # the buyer of the leaf alone could not open it
    broken = replace(header, capsule=replace(header.capsule, wraps=(*header.capsule.wraps[:-1], leaf)))
    with pytest.raises(CapsuleError) as caught:
        envelope.verify_capsule(broken, dek, committee_key())
    assert caught.value.kind == "wrap"
    with pytest.raises(EnvelopeError) as refused:
        envelope.verify_capsule(replace(header, mac=bytes(32)), dek, committee_key())
    assert refused.value.kind == "header"


def test_no_secret_is_shown_by_what_sealing_returns() -> None:
    dek = DataKey(b"\xca\x0a" * 16)
    sealed = envelope.seal(ROWS, io.BytesIO(), context=CONTEXT, committee_key=committee_key(), dek=dek)
    assert dek.to_secret_bytes().hex() not in repr(sealed) and repr(dek.to_secret_bytes())[2:-1] not in repr(sealed)


@settings(max_examples=300, deadline=None)
@given(st.integers(2, 1 << 48))
def test_padme_rounds_up_by_at_most_an_eighth(length: int) -> None:
    padded = padme(length)
    assert length <= padded <= length + length * 12 // 100 + 1
    assert padme(padded) == padded


@pytest.mark.parametrize(("member", "height"), [(16, 4), (-1, 4), (0, 33), (0, -1)])
def test_a_context_outside_the_tree_is_refused(member: int, height: int) -> None:
    with pytest.raises(InputError):
        EnvelopeContext(POOL, member, height)
