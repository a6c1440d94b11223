"""The block layout of a file: UnixFS in dag-pb, balanced, raw leaves. Pure bytes in, bytes out.

A file of up to CHUNK_SIZE bytes is one raw block. A longer one is cut into raw leaves of CHUNK_SIZE bytes
(the last may be shorter), MAX_LINKS of them under a node, MAX_LINKS nodes under the next, up to one root;
all leaves are equally deep. This is what Kubo writes with `--cid-version=1 --raw-leaves
--chunker=size-1048576`.

The layout follows from the file's length alone, so a length and a digest name exactly one file: reading
accepts no other layout, and one file never has two names.

Sources: the dag-pb and UnixFS specifications of the IPLD and IPFS projects; links per node is boxo's
DefaultLinksPerBlock.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ContentMismatchError

CHUNK_SIZE = 1 << 20  # bytes in a full leaf
MAX_LINKS = 174  # boxo: (8192 bytes per node) / (34-byte multihash + 8 size + 5 overhead)
MAX_BLOCK_SIZE = CHUNK_SIZE  # a full node is about 10 kB, so the leaf is the largest block there is
MAX_FILE_SIZE = CHUNK_SIZE * MAX_LINKS**3  # about 5.5 TB; keeps every size far inside 63 bits

RAW = 0x55
DAG_PB = 0x70
CID_PREFIX = {
    RAW: bytes((1, RAW, 0x12, 0x20)),
    DAG_PB: bytes((1, DAG_PB, 0x12, 0x20)),
}  # CIDv1, sha2-256, 32 bytes
_CID_LENGTH = 36
_FILE_TYPE = 2  # UnixFS Data.DataType.File


@dataclass(frozen=True, slots=True)
class Link:
    """A child of a node.

    `digest` is the sha2-256 of its block, `size` the file bytes under it, `tsize` its block bytes.
    """

    digest: bytes
    size: int
    tsize: int


def height_of(size: int) -> int:
    """Levels of nodes above the leaves of a file of `size` bytes; 0 means one raw block."""
    if not 0 <= size <= MAX_FILE_SIZE:
        raise ContentMismatchError(f"A file of {size} bytes is outside what this layout holds.")
    height, span = 0, CHUNK_SIZE
    while span < size:
        height, span = height + 1, span * MAX_LINKS
    return height


def child_sizes(size: int, height: int) -> list[int]:
    """File bytes under each child of a node at `height` >= 1 that holds `size` >= 1 bytes."""
    span = child_span(height)
    full, rest = divmod(size, span)
    return [span] * full + ([rest] if rest else [])


def child_span(height: int) -> int:
    """File bytes under one full child of a node at `height` >= 1."""
    return CHUNK_SIZE * int(MAX_LINKS ** (height - 1))


def encode_node(links: list[Link], height: int) -> bytes:
    """The dag-pb block of a node at `height` >= 1.

    dag-pb writes the links before the data, and an empty name as a present field; Kubo does both, and both are hashed.
    """
    prefix = CID_PREFIX[RAW if height == 1 else DAG_PB]
    out = bytearray()
    for link in links:
        body = b"\x0a\x24" + prefix + link.digest + b"\x12\x00\x18" + varint(link.tsize)
        out += b"\x12" + varint(len(body)) + body
    data = b"\x08" + varint(_FILE_TYPE) + b"\x18" + varint(sum(link.size for link in links))
    data += b"".join(b"\x20" + varint(link.size) for link in links)
    return bytes(out + b"\x0a" + varint(len(data)) + data)


def decode_node(block: bytes, *, size: int | None = None, height: int | None = None) -> tuple[int, list[Link]]:
    """(height, links) of a node, which must be byte for byte what `encode_node` writes for its own length.

    `size` and `height` are what the parent promised; a root has neither. Anything else is a
    ContentMismatchError.
    """
    fields = _Fields(block)
    links: list[tuple[bytes, bytes, int]] = []
    while fields.peek() == 0x12:
        link = _Fields(fields.bytes(0x12))
        cid = link.bytes(0x0A)
        name = link.bytes(0x12)
        tsize = link.number(0x18)
        link.end()
        if len(cid) != _CID_LENGTH or name:
            raise _malformed("a link is not a nameless CIDv1")
        links.append((cid[:4], cid[4:], tsize))
    data = _Fields(fields.bytes(0x0A))
    fields.end()
    if data.number(0x08) != _FILE_TYPE:
        raise _malformed("it is not a file")
    total = data.number(0x18)
    sizes = [data.number(0x20) for _ in links]
    data.end()

    height = height_of(total) if height is None else height
    if size is not None and total != size:
        raise _malformed(f"it holds {total} bytes where its parent says {size}")
    if height < 1 or sizes != child_sizes(total, height):
        raise _malformed("it is not cut into leaves of 1 MiB with 174 links per node")
    found = [Link(digest, child, tsize) for (_, digest, tsize), child in zip(links, sizes, strict=True)]
    if encode_node(found, height) != block:
        raise _malformed("it is not encoded in the one canonical way")
    return height, found


def is_file_root(block: bytes) -> bool:
    """Whether a block is the root node of a file of more than one leaf.

    Tells the codec where only a digest is known.
    """
    try:
        decode_node(block)
    except ContentMismatchError:
        return False
    return True


def varint(number: int) -> bytes:
    """Unsigned LEB128, as in protocol buffers and CIDs."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class _Fields:
    """Reads protocol buffer fields in the one order the canonical encoding has."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def peek(self) -> int:
        return self._raw[self._at] if self._at < len(self._raw) else -1

    def number(self, tag: int) -> int:
        self._take_tag(tag)
        return self._varint()

    def bytes(self, tag: int) -> bytes:
        self._take_tag(tag)
        length = self._varint()
        if length > len(self._raw) - self._at:
            raise _malformed("it is cut short")
        self._at += length
        return self._raw[self._at - length : self._at]

    def end(self) -> None:
        if self._at != len(self._raw):
            raise _malformed("it has a field that no file node has")

    def _take_tag(self, tag: int) -> None:
        if self.peek() != tag:
            raise _malformed("a field is missing or out of order")
        self._at += 1

    def _varint(self) -> int:
        number = 0
        for shift in range(0, 63, 7):  # nine bytes, 63 bits: as many as a CID may use
            byte = self.peek()
            if byte < 0:
                break
            self._at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
        raise _malformed("a number is cut short or too long")


def _malformed(why: str) -> ContentMismatchError:
    return ContentMismatchError(
        f"The block is no file node of this layout: {why}.",
        hint="Content here has CIDv1, raw leaves and 1 MiB chunks; have it added again with these settings.",
    )
