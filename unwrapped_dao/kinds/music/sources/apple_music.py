"""Apple Music, in zips inside zips: `Apple Music Play Activity.csv` and `Apple Music - Play History Daily Tracks.csv`.

The activity has one row an event, 31 columns in 2020, 44 later and over a hundred now (the song's column was renamed),
and mostly no artist: it is taken from the daily file, where a title has only one, or has only one on that day, or else
from the album it was played from. The daily file has a day and no time, so that two equal rows of it are two plays:
they start a millisecond apart. Where both tell a day, the activity counts. City, position, network, device and build
are in neither's wanted columns.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Final

from ....exports import ExportEntry
from ..listens import UNKNOWN_LENGTH, Row, columns_of
from .csv_rows import csv_dicts
from .source import Peek, Reading, SourceRows, plain_row

DAILY: Final = "apple-music-daily"
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_REASONS: Final = {
    "NATURAL_END_OF_TRACK": ("trackdone", 0), "TRACK_SKIPPED_FORWARDS": ("fwdbtn", 1),
    "TRACK_SKIPPED_BACKWARDS": ("backbtn", 1), "MANUALLY_SELECTED_PLAYBACK_OF_A_DIFF_ITEM": ("endplay", 1),
    "PLAYBACK_MANUALLY_PAUSED": ("other", -1), "SCRUB_BEGIN": ("other", -1), "SCRUB_END": ("other", -1),
    "FAILED_TO_LOAD": ("trackerror", -1),
}  # fmt: skip


_DAY_MS: Final = 86_400_000
MOST_PLAYS: Final = 500
"""Of one title on one day: a song of three minutes fills the day with so many."""
MOST_IN_ALL: Final = 2_000_000
"""Rows from which on a count is not believed any more: a short file must not fill the memory."""
_OF_ONE_ARTIST: Final = ("", "ALBUM", "ARTIST")
"""Containers whose artist is that of the song; a playlist's is whoever made the list."""


class AppleMusicDaily:
    """The daily tracks: a row is one title on one day, played once or several times (`Play Count`).

    A row of several plays counts as so many rows; the time played is divided among them.
    """

    name = DAILY
    title = "Apple Music daily tracks"

    def claims(self, peek: Peek) -> bool:
        """By its header."""
        return "Track Description" in peek.first_line and "Date Played" in peek.first_line

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's rows, and for the activity the artists of its titles."""
        wanted = {
            "what": ("Track Description",), "day": ("Date Played",), "ms": ("Play Duration Milliseconds",),
            "media": ("Media type", "Media Type"), "end": ("End Reason Type",), "plays": ("Play Count",),
        }  # fmt: skip
        rows: list[Row] = []
        numbers: list[int] = []
        told: Counter[tuple[int, str, int]] = Counter()
        total = 0
        for number, line in csv_dicts(entry, reading.ledger, wanted, ("what", "day")):
            total += 1
            if line is None:
                continue
            start = _day_ms(line.get("day", ""))
            if "VIDEO" in line.get("media", "").upper():
                reading.ledger.leave_out(entry.name, number, "a video that is not music")
            elif start is None:
                reading.ledger.leave_out(entry.name, number, "the field Date Played is no date")
            else:
                plays = self._plays(line, start, told, reading, MOST_PLAYS if total < MOST_IN_ALL else 1)
                rows += plays
                numbers += [number] * len(plays)
                total += len(plays) - 1
        return SourceRows(columns_of(rows), numbers, total)

    def _plays(
        self, line: dict[str, str], start: int, told: Counter[tuple[int, str, int]], reading: Reading, most: int
    ) -> list[Row]:
        """The plays of one line, a millisecond apart from each other and from those of equal lines."""
        what, played = line.get("what", ""), _length(line.get("ms", ""))
        artist, _, track = (part.strip() for part in what.partition(" - "))
        if track:
            reading.name_artist(track, start // _DAY_MS, artist)
        count = min(max(1, _length(line.get("plays", ""))), most)
        end, skipped = _REASONS.get(line.get("end", "").upper(), ("", -1)) if count == 1 else ("", -1)
        rows = []
        for n in range(count):
            part = played // count + (n < played % count) if played >= 0 else played
            told[start, what, part] += 1
            at = start + told[start, what, part] - 1
            rows.append(plain_row(self.name, at, artist, track, played_ms=part, reason_end=end, skipped=skipped))
        return rows


class AppleMusicActivity:
    """The play activity: a row is one event of the player; the ends of plays are the plays."""

    name = "apple-music-activity"
    title = "Apple Music play activity"

    def claims(self, peek: Peek) -> bool:
        """By its header."""
        line = peek.first_line
        told = any(name in line for name in ("Event Start Timestamp", "Event End Timestamp", "Event Timestamp"))
        return told and "Play Duration Milliseconds" in line

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The file's plays."""
        wanted = {
            "song": ("Song Name", "Content Name", "Track Name", "Item Name"), "artist": ("Artist Name",),
            "from": ("Container Artist Name",), "container": ("Container Type",),
            "album": ("Album Name", "Container Album Name"), "ms": ("Play Duration Milliseconds",),
            "start": ("Event Start Timestamp",), "stop": ("Event End Timestamp", "Event Timestamp"),
            "end": ("End Reason Type",), "event": ("Event Type",), "media": ("Media Type",),
        }  # fmt: skip
        rows: list[Row] = []
        numbers: list[int] = []
        total = 0
        for number, line in csv_dicts(entry, reading.ledger, wanted, ("song",)):
            total += 1
            if line is None:
                continue
            played, stop = _length(line.get("ms", "")), _time_ms(line.get("stop", ""))
            start = _time_ms(line.get("start", ""))
            if start is None and stop is not None and played >= 0:
                start = stop - played
            if line.get("event", "").upper() not in ("", "PLAY", "PLAY_END"):
                reading.ledger.leave_out(entry.name, number, "an event of the player that is no play")
            elif line.get("media", "").upper() == "VIDEO":
                reading.ledger.leave_out(entry.name, number, "a video that is not music")
            elif start is None:
                reading.ledger.leave_out(entry.name, number, "the event has no time")
            else:
                song = line.get("song", "")
                artist = line.get("artist", "") or reading.artist_of(song, start // _DAY_MS)
                if not artist and line.get("container", "").upper() in _OF_ONE_ARTIST:
                    artist = line.get("from", "")
                end, skipped = _REASONS.get(line.get("end", "").upper(), ("", -1))
                rows.append(
                    plain_row(
                        self.name, start, artist, song, played_ms=played, album=line.get("album", ""),
                        reason_end=end, skipped=skipped,
                    )
                )  # fmt: skip
                numbers.append(number)
        return SourceRows(columns_of(rows), numbers, total)


def _day_ms(text: str) -> int | None:
    """`yyyymmdd` or `yyyy-mm-dd`, the day's first moment."""
    try:
        day = dt.datetime.strptime(text.replace("-", ""), "%Y%m%d").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return (day - _EPOCH) // dt.timedelta(milliseconds=1)


def _time_ms(text: str) -> int | None:
    try:
        when = dt.datetime.fromisoformat(text)
        when = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
        return (when - _EPOCH) // dt.timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


def _length(text: str) -> int:
    """Milliseconds; negative ones (real files have some) and blanks are unknown."""
    digits = text.removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 15 else UNKNOWN_LENGTH
