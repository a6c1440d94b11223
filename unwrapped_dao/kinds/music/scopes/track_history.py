"""The scope `track-history`: every song played, with the hour instead of the moment.

For research on sequences and for recommenders. An hour-by-hour history points to a person for anybody who knows a few
hours of it: the risk report of a release measures that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ...rows import RowScope
from ...terms import base_terms
from ..listens import MAX_TEXT, Listens
from .eligible import eligible_rows

HOUR_MS: Final = 3_600_000


class HourlyPlay(BaseModel):
    """One play. `hour` is whole hours since 1970 UTC, `played_s` seconds in steps of ten, None where not known."""

    model_config = ConfigDict(frozen=True)

    artist: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    hour: Annotated[int, Field(ge=262_968, lt=1_139_545)]
    played_s: Annotated[int | None, Field(ge=0, le=604_800)]
    skipped: bool | None
    track: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


def project(records: Listens) -> Sequence[HourlyPlay]:
    """The plays by hour; within an hour by artist and title, so that the order inside it is not told."""
    cut = (
        (
            row[0] // HOUR_MS,
            row[2],
            row[3],
            -1 if row[1] < 0 else row[1] // 10_000 * 10,
            row[10],
        )
        for row in eligible_rows(records)
    )
    return [
        HourlyPlay.model_construct(
            artist=artist,
            hour=hour,
            played_s=None if played < 0 else played,
            skipped=None if skipped < 0 else skipped == 1,
            track=track,
        )
        for hour, artist, track, played, skipped in sorted(cut)
    ]


TRACK_HISTORY: Final = RowScope(
    name="track-history",
    version=1,
    kind="music",
    sentence="Every song you played with its artist, the hour, how long to ten seconds, and whether you skipped it.",
    purposes=("academic-research", "recommendation-research"),
    base_terms=base_terms("track-history", 1),
    never_contains=(
        "minutes and seconds",
        "order within an hour",
        "albums",
        "ids",
        "platform",
        "IP addresses",
        "country",
        "incognito plays",
        "podcasts",
        "audiobooks",
        "local files",
    ),
    row=HourlyPlay,
    projection="songs by hour, lengths down to 10 s, sorted within the hour, without incognito, local and unknown",
    projection_version=1,
    function=project,
)
