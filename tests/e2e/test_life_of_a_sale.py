"""The whole life of a sale on a real Ganache; its first sale on the embedded chain too: the same rows and money."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.e2e.chain_nodes import running
from unwrapped_dao import samples
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain.erc20 import ETH
from unwrapped_dao.chain.market import Offer, SaleState
from unwrapped_dao.chain.registry import Pool
from unwrapped_dao.dataset import Dataset
from unwrapped_dao.errors import ContractRefusedError

SCOPE, PURPOSE, SEED, MEMBERS = "artist-preferences", "ai-training", 7, 5
WITHDREW, OPTED_OUT = 3, 4
DOLLARS, WEI = 55_000_000_001, 10**18 + 3
"""Prices that no weight divides."""


@dataclass
class Life:
    """What was seen of one life, in words that do not depend on the chain."""

    dao: LocalCollective
    pool: Pool
    rows: list[list[str]] = field(default_factory=list)
    members: list[int] = field(default_factory=list)
    nodes: list[list[tuple[int, int]]] = field(default_factory=list)
    paid: list[list[int]] = field(default_factory=list)
    dust: list[int] = field(default_factory=list)
    taken_back: list[int] = field(default_factory=list)


def rows_without_pseudonyms(dataset: Dataset) -> list[str]:
    """Each member's rows as one text, in an order that no pseudonym decides."""
    by_member: dict[str, list[str]] = {}
    for row in dataset.rows():
        by_member.setdefault(row.pop("member"), []).append(json.dumps(row, sort_keys=True))
    return sorted("\n".join(rows) for rows in by_member.values())


def sell(life: Life, price: int, currency: str, *, opting_out: tuple[int, ...] = ()) -> None:
    """Offer, vote, opt out, settle, receive, claim: and write down what everybody has."""
    dao = life.dao
    offer = dao.buyer.offer(life.pool, price=price, purpose=PURPOSE, currency=currency)
    proposal = dao.members[0].propose(offer)
    for number in opting_out:
        dao.members[number].opt_out(offer)
    for member in dao.members[:3]:
        member.vote(proposal, "for")
    sale_id = dao.settle(proposal)
    dataset = dao.buyer.receive(sale_id)
    assert dao.buyer.unopened == ()
    life.rows.append(rows_without_pseudonyms(dataset))
    life.members.append(dataset.num_members)
    life.nodes.append([(d.height, d.index) for d in dao.collective.market.deliveries(sale_id)])
    paid = [claim.payments for claim in (member.claim() for member in dao.members)]
    assert {payment.currency for payments in paid for payment in payments} == {currency}
    amounts = [sum(payment.amount for payment in payments) for payments in paid]
    revenue = next(r for r in dao.collective.splitter.revenue(life.pool.id) if r.sale_id == sale_id)
    assert revenue.members + revenue.treasury + revenue.operators == price
    life.paid.append(amounts)
    life.dust.append(revenue.members - sum(amounts))
    assert all(not member.claim().payments for member in dao.members)  # a second claim pays nothing


def refund_of_an_undelivered_sale(life: Life, price: int) -> None:
    dao, market = life.dao, life.dao.collective.market
    offer = dao.buyer.offer(life.pool, price=price, purpose=PURPOSE)
    proposal = dao.members[0].propose(offer)
    for member in dao.members[:3]:
        member.vote(proposal, "for")
    dao.relayer.execute(dao.collective.governor.proposal(proposal))
    sale = market.sale(market.sale_id(offer))
    assert sale.state is SaleState.APPROVED
    dao.collective.client.wait_until(sale.refundable_at - 10)
    refused(lambda: dao.buyer.refund(offer))
    dao.collective.client.wait_until(sale.refundable_at)
    life.taken_back.append(dao.buyer.refund(offer))
    assert market.sale(market.sale_id(offer)).state is SaleState.REFUNDED
    assert dao.buyer.refund(offer) == 0  # nothing is paid twice
    refused(lambda: market.deliver(dao.faucet, offer, [], []))


