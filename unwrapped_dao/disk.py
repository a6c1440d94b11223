"""Files that are kept: whole under their name or not there at all, and the disk's failures in the package's words.

A file gets its name only when its bytes are on the disk, and the name is on the disk when the call returns (unless its
caller would rather have the old file back than be killed after the new one). So a kill, a power cut or a full disk at
any moment leaves the file as it was or as it shall be. What a killed process leaves has a name that begins with
`HALF_WRITTEN`; who owns the folder sweeps it.

Not here: content by its hash (storage/blockstore.py), the embedded chain's database (chain/local/store.py).
"""

from __future__ import annotations

import errno
import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import SettingsError, StorageUnavailableError

HALF_WRITTEN = ".half-"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class HalfWritten:
    """A file that has no name yet, readable by its owner alone. `file` is open for reading and writing."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file = file
        self._path = path

    def replace(self, path: Path, *, sync_name: bool = True) -> None:
        """Give it a name in its folder; what had the name before is gone. See `replace`."""
        self._sync()
        self._path.replace(path)
        if sync_name:
            sync_folder(path.parent)

    def create(self, path: Path) -> bool:
        """Give it a name in its folder; False, and nothing is changed, if something has the name already."""
        self._sync()
        try:
            os.link(self._path, path)  # fails if the name appeared meanwhile, where a rename would replace
        except FileExistsError:
            return False
        self._path.unlink()
        sync_folder(path.parent)
        return True

    def _sync(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())


def replace(path: Path, content: bytes, *, sync_name: bool = True) -> None:
    """Write a small file, mode 0600; what was there is replaced. Its folder is made. Raises as `speaking`.

    Without `sync_name` the rename is the last step, so that a kill cannot come after it; a power cut may undo it.
    """
    with speaking(path.parent), half_written(path.parent, path.name) as half:
        write_all(half.file.fileno(), content)
        half.replace(path, sync_name=sync_name)


def create(path: Path, content: bytes) -> bool:
    """Write a small file that is never overwritten, mode 0600; False if the name is taken. Raises as `speaking`."""
    with speaking(path.parent):
        for left_over in path.parent.glob(f"{glob.escape(_prefix(path.name))}*"):
            left_over.unlink(missing_ok=True)  # of a killed writer: it may stand outside any folder that is swept
        with half_written(path.parent, path.name) as half:
            write_all(half.file.fileno(), content)
            return half.create(path)


@contextmanager
def half_written(folder: Path, name: str = "") -> Iterator[HalfWritten]:
    """A file to write before it gets its name; gone at the end if it got none. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=_prefix(name))  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w+b") as file:
            half = HalfWritten(file, Path(temporary))
            yield half
    finally:
        if os.path.lexists(temporary):
            Path(temporary).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder. Only for who knows that nobody else writes there."""
    for left_over in folder.glob(f"{HALF_WRITTEN}*"):
        left_over.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; a file's own fsync does not."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_all(handle: int, content: bytes) -> None:
    """Write every byte, however few the system takes at once."""
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


@contextmanager
def speaking(folder: Path) -> Iterator[None]:
    """Turn what the system says about a folder's disk into StorageUnavailableError (full, failing) or SettingsError."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or str(problem)
        if problem.errno in _FULL:
            raise StorageUnavailableError(
                f"The disk that holds {folder} is full.",
                hint="Free some space and run the same command again; what was there before is untouched.",
            ) from problem
        if problem.errno in _FORBIDDEN or isinstance(problem, NotADirectoryError | FileExistsError):
            raise SettingsError(
                f"{folder} cannot be written to: {reason}.",
                hint="Name a folder that this user may write to.",
            ) from problem
        raise StorageUnavailableError(
            f"The disk that holds {folder} failed: {reason}.",
            hint="Check the disk, then run the same command again.",
        ) from problem


def _prefix(name: str) -> str:
    return f"{HALF_WRITTEN}{name}-" if name else HALF_WRITTEN
