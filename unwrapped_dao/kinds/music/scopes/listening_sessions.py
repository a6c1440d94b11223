"""The scope `listening-sessions`: what was played after what, and how it ended, with a week and a part of the day.

A session ends with half an hour of silence. Sessions of one member are numbered in a shuffled order within
their week, so that
a number tells no day.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ...rows import RowScope
from ...terms import base_terms
from ..listens import MAX_TEXT, NOMINAL_MS, Listens, Row, day_of
from ..sources.apple_music import DAILY
from .eligible import eligible_rows

SILENCE_MS: Final = 1_800_000
PARTS: Final = ("night", "early", "morning", "afternoon", "evening", "late")
"""Four hours UTC each, from midnight: what the source knows; it tells no time zone."""


class SessionPlay(BaseModel):
    """One play in a session. `week` is the ISO year and week as YYYYWW; `part` the session's part of the day, UTC."""

    model_config = ConfigDict(frozen=True)

    artist: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    part: Annotated[str, Field(max_length=9)]
    position: Annotated[int, Field(ge=1, le=100_000)]
    reason_end: Annotated[str | None, Field(max_length=32)]
    reason_start: Annotated[str | None, Field(max_length=32)]
    session: Annotated[int, Field(ge=1, le=10_000_000)]
    skipped: bool | None
    track: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    week: Annotated[int, Field(ge=200_001, le=210_053)]


def sessions(records: Listens) -> Iterator[list[Row]]:
    """The plays cut at silences. Plays known only by their day make no session."""
    current: list[Row] = []
    end = 0
    for row in eligible_rows(records):
        if row[13] == DAILY:
            continue
        if current and row[0] - end > SILENCE_MS:
            yield current
            current = []
        current.append(row)
        end = max(end if len(current) > 1 else 0, row[0] + (row[1] if row[1] >= 0 else NOMINAL_MS))
    if current:
        yield current


def project(records: Listens) -> Sequence[SessionPlay]:
    """The sessions by week, in an order within the week that their content decides, not their time."""
    found: list[tuple[int, bytes, list[Row]]] = []
    for plays in sessions(records):
        year, week, _ = _day(plays[0][0]).isocalendar()
        mark = hashlib.sha256("\x1f".join(f"{r[2]}\x1e{r[3]}\x1e{r[1]}" for r in plays).encode()).digest()
        found.append((year * 100 + week, mark, plays))
    found.sort(key=lambda item: item[:2])
    return [
        SessionPlay.model_construct(
            artist=row[2],
            part=PARTS[plays[0][0] // 14_400_000 % 6],
            position=position,
            reason_end=row[8] or None,
            reason_start=row[7] or None,
            session=number,
            skipped=None if row[10] < 0 else row[10] == 1,
            track=row[3],
            week=week,
        )
        for number, (week, _, plays) in enumerate(found, 1)
        for position, row in enumerate(plays, 1)
    ]


def _day(start_ms: int) -> dt.date:
    return day_of(start_ms)


LISTENING_SESSIONS: Final = RowScope(
    name="listening-sessions",
    version=1,
    kind="music",
    sentence=(
        "The songs of each sitting in their order, how each started and ended, with the week and a sixth of the day."
    ),
    purposes=("academic-research", "ai-training", "recommendation-research"),
    base_terms=base_terms("listening-sessions", 1),
    never_contains=(
        "days",
        "exact times",
        "lengths",
        "albums",
        "ids",
        "country",
        "incognito plays",
        "podcasts",
        "audiobooks",
        "local files",
    ),
    row=SessionPlay,
    projection="sessions cut at 30 min of silence, by ISO week, numbered by content, part of day of 4 h UTC",
    projection_version=1,
    function=project,
)
