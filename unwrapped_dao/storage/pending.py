"""Envelopes that are not published yet: what a member and its validators keep until the pool is sealed.

A folder of files named by the content digest, each with a small note. A version that is replaced or withdrawn before
sealing is deleted here and so is never published (invariant 15).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from .. import disk
from ..errors import NotFoundError
from .cid import CID, cid_of


class PendingNote(msgspec.Struct, frozen=True):
    """What an envelope is, for whoever keeps it. `rows_digest` lets its member recognise the same preview again."""

    pool_id: str
    member: str
    version: int
    rows_digest: str = ""


class PendingEnvelopes:
    """The folder. Writes are atomic; deleting what is gone is no error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, write: Callable[[BinaryIO], None], note: PendingNote) -> CID:
        """Keep what `write` writes; returns its CID. What killed writers left goes first, if nobody is writing now."""
        with disk.speaking(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._drop_left_over()
            with self._locked(exclusive=False), disk.half_written(self._folder) as half:
                write(half.file)
                half.file.seek(0)
                cid = cid_of(half.file)
                disk.replace(self._note_path(cid.digest), msgspec.json.encode(note))
                half.replace(self._path(cid.digest))
        return cid

    def _drop_left_over(self) -> None:
        """What killed writers left: a half-written envelope, or a note whose envelope never came to be."""
        with contextlib.suppress(BlockingIOError), self._locked(exclusive=True):
            notes = [path for path in self._folder.glob("*.json") if not path.with_suffix(".envelope").is_file()]
            disk.sweep(self._folder)
            for path in notes:
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, *, exclusive: bool) -> Iterator[None]:
        """Shared by writers; exclusive only at once or not at all (BlockingIOError)."""
        import fcntl

        handle = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH)
            yield
        finally:
            os.close(handle)  # the kernel releases the lock, as it does for a killed process

    def open(self, content: bytes) -> BinaryIO:
        """The envelope with this digest. Raises NotFoundError."""
        try:
            return self._path(content).open("rb")
        except FileNotFoundError:
            raise NotFoundError(f"No envelope with the content {content.hex()} is kept here.") from None

    def has(self, content: bytes) -> bool:
        return self._path(content).is_file()

    def note(self, content: bytes) -> PendingNote | None:
        """The note of an envelope, None if there is none or it is damaged."""
        try:
            return msgspec.json.decode(self._note_path(content).read_bytes(), type=PendingNote)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def contents(self) -> Iterator[bytes]:
        """The digests of everything kept, in order."""
        if self._folder.is_dir():
            yield from sorted(bytes.fromhex(path.stem) for path in self._folder.glob("*.envelope"))

    def discard(self, content: bytes) -> None:
        """Delete an envelope and its note."""
        for path in (self._path(content), self._note_path(content)):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()

    def keep_only(self, pool_id: str, live: Container[bytes]) -> int:
        """Delete every envelope of a pool that is not live; how many there were."""
        if not self._folder.is_dir():
            return 0
        self._drop_left_over()
        gone = [c for c in self.contents() if c not in live and (note := self.note(c)) and note.pool_id == pool_id]
        for content in gone:
            self.discard(content)
        return len(gone)

    def _path(self, content: bytes) -> Path:
        return self._folder / f"{content.hex()}.envelope"

    def _note_path(self, content: bytes) -> Path:
        return self._folder / f"{content.hex()}.json"
