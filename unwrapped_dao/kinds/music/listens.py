"""The canonical record of the kind `music`: a `Listen`, and `Listens`, a whole history as columns.

Whatever the source, a history becomes the same table: sorted, without exact repeats, with blanks written one way. So
two exports of the same plays are equal, byte for byte, whatever their files' order.

Canonical bytes, format `unwrapped-dao/music/listens/1`: UTF-8 JSON, one line a record as an array in
`COLUMNS`
order, after a header line. Blank text is "", an unknown answer or length is -1, an unknown clock is 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter, ne
from typing import Any, Final, NamedTuple

import msgspec

from ...errors import UntrustedDataError

FORMAT: Final = "unwrapped-dao/music/listens/1"
MAX_BYTES: Final = 1 << 30

EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01: no export of a streaming service is older."""
LATEST_MS: Final = 4_102_444_800_000
"""2100-01-01. Not the wall clock: reading a file must not depend on the day it is read."""
LONGEST_MS: Final = 7 * 86_400_000
"""A week: longer than any audiobook; real files hold pauses of more than a day, but no more than that."""
MAX_TEXT: Final = 1_000
"""Characters of a title; the longest real ones have about 500."""

UNKNOWN_LENGTH: Final = -1
"""Milliseconds played, where the source does not tell (scrobbles)."""
WRONG_LENGTH: Final = -2
"""What a reader puts for a length that cannot be; such a row never becomes a record."""
NOMINAL_MS: Final = 180_000
"""What a play of unknown length counts as, wherever lengths are added up: about a song."""

KINDS: Final = ("audiobook", "local", "music", "podcast")
REASONS: Final = frozenset(
    {
        "appload", "audio-restart", "backbtn", "clickrow", "clickside", "endplay", "fwdbtn", "logout",
        "nextbtn", "persisted", "playbtn", "popup", "reconnect", "remote", "switched-to-audio",
        "switched-to-video",
        "trackdone", "trackerror", "unexpected-exit", "unexpected-exit-while-paused", "unknown", "uriopen",
    }
)  # fmt: skip
OTHER_REASON: Final = "other"

COLUMNS: Final = (
    "start_ms",
    "played_ms",
    "artist",
    "track",
    "album",
    "track_id",
    "kind",
    "reason_start",
    "reason_end",
    "shuffle",
    "skipped",
    "private",
    "clock_s",
    "source",
)

Row = tuple[int, int, str, str, str, str, str, str, str, int, int, int, int, str]
"""One record as canonical values in `COLUMNS` order. Sorting rows sorts records by start."""

Columns = Sequence[Sequence[Any]]
"""The same turned: one sequence a column, in `COLUMNS` order, all equally long."""


class Listen(NamedTuple):
    """One play. Times are UTC in milliseconds since 1970; None means that the source does not say.

    `private` is an incognito play. `clock_s` is the device's own clock around the start of the play, in
    seconds.
    """

    start_ms: int
    played_ms: int | None
    artist: str
    track: str
    album: str | None
    track_id: str | None
    kind: str
    reason_start: str | None
    reason_end: str | None
    shuffle: bool | None
    skipped: bool | None
    private: bool
    clock_s: int | None
    source: str


def reason(value: str | None) -> str:
    """A start or end reason in the known vocabulary; anything else is `other`, so that no free text gets through."""
    if not value:
        return ""
    return value if value in REASONS else OTHER_REASON


BAD_TIME: Final = "the time is outside 2000 to 2100"
BAD_LENGTH: Final = "the time played is negative or longer than a week"
NO_TITLE: Final = "no artist or no title"
LONG_TEXT: Final = f"a text of more than {MAX_TEXT} characters"


def misfits(columns: Columns) -> dict[int, str]:
    """The rows that cannot be records, by row number, with the reason, which never quotes a value.

    Asked of whole columns first: most files have none, and finding that out must cost nearly nothing.
    """
    if not columns[0]:
        return {}
    starts, played, artists, tracks = columns[:4]
    bad: dict[int, str] = {}
    # A start is the stop less the length: of a bad length, the length is the fault. So lengths come after times.
    if min(starts) < EARLIEST_MS or max(starts) >= LATEST_MS:
        bad |= {i: BAD_TIME for i, ms in enumerate(starts) if not EARLIEST_MS <= ms < LATEST_MS}
    for texts in columns[2:6]:
        if len(max(texts, key=len)) > MAX_TEXT:
            bad |= {i: LONG_TEXT for i, text in enumerate(texts) if len(text) > MAX_TEXT}
    if "" in artists or "" in tracks:
        bad |= {i: NO_TITLE for texts in (artists, tracks) for i, text in enumerate(texts) if not text}
    if min(played) < UNKNOWN_LENGTH or max(played) > LONGEST_MS:
        bad |= {i: BAD_LENGTH for i, ms in enumerate(played) if not UNKNOWN_LENGTH <= ms <= LONGEST_MS}
    return bad


def columns_of(rows: Iterable[Row]) -> Columns:
    """Rows as columns."""
    return tuple(list(column) for column in zip(*rows, strict=True)) or tuple([] for _ in COLUMNS)


