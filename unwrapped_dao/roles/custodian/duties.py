"""What a custodian owes one sale, decided from values alone: no chain, no clock, no secret is touched here.

Two views of the sale go in. `final` is what can no longer be undone: a custodian promises and releases on that alone.
`newest` is the head of the chain: it tells what was done meanwhile, so that nothing is done twice. Both hold what this
custodian worked out itself (exclusion list, cover, which shares are valid), never what another program said.

In this order: fix exclusions → READY, in the first half of the window → release at min(n, t + 1) READYs, until
the deadline → combine t valid shares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ...crypto.tree import Node

TURNS_PER_WINDOW = 8
"""How often each custodian's turn comes in one delivery window, for what needs to be done by one of them only."""


class Stage(Enum):
    """Where a sale stands, as far as a custodian cares."""

    APPROVED = "approved"
    CLOSED = "closed"
    """Settled or refunded: nothing is left to do."""
    UNKNOWN = "unknown"
    """Not approved (yet), or not on this chain (any more)."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A custodian's place: index 1..count, any `threshold` of `count` can open."""

    index: int
    count: int
    threshold: int

    @property
    def quorum(self) -> int:
        """READYs before anyone releases: one more than could open, so that a single silent partner holds nobody up."""
        return min(self.count, self.threshold + 1)


@dataclass(frozen=True, slots=True)
class SaleView:
    """One sale as one block tells it. Times in seconds of the chain.

    `derived` is the exclusion list as this custodian reads it from the withdrawals and opt-outs, `accounted` whether it
    holds all of them, `listed` the one the contract fixed (None before), `staged` how much of it this custodian passed.
    `readies` are the custodians whose READY counts; `said`: this one's stands on the chain, whether it counts or not.
    `cover` are the nodes that are not delivered yet; `shares` names for each the custodians whose share of it is valid,
    `posted` the nodes whose share this custodian posted. `complete_at`: when the last of them had t valid shares.
    """

    stage: Stage
    approved_at: int = 0
    delivery_window: int = 0
    derived: tuple[int, ...] = ()
    accounted: bool = True
    listed: tuple[int, ...] | None = None
    staged: int = 0
    readies: frozenset[int] = frozenset()
    said: bool = False
    cover: tuple[Node, ...] = ()
    posted: frozenset[Node] = frozenset()
    shares: Mapping[Node, frozenset[int]] = field(default_factory=dict)
    complete_at: int | None = None

    @property
    def ready_until(self) -> int:
        """The last second in which a READY counts."""
        return self.approved_at + self.delivery_window // 2

    @property
    def deadline(self) -> int:
        """The last second in which a share may be released."""
        return self.approved_at + self.delivery_window


@dataclass(frozen=True, slots=True)
class FixExclusions:
    """Pass these leaves, ascending; the contract has `SaleView.staged` of this custodian's already."""

    leaves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SayReady:
    """Promise to release."""


@dataclass(frozen=True, slots=True)
class PostShares:
    """Release the shares of these nodes."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Deliver:
    """Combine the shares of these nodes and submit them, in cover order."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now, and why. `alarm`: a person should look."""

    why: str
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing will ever be left to do."""


Duty = FixExclusions | SayReady | PostShares | Deliver | Wait | Over


def next_duty(seat: Seat, sale_id: bytes, final: SaleView, newest: SaleView, now: int, *, eager: bool = False) -> Duty:
    """The one thing to do next. `now` is the newest block's time; `eager` does not wait for its turn."""
    if final.stage is Stage.CLOSED or newest.stage is Stage.CLOSED:
        return Over() if final.stage is Stage.CLOSED else Wait("it is over, and not final yet")
    if final.stage is not Stage.APPROVED or newest.stage is not Stage.APPROVED:
        return Wait("its approval is not final yet")
    mine = eager or _is_turn(seat, sale_id, newest, now, newest.approved_at)
    if newest.listed is None:
        return _fix(newest, mine)
    if final.listed is None:
        return Wait("its exclusions are not final yet")
    if not final.accounted or final.listed != final.derived:
        return Wait("the contract's exclusion list is not the one that withdrawals and opt-outs give", alarm=True)
    release = _release(seat, final, newest, now)
    if isinstance(release, SayReady | PostShares):
        return release
    return _deliver(seat, sale_id, newest, now, eager) or release


def _fix(newest: SaleView, mine: bool) -> Duty:
    if not newest.accounted:
        return Wait("the node's events do not account for everybody who is excluded", alarm=True)
    if not mine:
        return Wait("another custodian's turn to fix the exclusions")
    return FixExclusions(newest.derived[newest.staged :])


def _release(seat: Seat, final: SaleView, newest: SaleView, now: int) -> SayReady | PostShares | Wait:
    """READY and shares: what this custodian answers for."""
    if seat.count == 1:
        return Wait("nobody else is waited for")
    missing = tuple(node for node in newest.cover if node not in newest.posted)
    if not missing:
        return Wait("the others' shares are waited for")
    if now >= final.deadline:
        return Wait("its deadline went by: no more shares are released", alarm=True)
    if len(final.readies) >= seat.quorum:
        return PostShares(missing)
    if not newest.said and now < final.ready_until:
        return SayReady()
    if now >= final.ready_until and len(newest.readies) < seat.quorum:
        return Wait(f"only {len(newest.readies)} of the {seat.quorum} READYs came in time: nothing is released", True)
    return Wait(f"{len(final.readies)} of {seat.quorum} READYs are final")


def _deliver(seat: Seat, sale_id: bytes, newest: SaleView, now: int, eager: bool) -> Deliver | Wait | None:
    """Combining: anybody's, so one custodian's turn at a time. What is complete at the front goes first."""
    front: list[Node] = []
    for node in newest.cover:
        if seat.count > 1 and len(newest.shares.get(node, ())) < seat.threshold:
            break
        front.append(node)
    if not front:
        return None
    since = newest.complete_at if newest.complete_at is not None else newest.approved_at
    if eager or _is_turn(seat, sale_id, newest, now, since):
        return Deliver(tuple(front))
    return Wait("another custodian's turn to deliver")


def _is_turn(seat: Seat, sale_id: bytes, view: SaleView, now: int, since: int) -> bool:
    """Turns go round for ever, one custodian at a time, so that two race at a change of turn only."""
    turn_s = max(1, view.delivery_window // (TURNS_PER_WINDOW * seat.count))
    first = int.from_bytes(sale_id, "big") % seat.count
    return (first + max(0, now - since) // turn_s) % seat.count == seat.index - 1
