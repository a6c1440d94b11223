"""Whether what is merged can be of one person: several people's exports lie in one folder more easily than one thinks.

Two exports of one account tell the same plays wherever they overlap in time; two accounts of one service agree in
nearly none. Names, addresses and user ids are in files that are never opened, and are not needed for this. Files of
different services say nothing: people use several. Parts of one export that somebody put into folders of their own have
names of their own as well, so that only files of equal names are compared, or two formats of one service.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from .listens import Columns, Row

LEAST_PLAYS: Final = 100
"""Of each side, while both tell: below, they may agree in nothing by chance."""
AGREEING_PERCENT: Final = 5
DOUBT: Final = (
    "these files are of more than one account of one service: "
    "both tell plays of the same time ({days} days), and hardly one is the same"
)
_FAMILY: Final = {"spotify-account": "spotify", "spotify-extended": "spotify"}
_COPY: Final = re.compile(r"( ?\(\d+\)| - .*|[ _-]copy.*)?(\.json|\.csv|\.jsonl)*$", re.IGNORECASE)
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Part:
    """What one source tells in one folder or export, and the names of its files without folders."""

    source: str
    names: frozenset[str]
    columns: Columns

    def songs(self) -> list[Row]:
        """Its music, by time."""
        return sorted(row for row in zip(*self.columns, strict=True) if row[6] == "music")


def plain_names(names: Sequence[str]) -> frozenset[str]:
    """Base names without what computers add to a copy's."""
    return frozenset(_COPY.sub("", name.rpartition("/")[2].lower()) for name in names)


def doubts(parts: Sequence[Part], untold: Callable[[Sequence[Row], Sequence[Row]], list[Row]]) -> tuple[str, ...]:
    """Why these parts cannot all be of one account, in a sentence that names nobody; nothing where that is not known.

    `untold` gives those rows of the first that no row of the second answers for.
    """
    for one, other in combinations(parts, 2):
        if not _comparable(one, other):
            continue
        mine, theirs = _while_both(one.songs(), other.songs())
        if min(len(mine), len(theirs)) < LEAST_PLAYS:
            continue
        few, many = sorted((mine, theirs), key=len)
        if (len(few) - len(untold(few, many))) * 100 < AGREEING_PERCENT * len(few):
            days = len({row[0] // _DAY_MS for row in few} | {row[0] // _DAY_MS for row in many})
            return (DOUBT.format(days=days),)
    return ()


def _comparable(one: Part, other: Part) -> bool:
    if one.source == other.source:
        return bool(one.names & other.names)
    return _FAMILY.get(one.source, one.source) == _FAMILY.get(other.source, other.source)


def _while_both(one: list[Row], other: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of both between the later beginning and the earlier end."""
    if not one or not other:
        return [], []
    begin, end = max(one[0][0], other[0][0]), min(one[-1][0], other[-1][0])
    first, second = (
        rows[bisect_left(rows, begin, key=lambda row: row[0]) : bisect_right(rows, end, key=lambda row: row[0])]
        for rows in (one, other)
    )
    return first, second
