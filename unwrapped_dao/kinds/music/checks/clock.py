"""When somebody listens: nights, days, and hours that hold more music than fits."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from statistics import median

from ...protocols import CheckResult
from ..listens import NOMINAL_MS
from ..sources.apple_music import DAILY
from .view import PlayView, judge

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
HEARD_MS = 30_000
"""Plays shorter than this prove nothing (7 to 73% of real rows)."""


def clock_checks(view: PlayView) -> Iterator[CheckResult]:
    """Ranges seen in five real accounts, widened for people unlike them."""
    hours = [0] * 24
    days: dict[int, int] = defaultdict(int)
    filled: dict[int, int] = defaultdict(int)
    for start, length, source in zip(view.start_ms, view.played_ms, view.source, strict=True):
        played = length if length >= 0 else NOMINAL_MS
        if played < HEARD_MS:
            continue
        days[(start + played // 2) // DAY_MS] += played
        if source != DAILY:
            hours[start // HOUR_MS % 24] += 1
            if length >= 0:
                _fill(filled, start, played)
    plays = sum(hours)
    if not plays:
        yield judge("heard", "quality", 0, 1, 1, 0.5, 400, "the number of plays of 30 seconds or more at a known time")
        return
    entropy = -sum(n / plays * math.log2(n / plays) for n in hours if n) / math.log2(24)
    yield judge(
        "hour-entropy",
        "authenticity",
        entropy,
        0.55,
        0.985,
        0.5,
        plays,
        "the spread over the hours of the day",
    )
    quietest = min(sum(hours[(h + i) % 24] for i in range(5)) for h in range(24)) / plays
    yield judge(
        "quiet-hours",
        "authenticity",
        quietest,
        0,
        0.10,
        0.5,
        plays,
        "the share of plays in the quietest five hours",
    )
    busiest = max(days.values()) / HOUR_MS
    # A shop, or somebody who sleeps to the radio, plays day and night: both rates say the same, so each says it softly.
    yield judge("busiest-day", "authenticity", busiest, 0, 18, 0.3, plays, "the hours played on the busiest day")
    usual = median(days.values()) / HOUR_MS
    yield judge("usual-day", "authenticity", usual, 0.05, 9, 0.25, plays, "the hours played on the median active day")
    crowded = sum(1 for ms in filled.values() if ms > HOUR_MS * 5 // 4) / max(1, len(filled))
    yield judge(
        "crowded-hours", "ownership", crowded, 0, 0.06, 0.8, plays,
        "the share of hours that hold more than 75 minutes of play",
    )  # fmt: skip


def _fill(filled: dict[int, int], start: int, played: int) -> None:
    """Spread one play over the wall-clock hours that it covers (at most a day of them: a pause is not listening)."""
    end = start + min(played, DAY_MS)
    while start < end:
        edge = min(end, (start // HOUR_MS + 1) * HOUR_MS)
        filled[start // HOUR_MS] += edge - start
        start = edge
