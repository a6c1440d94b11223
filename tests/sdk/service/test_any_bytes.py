"""Whatever bytes a stranger sends, in whatever place: this package's own errors and no other."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto import sealed_request
from unwrapped_dao.crypto.sealed_request import EncryptionKey, OpenedRequest, Recipient
from unwrapped_dao.errors import InputError, SealedRequestError, UntrustedDataError
from unwrapped_dao.service.index_host import Query
from unwrapped_dao.service.wire import decode_answer, decode_ask, decode_record, encode
from unwrapped_dao.validation.log import Entry

KEY, WHERE = EncryptionKey(b"k" * 32), Recipient(1, b"r" * 20, b"v" * 20)


def sealed(records: bytes, envelope: bytes) -> bytes:
    sink = io.BytesIO()
    sealed_request.seal(
        sink, KEY.public, WHERE, b"{}", records=records, envelope=io.BytesIO(envelope), envelope_length=len(envelope)
    )
    return sink.getvalue()


GOOD = sealed(b"r" * 900, b"e" * 70_000)


def opened(data: bytes) -> None:
    request = OpenedRequest(io.BytesIO(data), KEY, WHERE)
    request.read_records()
    request.copy_envelope(io.BytesIO())


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda tail: b"UNWRAPQ\x01" + tail)))
def test_any_bytes_as_a_request(data: bytes) -> None:
    with suppress(SealedRequestError):
        opened(data)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_to_a_good_request(data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    if bytes(damaged) != GOOD:
        try:
            opened(bytes(damaged))
        except SealedRequestError:
            return
        raise AssertionError("a damaged request was read")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ("ask", "outcome", "member", "scope", "scope_id", "epoch", "expiry", "signature", "items", "weight", "why")
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), VALUES | st.sampled_from(["attest", "held", "attested", "refused"]))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), OBJECTS.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_as_words_on_the_wire(data: bytes) -> None:
    for decode in (decode_ask, decode_answer, decode_record):
        try:
            said = decode(data)
        except UntrustedDataError as refused:
            assert refused.__cause__ is None and refused.__suppress_context__  # whose words would quote the data
            continue
        assert decode(encode(said)) == said


ADDRESS, WORD, SIGNATURE = "0x" + "ab" * 20, "cd" * 32, "ef" * 64
WHOLE: list[tuple[Callable[[bytes], object], dict[str, object]]] = [
    (
        decode_ask,
        {
            "ask": "attest", "member": ADDRESS, "scope": "s", "scope_id": WORD, "epoch": 1, "version": 1,
            "content": WORD, "expiry": 1, "dek": WORD, "validators": [ADDRESS], "signed_at": 1, "signature": SIGNATURE,
        },
    ),
    (decode_ask, {"ask": "forget", "member": ADDRESS, "expiry": 1, "signature": SIGNATURE}),
    (decode_ask, {"ask": "batch", "scope_id": WORD, "epoch": 1, "expiry": 1}),
    (
        decode_answer,
        {"outcome": "attested", "weight": 1, "fingerprint": WORD, "report": WORD, "signature": SIGNATURE},
    ),
    (decode_answer, {"outcome": "batch-attested", "signature": SIGNATURE}),
    (
        decode_record,
        {
            "chain_id": 1, "registry": ADDRESS, "validator": ADDRESS, "key": WORD, "expiry": 1, "signature": SIGNATURE,
            "max_request_bytes": 1,
        },
    ),
]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_an_answer(data: bytes) -> None:
    key = OpenedRequest(io.BytesIO(GOOD), KEY, WHERE).answer_key
    for given_ in (data, key.seal(b"{}")[: len(data)] + data):
        with suppress(SealedRequestError):
            assert key.open(given_) == b"{}"


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_as_a_key_to_seal_to(public: bytes) -> None:
    with suppress(SealedRequestError, InputError):
        sealed_request.seal(io.BytesIO(), public, WHERE, b"{}")


@pytest.mark.parametrize(("decode", "whole"), WHOLE, ids=lambda value: getattr(value, "__name__", ""))
def test_no_word_may_end_in_a_line_break(decode: Callable[[bytes], object], whole: dict[str, object]) -> None:
    """In a pattern `$` also stands before a last line break, and an address with one is another name for its member."""
    assert decode(json.dumps(whole).encode())
    for name, value in whole.items():
        if isinstance(value, str) and len(value) > 20:
            with pytest.raises(UntrustedDataError):
                decode(json.dumps(whole | {name: value + "\n"}).encode())


@pytest.mark.parametrize(
    ("kind", "whole"),
    [
        (Query, ["0x" + "ab" * 20, 1, bytes(32), 1, bytes(64)]),
        (Entry, [2, [1], bytes(32), b"body", "0x" + "ab" * 20, bytes(64)]),
    ],
)
def test_nor_may_the_name_of_who_asks_the_index(kind: type, whole: list[object]) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(whole), type=kind)
    at = next(i for i, value in enumerate(whole) if isinstance(value, str))
    whole[at] = f"{whole[at]}\n"
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(whole), type=kind)
