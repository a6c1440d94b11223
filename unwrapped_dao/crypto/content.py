"""What stands inside an envelope's payload: two lengths, the content (stored or deflated), zero padding.

Both directions work in constant memory; a deflated content that grows past its bound is refused while it grows.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import EnvelopeError, InputError
from .header import PREAMBLE_LENGTH, Compression, padme
from .stream import CHUNK_LENGTH, Sink, Source, read_up_to

#: A deflated content may expand to at most this many times the padded length. Deflate itself reaches 1032; real rows
#: stay below 30, and a writer stores what would compress better than this.
MAX_EXPANSION = 64
_READ_LENGTH = 16 * CHUNK_LENGTH
_PREAMBLE = struct.Struct(">QQ")  # stored length, plain length


def _deflater() -> zlib._Compress:
    return zlib.compressobj(level=6, wbits=-15)


@dataclass(frozen=True, slots=True)
class Content:
    """A content ready to be sealed: where it is, how it is stored and how long it is. Lengths in bytes."""

    source: Source
    start: int
    compression: Compression
    stored_length: int
    plain_length: int

    @property
    def padded_length(self) -> int:
        return padme(PREAMBLE_LENGTH + self.stored_length)

    def pieces(self) -> Iterator[bytes]:
        """The payload's plaintext: preamble, content, padding."""
        yield _PREAMBLE.pack(self.stored_length, self.plain_length)
        yield from _stored(self.source, self.start, self.compression)
        padding = self.padded_length - PREAMBLE_LENGTH - self.stored_length
        while padding > 0:
            yield bytes(min(padding, _READ_LENGTH))
            padding -= _READ_LENGTH


def _stored(source: Source, start: int, compression: Compression) -> Iterator[bytes]:
    source.seek(start)
    deflater = _deflater() if compression is Compression.DEFLATE else None
    while data := read_up_to(source, _READ_LENGTH):
        yield deflater.compress(data) if deflater else data
    if deflater:
        yield deflater.flush()


def prepare(source: Source | bytes, wanted: Compression) -> Content:
    """Measure a content. Deflating is done twice, here for its length and again while sealing, to keep memory constant.

    Falls back to NONE where deflating does not help, or helps more than a reader accepts.
    Raises InputError for a source that cannot seek.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        source = io.BytesIO(source)
    try:
        start = source.tell()
        plain_length = source.seek(0, io.SEEK_END) - start
    except (OSError, AttributeError):
        raise InputError("The input to encrypt must be a file that can be read twice, not a pipe.") from None
    if wanted is Compression.DEFLATE:
        stored_length = sum(len(piece) for piece in _stored(source, start, wanted))
        deflated = Content(source, start, wanted, stored_length, plain_length)
        if stored_length < plain_length <= MAX_EXPANSION * deflated.padded_length:
            return deflated
    return Content(source, start, Compression.NONE, plain_length, plain_length)


@dataclass(frozen=True, slots=True)
class Lengths:
    """The preamble of a payload, checked. Lengths in bytes."""

    stored: int
    plain: int

    @classmethod
    def parse(cls, preamble: bytes, compression: Compression, padded_length: int) -> Lengths:
        """Raises EnvelopeError of kind `padding` or `compression`."""
        stored, plain = _PREAMBLE.unpack(preamble)
        if PREAMBLE_LENGTH + stored > padded_length or padme(PREAMBLE_LENGTH + stored) != padded_length:
            raise EnvelopeError("The envelope's inner length does not fit its padded length.", kind="padding")
        if compression is Compression.NONE and plain != stored:
            raise EnvelopeError("The envelope states two lengths for one content.", kind="padding")
        if plain > MAX_EXPANSION * padded_length:
            raise EnvelopeError("The envelope's content would expand beyond the bound.", kind="compression")
        return cls(stored, plain)


class Unpacker:
    """Takes the payload's plaintext chunk by chunk and writes the content; `finish` tells whether it was whole."""

    def __init__(self, compression: Compression, padded_length: int, sink: Sink) -> None:
        self._compression = compression
        self._padded_length = padded_length
        self._sink = sink
        self._lengths: Lengths | None = None
        self._stored_left = 0
        self._written = 0
        self._inflater = zlib.decompressobj(wbits=-15)

    def feed(self, chunk: bytes) -> None:
        """Raises EnvelopeError of kind `padding` or `compression`. The first chunk holds the preamble."""
        if self._lengths is None:
            self._lengths = Lengths.parse(chunk[:PREAMBLE_LENGTH], self._compression, self._padded_length)
            self._stored_left = self._lengths.stored
            chunk = chunk[PREAMBLE_LENGTH:]
        stored = chunk[: self._stored_left]
        self._stored_left -= len(stored)
        if len(stored) < len(chunk) and any(chunk[len(stored) :]):
            raise EnvelopeError("The envelope's padding is not zero.", kind="padding")
        if stored and self._compression is Compression.DEFLATE:
            self._inflate(stored, self._lengths.plain)
        elif stored:
            self._write(stored)

    def _inflate(self, data: bytes, plain_length: int) -> None:
        while True:
            # One byte more than stated is enough to see that it is too much.
            room = min(plain_length - self._written + 1, _READ_LENGTH)
            try:
                piece = self._inflater.decompress(data, room)
            except zlib.error:
                raise EnvelopeError("The envelope's content does not decompress.", kind="compression") from None
            if self._written + len(piece) > plain_length or self._inflater.unused_data:
                raise EnvelopeError("The envelope's content is longer than it states.", kind="compression")
            self._write(piece)
            data = self._inflater.unconsumed_tail
            if not data and len(piece) < room:
                return

    def _write(self, piece: bytes) -> None:
        self._written += len(piece)
        self._sink.write(piece)

    def finish(self) -> int:
        """Bytes written. Raises EnvelopeError (kind `compression`) unless the content was complete."""
        ended = self._compression is Compression.NONE or self._inflater.eof
        if self._lengths is None or not ended or self._written != self._lengths.plain:
            raise EnvelopeError("The envelope's content ends early.", kind="compression")
        return self._written
