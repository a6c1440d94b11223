"""The shared vectors of key delivery, as integers."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parents[2] / "fixtures" / "vectors" / "key-delivery.json"


@functools.cache
def load() -> dict[str, Any]:
    """The whole file, as it stands."""
    vectors: dict[str, Any] = json.loads(PATH.read_text())
    return vectors


def words(text: str) -> tuple[int, ...]:
    """A hex string as 32-byte words."""
    digits = text.removeprefix("0x")
    return tuple(int(digits[at : at + 64], 16) for at in range(0, len(digits), 64))


def ints(texts: list[str]) -> list[int]:
    """A list of hex strings as integers."""
    return [int(text, 16) for text in texts]
