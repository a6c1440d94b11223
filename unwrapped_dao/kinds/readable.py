"""Values as a person reads them: moments, lengths of time and shares instead of counted units. Nothing is rounded, and
nothing that is signed, sent or printed as JSON is made of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

_SHARE: Final = "_ppm"
_UNIT_MS: Final = {"_ms": 1, "_s": 1_000}
_MINUTE_MS: Final = 60_000
_EPOCH: Final = dt.datetime(1970, 1, 1)


def readable(name: str, value: Any, moments: Mapping[str, int]) -> tuple[str, str]:
    """A field's name and value for a person. `moments` are the fields that count from 1970 UTC: milliseconds a unit.

    The end of any other name tells its unit: `_ppm` is a share in parts per million, `_ms` and `_s` lengths of time.

    >>> readable("start_ms", 1730277191587, {"start_ms": 1})
    ('start', '2024-10-30 08:33:11.587 UTC')
    >>> readable("played_ms", 588413, {}), readable("share_ppm", 220500, {}), readable("rank", 3, {})
    (('played', '9 min 48.413 s'), ('share', '22.05%'), ('rank', '3'))
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return name, str(value)
    unit = next((unit for unit in _UNIT_MS if name.endswith(unit)), "")
    if name in moments:
        return name.removesuffix(unit), _moment(value * moments[name])
    if unit:
        return name.removesuffix(unit), _length(value * _UNIT_MS[unit])
    if name.endswith(_SHARE):
        return name.removesuffix(_SHARE), f"{_decimal(value, 4)}%"
    return name, str(value)


def _moment(ms: int) -> str:
    at = _EPOCH + dt.timedelta(milliseconds=ms)
    if ms % _MINUTE_MS == 0:
        return f"{at:%Y-%m-%d %H:%M} UTC"
    return f"{at.isoformat(' ', 'milliseconds' if ms % 1_000 else 'seconds')} UTC"


def _length(ms: int) -> str:
    minutes, rest = divmod(ms, _MINUTE_MS)
    parts = [f"{minutes:,} min"] if minutes else []
    if rest or not minutes:
        parts.append(f"{_decimal(rest, 3)} s")
    return " ".join(parts)


def _decimal(value: int, places: int) -> str:
    """`value` with its last `places` digits behind the point, without noughts at the end."""
    whole, rest = divmod(value, 10**places)
    return f"{whole}.{rest:0{places}}".rstrip("0").rstrip(".") if rest else str(whole)