def expiry(life: Life, price: int) -> None:
    dao, market = life.dao, life.dao.collective.market
    offer: Offer = dao.buyer.offer(
        life.pool, price=price, purpose=PURPOSE, currency=ETH, execute_before=dao.collective.client.now() + 100
    )
    refused(lambda: dao.buyer.expire(offer))
    dao.collective.client.wait_until(offer.execute_before + 1)
    life.taken_back.append(dao.buyer.expire(offer))
    assert market.sale(market.sale_id(offer)).state is SaleState.EXPIRED
    assert dao.buyer.expire(offer) == 0


def refused(attempt: object) -> None:
    with pytest.raises(ContractRefusedError):
        attempt()  # type: ignore[operator]


def contributed_and_sold(dao: LocalCollective) -> Life:
    with samples.exports(MEMBERS, seed=SEED) as exports:
        previews = [m.preview(export, scope=SCOPE) for m, export in zip(dao.members, exports, strict=True)]
    for member, preview in zip(dao.members, previews, strict=True):
        member.contribute(preview)
    dao.members[0].withdraw(SCOPE)
    assert dao.members[0].contribute(previews[0]).record.version == 3  # contributed, withdrawn, contributed
    life = Life(dao, dao.seal(SCOPE))
    dao.members[WITHDREW].withdraw(SCOPE, life.pool.epoch)
    sell(life, DOLLARS, dao.currency, opting_out=(OPTED_OUT,))
    return life


def live(dao: LocalCollective) -> Life:
    life = contributed_and_sold(dao)
    sell(life, WEI, ETH)
    refund_of_an_undelivered_sale(life, 40_000_000)
    expiry(life, 10**17)
    return life


@pytest.fixture(scope="module")
def on_ganache() -> Iterator[Life]:
    with running("ganache") as node, local(members=MEMBERS, committee=(3, 5), node=(node.client(), node.funded)) as dao:
        yield live(dao)


@pytest.fixture(scope="module")
def embedded() -> Iterator[Life]:
    with local(members=MEMBERS, committee=(3, 5)) as dao:
        yield contributed_and_sold(dao)


def test_who_is_excluded_gets_no_key_and_no_money_and_the_others_get_both(on_ganache: Life) -> None:
    first, second = on_ganache.paid
    assert [i for i, amount in enumerate(first) if amount == 0] == [WITHDREW, OPTED_OUT]
    assert [i for i, amount in enumerate(second) if amount == 0] == [WITHDREW]
    assert on_ganache.members == [3, 4]
    # n = 5: everybody but leaves 3 and 4, then everybody but leaf 3, by the fewest nodes.
    assert on_ganache.nodes == [[(1, 0), (0, 2)], [(1, 0), (0, 2), (2, 1)]]


def test_every_unit_of_each_price_is_somewhere(on_ganache: Life) -> None:
    dao = on_ganache.dao
    assert all(0 <= dust <= MEMBERS for dust in on_ganache.dust)
    assert on_ganache.taken_back == [40_000_000, 10**17]
    splitter = dao.collective.splitter
    assert dao.token.balance_of(splitter.address) == splitter.ledger(dao.currency, MEMBERS)
    assert dao.collective.client.balance(splitter.address) == splitter.ledger(ETH, MEMBERS)


def test_the_embedded_chain_gives_the_same_rows_keys_and_money(on_ganache: Life, embedded: Life) -> None:
    assert on_ganache.dao.collective.client.node_version.startswith("Ganache")
    assert (on_ganache.rows[:1], on_ganache.nodes[:1]) == (embedded.rows, embedded.nodes)
    assert (on_ganache.paid[:1], on_ganache.dust[:1]) == (embedded.paid, embedded.dust)
    assert on_ganache.pool.members == embedded.pool.members == MEMBERS
