"""The embedded store: content-addressed blocks in a folder, with the CIDs Kubo would give.

    folder/blocks-v1/ab/abcd…   one file per block, named by its sha2-256 digest, as Kubo does (a codec is
    no part of it) folder/pins/bafy…           one empty file per pinned CID folder/tmp/
    blocks being written; a killed process leaves its own behind, and the next `publish` or `sweep` removes it
    folder/lock                 shared while publishing, exclusive while deleting

A block appears under its name only whole and on the disk, a pin only after its blocks, so a kill or a full
disk at any moment leaves either the whole content pinned or nothing but unpinned blocks, which a repeated
publish reuses and `sweep` removes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .. import disk
from ..errors import (
    ContentMismatchError,
    InputError,
    NotFoundError,
    SettingsError,
    StorageUnavailableError,
)
from .cid import CID, Readable, cid_of
from .reader import block_cids, check_block, open_content
from .unixfs import MAX_BLOCK_SIZE


class BlockStore:
    """A `ContentStore` in a folder of its own. Safe for several processes at once."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._blocks = self.folder / "blocks-v1"
        self._pins = self.folder / "pins"
        self._tmp = self.folder / "tmp"
        with disk.speaking(self.folder):
            if self.folder.is_dir() and not self._blocks.is_dir() and any(self.folder.iterdir()):
                raise SettingsError(
                    f"{self.folder} holds other files, so no store was made in it.",
                    hint="Name an empty folder, or one that holds a store already.",
                )
            self._blocks.mkdir(parents=True, exist_ok=True)  # first: this folder is what marks a store
            self._pins.mkdir(exist_ok=True)
            self._tmp.mkdir(exist_ok=True)

    @property
    def name(self) -> str:
        return f"The store in {self.folder}"

    def publish(self, file: Readable, *, pin: bool = True) -> CID:
        """Store everything `file` still gives. A damaged block already here is healed on the way."""
        made: list[bytes] = []
        folders: set[Path] = set()

        def keep(cid: CID, block: bytes) -> None:
            with disk.speaking(self.folder):
                if self._write(cid, block):
                    made.append(cid.digest)
                folders.add(self._path(cid.digest).parent)  # old ones too: their writer may have died before syncing

        self._drop_left_over()
        try:
            with self._locked(exclusive=False):
                cid = cid_of(file, keep)
                with disk.speaking(self.folder):
                    for folder in (*folders, self._blocks):
                        disk.sync_folder(folder)
                    if pin:
                        self._write_pin(cid)
        except BaseException:
            self._forget(made)
            raise
        return cid

    def fetch(self, cid: CID, *, max_bytes: int | None = None) -> BinaryIO:
        return open_content(self.block, cid, max_bytes=max_bytes)

    def block(self, cid: CID) -> bytes:
        with disk.speaking(self.folder):
            try:
                with self._path(cid.digest).open("rb") as file:
                    block = file.read(MAX_BLOCK_SIZE + 1)
            except FileNotFoundError:
                raise NotFoundError(f"{self.name} has no block {cid}.") from None
        return check_block(cid, block, self.name)

    def has(self, cid: CID) -> bool:
        """Whether every block is here, without reading the leaves."""
        try:
            return all(self._path(below.digest).is_file() for below in block_cids(self, cid))
        except (NotFoundError, ContentMismatchError):
            return False

    def pin(self, cid: CID) -> None:
        with self._locked(exclusive=False):
            if not self.has(cid):
                raise NotFoundError(f"{self.name} does not hold all of {cid}, so it cannot pin it.")
            with disk.speaking(self.folder):
                self._write_pin(cid)

    def unpin(self, cid: CID) -> None:
        with disk.speaking(self.folder):
            (self._pins / str(cid)).unlink(missing_ok=True)
            disk.sync_folder(self._pins)

    def pins(self) -> frozenset[CID]:
        with disk.speaking(self.folder):
            names = [entry.name for entry in self._pins.iterdir()]
        pins = set()
        for name in names:
            with contextlib.suppress(InputError):  # a file manager's own files are no pins
                pins.add(CID.parse(name))
        return frozenset(pins)

    def delete(self, cid: CID) -> None:
        """Unpin, and remove every block that no other pinned content shares.

        Deleting what is not here is no error.
        """
        with self._locked(exclusive=True):
            self.unpin(cid)
            gone: set[bytes] = set()
            with contextlib.suppress(
                NotFoundError, ContentMismatchError
            ):  # a damaged tree: its lost leaves are for `sweep`
                for below in block_cids(self, cid):
                    gone.add(below.digest)
            self._remove(gone - self._pinned_digests())

    def sweep(self) -> int:
        """Remove every block that no pinned content holds, and all left-over temporary files.

        Returns how many blocks.
        """
        with self._locked(exclusive=True), disk.speaking(self.folder):
            for left_over in self._tmp.iterdir():
                left_over.unlink(missing_ok=True)
            pinned = self._pinned_digests()
            found = {bytes.fromhex(path.name) for path in self._blocks.glob("??/*")}
            self._remove(found - pinned)
            return len(found - pinned)

    def _path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self._blocks / name[:2] / name

    def _write(self, cid: CID, block: bytes) -> bool:
        """Put the block in place, on the disk; False if it was there and sound."""
        path = self._path(cid.digest)
        if path.is_file():
            with contextlib.suppress(NotFoundError, ContentMismatchError):
                self.block(cid)
                return False
        path.parent.mkdir(exist_ok=True)
        temporary = self._tmp / secrets.token_hex(16)
        try:
            with temporary.open("xb", buffering=0) as file:
                disk.write_all(file.fileno(), block)
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return True

    def _write_pin(self, cid: CID) -> None:
        os.close(
            os.open(self._pins / str(cid), os.O_CREAT | os.O_WRONLY, 0o644)
        )  # empty, so it exists whole or not at all
        disk.sync_folder(self._pins)

    def _pinned_digests(self) -> set[bytes]:
        kept: set[bytes] = set()
        for cid in self.pins():
            try:
                kept.update(below.digest for below in block_cids(self, cid))
            except (NotFoundError, ContentMismatchError) as damage:
                raise type(damage)(
                    f"The pinned {cid} is damaged, so nothing was removed: {damage.message}",
                    hint=f"Publish {cid} again or unpin it, then repeat.",
                ) from damage
        return kept

    def _remove(self, digests: set[bytes]) -> None:
        with disk.speaking(self.folder):
            for digest in digests:
                self._path(digest).unlink(missing_ok=True)
            for folder in {self._path(digest).parent for digest in digests}:
                if folder.is_dir():
                    disk.sync_folder(folder)

    def _forget(self, digests: list[bytes]) -> None:
        """After a failed publish, give the space back, unless another is publishing and may share it."""
        hindrances = (BlockingIOError, NotFoundError, ContentMismatchError, StorageUnavailableError)
        with contextlib.suppress(*hindrances), self._locked(exclusive=True, wait=False):
            self._remove(set(digests) - self._pinned_digests())

    def _drop_left_over(self) -> None:
        """Remove what killed writers left, unless somebody is writing now: then the next publish does."""
        with contextlib.suppress(BlockingIOError), self._locked(exclusive=True, wait=False), disk.speaking(self.folder):
            for left_over in self._tmp.iterdir():
                left_over.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, *, exclusive: bool, wait: bool = True) -> Iterator[None]:
        import fcntl

        with disk.speaking(self.folder):
            handle = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
            fcntl.flock(handle, kind if wait else kind | fcntl.LOCK_NB)
            yield
        finally:
            os.close(handle)  # the kernel releases the lock, as it does for a killed process
