"""Tops of every window: the data for a chart in which a person moves the ends of a stretch of time.

A history is cut into at most 40 steps of whole months. An artist is kept when they are among the ten first of
any window of steps, so that a page that adds up the steps shows exactly the true ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nlargest
from typing import Final

from .history import History, add_up
from .insight import HistoryInsight

SIZE: Final = 10
_MOST_STEPS: Final = 40
_LENGTHS: Final = (1, 3, 6, 12)


@dataclass(frozen=True, slots=True)
class WindowArtist:
    """An artist and their weight in each step."""

    artist: str
    weights: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Windows:
    """`steps` are the first months of the steps, each `step_months` long; artists are in order of name."""

    step_months: int
    steps: tuple[int, ...]
    totals: tuple[int, ...]
    artists: tuple[WindowArtist, ...]


def _of(history: History) -> Windows:
    length = next((n for n in _LENGTHS if len(history.months) <= n * (_MOST_STEPS - 1)), _LENGTHS[-1])
    firsts = range(history.first_month // length * length, history.last_month + 1, length)
    tables = [add_up(history.month_artists.get(m, {}) for m in range(first, first + length)) for first in firsts]
    totals = dict.fromkeys(firsts, 0)
    for month, weight in zip(history.all.month, history.all.weight, strict=True):
        totals[month // length * length] += weight
    # Equal weights must fall in the same order here and on the page: by name, that is by place in `order`.
    order = sorted(range(1, len(history.artists)), key=lambda code: history.artists[code])
    place = {code: i for i, code in enumerate(order)}
    by_place = [{place[code]: weight for code, weight in table.items()} for table in tables]
    kept: set[int] = set()
    for i in range(len(tables)):
        sums: dict[int, int] = {}
        for table in by_place[i:]:
            for at, weight in table.items():
                sums[at] = sums.get(at, 0) + weight
            kept.update(at for weight, at in nlargest(SIZE, ((w, -at) for at, w in sums.items())) for at in (-at,))
    artists = tuple(
        WindowArtist(history.artists[order[at]], tuple(table.get(at, 0) for table in by_place)) for at in sorted(kept)
    )
    return Windows(length, tuple(firsts), tuple(totals.values()), artists)


WINDOWS: Final = HistoryInsight("windows", "Tops of any window", _of)
