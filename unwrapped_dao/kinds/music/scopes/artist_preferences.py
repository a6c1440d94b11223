"""The scope `artist-preferences`: which artists a member listens to, how much and for how long.

Left out before anything is counted: incognito plays, podcasts, audiobooks, local files, and artists the service did not
know. Times, titles and ids never appear: a row has four fields.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ...protocols import PPM
from ...rows import RowScope
from ...terms import base_terms
from ..listens import MAX_TEXT, NOMINAL_MS, Listens, MonthOf
from .eligible import eligible_rows

TOP: Final = 200


class ArtistPreference(BaseModel):
    """One artist in one member's listening. `share_ppm` is of the counted listening time, in parts per million."""

    model_config = ConfigDict(frozen=True)

    artist: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    months_active: Annotated[int, Field(ge=1, le=1_200)]
    rank: Annotated[int, Field(ge=1, le=TOP)]
    share_ppm: Annotated[int, Field(ge=0, le=PPM)]


def project(records: Listens) -> Sequence[ArtistPreference]:
    """The top artists by time listened; a play of unknown length counts as three minutes; ties go by name, in code
    point order."""
    played: dict[str, int] = defaultdict(int)
    months: dict[str, set[str]] = defaultdict(set)
    month_of = MonthOf()
    for row in eligible_rows(records):
        played[row[2]] += row[1] if row[1] > 0 else NOMINAL_MS
        months[row[2]].add(month_of(row[0]))
    total = sum(played.values())
    ranked = sorted(played.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    return [
        ArtistPreference(artist=artist, months_active=len(months[artist]), rank=rank, share_ppm=ms * PPM // total)
        for rank, (artist, ms) in enumerate(ranked, start=1)
    ]


ARTIST_PREFERENCES: Final = RowScope(
    name="artist-preferences",
    version=1,
    kind="music",
    sentence=(
        "Your top artists, at most 200: each with its share of your listening, its rank, "
        "and in how many months you played it."
    ),
    purposes=("academic-research", "ai-training", "recommendation-research"),
    base_terms=base_terms("artist-preferences", 1),
    never_contains=(
        "times",
        "tracks",
        "albums",
        "ids",
        "incognito plays",
        "podcasts",
        "audiobooks",
        "local files",
    ),
    row=ArtistPreference,
    projection="top 200 artists by music time played (unknown as 180 s), without incognito, local and unknown",
    projection_version=1,
    function=project,
)
