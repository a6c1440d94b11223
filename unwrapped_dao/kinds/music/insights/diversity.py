"""Diversity and drift: how wide somebody's taste is, and how far it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .history import History, add_up
from .insight import HistoryInsight
from .measures import effective_number, gini, overlap, top_share
from .words import MONTHS

_PLAYS_NEEDED: Final = 60
_PERIODS_NEEDED: Final = 3
_MOST_PERIODS: Final = 16
CONCENTRATION_TOP: Final = 10


@dataclass(frozen=True, slots=True)
class Period:
    """A year, quarter or month: artists heard, and how many equally loved ones would be as varied."""

    label: str
    first_month: int
    artists: int
    effective: float
    top_share: float


@dataclass(frozen=True, slots=True)
class Diversity:
    """`curve` is by quarter (by month in a short file); `drift[i][j]` is the overlap of the listening of
    `periods` i and j, artist by artist: 1 on the diagonal.
    """

    artists: int
    effective: float
    top_share: float
    gini: float
    top_artist: str
    top_artist_share: float
    curve: tuple[Period, ...]
    periods: tuple[Period, ...]
    drift: tuple[tuple[float, ...], ...]

    @property
    def widest(self) -> Period | None:
        """The period of the curve with the widest taste."""
        return max(self.curve, key=lambda p: (p.effective, -p.first_month), default=None)

    @property
    def narrowest(self) -> Period | None:
        """The period of the curve with the narrowest taste."""
        return min(self.curve, key=lambda p: (p.effective, p.first_month), default=None)

    @property
    def biggest_turn(self) -> tuple[Period, Period, float] | None:
        """The neighbouring periods that have least in common, and how much that is."""
        pairs = [
            (a, b, self.drift[i][i + 1]) for i, (a, b) in enumerate(zip(self.periods, self.periods[1:], strict=False))
        ]
        return min(pairs, key=lambda pair: (pair[2], pair[0].first_month), default=None)


def width(history: History) -> float:
    """The effective number of artists. Those who were never heard out are not counted, and so make no taste wider."""
    weights = history.artist_weight
    return effective_number([w for artist, w in weights.items() if artist in history.first_heard] or weights.values())


def _of(history: History) -> Diversity:
    weights = history.artist_weight
    ranked = history.rank_artists(weights, 1)
    name, share = "", 0.0
    if ranked:
        name, share = history.artists[ranked[0][0]], ranked[0][1] / (sum(weights.values()) or 1)
    quarters = _periods(history, 3)
    curve = quarters if len(quarters) >= 4 else _periods(history, 1)
    years, months = _periods(history, 12), _periods(history, 1)
    chosen = next((p for p in (years, quarters, months) if len(p) >= _PERIODS_NEEDED), {})
    kept = dict(list(chosen.items())[-_MOST_PERIODS:])
    tables = list(kept.values())
    drift = tuple(tuple(1.0 if i == j else overlap(a, b) for j, b in enumerate(tables)) for i, a in enumerate(tables))
    return Diversity(
        artists=len(history.first_heard),
        effective=width(history),
        top_share=top_share(weights.values(), CONCENTRATION_TOP),
        gini=gini(weights.values()),
        top_artist=name,
        top_artist_share=share,
        curve=tuple(_period(*item) for item in curve.items()),
        periods=tuple(_period(*item) for item in kept.items()),
        drift=drift,
    )


Key = tuple[int, int]
"""(first month, months long)"""


def _periods(history: History, length: int) -> dict[Key, Mapping[int, int]]:
    """Artist weights by calendar period, of those with plays enough for a figure to mean something."""
    out: dict[Key, Mapping[int, int]] = {}
    for first in range(history.first_month // length * length, history.last_month + 1, length):
        months = range(first, first + length)
        plays = sum(sum(history.month_tracks.get(month, {}).values()) for month in months)
        if plays >= _PLAYS_NEEDED:
            out[first, length] = add_up(history.month_artists.get(month, {}) for month in months)
    return out


def _period(key: Key, weights: Mapping[int, int]) -> Period:
    first, length = key
    year, month = divmod(first, 12)
    if length == 12:
        label = str(year)
    elif length == 3:
        label = f"{year} Q{month // 3 + 1}"
    else:
        label = f"{MONTHS[month][:3]} {year}"
    values = weights.values()
    return Period(label, first, len(weights), effective_number(values), top_share(values, CONCENTRATION_TOP))


DIVERSITY: Final = HistoryInsight("diversity", "Diversity and drift", _of)
