"""Checks, fingerprint, traces and worth. Figures are integers in parts per million: equal on every machine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from unwrapped_dao.kinds.protocols import PPM, SHAPE_BUCKET, CheckResult

from .records import Readings, day_of


def run_checks(records: Readings) -> tuple[CheckResult, ...]:
    """Every check's result, in a fixed order."""
    values = list(records.by_hour.values())
    common = Counter(values).most_common(1)[0][1] * PPM // len(values)
    by_hour: dict[int, list[int]] = defaultdict(list)
    for hour, wh in records:
        by_hour[hour % 24].append(wh)
    means = [sum(found) * 1_000 // len(found) for found in by_hour.values()]
    swing = (max(means) - min(means)) * PPM // max(1, *means)
    hours = max(records.by_hour) - min(records.by_hour) + 1
    return (
        _judge("one-reading", "authenticity", max(0, common - 400_000), "the share of the most frequent reading"),
        _judge("day-and-night", "authenticity", max(0, 150_000 - swing) * 4, "the swing over the day"),
        _judge("gaps", "quality", PPM - len(values) * PPM // hours, "the share of hours without a reading"),
    )


def _judge(check: str, axis: str, penalty_ppm: int, what: str) -> CheckResult:
    penalty = min(PPM * 8 // 10, penalty_ppm)
    return CheckResult(check, axis, penalty, f"{what} is unusual" if penalty else "")  # type: ignore[arg-type]


def identity(records: Readings) -> Iterator[bytes]:
    """The canonical dataset, a line a reading."""
    for hour, wh in records:
        yield b"%d,%d\n" % (hour, wh)


def traces(records: Readings) -> Mapping[str, Sequence[bytes]]:
    """By month the readings; in the shape bucket runs of six without their times, if they differ enough."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for hour, wh in records:
        found[day_of(hour).strftime("%Y-%m")].append(b"%d,%d" % (hour, wh))
    values = list(records.by_hour.values())
    runs = (values[i : i + 6] for i in range(len(values) - 5))
    found[SHAPE_BUCKET] = [b",".join(b"%d" % wh for wh in run) for run in runs if len(set(run)) > 4]
    return {bucket: elements for bucket, elements in found.items() if elements}


def worth(records: Readings, novelty_ppm: Mapping[str, int]) -> int:
    """New months, saturating: half of the most after half a year."""
    months = Counter(day_of(hour).strftime("%Y-%m") for hour in records.by_hour)
    new = sum(novelty_ppm.get(month, PPM) * min(hours, 720) // 720 for month, hours in months.items())
    return new * PPM // (new + 6 * PPM)
