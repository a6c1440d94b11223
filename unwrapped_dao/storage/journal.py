"""What was begun and must not be done twice: one small file per intent, written before anything is sent.

A command that pays or promises first notes what it is about to do, down to the bytes that the chain will see. Killed at
any point and run again, it finds the note, asks the chain what became of it, and goes on from there. A note is closed
only when the outcome was told: who was not told asks again, and must not get it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from .. import disk
from ..errors import SettingsError


class Intent(msgspec.Struct, frozen=True):
    """`name` is unique (a hash of what will be done), `wish` what the caller asked for, `facts` what was made of it."""

    name: str
    wish: dict[str, Any]
    facts: dict[str, Any]
    done: bool = False


When = Callable[[Callable[[], None]], object]
"""Takes what is to be done once the caller's own caller was told of the outcome."""


class Journal:
    """Intents of one sort, in one folder. `when_told` None: whoever calls `finish` has been told by its return."""

    def __init__(self, folder: Path, *, when_told: When | None = None) -> None:
        self._folder = folder
        self._when_told = when_told

    def begin(self, intent: Intent) -> None:
        """Note an intent before acting on it. Raises as `disk.replace`."""
        self._write(intent)

    def finish(self, intent: Intent) -> None:
        """Note that the outcome was told: the same wish is a new one from then on.

        The rename is the command's last step: killed after it, whoever asks again would pay again. Undone by a power
        cut, the outcome is told once more.
        """
        close = partial(self._write, msgspec.structs.replace(intent, done=True), sync_name=False)
        if self._when_told is None:
            close()
        else:
            self._when_told(close)

    def abandon(self, intent: Intent) -> None:
        """Forget an intent of which nothing happened and nothing will; a new one may take its place at once."""
        self._path(intent).unlink(missing_ok=True)

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

    def _path(self, intent: Intent) -> Path:
        return self._folder / f"{intent.name}.json"

    def _write(self, intent: Intent, *, sync_name: bool = True) -> None:
        disk.replace(self._path(intent), msgspec.json.encode(intent), sync_name=sync_name)
