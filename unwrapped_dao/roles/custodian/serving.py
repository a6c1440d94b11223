"""Serving sales: look, decide (duties.py), act, look again. Everything on the chain that it does is done once.

Shares are made from the final state alone; what is newest only says what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ...chain.collective import Collective
from ...chain.committee import Generation
from ...chain.market import NodeDelivery, SaleState
from ...chain.noting import about
from ...chain.outbox import Receipt
from ...chain.signer import Signer
from ...crypto.bn254 import hash_hints
from ...crypto.delivery import SaleId, combine_shares, make_share
from ...crypto.tree import Node
from ...errors import ContractRefusedError
from ..identity import Progress, committee_key, no_progress, sale_identity
from .approvals import Approvals
from .duties import Deliver, Duty, FixExclusions, Over, PostShares, SayReady, Seat, Stage, Wait, next_duty
from .finality import Finality
from .seats import Seats
from .subjects import sale_subject
from .watching import BadShare, Seen, Served, ShareBook, look, served

NODES_PER_CALL = 200
"""Cover nodes in one delivery: about 6 M gas, well below 16,777,216 on every fork."""
SHARES_PER_CALL = 400
"""Shares in one transaction: 2 M gas at most where calldata has a floor price (benchmarks/gas.json)."""
LEAVES_PER_CALL = 200
"""Excluded leaves in one transaction."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done for a sale: `what`, how many nodes or leaves, in how many transactions, at which cost."""

    sale_id: bytes
    what: str
    count: int
    transactions: int
    gas: int = 0
    fee_wei: int = 0

    @classmethod
    def of(cls, sale_id: bytes, what: str, count: int, receipts: Sequence[Receipt]) -> Deed:
        """From the receipts of its transactions."""
        gas, fees = sum(r.gas_used for r in receipts), sum(r.fee_wei for r in receipts)
        return cls(sale_id, what, count, len(receipts), gas, fees)


@dataclass
class Outcome:
    """What one look at all sales came to."""

    deeds: list[Deed] = field(default_factory=list)
    waiting: dict[bytes, Wait] = field(default_factory=dict)
    bad: list[tuple[bytes, BadShare]] = field(default_factory=list)


Tell = Callable[[Deed], None]


def quiet(deed: Deed) -> None:
    """Say nothing."""


