"""Phases: stretches of months in which an artist had far more of somebody's listening than ever otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .history import History, add_up
from .insight import HistoryInsight

_SHARE_OF_MONTH: Final = 0.05
"""In a phase an artist has at least a twentieth of each month's listening..."""
_TIMES_USUAL: Final = 3.0
"""...and at least three times their share over the whole history."""
_PLAYS_NEEDED: Final = 12
_MOST: Final = 12
_FEWEST_BANDS: Final = 8
_MONTHS_NEEDED: Final = 6


@dataclass(frozen=True, slots=True)
class Phase:
    """An artist's phase: first and last month, weight within it, and their share of those months."""

    artist: str
    first_month: int
    last_month: int
    peak_month: int
    weight: int
    share: float


@dataclass(frozen=True, slots=True)
class Band:
    """One artist's weight by month, over the whole history."""

    artist: str
    weights: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Phases:
    """`phases` in order of their beginning; `bands` are the artists who had one, or led some half
    year, in order of their centre; `rest` is everybody else. Months are counted from `first_month`.
    """

    first_month: int
    phases: tuple[Phase, ...]
    bands: tuple[Band, ...]
    rest: tuple[int, ...]

    @property
    def strongest(self) -> Phase | None:
        """The phase with the most listening."""
        return max(self.phases, key=lambda phase: phase.weight, default=None)


def _of(history: History) -> Phases:
    phases = _phases(history)
    return Phases(history.first_month, phases, *_bands(history, phases))


def _phases(history: History) -> tuple[Phase, ...]:
    if len(history.months) < _MONTHS_NEEDED:
        return ()
    month_total = {month: sum(table.values()) for month, table in history.month_artists.items()}
    everything = sum(month_total.values()) or 1
    needed = _PLAYS_NEEDED * (180_000 if history.timed else 1)
    strong: dict[int, list[int]] = {}
    for month, table in history.month_artists.items():
        for artist, weight in table.items():
            share = weight / month_total[month] if month_total[month] else 0.0
            usual = history.artist_weight[artist] / everything
            if weight >= needed and share >= max(_SHARE_OF_MONTH, _TIMES_USUAL * usual):
                strong.setdefault(artist, []).append(month)
    found = []
    for artist, months in strong.items():
        for run in _runs(months):
            tables = [history.month_artists[m] for m in range(run[0], run[-1] + 1)]
            weights = [table.get(artist, 0) for table in tables]
            share = sum(weights) / (sum(sum(table.values()) for table in tables) or 1)
            peak = run[0] + weights.index(max(weights))
            phase = Phase(history.artists[artist], run[0], run[-1], peak, sum(weights), share)
            # Worth telling is what exceeds an artist's usual share, not the hours of an eternal favourite.
            usual = history.artist_weight[artist] / everything
            found.append((sum(weights) * (1 - usual / share), phase))
    found.sort(key=lambda item: (-item[0], item[1].artist, item[1].first_month))
    best = [phase for _, phase in found[:_MOST]]
    return tuple(sorted(best, key=lambda phase: (phase.first_month, phase.last_month, phase.artist)))


def _runs(months: list[int]) -> list[list[int]]:
    """Runs of months; one month in between does not end a run."""
    runs = [[months[0]]]
    for month in months[1:]:
        if month - runs[-1][-1] <= 2:
            runs[-1].append(month)
        else:
            runs.append([month])
    return runs


def _bands(history: History, phases: Sequence[Phase]) -> tuple[tuple[Band, ...], tuple[int, ...]]:
    """Everybody who had a phase; then, while there is room, those who led some half year."""
    tables = [history.month_artists[month] for month in history.months]
    codes = {name: code for code, name in enumerate(history.artists)}
    chosen = dict.fromkeys(codes[phase.artist] for phase in phases)
    led: dict[int, float] = {}
    stretch = min(6, len(tables))
    for start in range(0, len(tables), max(1, stretch // 2)):
        sums = add_up(tables[start : start + stretch])
        total = sum(sums.values()) or 1
        for artist, weight in history.rank_artists(sums, 3):
            led[artist] = max(led.get(artist, 0.0), weight / total)
    for artist in sorted(led, key=lambda a: (-led[a], history.artists[a])):
        if len(chosen) < _FEWEST_BANDS:
            chosen[artist] = None
    bands = [Band(history.artists[a], tuple(table.get(a, 0) for table in tables)) for a in chosen]
    bands.sort(key=lambda band: (_centre(band), band.artist))
    rest = [sum(table.values()) - sum(band.weights[i] for band in bands) for i, table in enumerate(tables)]
    return tuple(bands), tuple(rest)


def _centre(band: Band) -> float:
    total = sum(band.weights)
    return sum(i * weight for i, weight in enumerate(band.weights)) / total if total else 0.0


PHASES: Final = HistoryInsight("phases", "Phases", _of)
