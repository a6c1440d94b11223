"""A request that only one validator can open, and an answer that only that validator can give.

The bytes are those of docs/spec/sealed-request.md: HPKE (RFC 9180) carries a fresh request key, the envelope's STREAM
carries the rest in constant memory. Not here: what the manifest says (service/wire.py), and who vouches for the key.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import EnvelopeError, InputError, SealedRequestError, SealedRequestFault
from .header import padme
from .keys import Secret, SecretBytes
from .stream import Sink, Source, StreamReader, StreamWriter, read_up_to, sealed_length

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

REQUEST_MAGIC, ANSWER_MAGIC = b"UNWRAPQ", b"UNWRAPA"
VERSION = 1
MAX_MANIFEST_LENGTH = 64 * 1024
MAX_PADDED_LENGTH = 1 << 40
MAX_ANSWER_LENGTH = 256 * 1024
ANSWER_STEP = 1_024
_REQUEST_LABEL, _ANSWER_LABEL = b"unwrapped-dao/sealed-request/v1", b"unwrapped-dao/sealed-answer/v1"
_KEY_LENGTH = 32
_WRAPPED_LENGTH = 32 + _KEY_LENGTH + 16  # HPKE's enc, the request key, its tag
_HEAD = struct.Struct(f">7sB{_WRAPPED_LENGTH}sQ")
_LENGTHS = struct.Struct(">IIQQ")
_SALT_LENGTH = 32
_PIECE = 1 << 20


class EncryptionKey(SecretBytes):
    """A validator's X25519 key, with which it opens what members seal to it."""

    __slots__ = ()
    called = "An encryption key"

    @property
    def public(self) -> bytes:
        """The 32 bytes to seal to."""
        return X25519PrivateKey.from_private_bytes(self._raw).public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a request is for: this validator of this collective on this chain. Addresses are 20 bytes."""

    chain_id: int
    registry: bytes
    validator: bytes

    def __post_init__(self) -> None:
        if len(self.registry) != 20 or len(self.validator) != 20 or not 0 <= self.chain_id < 1 << 256:
            raise InputError("The registry's address, the validator's or the chain id is out of range.")

    @classmethod
    def of(cls, chain_id: int, registry: str, validator: str) -> Self:
        """From 0x-addresses."""
        try:
            addresses = [bytes.fromhex(address.removeprefix("0x")) for address in (registry, validator)]
        except ValueError:
            raise InputError("The registry's or the validator's address is not hexadecimal.") from None
        return cls(chain_id, *addresses)

    @property
    def info(self) -> bytes:
        return _REQUEST_LABEL + self.chain_id.to_bytes(32, "big") + self.registry + self.validator


class AnswerKey(Secret):
    """What both sides of one request know, and nobody else: it opens and makes answers to that request."""

    __slots__ = ("_request_key", "_transcript")

    def __init__(self, request_key: bytes, transcript: bytes) -> None:
        self._request_key, self._transcript = request_key, transcript

    def to_secret_bytes(self) -> bytes:
        return self._request_key

    def seal(self, body: bytes) -> bytes:
        """An answer; `body` is JSON, filled with spaces so that its length tells little."""
        head = ANSWER_MAGIC + bytes([VERSION]) + secrets.token_bytes(_SALT_LENGTH)
        filled = body + b" " * (-len(body) % ANSWER_STEP)
        return head + AESGCM(self._key(head[8:])).encrypt(bytes(12), filled, head)

    def open(self, answer: bytes) -> bytes:
        """The body of an answer to this request. Raises SealedRequestError."""
        head, sealed = answer[: 8 + _SALT_LENGTH], answer[8 + _SALT_LENGTH :]
        _require(head[:7] == ANSWER_MAGIC, "These bytes are no answer to a sealed request.", "malformed")
        _require(head[7:8] == bytes([VERSION]), "The answer has another version.", "version")
        try:
            return AESGCM(self._key(head[8:])).decrypt(bytes(12), sealed, head).rstrip(b" ")
        except (InvalidTag, ValueError):
            raise SealedRequestError(
                "The answer was altered, belongs to another request, or is not from this validator.", kind="payload"
            ) from None

    def _key(self, salt: bytes) -> bytes:
        return HKDF(SHA256(), 32, self._transcript + salt, _ANSWER_LABEL).derive(self._request_key)


def total_length(manifest: int, records: int, envelope: int) -> int:
    """Bytes of a sealed request with parts of these lengths."""
    return _HEAD.size + sealed_length(padme(_LENGTHS.size + manifest + records + envelope))


def seal(
    sink: Sink,
    public_key: bytes,
    recipient: Recipient,
    manifest: bytes,
    *,
    records: bytes = b"",
    envelope: Source | None = None,
    envelope_length: int = 0,
) -> AnswerKey:
    """Write a sealed request. `envelope` is read from its position, exactly `envelope_length` bytes of it.

    Raises SealedRequestError for a public key that is none, InputError for a manifest that is too long.
    """
    if len(manifest) > MAX_MANIFEST_LENGTH:
        raise InputError("The manifest of a request is too long.")
    request_key = secrets.token_bytes(_KEY_LENGTH)
    padded = padme(_LENGTHS.size + len(manifest) + len(records) + envelope_length)
    wrapped = _wrap(public_key, recipient, request_key)
    head = _HEAD.pack(REQUEST_MAGIC, VERSION, wrapped, padded)
    sink.write(head)
    writer = StreamWriter(_payload_key(request_key, head), sink, padded)
    writer.write(_LENGTHS.pack(len(manifest), 0, len(records), envelope_length) + manifest)
    for at in range(0, len(records), _PIECE):
        writer.write(records[at : at + _PIECE])
    left = envelope_length
    while left and envelope is not None:
        piece = read_up_to(envelope, min(left, _PIECE))
        if not piece:
            raise InputError("The envelope shrank while it was being sealed.")
        writer.write(piece)
        left -= len(piece)
    filling = padded - _LENGTHS.size - len(manifest) - len(records) - envelope_length
    writer.write(bytes(filling))
    writer.close()
    return AnswerKey(request_key, hashlib.sha256(head).digest())


class OpenedRequest:
    """A sealed request being read, in order: manifest at once, then `read_records`, then `copy_envelope`."""

    def __init__(self, source: Source, key: EncryptionKey, recipient: Recipient) -> None:
        """Raises SealedRequestError; the chunks of what was not read yet are checked when they are."""
        head = read_up_to(source, _HEAD.size)
        _require(head[:7] == REQUEST_MAGIC[: len(head)], "These bytes are no sealed request.", "malformed")
        _require(len(head) == _HEAD.size, "The request is cut short.", "truncated")
        _, version, wrapped, padded = _HEAD.unpack(head)
        _require(version == VERSION, f"The request has version {version}, not {VERSION}.", "version")
        fits = _LENGTHS.size <= padded <= MAX_PADDED_LENGTH and padme(padded) == padded
        _require(fits, "The request states a length that no writer states.", "malformed")
        request_key = _unwrap(key, recipient, wrapped)
        self.answer_key = AnswerKey(request_key, hashlib.sha256(head).digest())
        self._chunks = StreamReader(_payload_key(request_key, head), source, padded).chunks()
        self._buffer = bytearray()
        manifest, zero, self.records_length, self.envelope_length = _LENGTHS.unpack(self._read(_LENGTHS.size))
        _require(manifest <= MAX_MANIFEST_LENGTH, "The request's manifest is too long.", "malformed")
        used = _LENGTHS.size + manifest + self.records_length + self.envelope_length
        _require(zero == 0 and padme(used) == padded, "The request's lengths do not add up.", "padding")
        self._filling = padded - used
        self.manifest = self._read(manifest)

    def read_records(self) -> bytes:
        """All of the records: as many bytes of memory as `records_length` says."""
        return self._read(self.records_length)

    def copy_envelope(self, sink: Sink) -> None:
        """Write the envelope. When this returns, the request was whole and nothing followed it."""
        left = self.envelope_length
        while left:
            piece = self._read(min(left, _PIECE))
            sink.write(piece)
            left -= len(piece)
        _require(not self._read(self._filling).strip(b"\0"), "The request's filling is not zero.", "padding")
        try:
            _require(next(self._chunks, None) is None, "Bytes follow the end of the request.", "trailing")
        except EnvelopeError as problem:
            raise _translated(problem) from None

    def _read(self, size: int) -> bytes:
        try:
            while len(self._buffer) < size:
                self._buffer += next(self._chunks)
        except EnvelopeError as problem:
            raise _translated(problem) from None
        except StopIteration:
            raise SealedRequestError("The request's lengths do not add up.", kind="padding") from None
        data = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return data


def _suite() -> Suite:
    # cryptography has HPKE from 47 on; only who talks to a validator needs it.
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _wrap(public_key: bytes, recipient: Recipient, request_key: bytes) -> bytes:
    try:
        return _suite().encrypt(request_key, X25519PublicKey.from_public_bytes(public_key), recipient.info)
    except ValueError:  # a wrong length, or a point of small order
        raise SealedRequestError("The validator's encryption key is no X25519 key.", kind="key") from None


def _unwrap(key: EncryptionKey, recipient: Recipient, wrapped: bytes) -> bytes:
    private = X25519PrivateKey.from_private_bytes(key.to_secret_bytes())
    try:
        return _suite().decrypt(wrapped, private, recipient.info)
    except (InvalidTag, ValueError):
        raise SealedRequestError(
            "The request was sealed to another key, or for another validator, collective or chain.", kind="key"
        ) from None


def _payload_key(request_key: bytes, head: bytes) -> bytes:
    return HKDF(SHA256(), 32, hashlib.sha256(head).digest(), _REQUEST_LABEL).derive(request_key)


def _translated(problem: EnvelopeError) -> SealedRequestError:
    """STREAM's own classes, said of a request."""
    words: dict[str, tuple[str, SealedRequestFault]] = {
        "truncated": ("The request is cut short.", "truncated"),
        "trailing": ("Bytes follow the end of the request.", "trailing"),
    }
    message, kind = words.get(problem.kind, ("A part of the request was altered or moved.", "payload"))
    return SealedRequestError(message, kind=kind)


def _require(condition: bool, message: str, kind: SealedRequestFault) -> None:
    if not condition:
        raise SealedRequestError(message, kind=kind)
