"""How much new information a history brings: months, hours and artists, each saturating.

value = x / (x + half): the first years count most, and no amount of listening counts without end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from ..protocols import PPM
from .listens import NOMINAL_MS, Listens, MonthOf

HALF_MONTHS: Final = 24
HALF_HOURS: Final = 500
HALF_ARTISTS: Final = 150
KNOWN_FROM: Final = 3
"""Plays from which on an artist counts: one play of everybody must not pay."""
FULL_MONTH: Final = 20
"""Plays from which on a month counts in full: one play of every month must not pay."""
HEARD_MS: Final = 30_000


def worth(records: Listens, novelty_ppm: Mapping[str, int]) -> int:
    """Parts per million of the most a history can bring. `novelty_ppm` is by month; a month not named is all new."""
    month_of = MonthOf()
    heard: dict[str, int] = defaultdict(int)
    plays: dict[str, int] = defaultdict(int)
    artists: dict[str, list[int]] = defaultdict(list)
    columns = zip(
        records.integers("start_ms"),
        records.integers("played_ms"),
        records.texts("artist"),
        records.texts("kind"),
        strict=True,
    )
    for start, played, artist, kind in columns:
        if played < 0:
            played = NOMINAL_MS
        if played < HEARD_MS or kind != "music":
            continue
        month = month_of(start + played)
        # A pause can make a play last days; no title that is listened to lasts longer than two hours.
        heard[month] += min(played, 7_200_000)
        plays[month] += 1
        artists[artist].append(novelty_ppm.get(month, PPM))
    months = sum(novelty_ppm.get(month, PPM) * min(count, FULL_MONTH) // FULL_MONTH for month, count in plays.items())
    hours = sum(ms * novelty_ppm.get(month, PPM) for month, ms in heard.items()) // 3_600_000
    parts = (
        _saturate(months, HALF_MONTHS * PPM),
        _saturate(hours, HALF_HOURS * PPM),
        _saturate(sum(max(new) for new in artists.values() if len(new) >= KNOWN_FROM), HALF_ARTISTS * PPM),
    )
    return sum(parts) // len(parts)


def _saturate(value: int, half: int) -> int:
    return value * PPM // (value + half)
