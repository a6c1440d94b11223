"""The envelope: header, capsule and encrypted payload of one contribution in one file (docs/spec/envelope.md).

Constant memory both ways. Not here: the CID of the file, and where it is kept.
"""

from __future__ import annotations

import hmac
import io
import secrets
from dataclasses import dataclass

from ..errors import CapsuleError, EnvelopeError, InputError
from .bn254 import G2Point
from .capsule import open_capsule, require_randomness, seal_capsule
from .content import Lengths, Unpacker, prepare
from .hashing import header_mac, payload_key
from .header import (
    PREAMBLE_LENGTH,
    SALT_LENGTH,
    Compression,
    EnvelopeContext,
    Header,
    prefix_bytes,
)
from .keys import DataKey, NodeKey
from .stream import Sink, Source, StreamReader, StreamWriter

__all__ = [
    "Compression",
    "EnvelopeContext",
    "EnvelopeReader",
    "Header",
    "SealedEnvelope",
    "inspect",
    "open",
    "open_with_dek",
    "seal",
    "unlock",
    "unlock_with_dek",
    "verify_capsule",
]


@dataclass(frozen=True, slots=True)
class SealedEnvelope:
    """What sealing leaves behind besides the file. The data key goes to the validators and is then forgotten."""

    header: Header
    dek: DataKey


def seal(
    source: Source | bytes,
    sink: Sink,
    *,
    context: EnvelopeContext,
    committee_key: G2Point,
    dek: DataKey | None = None,
    compression: Compression = Compression.NONE,
) -> SealedEnvelope:
    """Encrypt a content to a leaf's path under the committee's key Y, and write the envelope.

    source: bytes, or a seekable binary file read from its position to its end. DEFLATE falls back to NONE where it does
    not help. A data key is for one version of one contribution; leave it out and a fresh one is made.
    Raises InputError for a source that cannot be read twice or that changes meanwhile.
    """
    return _seal(
        source, sink, context, committee_key, dek or DataKey.generate(), compression, secrets.token_bytes(SALT_LENGTH)
    )


def _seal(
    source: Source | bytes,
    sink: Sink,
    context: EnvelopeContext,
    committee_key: G2Point,
    dek: DataKey,
    compression: Compression,
    salt: bytes,
) -> SealedEnvelope:
    content = prepare(source, compression)
    prefix = prefix_bytes(context, content.compression, content.padded_length, salt)
    capsule = seal_capsule(dek, prefix, context.pool, context.member_number, context.tree_height, committee_key)
    mac = header_mac(dek.to_secret_bytes(), salt, prefix, capsule.to_bytes())
    header = Header(context, content.compression, content.padded_length, salt, capsule, mac)
    sink.write(header.to_bytes())
    writer = StreamWriter(payload_key(dek.to_secret_bytes(), salt, prefix), sink, content.padded_length)
    for piece in content.pieces():
        writer.write(piece)
    writer.close()
    return SealedEnvelope(header, dek)


def inspect(source: Source | bytes) -> Header:
    """Read the header without a key. Raises EnvelopeError; authenticity is only known after opening."""
    return Header.read(_as_source(source))


class EnvelopeReader:
    """An envelope whose data key is known and whose header is authentic; made by `unlock` or `unlock_with_dek`."""

    def __init__(self, source: Source, header: Header, dek: DataKey) -> None:
        """source: at the payload. Raises EnvelopeError of kind `header`. R must have been checked already."""
        _require_mac(header, dek)
        self.header, self.dek = header, dek
        self._source = source
        key = payload_key(dek.to_secret_bytes(), header.salt, header.prefix)
        self._stream = StreamReader(key, source, header.padded_length)

    def copy_to(self, sink: Sink) -> int:
        """Write the whole content, once; returns its length in bytes.

        Written bytes are authentic, but complete only if this returns: on EnvelopeError throw the output away.
        """
        unpacker = Unpacker(self.header.compression, self.header.padded_length, sink)
        for chunk in self._stream.chunks():
            unpacker.feed(chunk)
        return unpacker.finish()

    def read_at(self, offset: int, size: int) -> bytes:
        """Content [offset, offset + size), cut at its end, from a seekable source that starts with the envelope.

        Only for contents stored without compression; raises InputError for others. Checks the chunks it touches, and
        leaves the source where it was.
        """
        header = self.header
        if offset < 0 or size < 0:
            raise InputError("An offset and a size are not negative.")
        if header.compression is not Compression.NONE:
            raise InputError("A compressed envelope cannot be read at an offset.", hint="Open it as a whole.")
        position = self._source.tell()
        try:
            preamble = self._stream.read_at(header.length, 0, PREAMBLE_LENGTH)
            lengths = Lengths.parse(preamble, header.compression, header.padded_length)
            size = max(0, min(size, lengths.stored - offset))
            return self._stream.read_at(header.length, PREAMBLE_LENGTH + offset, size)
        finally:
            self._source.seek(position)


