"""Makes one history of several tellings: two formats, two services or two exports of one person.

The telling with more answers wins. Two rows of different sources are one play if they have the same title and start
within 150 seconds of each other: scrobblers send the start a little late, and account data rounds to the minute. Each
row answers for one other row only, so that a title on repeat keeps its count.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from functools import lru_cache
from typing import Final

from .listens import Row
from .sources.apple_music import DAILY

TOLERANCE_MS: Final = 150_000
_FULLEST_FIRST: Final = (
    "spotify-extended", "spotify-account", "apple-music-activity", "deezer", "listenbrainz", "lastfm", "maloja",
    "youtube-music", DAILY,
)  # fmt: skip
_DAY_MS: Final = 86_400_000


@lru_cache(maxsize=1 << 17)
def title_key(title: str) -> str:
    """A title as services agree on it: letters and digits, without case and without a guest's mention."""
    plain = re.split(r"\s[(\[](?:feat|ft|with)\b|\sfeat\.", title, maxsplit=1, flags=re.IGNORECASE)[0]
    folded = unicodedata.normalize("NFKD", plain).casefold()
    return "".join(c for c in folded if c.isalnum()) or title


def merge_tellings(rows: list[Row]) -> list[Row]:
    """The rows, each play once. Rows of one source never replace each other: exact repeats go elsewhere."""
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row[13]].append(row)
    if len(by_source) < 2:
        return rows
    rank = {name: i for i, name in enumerate(_FULLEST_FIRST)}
    out: list[Row] = []
    for source in sorted(by_source, key=lambda name: (rank.get(name, len(rank)), name)):
        if source == DAILY:
            told_days = {row[0] // _DAY_MS for row in out if row[13] == "apple-music-activity"}
            out += [row for row in by_source[source] if row[0] // _DAY_MS not in told_days]
        else:
            out += _untold(by_source[source], out)
    return out


def _untold(rows: list[Row], told: list[Row]) -> list[Row]:
    """Those of `rows` that no row of `told` answers for."""
    starts: dict[str, list[int]] = defaultdict(list)
    for row in told:
        starts[title_key(row[3])].append(row[0])
    for found in starts.values():
        found.sort()
    new = []
    for row in sorted(rows):
        free = starts.get(title_key(row[3]), [])
        at = bisect_left(free, row[0] - TOLERANCE_MS)
        if at < len(free) and free[at] <= row[0] + TOLERANCE_MS:
            del free[at]
        else:
            new.append(row)
    return new
