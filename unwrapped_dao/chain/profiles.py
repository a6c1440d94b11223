"""The two sets of windows that ship: `dev` (seconds, for trying things out) and `live` (days, for people).

All durations are seconds. They are constructor data: no vote and no key can change what has no setter, and setters are
bounded in code.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

HOUR: Final = 3_600
DAY: Final = 86_400
ProfileName = Literal["dev", "live"]


class Profile(BaseModel):
    """The windows and thresholds of a collective."""

    model_config = ConfigDict(frozen=True)

    name: ProfileName
    settling: int = Field(ge=0, description="from activation to the first vote")
    voting_delay: int = Field(ge=1, description="from the proposal to its snapshot")
    voting_period: int = Field(ge=1)
    timelock_delay: int = Field(ge=1, description="constant; the time to opt out after a vote passed")
    opt_out_window: int = Field(ge=1)
    min_age: int = Field(ge=0, description="of a pool before anyone may announce its seal")
    min_weight: int = Field(ge=1, description="of a pool before anyone may announce its seal")
    notice: int = Field(ge=1, description="from announcing a seal to closing")
    delivery_window: int = Field(ge=1)
    min_delivery_window: int = Field(ge=1)
    max_delivery_window: int
    grace: int = Field(ge=1)
    min_grace: int = Field(ge=1)
    max_grace: int
    minimum_active: int = Field(ge=3)
    quorum_percent: int = Field(ge=1, le=100)
    quorum_floor: int = Field(ge=3)
    max_excluded: int = Field(ge=1)
    daily_cap: int = Field(ge=1, description="attestations per validator and day")
    tree_height: int = Field(ge=1, le=32)
    max_weight: int = Field(ge=1, lt=1 << 32)
    dkg_phase: int = Field(ge=1, le=30 * DAY, description="longest duration of each step of a key generation")

    @model_validator(mode="after")
    def _fits(self) -> Profile:
        if self.timelock_delay < self.opt_out_window:
            raise ValueError("the timelock delay must be at least the opt-out window")
        if not self.min_delivery_window <= self.delivery_window <= self.max_delivery_window:
            raise ValueError("the delivery window lies outside its bounds")
        if not self.min_grace <= self.grace <= self.max_grace:
            raise ValueError("the grace period lies outside its bounds")
        return self


DEV: Final = Profile(
    name="dev",
    settling=0,
    voting_delay=1,
    voting_period=60,
    timelock_delay=30,
    opt_out_window=30,
    min_age=0,
    min_weight=1,
    notice=20,
    delivery_window=120,
    min_delivery_window=30,
    max_delivery_window=DAY,
    grace=60,
    min_grace=30,
    max_grace=DAY,
    minimum_active=3,
    quorum_percent=20,
    quorum_floor=3,
    max_excluded=500,
    daily_cap=10_000,
    tree_height=20,
    max_weight=1_000,
    dkg_phase=300,
)
"""For a rehearsal in one sitting. Three members can decide; nobody sleeps through an opt-out window by accident."""

LIVE: Final = Profile(
    name="live",
    settling=DAY,  # who joins on the day of a vote cannot swing it
    voting_delay=DAY,  # a day to read a proposal before the snapshot
    voting_period=5 * DAY,  # a week with a weekend in it, together with the delay
    timelock_delay=7 * DAY,  # people look at their mail once a week
    opt_out_window=7 * DAY,
    min_age=14 * DAY,  # most exports take 5 to 30 days to arrive
    min_weight=10_000,  # a pool too small hides nobody in it
    notice=7 * DAY,  # time to withdraw before members and weights are final
    delivery_window=7 * DAY,  # custodians are people too; half of it is for their READY
    min_delivery_window=2 * DAY,
    max_delivery_window=30 * DAY,
    grace=3 * DAY,  # a last chance for a complete delivery before the buyer's refund
    min_grace=DAY,
    max_grace=14 * DAY,
    minimum_active=20,  # below, a handful of people could sell everybody's data
    quorum_percent=10,
    quorum_floor=10,
    max_excluded=500,  # about 11 M gas of delivery for 50, a few transactions for 500
    daily_cap=500,  # three validators, two of them each: 750 members a day; the collective of 2025 managed 300
    tree_height=32,  # a leaf for every member number: strangers who join cannot use them up
    max_weight=1_000,
    dkg_phase=3 * DAY,  # custodians are people too; a step ends as soon as all have done it
)
"""For members' real data."""

PROFILES: Final[dict[str, Profile]] = {"dev": DEV, "live": LIVE}
