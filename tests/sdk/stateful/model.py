"""What the protocol says should happen, in plain Python and whole numbers; from the text, not from the contracts.

Every verb answers the name of the refusal that must come, or None and changes the model. Fair shares are kept as exact
fractions, so that the contract's rounding is measured and not repeated.

Not here: encodings, cryptography, the chain (world.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction

from tests.contracts.support.cover_model import cover
from tests.sdk.stateful.world import DELIVERY, GRACE, HEIGHT, MAX_EXCLUDED, MAX_WEIGHT, MIN_WEIGHT, NOTICE, SETTLING

Pool = tuple[int, int]
"""(scope, epoch)."""

OPEN, ANNOUNCED, CLOSED, SEALED = 1, 2, 3, 4
OFFERED, APPROVED, SETTLED, REFUNDED, EXPIRED = 1, 2, 3, 4, 5
NOT_OFFERED, PAST_EXECUTE_BEFORE, TOO_MANY_EXCLUDED, TOO_LITTLE_WEIGHT = 0, 1, 2, 3


@dataclass
class Member:
    number: int
    left: bool = False
    active_at: int | None = None
    inactive_at: int | None = None
    gave_vote: list[tuple[int, int | None]] = field(default_factory=list)  # (time, to whom; None: its own again)
    payout: str | None = None


@dataclass
class Record:
    version: int
    weight: int
    fingerprint: str


@dataclass
class PoolState:
    opened_at: int
    seals_at: int | None = None
    voted: bool = False
    members: int = 0
    sealed: bool = False
    withdrew: list[int] = field(default_factory=list)  # member numbers in order
    live: dict[int, Record] = field(default_factory=dict)  # by member number
    versions: dict[int, int] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        return sum(record.weight for record in self.live.values())

    def weight_of(self, number: int) -> int:
        return self.live[number].weight if number in self.live else 0


@dataclass
class Sale:
    pool: Pool
    buyer: int
    currency: int
    price: int
    needed: int
    execute_before: int
    fees: tuple[int, int]
    windows: tuple[int, int]
    state: int = OFFERED
    opted_out: list[int] = field(default_factory=list)  # in order
    approved_at: int = 0
    withdrawals: int = 0
    excluded: frozenset[int] | None = None  # once fixed
    eligible: int = 0
    nodes: list[tuple[int, int]] = field(default_factory=list)  # the cover, once fixed
    delivered: int = 0  # how many of them
    staged: dict[str, list[int]] = field(default_factory=dict)

    @property
    def refundable_at(self) -> int:
        return self.approved_at + sum(self.windows)


@dataclass
class Proposal:
    fees: tuple[int, int]
    snapshot: int
    deadline: int
    tally: list[int] = field(default_factory=lambda: [0, 0, 0])  # against, for, abstain
    voted: set[int] = field(default_factory=set)
    executed: bool = False


@dataclass
class Line:
    """One pool sold in one currency: what every member is due, exactly, and what was paid."""

    revenue: int = 0
    due: dict[int, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    paid: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    sales: list[frozenset[int]] = field(default_factory=list)  # the excluded of those that excluded anybody, as settled
    read: dict[int, int] = field(default_factory=lambda: defaultdict(int))


class Model:
    """Members are named by their index among the accounts; numbers are given as they join."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.members: dict[int, Member] = {}
        self.pools: dict[Pool, PoolState] = {}
        self.fingerprints: dict[tuple[int, str], tuple[int, Pool]] = {}
        self.sales: list[Sale] = []
        self.proposals: list[Proposal] = []
        self.fees, self.windows = (200, 300), (DELIVERY, GRACE)
        self.flagged: set[int] = set()
        self.money_in = [0, 0]
        self.money_out = [0, 0]
        self.stray = [0, 0]
        self.treasury = [0, 0]
        self.operators = [0, 0]
        self.operators_paid = [0, 0]
        self.credits: dict[tuple[str, int], int] = defaultdict(int)
        self.lines: dict[tuple[Pool, int], Line] = defaultdict(Line)
        self.wallets: dict[tuple[str, int], int] = defaultdict(int)  # what came out of the splitter, by address

    def copy(self) -> Model:
        """To ask what would come of something."""
        return deepcopy(self)

    # --- membership and votes --------------------------------------------------------------------------------------

    def number(self, member: int) -> int | None:
        return self.members[member].number if member in self.members else None

    def by_number(self, number: int) -> int:
        return next(index for index, member in self.members.items() if member.number == number)

    def lives(self, member: int) -> int:
        number = self.members[member].number
        return sum(number in pool.live for pool in self.pools.values())

    def is_active(self, member: int) -> bool:
        return not self.members[member].left and self.lives(member) > 0

    def join(self, member: int) -> str | None:
        if member not in self.members:
            self.members[member] = Member(len(self.members))
            return None
        if not self.members[member].left:
            return "MemberAlreadyJoined"
        self.members[member].left = False
        if self.lives(member):
            self._start(member)
        return None

    def leave(self, member: int) -> str | None:
        if refusal := self._absent(member):
            return refusal
        was_active = self.is_active(member)
        self.members[member].left = True
        if was_active:
            self._end(member)
        return None

    def _absent(self, member: int) -> str | None:
        if member not in self.members:
            return "MemberUnknown"
        return "MemberHasLeft" if self.members[member].left else None

    def _start(self, member: int) -> None:
        self.members[member].active_at, self.members[member].inactive_at = self.now, None

    def _end(self, member: int) -> None:
        it = self.members[member]
        it.inactive_at = self.now
        if it.gave_vote and it.gave_vote[-1][1] is not None:
            it.gave_vote.append((self.now, None))

    def may_vote(self, member: int, at: int) -> bool:
        it = self.members[member]
        begun = it.active_at is not None and it.active_at + SETTLING <= at
        return begun and (it.inactive_at is None or it.inactive_at > at)

    def holder(self, member: int, at: int) -> int:
        """Who holds a member's vote at the end of second `at`."""
        moves = [to for time, to in self.members[member].gave_vote if time <= at]
        return member if not moves or moves[-1] is None else moves[-1]

    def votes(self, member: int, at: int) -> int:
        if member not in self.members or not self.may_vote(member, at):
            return 0
        given = sum(self.holder(other, at) == member for other in self.members if other != member)
        return given + (self.holder(member, at) == member)

    def delegate(self, member: int, to: int) -> str | None:
        if member not in self.members or not self.may_vote(member, self.now):
            return "DelegatorNotVoting"
        if self._absent(to):
            return "DelegationOutsideMembership"
        if self.holder(member, self.now) != to:
            self.members[member].gave_vote.append((self.now, None if to == member else to))
        return None

    # --- contributions ---------------------------------------------------------------------------------------------

    def state_of(self, pool: Pool) -> int:
        it = self.pools.get(pool)
        if it is None:
            return 0
        if it.sealed:
            return SEALED
        if it.seals_at is None:
            return OPEN
        return ANNOUNCED if self.now < it.seals_at else CLOSED

    def _meets(self, pool: Pool) -> int:
        """The state in which a write finds a pool: a closed one has been sealed, or opened again."""
        state = self.state_of(pool)
        if state != CLOSED:
            return state
        it = self.pools[pool]
        return OPEN if not it.voted and it.weight < MIN_WEIGHT else SEALED

    def _record_closing(self, pool: Pool) -> None:
        if self.state_of(pool) != CLOSED:
            return
        if self._meets(pool) == OPEN:
            self.pools[pool].seals_at = None
        else:
            self.pools[pool].sealed = True
            self.pools[pool].members = min(len(self.members), 1 << HEIGHT)

    def open_epoch(self, scope: int) -> tuple[str | None, Pool]:
        latest = max((epoch for s, epoch in self.pools if s == scope), default=0)
        if latest:
            if self._meets((scope, latest)) != SEALED:
                return "PoolStateWrong", (scope, latest)
            self._record_closing((scope, latest))
        self.pools[scope, latest + 1] = PoolState(self.now)
        return None, (scope, latest + 1)

    def contribute(self, member: int, pool: Pool, record: Record, live: Record | None) -> str | None:
        """`live` is the record that the caller says it replaces."""
        if self._meets(pool) not in (OPEN, ANNOUNCED):
            return "PoolNotOpen"
        if not 1 <= record.weight <= MAX_WEIGHT:
            return "WeightOutOfRange"
        if refusal := self._absent(member):
            return refusal
        it, number = self.pools[pool], self.members[member].number
        have = it.live.get(number)
        if (have is None) != (live is None) or have != live:
            return "RecordMismatch"
        if record.version != it.versions.get(number, 0) + 1:
            return "ContributionVersionWrong"
        key = (pool[0], record.fingerprint)
        same = have is not None and have.fingerprint == record.fingerprint
        if not same and key in self.fingerprints:
            return "FingerprintUsed"
        if number >= 1 << HEIGHT:
            return "LeafOutOfRange"
        self._record_closing(pool)
        if have is not None:
            del self.fingerprints[pool[0], have.fingerprint]
        was_active = self.is_active(member)
        self.fingerprints[key] = (number, pool)
        it.live[number], it.versions[number] = record, record.version
        if not was_active:
            self._start(member)
        return None

    def judge(self, member: int, pool: Pool, record: Record, live: Record | None, before: int) -> str | None:
        """Why an item of a relayed batch is skipped; `before` is the number of the last one recorded, or -1."""
        if member not in self.members:
            return "NotAMember"
        if self.members[member].left:
            return "MemberHasLeft"
        if self.members[member].number <= before:
            return "NumberNotAscending"
        if self.members[member].number >= 1 << HEIGHT:
            return "LeafOutOfRange"
        refusal = self.contribute(member, pool, record, live)
        return {"ContributionVersionWrong": "VersionWrong"}.get(str(refusal), refusal)

    def withdraw(self, member: int, pool: Pool, live: Record | None) -> str | None:
        if member not in self.members:
            return "MemberUnknown"
        it, number = self.pools[pool], self.members[member].number
        if number not in it.live:
            return "ContributionMissing"
        if live != it.live[number]:
            return "RecordMismatch"
        if self._meets(pool) == SEALED:
            if number in it.withdrew:
                return "AlreadyWithdrawn"
            self._record_closing(pool)
            it.withdrew.append(number)
            self.flagged.add(number)
            return None
        self._record_closing(pool)
        was_active = self.is_active(member)
        gone = it.live.pop(number)
        it.versions[number] = gone.version + 1
        del self.fingerprints[pool[0], gone.fingerprint]
        if was_active and not self.is_active(member):
            self._end(member)
        return None

    def announce(self, pool: Pool, voted: bool) -> str | None:
        if self._meets(pool) != OPEN:
            return "PoolStateWrong"
        if not voted and self.pools[pool].weight < MIN_WEIGHT:
            return "PoolTooLight"
        self._record_closing(pool)
        self.pools[pool].seals_at, self.pools[pool].voted = self.now + NOTICE, voted
        return None

    def seal(self, pool: Pool) -> str | None:
        if self.state_of(pool) != CLOSED:
            return "PoolStateWrong"
        self._record_closing(pool)
        return None

    # --- sales -----------------------------------------------------------------------------------------------------

    def offer(self, sale: Sale) -> str | None:
        if self.now > sale.execute_before:
            return "OfferExpiresInPast"
        if not self.pools[sale.pool].sealed:
            return "OfferPoolNotSealed"
        self.sales.append(sale)
        self.money_in[sale.currency] += sale.price
        return None

    def opt_out(self, member: int, sale: Sale) -> str | None:
        if sale.state != OFFERED:
            return "SaleStateWrong"
        if member not in self.members:
            return "MemberUnknown"
        number = self.members[member].number
        if not self.pools[sale.pool].weight_of(number):
            return "NotAContributor"
        if number in sale.opted_out:
            return "AlreadyOptedOut"
        sale.opted_out.append(number)
        self.flagged.add(number)
        return None

    def approve(self, sales: Sequence[Sale]) -> list[int | None]:
        """For each: why it is skipped, or None."""
        return [self._approve(sale) for sale in sales]

    def _approve(self, sale: Sale) -> int | None:
        pool = self.pools[sale.pool]
        if sale.state != OFFERED:
            return NOT_OFFERED
        if self.now > sale.execute_before:
            return PAST_EXECUTE_BEFORE
        if len(pool.withdrew) + len(sale.opted_out) > MAX_EXCLUDED:
            return TOO_MANY_EXCLUDED
        if pool.weight < max(1, sale.needed):
            return TOO_LITTLE_WEIGHT
        sale.state, sale.approved_at, sale.withdrawals = APPROVED, self.now, len(pool.withdrew)
        if not self.leaves_to_fix(sale):
            self._fix(sale, frozenset())
        return None

    def leaves_to_fix(self, sale: Sale) -> list[int]:
        """Who is excluded, by the order of refusals at approval."""
        withdrew = self.pools[sale.pool].withdrew[: sale.withdrawals]
        return sorted({*withdrew, *sale.opted_out})

    def fix_excluded(self, sale: Sale, caller: str, leaves: Sequence[int]) -> str | None:
        if sale.state != APPROVED:
            return "SaleStateWrong"
        if sale.excluded is not None:
            return "ExclusionsAlreadyFixed"
        if not leaves:
            sale.staged.pop(caller, None)
            return None
        excluded, list_ = self.leaves_to_fix(sale), list(sale.staged.get(caller, []))
        for leaf in leaves:
            if list_ and leaf <= list_[-1]:
                return "LeavesUnordered"
            if leaf not in excluded:
                return "LeafNotExcluded"
            list_.append(leaf)
        sale.staged[caller] = list_
        if list_ == excluded:
            self._fix(sale, frozenset(list_))
        return None

    def _fix(self, sale: Sale, excluded: frozenset[int]) -> None:
        pool = self.pools[sale.pool]
        sale.excluded = excluded
        sale.eligible = sum(record.weight for number, record in pool.live.items() if number not in excluded)
        if sale.eligible < max(1, sale.needed):
            self._refund(sale)
        else:
            sale.nodes = cover(HEIGHT, pool.members, excluded)

    def delivered(self, sale: Sale, upto: int) -> None:
        """A chunk was accepted that ends with the cover's node number `upto` - 1."""
        sale.delivered = max(sale.delivered, upto)
        if sale.delivered == len(sale.nodes):
            self._settle(sale)

    def _settle(self, sale: Sale) -> None:
        assert sale.excluded is not None
        sale.state = SETTLED
        treasury, operators = (sale.price * bps // 10_000 for bps in sale.fees)
        members = sale.price - treasury - operators
        self.treasury[sale.currency] += treasury
        self.operators[sale.currency] += operators
        line = self.lines[sale.pool, sale.currency]
        line.revenue += members
        for number, record in self.pools[sale.pool].live.items():
            if number not in sale.excluded:
                line.due[number] += Fraction(members * record.weight, sale.eligible)
        if sale.excluded:
            line.sales.append(sale.excluded)

    def refund(self, sale: Sale) -> str | None:
        if sale.state != APPROVED:
            return "SaleStateWrong"
        if self.now < sale.refundable_at:
            return "SaleNotRefundable"
        self._refund(sale)
        return None

    def _refund(self, sale: Sale) -> None:
        sale.state = REFUNDED
        self.credits[f"buyer {sale.buyer}", sale.currency] += sale.price

    def expire(self, sale: Sale) -> str | None:
        if sale.state != OFFERED:
            return "SaleStateWrong"
        if self.now <= sale.execute_before:
            return "SaleNotExpired"
        sale.state = EXPIRED
        self.credits[f"buyer {sale.buyer}", sale.currency] += sale.price
        return None

    # --- money out -------------------------------------------------------------------------------------------------

    def read_on(
        self, member: int, lines: Sequence[tuple[Pool, int]], most: int
    ) -> tuple[dict[tuple[Pool, int], int], bool]:
        """How far a claim reads each line's sales with exclusions, and whether it reads some and leaves some."""
        number = self.members[member].number
        reached = {key: self.lines[key].read[number] for key in lines}
        if number not in self.flagged:
            return reached, False
        left = most
        for key in lines:
            step = min(left, len(self.lines[key].sales) - reached[key])
            reached[key] += step
            left -= step
        return reached, left < most and any(reached[key] < len(self.lines[key].sales) for key in lines)

    def is_read(self, member: int, key: tuple[Pool, int], reached: int) -> bool:
        """Whether a line pays: a member who never refused anything needs to read nothing."""
        return self.members[member].number not in self.flagged or reached == len(self.lines[key].sales)

    def paid(self, member: int, key: tuple[Pool, int], amount: int) -> None:
        number = self.members[member].number
        line = self.lines[key]
        line.paid[number] += amount
        if amount and number not in self.flagged:
            line.read[number] = len(line.sales)
        self._out(self.members[member].payout or f"member {member}", key[1], amount)

    def pay_credit(self, who: str, currency: int) -> int:
        amount = self.credits.pop((who, currency), 0)
        self._out(who, currency, amount)
        return amount

    def pay_operator(self, currency: int) -> int:
        amount = self.operators[currency] - self.operators_paid[currency]
        self.operators_paid[currency] += amount
        self._out("custodian", currency, amount)
        return amount

    def pay_treasury(self, who: str, currency: int, amount: int) -> str | None:
        if amount > self.treasury[currency]:
            return "TreasuryTooSmall"
        self.treasury[currency] -= amount
        self.credits[who, currency] += amount
        return None

    def _out(self, who: str, currency: int, amount: int) -> None:
        self.money_out[currency] += amount
        self.wallets[who, currency] += amount

    def escrowed(self, currency: int) -> int:
        return sum(s.price for s in self.sales if s.currency == currency and s.state in (OFFERED, APPROVED))

    # --- keys ------------------------------------------------------------------------------------------------------

    def delivered_nodes(self, pool: Pool) -> set[tuple[int, int]]:
        """Every node of a pool that any buyer has a key of."""
        return {node for sale in self.sales if sale.pool == pool for node in sale.nodes[: sale.delivered]}

    # --- votes on fees ---------------------------------------------------------------------------------------------

    def quorum(self, active: int) -> int:
        return max(-(-active * 20 // 100), 3)


def leaves_under(nodes: Iterable[tuple[int, int]]) -> set[int]:
    return {leaf for height, index in nodes for leaf in range(index << height, (index + 1) << height)}
