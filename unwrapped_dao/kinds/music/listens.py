"""The canonical record of the kind `music`: a `Listen`, and `Listens`, a whole history as columns.

Whatever the source, a history becomes the same table: sorted, without exact repeats, with blanks written
one way.
So two exports of the same plays are equal, byte for byte, whatever their files' order.

Canonical bytes, format `unwrapped-dao/music/listens/1`: UTF-8 JSON, one line a record as an array in
`COLUMNS`
order, after a header line. Blank text is "", an unknown answer is -1, an unknown clock is 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Final, Literal, NamedTuple

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

Tri = Literal[-1, 0, 1]


class Listen(NamedTuple):
    """One play. Times are UTC in milliseconds since 1970; None means that the source does not say.

    `private` is an incognito play. `clock_s` is the device's own clock around the start of the play, in
    seconds.
    """

    start_ms: int
    played_ms: int
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
    """A start or end reason in the known vocabulary; anything else is `other`, so that no free text gets
    through.
    """
    if not value:
        return ""
    return value if value in REASONS else OTHER_REASON


def answer(value: object) -> int:
    """True, False or unknown as 1, 0, -1."""
    return 1 if value is True else 0 if value is False else -1


def row_problem(row: Row) -> str | None:
    """Why this row cannot be a record, or None. Never quotes a value."""
    if not EARLIEST_MS <= row[0] < LATEST_MS:
        return "the time is outside 2000 to 2100"
    if not 0 <= row[1] <= LONGEST_MS:
        return "the time played is negative or longer than a week"
    if not row[2] or not row[3]:
        return "no artist or no title"
    if max(len(row[2]), len(row[3]), len(row[4]), len(row[5])) > MAX_TEXT:
        return f"a text of more than {MAX_TEXT} characters"
    return None


class Listens:
    """A listening history: immutable, sorted by start, free of exact repeats. Columns are tuples of equal
    length.
    """

    __slots__ = ("_columns", "_size", "repeats")

    def __init__(self, rows: Iterable[Row]) -> None:
        """From canonical rows in any order; `repeats` tells how many were exact repeats of another."""
        given = rows if isinstance(rows, list) else list(rows)
        # Exports are nearly sorted, and the sort is fastest on one int; ties are put in full order below.
        kept = list(dict.fromkeys(given))
        self.repeats = len(given) - len(kept)
        kept.sort(key=itemgetter(0))
        _order_ties(kept)
        self._size = len(kept)
        self._columns: tuple[tuple[object, ...], ...] = tuple(zip(*kept, strict=True)) or ((),) * len(COLUMNS)

    def __len__(self) -> int:
        return self._size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Listens) and self._columns == other._columns

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Listens: {self._size} records>"

    def integers(self, column: str) -> tuple[int, ...]:
        """A column of integers: start_ms, played_ms, shuffle, skipped, private, clock_s."""
        return self._columns[COLUMNS.index(column)]  # type: ignore[return-value]

    def texts(self, column: str) -> tuple[str, ...]:
        """A column of text: artist, track, album, track_id, kind, reason_start, reason_end, source."""
        return self._columns[COLUMNS.index(column)]  # type: ignore[return-value]

    def rows(self) -> Iterator[Row]:
        """The canonical rows, in order."""
        return zip(*self._columns, strict=True)

    def __iter__(self) -> Iterator[Listen]:
        for r in self.rows():
            yield Listen(
                r[0], r[1], r[2], r[3], r[4] or None, r[5] or None, r[6], r[7] or None, r[8] or None,
                _maybe(r[9]), _maybe(r[10]), r[11] == 1, r[12] or None, r[13],
            )  # fmt: skip

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        encode = msgspec.json.Encoder().encode_lines
        return encode([{"columns": COLUMNS, "format": FORMAT, "records": self._size}]) + encode(list(self.rows()))

    @classmethod
    def from_bytes(cls, data: bytes) -> Listens:
        """Records from canonical bytes; raises `UntrustedDataError` unless they are exactly what `to_bytes`
        gives.
        """
        if len(data) > MAX_BYTES:
            raise UntrustedDataError("These records are absurdly large.")
        head, _, body = data.partition(b"\n")
        try:
            header = msgspec.json.decode(head)
            rows = msgspec.json.Decoder(Row).decode_lines(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UntrustedDataError("These bytes are no listening records.") from error
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise UntrustedDataError("These bytes are no listening records of a known format.")
        if any(row_problem(row) or not _in_vocabulary(row) for row in rows):
            raise UntrustedDataError("A listening record is outside its limits.")
        listens = cls(rows)
        if listens.to_bytes() != data:
            raise UntrustedDataError("These listening records are not in canonical form.")
        return listens


def _in_vocabulary(row: Row) -> bool:
    """What `row_problem` does not look at because our own readers cannot get it wrong."""
    reasons = all(text in REASONS or text in ("", OTHER_REASON) for text in row[7:9])
    answers = all(value in (-1, 0, 1) for value in row[9:12])
    return row[6] in KINDS and reasons and answers and 0 <= row[12] < 1 << 40 and len(row[13]) < 64


def _order_ties(rows: list[Row]) -> None:
    """Sort, in place and in full, each run of rows that start at the same millisecond."""
    i, size = 0, len(rows)
    while i < size - 1:
        if rows[i][0] == rows[i + 1][0]:
            j = i + 2
            while j < size and rows[j][0] == rows[i][0]:
                j += 1
            rows[i:j] = sorted(rows[i:j])
            i = j
        else:
            i += 1


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
