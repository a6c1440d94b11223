"""The scope `artist-preferences`: which artists a member listens to, how much and for how long.

Left out before anything is counted: incognito plays, podcasts, audiobooks, local files, and artists the
service
did not know. Times, titles and ids never appear: a row has four fields.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ...protocols import PPM
from ...rows import RowScope
from ..listens import MAX_TEXT, NOMINAL_MS, Listens, MonthOf

TOP: Final = 200
UNKNOWN_ARTISTS: Final = frozenset({"unknown", "unknown artist", "[unknown]", "various artists"})

BASE_TERMS: Final = """\
unwrapped-dao base terms, scope artist-preferences, version 1

1. The buyer may use these rows for the purposes named in the offer that the members approved,
   and for no other.
2. The buyer does not try to find out who a row is about, does not join the rows with other data
   to that end, and does not contact anybody on their account.
3. The buyer does not pass the rows or any key on. Results from which no row can be rebuilt
   (a trained model, a statistic) may be published.
4. Whoever learns that a row points to a person says so to the collective and deletes that row.
5. The rows come as they are. Members agreed to these terms and to the purposes of this scope,
   and to nothing else.
"""


class ArtistPreference(BaseModel):
    """One artist in one member's listening. `share_ppm` is of the counted listening time, in parts per
    million.
    """

    model_config = ConfigDict(frozen=True)

    artist: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    months_active: Annotated[int, Field(ge=1, le=1_200)]
    rank: Annotated[int, Field(ge=1, le=TOP)]
    share_ppm: Annotated[int, Field(ge=0, le=PPM)]


def project(records: Listens) -> Sequence[ArtistPreference]:
    """The top artists by time listened; a play of unknown length counts as three minutes; ties go by name, in code
    point order."""
    total = 0
    played: dict[str, int] = defaultdict(int)
    months: dict[str, set[str]] = defaultdict(set)
    month_of = MonthOf()
    columns = zip(
        records.integers("start_ms"),
        records.integers("played_ms"),
        records.texts("artist"),
        records.texts("kind"),
        records.integers("private"),
        strict=True,
    )
    for start_ms, played_ms, artist, kind, private in columns:
        if kind != "music" or private or not played_ms:
            continue
        played[artist] += played_ms if played_ms > 0 else NOMINAL_MS
        months[artist].add(month_of(start_ms))
    played = {artist: ms for artist, ms in played.items() if artist.strip().lower() not in UNKNOWN_ARTISTS}
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
    base_terms=BASE_TERMS,
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
