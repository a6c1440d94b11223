"""Reading content block by block, each re-hashed and checked before a byte of it is returned.

Because `unixfs` accepts one layout only, a file that reads to its end has had its whole CID recomputed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol, cast

from ..errors import ContentMismatchError
from .cid import CID
from .unixfs import (
    CHUNK_SIZE,
    DAG_PB,
    MAX_BLOCK_SIZE,
    RAW,
    Link,
    child_span,
    decode_node,
    is_file_root,
)

FetchBlock = Callable[[CID], bytes]


class BlockSource(Protocol):
    """Anything that gives blocks by CID."""

    def block(self, cid: CID) -> bytes: ...


def check_block(cid: CID, block: bytes, source: str) -> bytes:
    """The block again, if it hashes to its CID.

    `source` is who gave it and is named in the ContentMismatchError.
    """
    if len(block) > MAX_BLOCK_SIZE or hashlib.sha256(block).digest() != cid.digest:
        raise ContentMismatchError(f"{source} gave other bytes than {cid} names.")
    return block


def open_content(fetch_block: FetchBlock, cid: CID, *, max_bytes: int | None = None) -> BinaryIO:
    """A seekable, verified stream over the blocks of `cid`.

    The root is fetched at once, the rest when it is read.
    """
    raw = _ContentReader(fetch_block, cid, max_bytes)
    return cast(BinaryIO, io.BufferedReader(raw, buffer_size=64 * 1024))


def resolve(source: BlockSource, digest: bytes) -> CID:
    """The CID behind a chain's `content` when its length is not known: fetches the root block and looks.

    Blocks are found by hash alone, whatever the codec. The root is dag-pb exactly if it is a canonical node of a file
    longer than 1 MiB. An envelope cannot be mistaken for one: it begins with its own magic bytes, a node with 0x12.
    """
    block = check_block(CID(RAW, digest), source.block(CID(RAW, digest)), "The storage")
    return CID(DAG_PB if is_file_root(block) else RAW, digest)


def verify(source: BlockSource, cid: CID, *, max_bytes: int | None = None) -> int:
    """Read everything and return its length; raises what `block` raises at the first bad or missing block."""
    total = 0
    with open_content(source.block, cid, max_bytes=max_bytes) as stream:
        while data := stream.read(CHUNK_SIZE):
            total += len(data)
    return total


def block_cids(source: BlockSource, cid: CID) -> Iterator[CID]:
    """Every CID under and including `cid`, parents first. Reads nodes, not leaves: leaves may be missing."""
    yield cid
    if cid.codec == DAG_PB:
        height, links = decode_node(check_block(cid, source.block(cid), "The storage"))
        yield from _below(source, links, height)


def _below(source: BlockSource, links: list[Link], height: int) -> Iterator[CID]:
    for link in links:
        child = CID(RAW if height == 1 else DAG_PB, link.digest)
        yield child
        if height > 1:
            block = check_block(child, source.block(child), "The storage")
            yield from _below(source, decode_node(block, size=link.size, height=height - 1)[1], height - 1)


class _ContentReader(io.RawIOBase):
    """Keeps the nodes on the path to the current leaf, and that leaf; memory does not grow with the file."""

    def __init__(self, fetch_block: FetchBlock, cid: CID, max_bytes: int | None) -> None:
        self._fetch = fetch_block
        self._at = 0
        self._leaf: tuple[int, bytes] | None = None  # (number, bytes)
        self._path: dict[int, tuple[int, list[Link]]] = {}  # height -> (number of that node at its height, links)
        root = check_block(cid, fetch_block(cid), "The storage")
        if cid.codec == RAW:
            self._height, self.size = 0, len(root)
            self._leaf = (0, root)
        else:
            self._height, links = decode_node(root)
            self._path[self._height] = (0, links)
            self.size = sum(link.size for link in links)
        if max_bytes is not None and self.size > max_bytes:
            raise ContentMismatchError(
                f"{cid} is {self.size} bytes long, more than the {max_bytes} that were expected.",
                hint="Nothing of it was read; raise the limit if content of this length is meant.",
            )

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # any writable buffer, as RawIOBase promises
        if self._at >= self.size or not view:
            return 0
        number, offset = divmod(self._at, CHUNK_SIZE)
        piece = memoryview(self._load(number))[offset : offset + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _load(self, number: int) -> bytes:
        """The bytes of leaf `number`, verified."""
        if self._leaf is not None and self._leaf[0] == number:
            return self._leaf[1]
        link = self._link(1, number)
        cid = CID(RAW, link.digest)
        block = check_block(cid, self._fetch(cid), "The storage")
        if len(block) != link.size or link.tsize != link.size:
            raise ContentMismatchError(f"The leaf {cid} has another length than its parent says.")
        self._leaf = (number, block)
        return block

    def _link(self, height: int, number: int) -> Link:
        """The link, in a node at `height`, to child `number` of that level, counted through the file."""
        span = child_span(height + 1) // child_span(height)  # children per full node
        mine, child = divmod(number, span)
        cached = self._path.get(height)
        if cached is None or cached[0] != mine:
            above = self._link(height + 1, mine)
            cid = CID(DAG_PB, above.digest)
            block = check_block(cid, self._fetch(cid), "The storage")
            _, links = decode_node(block, size=above.size, height=height)
            if above.tsize != len(block) + sum(link.tsize for link in links):
                raise ContentMismatchError(f"The node {cid} has another total than its parent says.")
            cached = (mine, links)
            self._path[height] = cached
        return cached[1][child]
