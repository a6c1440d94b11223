"""A collective with a 3-of-5 committee on the embedded chain, and sales of its one pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from unwrapped_dao import samples
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain.governor import Proposal
from unwrapped_dao.chain.market import Offer, Sale, SaleState
from unwrapped_dao.chain.registry import Pool
from unwrapped_dao.crypto.tree import Node
from unwrapped_dao.roles.custodian import Outcome

MEMBERS, SCOPE, PURPOSE = 5, "artist-preferences", "ai-training"


@dataclass
class World:
    """`run` lets custodians act, by their places from 1."""

    dao: LocalCollective
    pool: Pool
    price: int = 1_000_000

    def voted(self, *, opting_out: Sequence[int] = ()) -> tuple[bytes, Proposal]:
        """A new sale, offered and voted, and the proposal to execute."""
        self.price += 1
        offer = self.dao.buyer.offer(self.pool, price=self.price, purpose=PURPOSE)
        proposal = self.dao.members[0].propose(offer)
        for number in opting_out:
            self.dao.members[number].opt_out(offer)
        for member in self.dao.members[:3]:
            member.vote(proposal, "for")
        found = self.dao.collective.governor.proposal(proposal)
        self.dao.relayer.queue(found)
        self.move_to(self.dao.collective.governor.eta(proposal))
        return self.dao.collective.market.sale_id(offer), found

    def approved(self, *, opting_out: Sequence[int] = ()) -> bytes:
        """A new sale that is approved; its id."""
        sale_id, proposal = self.voted(opting_out=opting_out)
        self.dao.relayer.execute(proposal)
        return sale_id

    def run(self, *places: int) -> dict[int, Outcome]:
        return {place: self.dao.custodians[place - 1].run_once() for place in places}

    def until_quiet(self, *places: int) -> None:
        while any(outcome.deeds for outcome in self.run(*places).values()):
            pass

    def offer(self, sale_id: bytes) -> Offer:
        return self.dao.collective.market.offer_of(sale_id)

    def sale(self, sale_id: bytes) -> Sale:
        return self.dao.collective.market.sale(sale_id)

    def state(self, sale_id: bytes) -> SaleState:
        return self.sale(sale_id).state

    def readies(self, sale_id: bytes) -> list[int]:
        return [ready.index for ready in self.dao.collective.committee.readies(self.pool.generation, sale_id)]

    def posted(self, sale_id: bytes) -> list[tuple[int, int]]:
        """(custodian, node number) of every share on the chain."""
        return [
            (post.index, post.first_node + i)
            for post in self.dao.collective.committee.posted_shares(self.pool.generation, sale_id)
            for i in range(len(post.c1))
        ]

    def cover(self, sale_id: bytes) -> tuple[Node, ...]:
        return self.dao.custodian.cover(sale_id, self.offer(sale_id))

    def cover_after_fixing(self, sale_id: bytes) -> tuple[Node, ...]:
        self.dao.custodian.fix_exclusions(sale_id)
        return self.cover(sale_id)

    def move_to(self, second: int) -> None:
        self.dao.collective.client.wait_until(second)


@contextmanager
def sealed_under(committee: tuple[int, int], members: int = MEMBERS) -> Iterator[World]:
    """A sealed pool to which every member contributed, under a committee of (threshold, custodians)."""
    with local(members=members, committee=committee) as dao:
        with samples.exports(members, seed=3, min_plays=5_000, max_plays=5_000) as exports:
            for member, export in zip(dao.members, exports, strict=True):
                member.contribute(member.preview(export, scope=SCOPE))
        yield World(dao, dao.seal(SCOPE))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with sealed_under((3, 5)) as made:
        yield made
