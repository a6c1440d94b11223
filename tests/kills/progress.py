"""What of a long measurement is done already, so that it goes on where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Progress:
    """Results by name in a file of JSON lines, of which the first says what is measured.

    A file about something else is begun anew; a last line that was cut by a kill is measured again.
    """

    def __init__(self, file: Path, about: dict[str, Any]) -> None:
        self.results: dict[str, Any] = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = _lines(file)
        if kept and kept[0] == about:
            self.results = {name: result for name, result in kept[1:]}
        self._file = file.open("w", buffering=1, encoding="utf-8")
        self._write(about)
        for name, result in self.results.items():
            self._write([name, result])

    def keep(self, name: str, result: Any) -> None:
        """The result is in the file when this returns."""
        self.results[name] = result
        self._write([name, result])

    def close(self) -> None:
        self._file.close()

    def _write(self, line: Any) -> None:
        self._file.write(json.dumps(line) + "\n")


def _lines(file: Path) -> list[Any]:
    found = []
    for text in file.read_text("utf-8").splitlines() if file.exists() else ():
        try:
            found.append(json.loads(text))
        except ValueError:
            break
    return found
