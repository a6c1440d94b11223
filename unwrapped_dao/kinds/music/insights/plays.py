"""`Plays`: rows of music as columns of numbers, and how names become numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

NO_ARTIST: Final = frozenset({"unknown", "unknown artist", "[unknown]", "various artists", "various"})
"""What services write where there is no single artist. Such plays count as time, never as an artist."""
NOBODY: Final = 0
"""The code of no single artist."""
NO_HOUR: Final = -1
"""The hour of a play whose source tells days only."""


@dataclass(frozen=True, slots=True)
class Plays:
    """Plays in order as columns of equal length. `weight` is ms, or 1 when the file holds no durations."""

    start_ms: Sequence[int]
    played_ms: Sequence[int]
    weight: Sequence[int]
    day: Sequence[int]
    hour: Sequence[int]
    month: Sequence[int]
    artist: Sequence[int]
    track: Sequence[int]
    album: Sequence[int]
    reason_start: Sequence[str]
    reason_end: Sequence[str]
    shuffle: Sequence[int]
    skipped: Sequence[int]

    def __len__(self) -> int:
        return len(self.start_ms)

    def where(self, mask: Sequence[bool]) -> Plays:
        """Only the plays for which the mask is true."""
        return Plays(*(tuple(compress(getattr(self, name), mask)) for name in Plays.__slots__))


@dataclass(frozen=True, slots=True)
class Title:
    """A track or album: its artist's code and its own name as the file writes it."""

    artist: int
    name: str


def with_hours(plays: Plays) -> Plays:
    """The plays whose hour is told."""
    return plays.where([hour != NO_HOUR for hour in plays.hour]) if NO_HOUR in plays.hour else plays


def artist_codes(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    codes: dict[str, int] = {}
    known = ["(no single artist)"]
    for name in dict.fromkeys(names):
        if name.strip().lower() in NO_ARTIST:
            codes[name] = NOBODY
        else:
            codes[name] = len(known)
            known.append(name)
    return tuple(known), tuple(map(codes.__getitem__, names))


def title_codes(artists: Sequence[int], names: Sequence[str]) -> tuple[tuple[Title, ...], tuple[int, ...]]:
    # Pairs are packed into integers: tuples of 300,000 plays would take longer than the insights.
    texts = list(dict.fromkeys(names))
    numbers = {text: i for i, text in enumerate(texts)}
    size = len(texts)
    pairs = [artist * size + i for artist, i in zip(artists, map(numbers.__getitem__, names), strict=True)]
    codes = {pair: code for code, pair in enumerate(dict.fromkeys(pairs))}
    return tuple(Title(pair // size, texts[pair % size]) for pair in codes), tuple(map(codes.__getitem__, pairs))


def days_by_code(codes: Sequence[int], days: Sequence[int], size: int) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(size)]
    for code, day in zip(codes, days, strict=True):
        found[code].append(day)
    # Where a clock is put back at midnight, two plays may be a day out of order.
    for of_code in found:
        of_code.sort()
    return found