class Listens:
    """A listening history: immutable, sorted by start, free of exact repeats. Columns are tuples of equal length."""

    __slots__ = ("_columns", "_size", "repeats", "tied")

    def __init__(self, columns: Columns) -> None:
        """From canonical columns in any order. `repeats` tells how many rows were exact repeats of another, `tied` the
        places of those that are none but start at the same millisecond as another.
        """
        given = len(columns[0])
        self.tied, order = _canonical_order(columns)
        self._size = len(order)
        self.repeats = given - self._size
        moved = self.repeats or any(map(ne, order, range(given)))
        # itemgetter gathers in C, but of one place it gives no tuple.
        pick = itemgetter(*order) if moved and self._size > 1 else tuple
        self._columns: tuple[tuple[Any, ...], ...] = tuple(
            pick(column) if self._size > 1 else tuple(column[i] for i in order) for column in columns
        )

    @classmethod
    def of_rows(cls, rows: Iterable[Row]) -> Listens:
        """From canonical rows in any order."""
        return cls(columns_of(rows))

    def __len__(self) -> int:
        return self._size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Listens) and self._columns == other._columns

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Listens: {self._size} records>"

    def integers(self, column: str) -> tuple[int, ...]:
        """A column of integers: start_ms, played_ms, shuffle, skipped, private, clock_s."""
        return self._columns[COLUMNS.index(column)]

    def texts(self, column: str) -> tuple[str, ...]:
        """A column of text: artist, track, album, track_id, kind, reason_start, reason_end, source."""
        return self._columns[COLUMNS.index(column)]

    def columns(self) -> tuple[tuple[Any, ...], ...]:
        """All columns, in `COLUMNS` order."""
        return self._columns

    def rows(self) -> Iterator[Row]:
        """The canonical rows, in order."""
        return zip(*self._columns, strict=True)

    def __iter__(self) -> Iterator[Listen]:
        for r in self.rows():
            yield Listen(
                r[0], r[1] if r[1] >= 0 else None, r[2], r[3], r[4] or None, r[5] or None, r[6],
                r[7] or None, r[8] or None,
                _maybe(r[9]), _maybe(r[10]), r[11] == 1, r[12] or None, r[13],
            )  # fmt: skip

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        return msgspec.json.Encoder().encode_lines([_header(self._size), *self._columns])

    @classmethod
    def from_bytes(cls, data: bytes) -> Listens:
        """Records from canonical bytes; raises `UntrustedDataError` unless they are exactly what `to_bytes` gives."""
        if len(data) > MAX_BYTES:
            raise UntrustedDataError("These records are absurdly large.")
        try:
            head, *lines = data.split(b"\n", len(COLUMNS) + 1)
            header = msgspec.json.decode(head)
            columns = [decoder.decode(line) for decoder, line in zip(_DECODERS, lines[:-1], strict=True)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise UntrustedDataError("These bytes are no listening records.") from error
        size = len(columns[0])
        if header != _header(size) or any(len(column) != size for column in columns):
            raise UntrustedDataError("These bytes are no listening records of a known format.")
        if misfits(columns) or not _in_vocabulary(columns):
            raise UntrustedDataError("A listening record is outside its limits.")
        listens = cls(columns)
        if listens.to_bytes() != data:
            raise UntrustedDataError("These listening records are not in canonical form.")
        return listens


def _header(size: int) -> dict[str, object]:
    return {"columns": list(COLUMNS), "format": FORMAT, "records": size}


_INTEGERS: Final = frozenset({"start_ms", "played_ms", "shuffle", "skipped", "private", "clock_s"})
_DECODERS: Final[tuple[msgspec.json.Decoder[Any], ...]] = tuple(
    msgspec.json.Decoder(list[int]) if name in _INTEGERS else msgspec.json.Decoder(list[str]) for name in COLUMNS
)


def _in_vocabulary(columns: Columns) -> bool:
    """What `misfits` does not look at because our own readers cannot get it wrong."""
    found = [set(column) for column in columns[6:]]
    kinds, starts, ends, shuffle, skipped, private, clocks, sources = found
    return (
        kinds <= set(KINDS)
        and starts | ends <= REASONS | {"", OTHER_REASON}
        and shuffle | skipped <= {-1, 0, 1}
        and private <= {0, 1}
        and (not clocks or (min(clocks) >= 0 and max(clocks) < 1 << 40))
        and all(len(name) < 64 for name in sources)
    )


def _canonical_order(columns: Columns) -> tuple[tuple[int, ...], list[int]]:
    """The places of different rows that share a start, and the row numbers, sorted and without repeats. Files are
    nearly sorted and starts nearly unique, so that whole rows are compared only where starts are equal.
    """
    starts = columns[0]
    order = sorted(range(len(starts)), key=starts.__getitem__)
    if len(set(starts)) == len(order):
        return (), order
    sorted_starts = [starts[i] for i in order]
    ties = [i for i, (one, other) in enumerate(pairwise(sorted_starts)) if one == other]
    out: list[int] = []
    tied: list[int] = []
    done = 0
    for i in ties:
        if i < done:
            continue
        end = i + 2
        while end < len(order) and sorted_starts[end] == sorted_starts[i]:
            end += 1
        # The first of equal rows is kept: which one it is makes no difference, they are equal.
        run = {tuple(column[k] for column in columns): k for k in reversed(order[i:end])}
        out += order[done:i]
        if len(run) > 1:
            tied += range(len(out), len(out) + len(run))
        out += [run[row] for row in sorted(run)]
        done = end
    return tuple(tied), out + order[done:]


def _maybe(value: int) -> bool | None:
    return None if value < 0 else value == 1


def day_of(start_ms: int) -> dt.date:
    """The UTC day of a time in milliseconds."""
    return (dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=start_ms)).date()


class MonthOf:
    """Maps times to UTC months `YYYY-MM`, a day at a time (a history has few days and many plays)."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def __call__(self, start_ms: int) -> str:
        day = start_ms // 86_400_000
        month = self._known.get(day)
        if month is None:
            month = self._known[day] = day_of(start_ms).strftime("%Y-%m")
        return month
