"""What was begun and must not be done twice: one small file per intent, written before anything is sent.

A command that pays or promises first notes what it is about to do, down to the bytes that the chain will see. Killed at
any point and run again, it finds the note, asks the chain what became of it, and goes on from there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ..errors import SettingsError


class Intent(msgspec.Struct, frozen=True):
    """`name` is unique (a hash of what will be done), `wish` what the caller asked for, `facts` what was made of it."""

    name: str
    wish: dict[str, Any]
    facts: dict[str, Any]
    done: bool = False


class Journal:
    """Intents of one sort, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, intent: Intent) -> None:
        """Note an intent before acting on it."""
        self._write(intent)

    def finish(self, intent: Intent) -> None:
        """Note that the caller was told of its outcome: the same wish is a new one from now on."""
        self._write(msgspec.structs.replace(intent, done=True))

    def unfinished(self, wish: dict[str, Any]) -> Intent | None:
        """An intent of the same wish whose outcome nobody was told."""
        return next((i for i in self.intents() if not i.done and i.wish == wish), None)

    def intents(self) -> Iterator[Intent]:
        """Everything noted, by name."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Intent)
            except msgspec.DecodeError as problem:
                raise SettingsError(
                    f"The note {path} is damaged.", hint="Restore it from a copy, or move it away if it is not needed."
                ) from problem

    def _write(self, intent: Intent) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{intent.name}.json"
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(intent))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
