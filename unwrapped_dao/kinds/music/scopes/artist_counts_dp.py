"""The scope `artist-counts-dp`: how many members have an artist among their favourites, with local differential
privacy.

Each member draws one of its eight top artists, hashes it into 56 buckets with a public seed of its own, and reports
the true bucket with probability 0.498, any other otherwise: optimized local hashing (Wang et al., "Locally
Differentially Private Protocols for Frequency Estimation", USENIX Security 2017) on a padded sample (Qin et al.,
CCS 2016), at epsilon = 4 for everything that one row tells; each further contribution adds another 4. Not covered:
the weight, which is public. No row is true; only counts over many members mean something. The coins are drawn on the
member's machine; validators see them (they see the records anyway), buyers never do.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from ....errors import InputError
from ...rows import RowScope
from ...terms import base_terms
from ..listens import Listens
from .artist_preferences import project as preferences

EPSILON_MILLI: Final = 4_000
BUCKETS: Final = 56
"""round(e^4) + 1, which minimises the variance."""
KEEP_PPB: Final = 498_166_711
"""floor(10^9 * e^4 / (e^4 + 55)): the chance of the true bucket. An integer, so that all machines draw alike."""
DRAWN_FROM: Final = 8


class RandomisedArtist(BaseModel):
    """One member's randomised report; `seed` names its hash function and is not secret."""

    model_config = ConfigDict(frozen=True)

    bucket: Annotated[int, Field(ge=0, lt=BUCKETS)]
    epsilon_milli: Annotated[int, Field(ge=EPSILON_MILLI, le=EPSILON_MILLI)]
    seed: Annotated[str, Field(min_length=16, max_length=16, pattern=r"^[0-9a-f]{16}$")]


class Estimate(NamedTuple):
    """How many members have the artist among their eight favourites, and one standard deviation of the noise."""

    artist: str
    members: float
    deviation: float


def bucket_of(seed: str, artist: str) -> int:
    """The bucket of an artist under a report's hash function."""
    digest = hashlib.blake2b(artist.casefold().encode(), digest_size=8, key=seed.encode(), person=b"artist-dp").digest()
    return int.from_bytes(digest, "big") % BUCKETS


def randomise(favourites: Sequence[str], coins: bytes) -> RandomisedArtist:
    """One report from up to eight favourites and 32 secret random bytes."""

    def draw(what: bytes, below: int) -> int:
        # 128 bits against at most 10^9: the bias of the remainder is below 2^-98.
        return int.from_bytes(hmac.new(coins, what, hashlib.sha256).digest()[:16], "big") % below

    seed = hmac.new(coins, b"seed", hashlib.sha256).hexdigest()[:16]
    place = draw(b"which", DRAWN_FROM)
    # A member with fewer favourites reports at random as often as the missing ones would be drawn.
    true = bucket_of(seed, favourites[place]) if place < len(favourites) else draw(b"padding", BUCKETS)
    other = (true + 1 + draw(b"other", BUCKETS - 1)) % BUCKETS
    bucket = true if draw(b"keep", 10**9) < KEEP_PPB else other
    return RandomisedArtist(bucket=bucket, epsilon_milli=EPSILON_MILLI, seed=seed)


def estimate(reports: Sequence[RandomisedArtist], candidates: Iterable[str]) -> list[Estimate]:
    """What the buyer can know: for each candidate artist an unbiased count, largest first.

    Counts below about four deviations may be noise. Artists are not in the reports: the buyer brings the candidates.
    """
    keep, chance = KEEP_PPB / 1e9, 1 / BUCKETS
    size = len(reports)
    deviation = DRAWN_FROM * math.sqrt(size * chance * (1 - chance)) / (keep - chance)
    out = []
    for artist in dict.fromkeys(candidates):
        hits = sum(1 for report in reports if bucket_of(report.seed, artist) == report.bucket)
        out.append(Estimate(artist, DRAWN_FROM * (hits - size * chance) / (keep - chance), deviation))
    return sorted(out, key=lambda found: (-found.members, found.artist))


@dataclass(frozen=True)
class RandomisedScope(RowScope[RandomisedArtist]):
    """A scope whose projection draws coins."""

    randomised = True

    def project(self, records: Any, coins: bytes = b"") -> tuple[RandomisedArtist, ...]:
        """One report; raises `InputError` without 32 bytes of coins. Nothing is reported of an empty history."""
        if len(coins) != 32:
            raise InputError(f"The scope {self.name!r} needs 32 random bytes.")
        favourites = [row.artist for row in self.function(records)]  # type: ignore[attr-defined]
        return (randomise(favourites[:DRAWN_FROM], coins),) if favourites else ()

    @cached_property
    def schema_document(self) -> dict[str, object]:
        """The schema, and the parameters of the randomness."""
        parameters = {"buckets": BUCKETS, "drawn_from": DRAWN_FROM, "keep_ppb": KEEP_PPB}
        return super().schema_document | {"randomness": parameters}


def _favourites(records: Listens) -> Sequence[Any]:
    return preferences(records)


ARTIST_COUNTS_DP: Final = RandomisedScope(
    name="artist-counts-dp",
    version=1,
    kind="music",
    sentence=(
        "One randomised number that hides which of your eight top artists it came from, or whether from any "
        "(local differential privacy, epsilon 4): no true row leaves your machine for buyers."
    ),
    purposes=("academic-research", "ai-training", "recommendation-research"),
    base_terms=base_terms("artist-counts-dp", 1),
    never_contains=("any true row", "artists' names", "times", "tracks", "ids"),
    row=RandomisedArtist,
    projection="optimized local hashing of one of the top 8 artists by music time played",
    projection_version=1,
    function=_favourites,
)