def unlock(source: Source | bytes, node_key: NodeKey, *, expected: EnvelopeContext | None = None) -> EnvelopeReader:
    """Read the header, open its capsule with the key of one node on the leaf's path, check the header.

    expected: what the caller believes the envelope to be; a difference raises EnvelopeError of kind `context`.
    Raises EnvelopeError or CapsuleError, each with its `kind`.
    """
    opened = _as_source(source)
    header = Header.read(opened)
    _require_context(header, expected)
    where = header.context
    dek = open_capsule(header.capsule, header.prefix, where.pool, where.member_number, where.tree_height, node_key)
    return EnvelopeReader(opened, header, dek)


def unlock_with_dek(source: Source | bytes, dek: DataKey, *, expected: EnvelopeContext | None = None) -> EnvelopeReader:
    """As `unlock`, with the data key itself. Another data key raises CapsuleError of kind `randomness`."""
    opened = _as_source(source)
    header = Header.read(opened)
    _require_context(header, expected)
    require_randomness(header.capsule, header.prefix, dek)
    return EnvelopeReader(opened, header, dek)


def open(
    source: Source | bytes, sink: Sink, node_key: NodeKey, *, expected: EnvelopeContext | None = None
) -> EnvelopeReader:
    """Unlock an envelope and write its content; on EnvelopeError or CapsuleError throw the output away."""
    reader = unlock(source, node_key, expected=expected)
    reader.copy_to(sink)
    return reader


def open_with_dek(
    source: Source | bytes, sink: Sink, dek: DataKey, *, expected: EnvelopeContext | None = None
) -> EnvelopeReader:
    """Open an envelope with its data key, as its member and its validators do."""
    reader = unlock_with_dek(source, dek, expected=expected)
    reader.copy_to(sink)
    return reader


def verify_capsule(header: Header, dek: DataKey, committee_key: G2Point) -> None:
    """Check that every node key on the path will open this envelope: recompute the capsule and compare the bytes.

    What a validator does before it attests. Raises CapsuleError (`randomness`, `wrap`) or EnvelopeError (`header`).
    """
    where = header.context
    require_randomness(header.capsule, header.prefix, dek)
    rebuilt = seal_capsule(dek, header.prefix, where.pool, where.member_number, where.tree_height, committee_key)
    if not hmac.compare_digest(rebuilt.to_bytes(), header.capsule.to_bytes()):
        raise CapsuleError("A node of the path would not open this envelope under the committee's key.", kind="wrap")
    _require_mac(header, dek)


def _as_source(source: Source | bytes) -> Source:
    return io.BytesIO(source) if isinstance(source, (bytes, bytearray, memoryview)) else source


def _require_context(header: Header, expected: EnvelopeContext | None) -> None:
    if expected is not None and header.context != expected:
        raise EnvelopeError(
            "The envelope belongs to another member, pool, registry or chain than expected.", kind="context"
        )


def _require_mac(header: Header, dek: DataKey) -> None:
    mac = header_mac(dek.to_secret_bytes(), header.salt, header.prefix, header.capsule.to_bytes())
    if not hmac.compare_digest(mac, header.mac):
        raise EnvelopeError("The envelope's header was altered.", kind="header")
