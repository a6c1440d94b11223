"""Makes one history of several tellings: two formats, two services, two exports of one person.

A *telling* is what one source says in one folder of an export: there each play is told once, but for exact repeats.
Between tellings two rows are one play if they have the same title and start within 150 seconds of each other:
scrobblers send the start a little late, account data rounds to the minute, and two exports of one account differ in
details. A pause makes a play seem to start late where only its stop is told; the device's clock still knows the start.
Each row answers for one other row only, so that a title on repeat keeps its count, and the surest pairs are made first:
the same second, then the same length, then what is near. The telling with more answers wins. What comes out does not
depend on the order in which the tellings come.
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
_PASSES: Final = ((1_000, False), (TOLERANCE_MS, True), (61_000, False), (TOLERANCE_MS, False))
"""How far apart two starts may be, and whether the lengths have to be equal, the surest first."""
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
    plain = re.split(r"\s[(\[](?:feat|ft|with)\b|\s(?:feat|ft)\.", title, maxsplit=1, flags=re.IGNORECASE)[0]
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
            rows += _untold_days(found, rows, activity_days)
        elif _overlap(found, rows):
            rows += untold(found, rows)
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
    """Whether two sorted tellings share any time. Most files of one history do not, and need no comparing. A pause can
    make a start seem a day late.
    """
    if not new or not told:
        return False
    return new[0][0] <= told[-1][0] + _DAY_MS and told[0][0] <= new[-1][0] + _DAY_MS


class _Slots:
    """The told plays of one title, each of which may answer for one more row."""

    def __init__(self) -> None:
        self._times: list[tuple[int, int]] = []
        self._lengths: list[int] = []
        self._sorted = True

    def add(self, row: Row) -> None:
        place = len(self._lengths)
        self._lengths.append(row[1])
        self._times.append((row[0], place))
        if row[12] and abs(row[12] * 1_000 - row[0]) > 1_000:
            self._times.append((row[12] * 1_000, place))
        self._sorted = False

    def answer(self, row: Row, near: int, same_length: bool) -> bool:
        """Whether a play that is still free is this row; if so, it is free no more."""
        if not self._sorted:
            self._times.sort()
            self._sorted = True
        for i in range(bisect_left(self._times, (row[0] - near, -1)), len(self._times)):
            at, place = self._times[i]
            if at > row[0] + near:
                break
            length = self._lengths[place]
            if length != _TAKEN and not (same_length and length != row[1]):
                self._lengths[place] = _TAKEN
                return True
        return False


_TAKEN: Final = -9


def untold(rows: Sequence[Row], told: Sequence[Row]) -> list[Row]:
    """Those of `rows` that no row of `told` answers for."""
    slots: dict[str, _Slots] = defaultdict(_Slots)
    for row in told:
        slots[title_key(row[3])].add(row)
    left = list(rows)
    for near, same_length in _PASSES:
        left = [row for row in left if not slots[title_key(row[3])].answer(row, near, same_length)]
    return left


def _untold_days(rows: Sequence[Row], told: Sequence[Row], activity_days: set[int]) -> list[Row]:
    """The same for rows that know their day only, and that day in the owner's zone: it may be the next in another.

    Where the activity of the same service tells the day, a title that it names there is all told.
    """
    days: dict[tuple[int, str], int] = defaultdict(int)
    for row in told:
        days[row[0] // _DAY_MS, title_key(row[3])] += 1
    named = set(days)
    new = []
    for row in rows:
        day, title = row[0] // _DAY_MS, title_key(row[3])
        near = [(day, title), (day - 1, title), (day + 1, title)]
        if day in activity_days and any(key in named for key in near):
            continue
        key = next((key for key in near if days.get(key)), None)
        if key is None:
            new.append(row)
        else:
            days[key] -= 1
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
