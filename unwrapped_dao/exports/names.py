"""Names that a stranger chose: made safe to show, and sorted as people count."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Final

_OBEYED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible, but emoji and words of some scripts are written with them."""


def printable(name: str) -> str:
    """`name` made safe for a terminal and short: a stranger chose it."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return clean if len(clean) <= 120 else clean[:117] + "..."


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which `history_10` follows `history_9`, the same on every machine."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.lower())
    return tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p) for p in parts)


def visible(text: str, keep: str = "", as_json: bool = False) -> str:
    """`text` with whatever a terminal would obey or hide (control characters, other directions, halves of characters)
    written out, so that nothing of it is lost. The characters of `keep` stay; `as_json` is for JSON, which it keeps.
    """
    if text.isascii() and text.isprintable():
        return text
    written: Callable[[str], str] = _in_json if as_json else _in_words
    return "".join(written(c) if c not in keep and _is_obeyed(c) else c for c in text)


def _is_obeyed(c: str) -> bool:
    category = unicodedata.category(c)
    return category in _OBEYED or (category == "Cf" and c not in _JOINERS)


def _in_words(c: str) -> str:
    return c.encode("unicode_escape").decode("ascii")


def _in_json(c: str) -> str:
    return json.dumps(c)[1:-1]
