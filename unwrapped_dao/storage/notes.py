"""Small durable notes by name, one file each: written whole or not at all, and on the disk when `put` returns."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


class FolderNotes:
    """Notes in a folder of their own, readable by their owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, raw: bytes) -> None:
        """Keep `raw` under a name; what was there is replaced."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=self._folder, prefix=".note-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            Path(fresh).replace(self._folder / name)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # else the name itself could be lost
        finally:
            os.close(folder)

    def get(self, name: str) -> bytes | None:
        """None if nothing is noted."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        """Forget it; nothing happens if it is not there."""
        (self._folder / name).unlink(missing_ok=True)
