"""What every source of the kind `music` offers; adding a format is one file here and one line in `SOURCES`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol, TypeVar

from ....exports import ExportEntry
from ...imports import Ledger
from ..listens import UNKNOWN_LENGTH, Columns, Row

K = TypeVar("K")
V = TypeVar("V")


class Lookup(dict[K, V]):
    """A table that makes what it does not have yet. Looking up in C is what makes reading by column fast."""

    def __init__(self, make: Callable[[K], V]) -> None:
        self._make = make

    def __missing__(self, key: K) -> V:
        value = self[key] = self._make(key)
        return value


class Peek:
    """A file before it is claimed: its name, and its first bytes, which are read only when a source asks."""

    def __init__(self, entry: ExportEntry) -> None:
        self.entry = entry
        self.base_name = entry.base_name

    @cached_property
    def head(self) -> bytes:
        """The first 16 KiB, or less: some headers have 140 columns."""
        return self.entry.head(16_384)

    @cached_property
    def first_line(self) -> str:
        """The first line as text, without a byte order mark."""
        return self.head.decode("utf-8-sig", "replace").replace("\r", "\n").strip("\n").partition("\n")[0].strip()


@dataclass(slots=True)
class Reading:
    """What the files of one import share: the account, and what one file knows for another.

    `artists` maps a title, and a title on a day, to artists, for formats that name the artist in another file.
    """

    ledger: Ledger
    artists: dict[tuple[str, int | None], set[str]] = field(default_factory=dict)

    def name_artist(self, title: str, day: int, artist: str) -> None:
        """Remember that this title by this artist was played on a day (counted since 1970)."""
        for key in ((title.casefold(), None), (title.casefold(), day)):
            self.artists.setdefault(key, set()).add(artist)

    def artist_of(self, title: str, day: int) -> str:
        """The artist of a title played on a day, if only one can be meant; else ""."""
        for key in ((title.casefold(), None), (title.casefold(), day)):
            found = self.artists.get(key, ())
            if len(found) == 1:
                return next(iter(found))
        return ""


class SourceRows(NamedTuple):
    """One file's rows as canonical columns, the number of each within the file, and how many rows the file has."""

    columns: Columns
    numbers: Sequence[int]
    total: int


class MusicSource(Protocol):
    """A source that yields canonical listening rows. The order in `SOURCES` is the order of asking and reading."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def claims(self, peek: Peek) -> bool:
        """Whether this file is of this format."""
        ...

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """Read the file. Raises `ExportError` if it is wrong as a whole; single rows go to the ledger."""
        ...


def plain_row(
    source: str,
    start_ms: int,
    artist: str,
    track: str,
    *,
    played_ms: int = UNKNOWN_LENGTH,
    album: str = "",
    reason_end: str = "",
    skipped: int = -1,
) -> Row:
    """A row of a source that tells little: a song, when it started, perhaps how long."""
    return (start_ms, played_ms, artist, track, album, "", "music", "", reason_end, -1, skipped, 0, 0, source)
