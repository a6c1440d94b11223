"""The scope `resting-heart-rate`: one figure a month, for studies of how resting rates differ and drift."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ..protocols import Scope
from ..rows import RowScope
from ..terms import base_terms
from .beats import FASTEST, SLOWEST, Beats, day_of

FEWEST_A_DAY: Final = 20
FEWEST_DAYS: Final = 5


class MonthlyRate(BaseModel):
    """One month. `month` counts the member's own months from 1, so that no calendar date is told."""

    model_config = ConfigDict(frozen=True)

    days: Annotated[int, Field(ge=FEWEST_DAYS, le=31)]
    median_bpm: Annotated[int, Field(ge=SLOWEST, le=FASTEST)]
    month: Annotated[int, Field(ge=1, le=1_200)]
    resting_bpm: Annotated[int, Field(ge=SLOWEST, le=FASTEST)]


def project(records: Beats) -> Sequence[MonthlyRate]:
    """Months with five days or more of twenty measurements or more. Resting: median of the days' lowest twentieth."""
    days: dict[int, list[int]] = defaultdict(list)
    for time_s, bpm in zip(records.time_s, records.bpm, strict=True):
        days[time_s // 86_400].append(bpm)
    months: dict[str, list[list[int]]] = defaultdict(list)
    for day, rates in sorted(days.items()):
        if len(rates) >= FEWEST_A_DAY:
            months[day_of(day * 86_400).strftime("%Y-%m")].append(sorted(rates))
    kept = [found for _, found in sorted(months.items()) if len(found) >= FEWEST_DAYS]
    return [
        MonthlyRate(
            days=len(found),
            median_bpm=median_low(median_low(rates) for rates in found),
            month=number,
            resting_bpm=median_low(rates[len(rates) // 20] for rates in found),
        )
        for number, found in enumerate(kept, 1)
    ]


RESTING_HEART_RATE: Final = RowScope(
    name="resting-heart-rate",
    version=1,
    kind="heart-rate",
    sentence="For each month with enough measurements: your resting and your median heart rate, and on how many days.",
    purposes=("academic-research",),
    base_terms=base_terms("resting-heart-rate", 1),
    never_contains=("single measurements", "dates", "times of day", "devices", "names"),
    row=MonthlyRate,
    projection="monthly median of daily medians and of daily 5% quantiles, 20 measurements a day, 5 days a month",
    projection_version=1,
    function=project,
)
SCOPES: Final[Mapping[str, Scope]] = {RESTING_HEART_RATE.name: RESTING_HEART_RATE}
