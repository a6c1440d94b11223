"""Small durable notes by name, one file each: written whole or not at all, and on the disk when `put` returns."""

from __future__ import annotations

from pathlib import Path

from .. import disk


class FolderNotes:
    """Notes in a folder of their own, readable by their owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, raw: bytes) -> None:
        """Keep `raw` under a name; what was there is replaced. Raises as `disk.replace`."""
        disk.replace(self._folder / name, raw)

    def get(self, name: str) -> bytes | None:
        """None if nothing is noted."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        """Forget it; nothing happens if it is not there."""
        (self._folder / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Of everything noted."""
        try:
            return sorted(path.name for path in self._folder.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return []
