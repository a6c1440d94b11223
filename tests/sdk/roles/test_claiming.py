"""A member collects everything, however many transactions it takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sdk.kinds.test_heart_rate import csv_of, person
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain import splitter
from unwrapped_dao.chain.registry import Pool
from unwrapped_dao.roles.member import preview

SCOPE = "resting-heart-rate"
MEMBERS = 3
PRICE = 90_000_000


@pytest.fixture(scope="module")
def dao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCollective]:
    """Three members who contributed."""
    folder = tmp_path_factory.mktemp("exports")
    with local(members=MEMBERS, scopes=[SCOPE]) as made:
        for number, member in enumerate(made.members):
            path = folder / f"watch-{number}.csv"
            path.write_text(csv_of(person(number)))
            member.contribute(preview(path, scope=SCOPE))
        yield made


def _sell(dao: LocalCollective, pool: Pool, refuser: int) -> None:
    offer = dao.buyer.offer(pool, price=PRICE, purpose="academic-research")
    proposal = dao.members[0].propose(offer)
    dao.members[refuser].opt_out(offer)
    for member in dao.members:
        member.vote(proposal, "for")
    dao.settle(proposal)


def test_who_was_ever_excluded_is_paid_in_one_go_however_many_sales_are_to_be_read(
    dao: LocalCollective, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read one sale, paid nothing and told the member that nothing is due."""
    monkeypatch.setattr(splitter, "SALES_PER_CLAIM", 1)
    pool = dao.seal(SCOPE)
    _sell(dao, pool, refuser=0)
    _sell(dao, pool, refuser=1)
    due = sum(line[2] for line in dao.members[0].status().claimable)
    assert due > 0
    claim = dao.members[0].claim()
    assert [payment.amount for payment in claim.payments] == [due]
    assert not dao.members[0].claim().payments
