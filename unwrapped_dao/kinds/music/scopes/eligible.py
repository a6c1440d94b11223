"""Which plays may enter any scope of the kind `music`: songs, not incognito, not local, of a known artist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..listens import Listens, Row

UNKNOWN_ARTISTS: Final = frozenset({"unknown", "unknown artist", "[unknown]", "various artists"})


def eligible_rows(records: Listens) -> Iterator[Row]:
    """The rows that a scope may look at, in order. Plays of 0 ms are none."""
    known: dict[str, bool] = {}
    for row in records.rows():
        if row[6] != "music" or row[11] or not row[1]:
            continue
        artist = row[2]
        if artist not in known:
            known[artist] = artist.strip().lower() not in UNKNOWN_ARTISTS
        if known[artist]:
            yield row
