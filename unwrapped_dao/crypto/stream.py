"""STREAM: AES-256-GCM over 64 KiB chunks, in constant memory, readable at an offset (docs/spec/envelope.md section 5).

Nonce of chunk i = i as 11 big-endian bytes ‖ 01 for the last chunk, else 00, after Hoang, Reyhanitabar, Rogaway and
Vizár (2015) as age uses it; the key is used for one payload only. The total length is known to both sides beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import EnvelopeError, InputError

CHUNK_LENGTH = 64 * 1024
TAG_LENGTH = 16


class Source(Protocol):
    """Anything to read bytes from; `seek` is needed only for reading at an offset."""

    def read(self, size: int = ..., /) -> bytes: ...
    def seek(self, offset: int, whence: int = ..., /) -> int: ...
    def tell(self) -> int: ...


class Sink(Protocol):
    """Anything to write bytes to."""

    def write(self, data: bytes, /) -> object: ...


def chunk_count(length: int) -> int:
    """Chunks of a payload of `length` ≥ 1 bytes."""
    return -(-length // CHUNK_LENGTH)


def sealed_length(length: int) -> int:
    """Bytes of the encrypted payload."""
    return length + TAG_LENGTH * chunk_count(length)


def _nonce(index: int, is_last: bool) -> bytes:
    return index.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def read_up_to(source: Source, size: int) -> bytes:
    """`size` bytes, fewer only at the end of the source (a raw pipe may return less per call)."""
    data = source.read(size)
    if len(data) == size or not data:
        return data
    parts = [data]
    missing = size - len(data)
    while missing and (data := source.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


class StreamWriter:
    """Encrypts exactly `length` bytes given in pieces of any size."""

    def __init__(self, key: bytes, sink: Sink, length: int) -> None:
        self._aead = AESGCM(key)
        self._sink = sink
        self._left = length
        self._index = 0
        self._buffer = bytearray()

    def write(self, data: bytes) -> None:
        """Raises InputError for more than the announced bytes, before any of the surplus is encrypted."""
        if len(self._buffer) + len(data) > self._left:
            raise InputError("The input grew while it was being encrypted.")
        view = memoryview(data)
        if self._buffer:
            need = CHUNK_LENGTH - len(self._buffer)
            self._buffer += view[:need]
            view = view[need:]
            if len(self._buffer) == min(CHUNK_LENGTH, self._left):
                self._seal(bytes(self._buffer))
                self._buffer.clear()
        while len(view) >= CHUNK_LENGTH or (len(view) and len(view) == self._left):
            self._seal(view[:CHUNK_LENGTH])
            view = view[CHUNK_LENGTH:]
        self._buffer += view

    def _seal(self, chunk: bytes | memoryview) -> None:
        self._left -= len(chunk)
        self._sink.write(self._aead.encrypt(_nonce(self._index, self._left == 0), chunk, None))
        self._index += 1

    def close(self) -> None:
        """Raises InputError unless everything announced has been written."""
        if self._left:
            raise InputError("The input shrank while it was being encrypted.")


class StreamReader:
    """Decrypts a payload of `length` plaintext bytes that starts at the source's position."""

    def __init__(self, key: bytes, source: Source, length: int) -> None:
        self._aead = AESGCM(key)
        self._source = source
        self._length = length
        self._chunks = chunk_count(length)

    def _open(self, index: int) -> bytes:
        is_last = index == self._chunks - 1
        size = (self._length - index * CHUNK_LENGTH if is_last else CHUNK_LENGTH) + TAG_LENGTH
        sealed = read_up_to(self._source, size)
        if len(sealed) < size:
            raise EnvelopeError("The envelope is cut short.", kind="truncated")
        try:
            return self._aead.decrypt(_nonce(index, is_last), sealed, None)
        except InvalidTag:
            raise EnvelopeError(f"Chunk {index} of the envelope was altered or moved.", kind="payload") from None

    def chunks(self) -> Iterator[bytes]:
        """Every chunk in order; each is authentic when it arrives, the whole only when the iterator ends.

        Raises EnvelopeError of kind `truncated`, `payload` or `trailing`.
        """
        for index in range(self._chunks):
            yield self._open(index)
        if self._source.read(1):
            raise EnvelopeError("Bytes follow the end of the envelope.", kind="trailing")

    def read_at(self, start: int, offset: int, size: int) -> bytes:
        """Plaintext [offset, offset + size), cut at the end. `start` is the payload's position in a seekable source.

        Only the chunks it touches are read and checked.
        """
        end = min(offset + size, self._length)
        if offset >= end:
            return b""
        first = offset // CHUNK_LENGTH
        self._source.seek(start + first * (CHUNK_LENGTH + TAG_LENGTH))
        data = b"".join(self._open(index) for index in range(first, chunk_count(end)))
        return data[offset - first * CHUNK_LENGTH : end - first * CHUNK_LENGTH]
