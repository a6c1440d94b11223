"""CARv1 files: a pool carried by hand, on a stick or by mail, and verified on arrival like everything else.

A CAR is a header naming the roots, then blocks, each behind its CID. Sources: the IPLD CARv1 and DAG-CBOR
specifications.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import BinaryIO

from ..errors import ContentMismatchError, NotFoundError
from .cid import CID
from .interfaces import ContentReader, ContentStore
from .reader import block_cids, check_block, open_content
from .unixfs import CID_PREFIX, MAX_BLOCK_SIZE, varint

_CID_TAG = b"\xd8\x2a\x58\x25\x00"  # CBOR tag 42, a 37-byte string, which begins with the identity multibase
_MAX_HEADER = 64 << 20  # more than a million roots


def export_car(source: ContentReader, cids: Iterable[CID], file: BinaryIO) -> int:
    """Write the contents `cids` of `source` to `file`, each block verified and once.

    Returns the number of blocks.
    """
    roots = list(dict.fromkeys(cids))
    header = _head(5, 2) + _text("roots") + _head(4, len(roots))
    header += b"".join(_CID_TAG + bytes(root) for root in roots)
    header += _text("version") + b"\x01"
    file.write(varint(len(header)) + header)
    written: set[bytes] = set()
    for root in roots:
        for cid in block_cids(source, root):
            if cid.digest in written:
                continue
            written.add(cid.digest)
            block = check_block(cid, source.block(cid), source.name)
            file.write(varint(36 + len(block)) + bytes(cid))
            file.write(block)
    return len(written)


def import_car(file: BinaryIO, store: ContentStore, *, max_bytes: int | None = None) -> list[CID]:
    """Publish and pin every root of a CAR file in `store`.

    `max_bytes` bounds each content. Returns the roots.
    """
    car = CarReader(file)
    for root in car.roots:
        with car.fetch(root, max_bytes=max_bytes) as stream:
            found = store.publish(stream)
        if found != root:  # cannot happen: the layout is unique; kept because a caller pays for it
            raise ContentMismatchError(f"The CAR file's {root} was stored as {found}.")
    return list(car.roots)


class CarReader:
    """A `ContentReader` over an open, seekable CARv1 file. What it indexes is a claim; `block` verifies."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.name = f"The CAR file {getattr(file, 'name', '')}".rstrip()
        self._end = file.seek(0, os.SEEK_END)
        file.seek(0)
        self.roots = self._read_header()
        self._where: dict[bytes, tuple[int, int]] = {}  # digest -> (offset, length)
        while (length := self._varint(at_end=True)) is not None:
            if not 36 <= length <= 36 + MAX_BLOCK_SIZE:
                raise self._malformed("a block is longer than blocks are here")
            cid = self._take(36)
            if cid[:4] not in CID_PREFIX.values():
                raise self._malformed("a block is not CIDv1 raw or dag-pb with sha2-256")
            start = file.tell()
            if start + length - 36 > self._end:
                raise self._malformed("it is cut short")
            self._where[cid[4:]] = (start, length - 36)
            file.seek(length - 36, os.SEEK_CUR)

    def block(self, cid: CID) -> bytes:
        if cid.digest not in self._where:
            raise NotFoundError(f"{self.name} has no block {cid}.")
        start, length = self._where[cid.digest]
        self._file.seek(start)
        return check_block(cid, self._take(length), self.name)

    def fetch(self, cid: CID, *, max_bytes: int | None = None) -> BinaryIO:
        return open_content(self.block, cid, max_bytes=max_bytes)

    def has(self, cid: CID) -> bool:
        try:
            return all(below.digest in self._where for below in block_cids(self, cid))
        except (NotFoundError, ContentMismatchError):
            return False

    def _read_header(self) -> tuple[CID, ...]:
        length = self._varint()
        if length is None or length > _MAX_HEADER:
            raise self._malformed("its header is missing or too long")
        header = self._take(length)
        start = _head(5, 2) + _text("roots")
        end = _text("version") + b"\x01"
        if not header.startswith(start) or not header.endswith(end):
            raise self._malformed("its header is not CARv1")
        step = len(_CID_TAG) + 36
        for head_length in (1, 2, 3, 5):  # how many bytes the count of roots takes
            body = header[len(start) + head_length : -len(end)]
            count, rest = divmod(len(body), step)
            if not rest and header[: len(start) + head_length] == start + _head(4, count):
                break
        else:
            raise self._malformed("its header is not CARv1")
        roots = []
        for at in range(0, len(body), step):
            raw = body[at + len(_CID_TAG) : at + step]
            if body[at : at + len(_CID_TAG)] != _CID_TAG or raw[:4] not in CID_PREFIX.values():
                raise self._malformed("a root is not CIDv1 raw or dag-pb with sha2-256")
            roots.append(CID(raw[1], raw[4:]))
        return tuple(roots)

    def _varint(self, *, at_end: bool = False) -> int | None:
        number = 0
        for shift in range(0, 63, 7):
            byte = self._file.read(1)
            if not byte:
                if at_end and shift == 0:
                    return None
                break
            number |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80:
                return number
        raise self._malformed("it is cut short")

    def _take(self, length: int) -> bytes:
        data = self._file.read(length)
        if len(data) != length:
            raise self._malformed("it is cut short")
        return data

    def _malformed(self, why: str) -> ContentMismatchError:
        return ContentMismatchError(
            f"{self.name} is no CAR file of this project: {why}.",
            hint="Ask for the file again; nothing of it was used.",
        )


def _head(major: int, number: int) -> bytes:
    """CBOR's type and count, in the shortest form, which DAG-CBOR demands."""
    if number < 24:
        return bytes((major << 5 | number,))
    for info, width in ((24, 1), (25, 2), (26, 4)):
        if number < 1 << 8 * width:
            return bytes((major << 5 | info,)) + number.to_bytes(width, "big")
    raise ContentMismatchError("A CAR file cannot name so many roots.")


def _text(text: str) -> bytes:
    return _head(3, len(text)) + text.encode("ascii")
