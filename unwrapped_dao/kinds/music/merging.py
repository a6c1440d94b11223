"""Makes one history of several tellings: two formats, two services, two exports of one person.

A *telling* is what one source says in one folder of an export: there each play is told once, but for exact repeats.
Between tellings two rows are one play if they have the same title and start within 150 seconds of each other:
scrobblers send the start a little late, account data rounds to the minute, and two exports of one account differ in
details. Each row answers for one other row only, so that a title on repeat keeps its count; the telling with more
answers wins. What comes out does not depend on the order in which the tellings come.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress
from typing import Final

from .listens import Listens, Row
from .sources.apple_music import DAILY

TOLERANCE_MS: Final = 150_000
_FULLEST_FIRST: Final = (
    "spotify-extended", "spotify-account", "apple-music-activity", "deezer", "listenbrainz", "lastfm", "maloja",
    "youtube-music", DAILY,
)  # fmt: skip
_RANK: Final = {name: i for i, name in enumerate(_FULLEST_FIRST)}
_DAY_MS: Final = 86_400_000
_ACTIVITY: Final = "apple-music-activity"


@lru_cache(maxsize=1 << 17)
def title_key(title: str) -> str:
    """A title as services agree on it: letters and digits, without case and without a guest's mention."""
    plain = re.split(r"\s[(\[](?:feat|ft|with)\b|\sfeat\.", title, maxsplit=1, flags=re.IGNORECASE)[0]
    folded = unicodedata.normalize("NFKD", plain).casefold()
    return "".join(c for c in folded if c.isalnum()) or title


def merge_tellings(tellings: Sequence[tuple[str, Listens]]) -> Listens:
    """One history of (source, what it tells), each play once."""
    if len(tellings) == 1:
        return _once(tellings[0][1])
    rows: list[Row] = []
    activity_days = {
        ms // _DAY_MS for source, told in tellings if source == _ACTIVITY for ms in told.integers("start_ms")
    }
    for source, listens in sorted(tellings, key=_fullest_first):
        found = list(listens.rows())
        if source == DAILY:
            rows += _untold_days([row for row in found if row[0] // _DAY_MS not in activity_days], rows)
        elif _overlap(found, rows):
            rows += _untold(found, rows)
        else:
            rows += found
        rows.sort()
    return _once(Listens.of_rows(rows))


def _fullest_first(telling: tuple[str, Listens]) -> tuple[object, ...]:
    source, listens = telling
    return _RANK.get(source, len(_RANK)), source, -sum(map(_answers, listens.rows())), listens.columns()


def _answers(row: Row) -> int:
    """How many of the questions that a source may leave open it answers."""
    return sum(map(bool, row[4:6])) + sum(map(bool, row[7:9])) + (row[9] >= 0) + (row[10] >= 0) + (row[12] > 0)


def _overlap(new: Sequence[Row], told: Sequence[Row]) -> bool:
    """Whether two sorted tellings share any time. Most files of one history do not, and need no comparing."""
    if not new or not told:
        return False
    return new[0][0] <= told[-1][0] + TOLERANCE_MS and told[0][0] <= new[-1][0] + TOLERANCE_MS


def _untold(rows: Sequence[Row], told: Sequence[Row]) -> list[Row]:
    """Those of `rows` that no row of `told` answers for."""
    starts: dict[str, list[int]] = defaultdict(list)
    for row in told:
        starts[title_key(row[3])].append(row[0])
    new = []
    for row in rows:
        free = starts.get(title_key(row[3]), [])
        at = bisect_left(free, row[0] - TOLERANCE_MS)
        if at < len(free) and free[at] <= row[0] + TOLERANCE_MS:
            del free[at]
        else:
            new.append(row)
    return new


def _untold_days(rows: Sequence[Row], told: Sequence[Row]) -> list[Row]:
    """The same for rows that know their day only."""
    days: dict[tuple[int, str], int] = defaultdict(int)
    for row in told:
        days[row[0] // _DAY_MS, title_key(row[3])] += 1
    new = []
    for row in rows:
        key = row[0] // _DAY_MS, title_key(row[3])
        if days[key]:
            days[key] -= 1
        else:
            new.append(row)
    return new


def _once(listens: Listens) -> Listens:
    """One of each play that a source tells twice to the millisecond, with details that differ."""
    columns = listens.columns()
    best: dict[tuple[object, ...], tuple[int, Row]] = {}
    gone: set[int] = set()
    for i in listens.tied:
        row: Row = tuple(column[i] for column in columns)
        # A private play stays private: it is never taken for one that is not.
        key = row[0], row[13], row[11], row[6], row[1], title_key(row[3])
        other, kept = best.get(key, (i, row))
        if other != i:
            fuller = (_answers(row), row) > (_answers(kept), kept)
            gone.add(other if fuller else i)
            if not fuller:
                continue
        best[key] = i, row
    if not gone:
        return listens
    keep = [i not in gone for i in range(len(listens))]
    return Listens([list(compress(column, keep)) for column in columns])
