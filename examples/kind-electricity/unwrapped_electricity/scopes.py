"""The one scope: how a day's use spreads over its hours, by month. No reading, no date, no sum leaves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from unwrapped_dao.kinds import Scope
from unwrapped_dao.kinds.rows import RowScope
from unwrapped_dao.kinds.terms import base_terms

from .records import Readings, day_of

FEWEST_HOURS: Final = 20 * 24


class HourShare(BaseModel):
    """One hour of the day in one of the member's own months, counted from 1; the share in steps of a thousandth."""

    model_config = ConfigDict(frozen=True)

    hour: Annotated[int, Field(ge=0, le=23)]
    month: Annotated[int, Field(ge=1, le=1_200)]
    share_per_mille: Annotated[int, Field(ge=0, le=1_000)]


def project(records: Readings) -> Sequence[HourShare]:
    """Months of twenty days or more."""
    months: dict[str, list[int]] = defaultdict(lambda: [0] * 24)
    sizes: dict[str, int] = defaultdict(int)
    for hour, wh in records:
        month = day_of(hour).strftime("%Y-%m")
        months[month][hour % 24] += wh
        sizes[month] += 1
    kept = [months[month] for month in sorted(months) if sizes[month] >= FEWEST_HOURS and any(months[month])]
    return [
        HourShare(hour=hour, month=number, share_per_mille=wh * 1_000 // sum(hours))
        for number, hours in enumerate(kept, 1)
        for hour, wh in enumerate(hours)
    ]


LOAD_SHAPE: Final = RowScope(
    name="load-shape",
    version=1,
    kind="electricity",
    sentence="For each month with enough readings: which part of your use falls into which hour of the day.",
    purposes=("academic-research", "grid-planning"),
    base_terms=base_terms("load-shape", 1),
    never_contains=("single readings", "dates", "how much you use", "address", "meter number"),
    row=HourShare,
    projection="monthly watt-hours by hour of the UTC day, in thousandths of the month, months of 480 hours or more",
    projection_version=1,
    function=project,
)
SCOPES: Final[Mapping[str, Scope]] = {LOAD_SHAPE.name: LOAD_SHAPE}
