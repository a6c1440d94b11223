"""Numbers in sentences for people."""

from __future__ import annotations


def plural(number: int, word: str, many: str | None = None) -> str:
    """A number and its noun.

    >>> plural(1, "pool"), plural(1234, "pool"), plural(0, "reply", "replies")
    ('1 pool', '1,234 pools', '0 replies')
    """
    return f"{number:,} {word if number == 1 else many or word + 's'}"
