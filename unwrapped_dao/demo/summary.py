"""The figures of one demo run: what `demo-output/summary.json` holds.

Money is in base units of the test dollar; price = fees + paid_to_members + dust.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator


class Refusal(BaseModel):
    """One thing that was tried and refused, and who refused it."""

    model_config = ConfigDict(frozen=True)

    tried: str
    refused_by: str
    because: str


class Summary(BaseModel):
    """The figures of one run, in the order in which they are written."""

    model_config = ConfigDict(frozen=True)

    members: int
    contributions: int
    price: int
    fees: int
    paid_to_members: int
    dust: int
    votes_for: int
    votes_against: int
    votes_abstain: int
    opt_outs: int
    excluded_unopened: int
    delivered_nodes: int
    committee: str
    dataset_rows: int
    dataset_sha256: str
    refusals: tuple[Refusal, ...]
    chain: str
    seconds: int

    @model_validator(mode="after")
    def _money_adds_up(self) -> Summary:
        if self.price != self.fees + self.paid_to_members + self.dust:
            raise ValueError("price is not fees + paid_to_members + dust")
        return self


class Payout(BaseModel):
    """What one member got, and why nothing if nothing."""

    model_config = ConfigDict(frozen=True)

    member: str
    export: str
    plays: int
    weight: int
    amount: int
    note: str = ""
