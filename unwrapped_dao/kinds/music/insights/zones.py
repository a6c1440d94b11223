"""Which clock on the wall the plays are seen on. Exports tell times in UTC; a person lives in a time zone.

A zone is given by its name, or guessed from the hours in which nearly nothing is played; a guess is a fixed
distance from UTC without daylight saving, and every report says that it was one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ....errors import SettingsError

DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000

_QUIET: Final = {1: 0.5, 2: 0.9, 3: 1.0, 4: 1.0, 5: 0.9, 6: 0.5}
"""How surely people are asleep at a local hour. Most histories are quietest between two and six."""
_ACTIVE_HOURS_NEEDED: Final = 120
_CLEARLY_QUIETER: Final = 0.5
"""The quiet hours must have less than half of the listening that even hours would have."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone, whether it was guessed, and one sentence that says so."""

    tz: dt.tzinfo
    name: str
    guessed: bool
    sentence: str


DAYS_ONLY: Final = Zone(dt.UTC, "UTC", False, "This file tells days only; they are taken as it tells them.")


def given_zone(timezone: str | dt.tzinfo) -> Zone:
    """The zone of that name (`Europe/Berlin`) or object; raises `SettingsError` if there is none."""
    if isinstance(timezone, dt.tzinfo):
        name = getattr(timezone, "key", None) or str(timezone)
        return Zone(timezone, name, False, f"Hours are those of {name}, as you asked.")
    try:
        return given_zone(ZoneInfo(timezone))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            f"There is no time zone named {timezone[:60]!r} on this machine.",
            hint="Name it like Europe/Berlin or America/Bogota; on Windows, install the package `tzdata`.",
        ) from error


def guess_zone(start_ms: Sequence[int]) -> Zone:
    """The fixed distance from UTC that puts the quietest hours between two and six in the morning.

    It counts hours of the calendar in which anything was played, so that one long night weighs little. With
    too little to go by, the zone is UTC, and the sentence says that.
    """
    seen = [0] * 24
    for hour in {ms // _HOUR_MS for ms in start_ms}:
        seen[hour % 24] += 1
    total = sum(seen)
    noise = {
        shift: sum(weight * seen[(hour - shift) % 24] for hour, weight in _QUIET.items()) for shift in range(-11, 13)
    }
    best = min(noise, key=lambda shift: (noise[shift], abs(shift), shift))
    even = total / 24 * sum(_QUIET.values())
    if total < _ACTIVE_HOURS_NEEDED or noise[best] > even * _CLEARLY_QUIETER:
        why = "the file is too short" if total < _ACTIVE_HOURS_NEEDED else "no hours are clearly quiet"
        sentence = f"Hours are those of UTC: no time zone was given, and {why} to guess one."
        return Zone(dt.UTC, "UTC", True, sentence)
    name = f"UTC{best:+d}" if best else "UTC"
    sentence = (
        f"No time zone was given: {name} is a guess from the hours in which you play nearly nothing. "
        "It may be an hour or two off, and knows no daylight saving."
    )
    return Zone(dt.timezone(dt.timedelta(hours=best)), name, True, sentence)


def local_ms(start_ms: Sequence[int], tz: dt.tzinfo) -> list[int]:
    """Ascending UTC times as times on the wall clock of `tz`, both in ms since 1970.

    The clock's distance from UTC is asked once a day and, on a day when it changes, searched to the second:
    asking for every play would cost more than all insights together.
    """
    if not start_ms:
        return []
    out: list[int] = []
    i, size = 0, len(start_ms)
    for until_ms, offset_ms in _stretches(start_ms[0], start_ms[-1], tz):
        j = i
        while j < size and start_ms[j] < until_ms:
            j = min(j + 4096, size) if start_ms[min(j + 4095, size - 1)] < until_ms else j + 1
        out += [ms + offset_ms for ms in start_ms[i:j]]
        i = j
    return out


def _stretches(first_ms: int, last_ms: int, tz: dt.tzinfo) -> list[tuple[int, int]]:
    """(end, distance from UTC) of each stretch of time in which the distance is the same."""
    out: list[tuple[int, int]] = []
    at, offset = first_ms, _offset(first_ms, tz)
    while at <= last_ms:
        later = at + DAY_MS
        changed = _offset(later, tz)
        if changed != offset:
            low, high = at // 1000, later // 1000
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(middle * 1000, tz) == offset:
                    low = middle
                else:
                    high = middle
            out.append((high * 1000, offset))
            offset = changed
        at = later
    out.append((last_ms + 1, offset))
    return out


def _offset(ms: int, tz: dt.tzinfo) -> int:
    found = dt.datetime.fromtimestamp(ms // 1000, tz).utcoffset()
    return int(found.total_seconds()) * 1000 if found else 0
