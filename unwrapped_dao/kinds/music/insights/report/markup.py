"""Markup in which everything is escaped unless it was made here.

`Html` is the type of finished markup and `el` the only way to it: text that is not `Html` is escaped, be it a
child or an attribute. Artist names are hostile input; no section has to remember that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any, Final, TypeAlias

from ..words import clean


class Html(str):
    """Finished markup. Only `el`, `join` and `trusted` make it."""

    __slots__ = ()


Child: TypeAlias = "Html | str | int | Iterable[Child] | None"
Attribute: TypeAlias = "str | int | float | bool | None"

_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})
_FIRST_STRONG_ISOLATE: Final = "\u2068"
_POP_ISOLATE: Final = "\u2069"


def el(tag: str, *children: Child, **attributes: Attribute) -> Html:
    """An element. `class_` is `class`, and `_` within a name is `-`; None and False leave an attribute out."""
    parts = [f"<{tag}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        name = key.rstrip("_").replace("_", "-")
        text = "" if value is True else f'="{escape(number(value) if isinstance(value, float) else str(value))}"'
        parts.append(f" {name}{text}")
    parts.append(">")
    if tag not in _VOID:
        parts.append(join(*children))
        parts.append(f"</{tag}>")
    return Html("".join(parts))


def join(*children: Child) -> Html:
    """Children one after the other, escaped where they are plain text."""
    out: list[str] = []
    for child in children:
        if isinstance(child, Html):
            out.append(child)
        elif isinstance(child, (str, int)):
            out.append(escape(str(child), quote=False))
        elif child is not None:
            out.append(join(*child))
    return Html("".join(out))


def trusted(markup: str) -> Html:
    """Markup from the package's own files, as it is."""
    return Html(markup)


def name(text: str, **attributes: Attribute) -> Html:
    """A name from the file: cleaned, escaped, and isolated from the direction of the words around it."""
    return el("bdi", clean(text), **attributes)


def plain_name(text: str) -> str:
    """The same for places that hold text only: attributes, `title`, and JSON."""
    return f"{_FIRST_STRONG_ISOLATE}{clean(text)}{_POP_ISOLATE}"


def data_block(identifier: str, value: Any) -> Html:
    """JSON for the page's script, written so that no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for c in "<>&":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return Html(f'<script type="application/json" id="{escape(identifier)}">{text}</script>')


def number(value: float) -> str:
    """A coordinate, with two decimals at most: pages stay small and equal on every machine."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
