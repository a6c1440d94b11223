"""What a place to keep content can do. Two protocols, so that a read-only place is not asked to write."""

from __future__ import annotations

from typing import BinaryIO, Protocol, runtime_checkable

from .cid import CID, Readable


@runtime_checkable
class ContentReader(Protocol):
    """A place to read from.

    Whatever it gives has been re-hashed on this machine (invariant 12).
    """

    @property
    def name(self) -> str:
        """What messages call it: a folder or a URL, without credentials."""
        ...

    def block(self, cid: CID) -> bytes:
        """One verified block.

        Raises NotFoundError (it has no such block), ContentMismatchError (it gave other bytes) or
        StorageUnavailableError (it gave none).
        """
        ...

    def fetch(self, cid: CID, *, max_bytes: int | None = None) -> BinaryIO:
        """A seekable stream of the content, each block verified before a byte of it is returned.

        Errors of `block` may come from any read. More than `max_bytes` is refused before anything but the
        root is fetched.
        """
        ...

    def has(self, cid: CID) -> bool:
        """Whether it says it holds the whole content. A claim; `reader.verify` reads every byte."""
        ...


@runtime_checkable
class ContentStore(ContentReader, Protocol):
    """A place to publish to. `blockstore.BlockStore` and `kubo.KuboStore` are two."""

    def publish(self, file: Readable, *, pin: bool = True) -> CID:
        """Store everything `file` still gives and return its CID; doing it again changes nothing."""
        ...

    def pin(self, cid: CID) -> None:
        """Keep this content until unpinned; it must be there (NotFoundError)."""
        ...

    def unpin(self, cid: CID) -> None:
        """Stop keeping it; unpinning what is not pinned is no error."""
        ...

    def pins(self) -> frozenset[CID]:
        """Everything pinned."""
        ...
