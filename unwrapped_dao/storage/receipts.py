"""What a member signed or was told, kept by the member: one JSON file each, written before anything is sent.

Not here: what a receipt says (roles/consent.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import disk
from ..errors import SettingsError


class Receipts:
    """The folder. A receipt is never changed; keeping the same name again replaces it whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, receipt: dict[str, Any]) -> Path:
        """Keep a receipt; durable when this returns. Raises as `disk.replace`."""
        path = self._folder / f"{name}.json"
        disk.replace(path, json.dumps(receipt, indent=1, ensure_ascii=False).encode())
        return path

    def all(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Every receipt, by name. Raises SettingsError for a damaged one."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield path, json.loads(path.read_text("utf-8"))
            except (ValueError, OSError):
                raise SettingsError(
                    f"The receipt {path} is damaged.", hint="Restore it from a copy, or move it away."
                ) from None
