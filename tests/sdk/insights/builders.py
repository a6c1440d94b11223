"""Small histories with a known truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from unwrapped_dao.kinds.music.insights import History
from unwrapped_dao.kinds.music.listens import Listens, Row

MINUTE = 60_000
HOUR = 3_600_000
START = dt.datetime(2022, 1, 3, tzinfo=dt.UTC)  # a Monday


def play(
    day: float, artist: str = "Ada", track: str = "Song", *, hour: float = 12, ms: int = 180_000, album: str = "",
    kind: str = "music", start: str = "trackdone", end: str = "trackdone", shuffle: int = 0, skipped: int = 0,
    private: int = 0, source: str = "spotify-extended",
) -> Row:  # fmt: skip
    """A play `day` days and `hour` hours after Monday, 3 January 2022, UTC."""
    at = int(START.timestamp() * 1000) + int(day * 24 * HOUR) + int(hour * HOUR)
    return (at, ms, artist, track, album, "", kind, start, end, shuffle, skipped, private, 0, source)


def history(rows: Iterable[Row], timezone: str | dt.tzinfo = "UTC", **options: Any) -> History:
    """The history of those plays, on UTC unless told otherwise."""
    return History(Listens.of_rows(rows), timezone, **options)


def daily(days: Iterable[int], artist: str, track: str = "Song", times: int = 1, hour: float = 8) -> list[Row]:
    """`times` plays on each day, five minutes apart."""
    return [play(day, artist, track, hour=hour + i * 5 / 60) for day in days for i in range(times)]