class Serving:
    """One custodian's work on approved sales."""

    def __init__(self, collective: Collective, account: Signer, seats: Seats, finality: Finality) -> None:
        self._collective = collective
        self._account = account
        self._seats = seats
        self._finality = finality
        self._approvals = Approvals()
        self._served: dict[bytes, Served] = {}
        self._over: set[bytes] = set()
        self._books: dict[int, ShareBook] = {}

    def once(self, *, eager: bool, progress: Progress = no_progress, tell: Tell = quiet) -> Outcome:
        """Do everything that can be done now for every sale of a key that this custodian has a share of."""
        outcome = Outcome()
        final, witness = self._finality.views()
        deployment = self._collective.deployment
        beside = None if witness is None else Collective.at(witness, deployment)
        for sale_id in self._approvals.read(Collective.at(final, deployment), beside):
            if sale_id not in self._over:
                self.serve(sale_id, outcome, eager=eager, progress=progress, tell=tell)
        return outcome

    def serve(
        self,
        sale_id: bytes,
        outcome: Outcome,
        *,
        eager: bool,
        progress: Progress = no_progress,
        tell: Tell = quiet,
    ) -> None:
        """One sale, until there is nothing to do for it now."""
        final = self._final()
        state = final.market.sale(sale_id)
        if state.state in (SaleState.SETTLED, SaleState.REFUNDED) and sale_id not in self._served:
            self._over.add(sale_id)
            return
        generation = final.committee.generation(state.generation)
        seat = self._seats.seat(generation)
        if seat is None or not self._seats.has_share(generation):
            return
        sale = self._served.get(sale_id) or served(final, sale_id)
        self._served[sale_id] = sale
        book = self._book(sale.generation)
        last: Duty | None = None
        while True:
            duty, seen = self._duty(self._served[sale_id], seat, book, eager)
            if duty == last:
                duty = Wait("the node does not show yet what was just done")
            last = duty
            if isinstance(duty, Over):
                self._over.add(sale_id)
            elif isinstance(duty, Wait):
                outcome.waiting[sale_id] = duty
            if isinstance(duty, Over | Wait):
                outcome.bad += [(sale_id, bad) for (of, _, _), bad in book.bad.items() if of == sale_id]
                if sale_id in self._over:
                    self._served.pop(sale_id)
                    book.forget(sale_id)
                return
            deed = self._act(sale, seat, duty, seen, progress)
            outcome.deeds.append(deed)
            tell(deed)

    def fix_exclusions(self, sale_id: bytes) -> bool:
        """Pass the excluded leaves now, if that is still to do; False if the sale was refunded by it."""
        sale = served(self._collective, sale_id)
        seat = self._seats.require(sale.generation)
        newest = look(self._collective, sale, seat.index, str(self._account.address), self._book(sale.generation))
        if newest.view.stage is Stage.APPROVED and newest.view.listed is None:
            self._fix(sale, newest.view.derived[newest.view.staged :])
        return self._collective.market.sale(sale_id).state is SaleState.APPROVED

    # --- looking ---------------------------------------------------------------------------------------------------

    def _final(self) -> Collective:
        return Collective.at(self._finality.view(), self._collective.deployment)

    def _duty(self, sale: Served, seat: Seat, book: ShareBook, eager: bool) -> tuple[Duty, Seen]:
        me, address = seat.index, str(self._account.address)
        then = self._final()
        final = look(then, sale, me, address, book)
        if final.view.accounted and final.view.listed == final.view.derived and sale.excluded is None:
            # Final, accounts for the counters of the approval, and is the contract's own: it cannot change any more.
            sale = self._served[sale.sale_id] = replace(sale, excluded=final.view.derived)
        client = self._collective.client
        now = client.now()
        if client.block_number() == then.client.block_number():
            newest = final
        else:
            newest = look(self._collective, sale, me, address, book)
        return next_duty(seat, sale.sale_id, final.view, newest.view, now, eager=eager), newest

    def _book(self, generation: Generation) -> ShareBook:
        if generation.number not in self._books:
            self._books[generation.number] = ShareBook(self._seats.public_shares(generation))
        return self._books[generation.number]

    # --- acting ----------------------------------------------------------------------------------------------------

    def _act(self, sale: Served, seat: Seat, duty: Duty, seen: Seen, progress: Progress) -> Deed:
        with about(self._collective.client, sale_subject(sale.sale_id)):
            return self._done(sale, seat, duty, seen, progress)

    def _done(self, sale: Served, seat: Seat, duty: Duty, seen: Seen, progress: Progress) -> Deed:
        match duty:
            case FixExclusions(leaves):
                return Deed.of(sale.sale_id, "fixed exclusions", len(leaves), self._fix(sale, leaves))
            case SayReady():
                said = self._collective.committee.ready(self._account, sale.generation.number, sale.sale_id)
                return Deed.of(sale.sale_id, "said ready", 1, [said])
            case PostShares(nodes):
                posted = self._post(sale, seat, nodes, seen, progress)
                return Deed.of(sale.sale_id, "posted shares", len(nodes), posted)
            case Deliver(nodes):
                chunk = nodes[:NODES_PER_CALL]
                delivered = self._deliver(sale, seat, chunk, seen, progress)
                return Deed.of(sale.sale_id, "delivered", len(chunk), delivered)
        raise AssertionError(f"{duty} is no deed")

    def _fix(self, sale: Served, leaves: Sequence[int]) -> list[Receipt]:
        """Pass the leaves. Somebody else may be quicker: then nothing is lost."""
        receipts: list[Receipt] = []
        for start in range(0, max(1, len(leaves)), LEAVES_PER_CALL):
            try:
                done = self._collective.market.fix_excluded(
                    self._account, sale.offer, leaves[start : start + LEAVES_PER_CALL]
                )
            except ContractRefusedError as refused:
                if refused.error not in ("ExclusionsAlreadyFixed", "SaleStateWrong"):
                    raise
                break
            receipts.append(done)
        return receipts

    def _post(self, sale: Served, seat: Seat, nodes: Sequence[Node], seen: Seen, progress: Progress) -> list[Receipt]:
        """Post the shares of nodes, by runs of neighbours in the cover."""
        secret = self._seats.share(sale.generation)
        receipts: list[Receipt] = []
        done = 0
        for run in _runs(nodes, seen):
            shares = []
            for node in run:
                progress("making shares", done, len(nodes))
                shares.append(make_share(seat.index, secret, sale.identity, node, self._sale_id(sale), sale.buyer))
                done += 1
            posted = self._collective.committee.post_shares(
                self._account,
                sale.generation.number,
                sale.sale_id,
                seen.numbers[run[0]],
                [share.C1.words for share in shares],
                [share.C2.words for share in shares],
            )
            receipts.append(posted)
        return receipts

    def _deliver(
        self, sale: Served, seat: Seat, nodes: Sequence[Node], seen: Seen, progress: Progress
    ) -> list[Receipt]:
        """Combine and submit. A rival that was quicker costs this one transaction."""
        chunk: list[NodeDelivery] = []
        for done, node in enumerate(nodes):
            progress("combining", done, len(nodes))
            node_id = sale.identity.node_id(node)
            if seat.count == 1:
                secret = self._seats.share(sale.generation)
                share = make_share(1, secret, sale.identity, node, self._sale_id(sale), sale.buyer)
                shares = [share.verify(committee_key(sale.generation), node_id, sale.buyer)]
            else:
                shares = list(seen.shares[node].values())
            made = combine_shares(shares, seat.threshold)
            chunk.append(NodeDelivery(node.height, node.index, made.C1.words, made.C2.words))
        hints = hash_hints([sale.identity.node_id(node) for node in nodes])
        try:
            return [self._collective.market.deliver(self._account, sale.offer, chunk, hints)]
        except ContractRefusedError:
            # Somebody else delivered these nodes meanwhile: then the cursor moved, or the sale is closed.
            state = self._collective.market.sale(sale.sale_id)
            if state.state is SaleState.APPROVED and state.cursor <= nodes[0].first_leaf:
                raise
            return []

    def _sale_id(self, sale: Served) -> SaleId:
        return sale_identity(self._collective, sale.sale_id)


def _runs(nodes: Sequence[Node], seen: Seen) -> list[list[Node]]:
    """Nodes that follow each other in the cover, in pieces that fit one transaction."""
    runs: list[list[Node]] = []
    for node in nodes:
        last = runs[-1] if runs else None
        if last and len(last) < SHARES_PER_CALL and seen.numbers[node] == seen.numbers[last[-1]] + 1:
            last.append(node)
        else:
            runs.append([node])
    return runs
