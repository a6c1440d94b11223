"""A sealed request opens for its validator alone, and only its validator can answer it."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st
from make_sealed_request_vectors import FILE, LONG, SPEC, spec_with_example

from unwrapped_dao.crypto import sealed_request
from unwrapped_dao.crypto.sealed_request import AnswerKey, EncryptionKey, OpenedRequest, Recipient
from unwrapped_dao.errors import InputError, PointError, SealedRequestError

VECTORS: dict[str, Any] = json.loads(FILE.read_text())
BASES = {name: base64.b64decode(text) for name, text in VECTORS["bases"].items()}
KEY = EncryptionKey(bytes.fromhex(VECTORS["key"]))
WHERE = Recipient(
    VECTORS["where"]["chainId"],
    bytes.fromhex(VECTORS["where"]["registry"]),
    bytes.fromhex(VECTORS["where"]["validator"]),
)
OPENERS = {
    "validator": (KEY, WHERE),
    "other-key": (EncryptionKey(b"k" * 32), WHERE),
    "other-validator": (KEY, Recipient(WHERE.chain_id, WHERE.registry, b"v" * 20)),
    "other-registry": (KEY, Recipient(WHERE.chain_id, b"r" * 20, WHERE.validator)),
    "other-chain": (KEY, Recipient(1, WHERE.registry, WHERE.validator)),
}
CONTENTS = {"short": (VECTORS["records"].encode(), b"UNWRAPD..."), "long": (b"records\n", LONG), "bare": (b"", b"")}


def _assemble(pieces: list[Any]) -> bytes:
    return b"".join(bytes.fromhex(p) if isinstance(p, str) else BASES[p[0]][p[1] : p[2]] for p in pieces)


def _open(data: bytes, opener: str = "validator") -> tuple[OpenedRequest, bytes, bytes]:
    opened, sink = OpenedRequest(io.BytesIO(data), *OPENERS[opener]), io.BytesIO()
    records = opened.read_records()
    opened.copy_envelope(sink)
    return opened, records, sink.getvalue()


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda c: c["name"])
def test_request_vector(case: dict[str, Any]) -> None:
    outcome, _, what = case["outcome"].partition(" ")
    if outcome == "ok":
        opened, *parts = _open(_assemble(case["pieces"]), case["opener"])
        assert opened.manifest == VECTORS["manifest"].encode()
        assert tuple(parts) == CONTENTS[what]
        return
    with pytest.raises(SealedRequestError) as refused:
        _open(_assemble(case["pieces"]), case["opener"])
    assert refused.value.kind == outcome


@pytest.mark.parametrize("case", VECTORS["answers"], ids=lambda c: c["name"])
def test_answer_vector(case: dict[str, Any]) -> None:
    key = _open(BASES[case["to"]])[0].answer_key
    if case["outcome"] == "ok":
        assert key.open(_assemble(case["pieces"])) == VECTORS["body"].encode()
        return
    with pytest.raises(SealedRequestError) as refused:
        key.open(_assemble(case["pieces"]))
    assert refused.value.kind == case["outcome"]


def test_the_specification_shows_the_vector() -> None:
    text = SPEC.read_text()
    assert spec_with_example(text, VECTORS) == text


def test_the_wrapped_key_is_plain_hpke_of_the_stated_suite_and_info() -> None:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    private = X25519PrivateKey.from_private_bytes(KEY.to_secret_bytes())
    info = b"unwrapped-dao/sealed-request/v1" + (1337).to_bytes(32, "big") + WHERE.registry + WHERE.validator
    assert len(suite.decrypt(BASES["short"][8:88], private, info)) == 32


def _seal(**parts: Any) -> tuple[bytes, AnswerKey]:
    sink = io.BytesIO()
    key = sealed_request.seal(sink, KEY.public, WHERE, b"{}", **parts)
    return sink.getvalue(), key


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 300_000])
def test_what_was_sealed_comes_out_and_the_length_is_known_beforehand(size: int) -> None:
    records, envelope = b"r" * size, b"e" * (size // 2)
    data, key = _seal(records=records, envelope=io.BytesIO(envelope), envelope_length=len(envelope))
    assert len(data) == sealed_request.total_length(2, len(records), len(envelope))
    opened, *parts = _open(data)
    assert parts == [records, envelope]
    assert key.open(opened.answer_key.seal(b'{"a":1}')) == b'{"a":1}'


def test_the_same_request_twice_shares_no_byte_of_key_or_payload() -> None:
    (one, _), (two, _) = _seal(records=b"same"), _seal(records=b"same")
    assert one[8:88] != two[8:88] and one[96:] != two[96:]


def test_answers_to_one_request_differ_and_hide_their_length() -> None:
    opened, *_ = _open(BASES["short"])
    answers = {opened.answer_key.seal(body) for body in (b"{}", b"{}", b'{"reason":"' + b"x" * 700 + b'"}')}
    assert len(answers) == 3 and len({len(answer) for answer in answers}) == 1


def test_an_envelope_that_shrinks_or_a_manifest_that_is_too_long_is_refused() -> None:
    with pytest.raises(InputError):
        _seal(envelope=io.BytesIO(b"abc"), envelope_length=4)
    with pytest.raises(InputError):
        sealed_request.seal(io.BytesIO(), KEY.public, WHERE, b" " * 65_537)


@pytest.mark.parametrize("public", [b"", b"k" * 31, bytes(32)], ids=["empty", "short", "small order"])
def test_a_key_that_is_none_is_refused(public: bytes) -> None:
    with pytest.raises(SealedRequestError) as refused:
        sealed_request.seal(io.BytesIO(), public, WHERE, b"{}")
    assert refused.value.kind == "key"


@pytest.mark.parametrize("address", ["", "0x", "0xzz", "0x" + "0" * 39, "0x" + "0" * 42, "x" * 42])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    good = "0x" + "0" * 40
    for where in ((1, address, good), (1, good, address), (2**256, good, good), (-1, good, good)):
        with pytest.raises(InputError):
            Recipient.of(*where)


def _sealed() -> tuple[bytes, AnswerKey]:
    sink = io.BytesIO()
    key = sealed_request.seal(
        sink, KEY.public, WHERE, b"{}", records=b"R" * 70_000, envelope=io.BytesIO(b"E"), envelope_length=1
    )
    return sink.getvalue(), key


SEALED, ANSWERS = _sealed()
ANSWER = ANSWERS.seal(b"{}")


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_a_request_with_any_byte_altered_is_refused_by_its_own_error_alone(at: int, change: int) -> None:
    altered = bytearray(SEALED)
    altered[at] ^= change
    with pytest.raises(SealedRequestError):
        _open(bytes(altered))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 70_000), st.binary(max_size=64))
def test_a_request_cut_or_spliced_anywhere_is_refused_by_its_own_error_alone(at: int, size: int, put: bytes) -> None:
    spliced = SEALED[:at] + put + SEALED[at + size :]
    if spliced != SEALED:
        with pytest.raises(SealedRequestError):
            _open(spliced)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(ANSWER) - 1), st.integers(1, 255), st.booleans())
def test_an_answer_altered_or_cut_anywhere_is_refused_by_its_own_error_alone(at: int, change: int, cut: bool) -> None:
    altered = bytearray(ANSWER)
    altered[at] ^= change
    with pytest.raises(SealedRequestError):
        ANSWERS.open(ANSWER[:at] if cut else bytes(altered))


def test_keys_show_nothing() -> None:
    opened, *_ = _open(BASES["short"])
    for secret in (KEY, opened.answer_key):
        assert secret.to_secret_bytes().hex() not in repr(secret)
        with pytest.raises(TypeError):
            str(secret)
    with pytest.raises(PointError):
        EncryptionKey(b"short")
