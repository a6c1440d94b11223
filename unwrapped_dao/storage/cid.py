"""CIDs: the name of content is its hash, the same name Kubo gives it.

`cid_of(file)` streams a file in constant memory and equals `ipfs add --cid-version=1 --raw-leaves
--chunker=size-1048576`. The chain keeps `content_digest(cid)`, 32 bytes.

A digest does not say its codec. A file of up to 1 MiB is a raw block, a longer one a dag-pb node, so
`cid_from_digest` needs the length; without it, `reader.resolve` fetches the block and looks.

Sources: multiformats CID, multihash, multibase and multicodec tables; `unixfs` for the layout.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..errors import InputError
from .unixfs import (
    CHUNK_SIZE,
    CID_PREFIX,
    DAG_PB,
    MAX_LINKS,
    RAW,
    Link,
    encode_node,
)


class Readable(Protocol):
    """A binary file object, as far as hashing needs it."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True, order=True)
class CID:
    """CIDv1 with sha2-256 and codec RAW or DAG_PB, the only CIDs this package writes or reads."""

    codec: int
    digest: bytes

    def __post_init__(self) -> None:
        if self.codec not in CID_PREFIX or len(self.digest) != 32:
            raise InputError("A CID here is raw or dag-pb with a 32-byte sha2-256 digest.")

    def __bytes__(self) -> bytes:
        return CID_PREFIX[self.codec] + self.digest

    def __str__(self) -> str:
        """Multibase base32, lower case, no padding: begins with `bafkrei` (raw) or `bafybei` (dag-pb)."""
        return "b" + base64.b32encode(bytes(self)).decode("ascii").rstrip("=").lower()

    def __repr__(self) -> str:
        return f"CID({str(self)!r})"

    @classmethod
    def parse(cls, text: str) -> CID:
        """Read the text form.

        Refuses what this package never writes: CIDv0, other bases, hashes and codecs.
        """
        problem = InputError(
            f"{text[:80]!r} is no CID of this project.",
            hint="A CID here begins with bafkrei or bafybei and has 59 characters (CIDv1, sha2-256, base32).",
        )
        try:
            raw = base64.b32decode(text[1:].upper() + "=" * (-(len(text) - 1) % 8))
        except (binascii.Error, ValueError):
            raise problem from None
        if len(raw) != 36 or raw[:4] not in CID_PREFIX.values():
            raise problem
        cid = cls(raw[1], raw[4:])
        if str(cid) != text:  # other base, upper case, or stray bits in the last character
            raise problem
        return cid

    @classmethod
    def of_block(cls, codec: int, block: bytes) -> CID:
        """Name one block by hashing it."""
        return cls(codec, hashlib.sha256(block).digest())


BlockSink = Callable[[CID, bytes], None]


class CidBuilder:
    """Builds the tree of one file from bytes pushed in order; holds one chunk and up to 173 links per level.

    `sink` receives each block with its CID, children before parents. Use: `update` any number of times,
    then `finish`.
    """

    def __init__(self, sink: BlockSink | None = None) -> None:
        self.size = 0
        self._sink = sink
        self._chunk = bytearray()
        self._levels: list[list[Link]] = []

    def update(self, data: bytes) -> None:
        """Add the next bytes of the file."""
        self.size += len(data)
        if not self._chunk and len(data) == CHUNK_SIZE:
            self._add_leaf(bytes(data))  # no copy for bytes
            return
        self._chunk += data
        if len(self._chunk) >= CHUNK_SIZE:
            whole = len(self._chunk) - len(self._chunk) % CHUNK_SIZE
            for start in range(0, whole, CHUNK_SIZE):
                self._add_leaf(bytes(self._chunk[start : start + CHUNK_SIZE]))
            del self._chunk[:whole]

    def finish(self) -> CID:
        """The CID of everything pushed so far; the builder is then used up."""
        if self._chunk or not self.size:  # an empty file is one empty leaf
            self._add_leaf(bytes(self._chunk))
        level = 0
        while True:
            links = self._levels[level]
            if level == len(self._levels) - 1 and len(links) == 1:
                return CID(RAW if level == 0 else DAG_PB, links[0].digest)
            if links:
                self._close_node(level)
            level += 1

    def _add_leaf(self, block: bytes) -> None:
        cid = CID.of_block(RAW, block)
        if self._sink is not None:
            self._sink(cid, block)
        self._push(0, Link(cid.digest, len(block), len(block)))

    def _push(self, level: int, link: Link) -> None:
        if level == len(self._levels):
            self._levels.append([])
        self._levels[level].append(link)
        if len(self._levels[level]) == MAX_LINKS:
            self._close_node(level)

    def _close_node(self, level: int) -> None:
        links = self._levels[level]
        self._levels[level] = []
        block = encode_node(links, level + 1)
        cid = CID.of_block(DAG_PB, block)
        if self._sink is not None:
            self._sink(cid, block)
        size = sum(link.size for link in links)
        tsize = len(block) + sum(link.tsize for link in links)
        self._push(level + 1, Link(cid.digest, size, tsize))


def cid_of(file: Readable, sink: BlockSink | None = None) -> CID:
    """The CID of everything `file.read` still gives, in constant memory; short reads are fine."""
    builder = CidBuilder(sink)
    while data := file.read(CHUNK_SIZE):
        builder.update(data)
    return builder.finish()


def cid_of_bytes(data: bytes) -> CID:
    """The CID of bytes already in memory."""
    builder = CidBuilder()
    builder.update(data)
    return builder.finish()


def content_digest(cid: CID) -> bytes:
    """The 32 bytes kept on the chain as `content`: the sha2-256 digest of the root block."""
    return cid.digest


def cid_from_digest(digest: bytes, size: int) -> CID:
    """The CID behind a chain's `content`, for a file whose length in bytes is known.

    Up to 1 MiB the root is the file itself (raw), above it is a node (dag-pb).
    """
    if size < 0:
        raise InputError("The length of a file cannot be negative.")
    return CID(RAW if size <= CHUNK_SIZE else DAG_PB, digest)
