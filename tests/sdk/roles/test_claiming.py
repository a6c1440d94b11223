"""A member collects everything, however many transactions it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sdk.kinds.test_heart_rate import csv_of, person
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain import splitter
from unwrapped_dao.chain.erc20 import ETH, Erc20
from unwrapped_dao.chain.registry import Pool
from unwrapped_dao.errors import ContractRefusedError
from unwrapped_dao.roles.claiming import Claiming
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


def _sell(dao: LocalCollective, pool: Pool, refuser: int, currency: str | None = None) -> None:
    offer = dao.buyer.offer(pool, price=PRICE, purpose="academic-research", currency=currency)
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


def test_anybody_may_pay_the_gas_and_the_money_goes_to_the_member(dao: LocalCollective) -> None:
    pool = dao.seal(SCOPE)
    _sell(dao, pool, refuser=0)
    member, money = dao.members[1], dao.collective.splitter
    (_, currency, due), *_ = member.status().claimable
    before = Erc20.at(dao.collective.client, currency).balance_of(member.address)
    nonce = dao.collective.client.nonce(member.address)
    paid = Claiming(dao.collective, dao.keepers[0], member.address).claim()
    assert paid.amount == due and {payment.payout for payment in paid.payments} == {member.address}
    assert Erc20.at(dao.collective.client, currency).balance_of(member.address) == before + due
    assert dao.collective.client.nonce(member.address) == nonce
    assert money.claimable(member.address, pool.id, currency) == 0


def test_a_currency_that_is_refused_does_not_stop_the_others(
    dao: LocalCollective, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token may be paused for years, and one transaction claims all lines or none."""
    pool = dao.seal(SCOPE)
    _sell(dao, pool, refuser=0)
    _sell(dao, pool, refuser=0, currency=ETH)
    member = dao.members[1]
    dollars = next(currency for _, currency, _ in member.status().claimable if currency != ETH)
    honest = splitter.Splitter.claim

    def paused(self: splitter.Splitter, sender: Any, member: str, lines: Any) -> Any:
        if any(currency == dollars for _, currency in lines):
            raise ContractRefusedError("The token is paused.", error="Paused")
        return honest(self, sender, member, lines)

    monkeypatch.setattr(splitter.Splitter, "claim", paused)
    due = dict((currency, amount) for _, currency, amount in member.status().claimable)
    claim = member.claim()
    assert [(payment.currency, payment.amount) for payment in claim.payments] == [(ETH, due[ETH])]
    assert [currency for currency, _ in claim.refused] == [dollars]
    with pytest.raises(ContractRefusedError, match="paused"):
        member.claim()  # nothing else is left
    others = Claiming(dao.collective, dao.keepers[0], member.address).claim()
    assert others.payments == () and [currency for currency, _ in others.refused] == [dollars]
    monkeypatch.undo()
    assert [payment.amount for payment in member.claim().payments] == [due[dollars]]
