"""A pool that was sold once in dollars and once in ether, for tests of what comes after a sale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from unwrapped_dao import samples
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain.erc20 import ETH
from unwrapped_dao.chain.registry import Pool

SCOPE, MEMBERS, SHAPE = "artist-preferences", 3, (2, 3)
DOLLARS, WEI = 1_000_001, 10**18 + 3
"""Prices that no weight divides."""


def sell(dao: LocalCollective, pool: Pool, price: int, currency: str) -> bytes:
    """Offer, vote, settle; the sale's id."""
    proposal = dao.members[0].propose(dao.buyer.offer(pool, price=price, purpose="ai-training", currency=currency))
    for member in dao.members:
        member.vote(proposal, "for")
    return dao.settle(proposal)


@dataclass(frozen=True)
class Sold:
    dao: LocalCollective
    pool: Pool
    sales: tuple[bytes, bytes]


@pytest.fixture(scope="session")
def sold() -> Iterator[Sold]:
    with local(members=MEMBERS, committee=SHAPE) as dao:
        with samples.exports(MEMBERS, seed=3, min_plays=500, max_plays=600) as exports:
            for member, export in zip(dao.members, exports, strict=True):
                member.contribute(member.preview(export, scope=SCOPE))
        pool = dao.seal(SCOPE)
        yield Sold(dao, pool, (sell(dao, pool, DOLLARS, dao.currency), sell(dao, pool, WEI, ETH)))


@pytest.fixture
def dao(sold: Sold) -> Iterator[LocalCollective]:
    """The collective right after both sales; what a test does is taken back."""
    client = sold.dao.collective.client
    snapshot = client.request("evm_snapshot")
    yield sold.dao
    client.request("evm_revert", [snapshot])
