"""Checks, traces and worth of the kind `heart-rate`: nights are slower than days, and a heart does not jump."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from ..protocols import PPM, SHAPE_BUCKET, Axis, CheckResult
from .beats import Beats, day_of

ENOUGH = 2_000


def _judge(
    check: str, axis: Axis, share_ppm: int, low: int, high: int, worst: int, size: int, what: str
) -> CheckResult:
    """`worst` in full at twice the distance from the edge to the natural end; less for few measurements."""
    away = max(low - share_ppm, share_ppm - high, 0)
    room = low if share_ppm < low else PPM - high
    penalty = min(worst, 2 * worst * away // max(1, room)) * min(size, ENOUGH) // ENOUGH
    return CheckResult(check, axis, penalty, f"{what} is {share_ppm / 10_000:.1f}%" if penalty else "")


def run_checks(records: Beats) -> tuple[CheckResult, ...]:
    """Every check's result, in a fixed order."""
    size = len(records)
    if not size:
        return (CheckResult("measured", "quality", PPM, "there is no measurement"),)
    close = [(a, b) for (s, a), (t, b) in pairwise(zip(records.time_s, records.bpm, strict=True)) if t - s <= 120]
    jumps = sum(1 for a, b in close if abs(a - b) > 30) * PPM // max(1, len(close))
    still = sum(1 for a, b in close if a == b) * PPM // max(1, len(close))
    common = Counter(records.bpm).most_common(1)[0][1] * PPM // size
    hours: dict[int, list[int]] = defaultdict(list)
    for time_s, bpm in zip(records.time_s, records.bpm, strict=True):
        hours[time_s // 3_600 % 24].append(bpm)
    means = [sum(found) * 1_000 // len(found) for found in hours.values()]
    swing = (max(means) - min(means)) * PPM // max(means)
    days = len({time_s // 86_400 for time_s in records.time_s})
    return (
        _judge("jumps", "authenticity", jumps, 0, 60_000, 600_000, len(close), "the share of jumps of over 30 beats"),
        _judge(
            "still", "authenticity", still, 0, 800_000, 500_000, len(close), "the share of measurements like the last"
        ),
        _judge("one-rate", "authenticity", common, 0, 300_000, 500_000, size, "the share of the most frequent rate"),
        _judge(
            "day-and-night", "authenticity", swing, 60_000, PPM, 500_000, size, "the swing over the hours of the day"
        ),
        _judge(
            "days",
            "quality",
            min(PPM, days * PPM // 14),
            500_000,
            PPM,
            300_000,
            ENOUGH,
            "the share of two weeks covered",
        ),
    )


def identity(records: Beats) -> Iterator[bytes]:
    """The canonical dataset, a line a measurement."""
    for time_s, bpm in zip(records.time_s, records.bpm, strict=True):
        yield b"%d,%d\n" % (time_s, bpm)


def traces(records: Beats) -> Mapping[str, Sequence[bytes]]:
    """By month runs of three measurements, and in the shape runs of eight rates without their times.

    Watches tick in the same seconds, and two hearts have the same rate once in twenty: one measurement proves nothing.
    """
    found: dict[str, list[bytes]] = defaultdict(list)
    months: dict[int, str] = {}
    rates = records.bpm
    for time_s, *run in zip(records.time_s, rates, rates[1:], rates[2:], strict=False):
        day = time_s // 86_400
        if day not in months:
            months[day] = day_of(time_s).strftime("%Y-%m")
        found[months[day]].append(b"%d,%d,%d,%d" % (time_s, *run))
    # Runs that hardly move are everybody's: only those with five different rates tell a person.
    runs = (rates[i : i + 8] for i in range(len(rates) - 7))
    found[SHAPE_BUCKET] = [bytes(v - 20 for v in run) for run in runs if len(set(run)) >= 5]
    return {bucket: elements for bucket, elements in found.items() if elements}


def worth(records: Beats, novelty_ppm: Mapping[str, int]) -> int:
    """New days of twenty measurements or more, saturating at half a year for half the worth."""
    per_day = Counter(time_s // 86_400 for time_s in records.time_s)
    new = sum(
        novelty_ppm.get(day_of(day * 86_400).strftime("%Y-%m"), PPM) for day, count in per_day.items() if count >= 20
    )
    return new * PPM // (new + 182 * PPM)
