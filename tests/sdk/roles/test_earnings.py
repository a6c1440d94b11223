"""What operators and others collect: every base unit that is due, once, to its owner, whoever asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sdk.roles.conftest import DOLLARS, SHAPE, WEI, Sold, sell
from unwrapped_dao.app.in_process import LocalCollective
from unwrapped_dao.chain.callwords import action_of
from unwrapped_dao.chain.collective import Collective
from unwrapped_dao.chain.earnings import Earning, earnings, operators_waiting
from unwrapped_dao.chain.erc20 import ETH
from unwrapped_dao.chain.noting import NotingClient
from unwrapped_dao.chain.splitter import Splitter
from unwrapped_dao.chain.transport import Transport
from unwrapped_dao.crypto.vault import MemoryVault
from unwrapped_dao.errors import ContractRefusedError, InputError, NotAllowedError, RpcUnavailableError
from unwrapped_dao.roles.custodian import Custodian
from unwrapped_dao.roles.custodian.subjects import is_over
from unwrapped_dao.roles.earnings import Earnings
from unwrapped_dao.storage.notes import FolderNotes

OF_EACH = DOLLARS * 300 // 10_000 // SHAPE[1]
OF_EACH_IN_WEI = WEI * 300 // 10_000 // SHAPE[1]

# One worker makes the sales, once.
pytestmark = pytest.mark.xdist_group("sold")


def wealth(dao: LocalCollective, address: str) -> int:
    return dao.token.balance_of(address)


# --- operators ------------------------------------------------------------------------------------------------------


def test_each_custodian_collects_its_equal_part_of_both_currencies_and_then_nothing(dao: LocalCollective) -> None:
    keeper = dao.custodians[0]
    due = (Earning(keeper.address, 1, dao.currency, OF_EACH), Earning(keeper.address, 1, ETH, OF_EACH_IN_WEI))
    assert keeper.earnings().waiting() == due
    collected = keeper.collect()
    assert collected.paid == due and collected.refused == ()
    assert wealth(dao, keeper.address) == OF_EACH
    height = dao.collective.client.block_number()
    assert keeper.collect().paid == () and dao.collective.client.block_number() == height
    # The others' parts are where they were.
    assert {e.amount for k in dao.custodians[1:] for e in k.earnings().waiting()} == {OF_EACH, OF_EACH_IN_WEI}
    assert operators_waiting(dao.collective) == {dao.currency: 2 * OF_EACH, ETH: 2 * OF_EACH_IN_WEI}


def test_anybody_may_pay_the_gas_and_the_money_goes_to_the_operator(dao: LocalCollective) -> None:
    keeper, stranger = dao.custodians[1], dao.faucet
    before = dao.collective.client.balance(keeper.address), wealth(dao, stranger.address)
    Earnings(dao.collective, stranger, keeper.address).collect()
    after = dao.collective.client.balance(keeper.address), wealth(dao, stranger.address)
    assert after == (before[0] + OF_EACH_IN_WEI, before[1])
    assert wealth(dao, keeper.address) == OF_EACH


def test_a_validator_who_is_no_custodian_has_nothing_to_collect(dao: LocalCollective) -> None:
    assert dao.validators[0].earnings().waiting() == ()
    assert dao.validators[0].collect().paid == ()


def test_what_was_earned_in_a_currency_that_is_no_longer_taken_is_still_collected(
    dao: LocalCollective, monkeypatch: pytest.MonkeyPatch
) -> None:
    vote(dao, f"RevenueSplitter.setCurrency({dao.currency}, false)")
    assert dao.currency not in dao.collective.splitter.currencies()
    assert [e.amount for e in dao.custodians[0].collect().paid] == [OF_EACH, OF_EACH_IN_WEI]


def test_a_currency_that_refuses_does_not_keep_the_others_from_being_paid(
    dao: LocalCollective, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay = Splitter.pay_operator

    def paused(self: Splitter, sender: Any, generation: int, operator: str, currency: str) -> int:
        if currency != ETH:
            raise ContractRefusedError("This token is paused.", error="EnforcedPause")
        return pay(self, sender, generation, operator, currency)

    monkeypatch.setattr(Splitter, "pay_operator", paused)
    collected = dao.custodians[0].collect()
    assert [e.currency for e in collected.paid] == [ETH]
    assert [(e.currency, problem.error) for e, problem in collected.refused] == [(dao.currency, "EnforcedPause")]


def test_somebody_who_was_faster_is_no_error(dao: LocalCollective, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper, pay = dao.custodians[0], Splitter.pay_operator

    def overtaken(self: Splitter, sender: Any, generation: int, operator: str, currency: str) -> int:
        pay(self, dao.faucet, generation, operator, currency)
        return pay(self, sender, generation, operator, currency)

    monkeypatch.setattr(Splitter, "pay_operator", overtaken)
    assert keeper.collect().refused == ()
    assert wealth(dao, keeper.address) == OF_EACH


# --- with notes -----------------------------------------------------------------------------------------------------


class Dropping:
    """A node that takes a transaction and whose answer, and all that come after it, are lost."""

    def __init__(self, transport: Transport, lost: bool) -> None:
        self._transport = transport
        self.flat_gas_limit = transport.flat_gas_limit
        self._lost, self._dead = lost, False

    def request(self, method: str, params: list[Any]) -> Any:
        if self._dead:
            raise RpcUnavailableError("The node is gone.")
        answer = self._transport.request(method, params)
        self._dead = self._lost and method == "eth_sendRawTransaction"
        if self._dead:
            raise RpcUnavailableError("The node is gone.")
        return answer

    def close(self) -> None:
        """It belongs to the collective."""


def noting(dao: LocalCollective, folder: Path, *, lost: bool = False) -> Custodian:
    """The first custodian as its program wires it, after a start: its notes are on the disk."""
    client = NotingClient(Dropping(dao.collective.client.transport, lost), FolderNotes(folder))
    collective = Collective.at(client, dao.collective.deployment)
    return Custodian(collective, dao.keepers[0], MemoryVault())


def test_a_second_collection_after_another_sale_is_another_payment(
    sold: Sold, dao: LocalCollective, tmp_path: Path
) -> None:
    """The call is the same to the byte, and a client that notes what it sends must not take it for the first."""
    assert [e.amount for e in noting(dao, tmp_path).collect().paid] == [OF_EACH, OF_EACH_IN_WEI]
    sell(dao, sold.pool, 2 * DOLLARS, dao.currency)
    due = 3 * DOLLARS * 300 // 10_000 // SHAPE[1] - OF_EACH
    assert abs(sum(e.amount for e in noting(dao, tmp_path).collect().paid) - due) <= 1
    assert noting(dao, tmp_path).collect().paid == ()


def test_an_answer_that_was_lost_costs_nothing(dao: LocalCollective, tmp_path: Path) -> None:
    with pytest.raises(RpcUnavailableError):
        noting(dao, tmp_path, lost=True).collect()
    noting(dao, tmp_path).collect()
    assert wealth(dao, dao.keepers[0].address) == OF_EACH
    line = 1, dao.keepers[0].address
    assert [dao.collective.splitter.payments_made(*line, currency) for currency in (dao.currency, ETH)] == [1, 1]


def test_the_note_of_a_payment_is_dropped_once_it_is_final(dao: LocalCollective, tmp_path: Path) -> None:
    keeper = noting(dao, tmp_path)
    keeper.collect()
    client = keeper._collective.client
    assert isinstance(client, NotingClient) and client.subjects() == {"pay-0"}
    assert is_over("pay-0", dao.collective, week=0)
    keeper.run_once()
    assert client.subjects() == set()


# --- what a vote pays from the treasury -----------------------------------------------------------------------------


def vote(dao: LocalCollective, call: str) -> None:
    proposal = dao.members[0].propose_calls([action_of(dao.collective, call)], call)
    for member in dao.members:
        member.vote(proposal, "for")
    dao.relayer.execute(dao.collective.governor.proposal(proposal))


def test_a_validator_is_paid_from_the_treasury_by_vote_and_collects_it(dao: LocalCollective) -> None:
    validator, treasury = dao.validators[0], DOLLARS * 200 // 10_000
    assert dao.collective.splitter.treasury_of(dao.currency) == treasury
    vote(dao, f"RevenueSplitter.payTreasury({validator.address}, {dao.currency}, {treasury - 1})")
    credit = Earning(validator.address, None, dao.currency, treasury - 1)
    assert validator.earnings().waiting() == (credit,)
    assert earnings(dao.collective, [validator.address, validator.address]) == (credit,)
    assert credit.currency not in {c for c, a in operators_waiting(dao.collective).items() if a == credit.amount}
    assert validator.collect().paid == (credit,)
    assert (wealth(dao, validator.address), validator.collect().paid) == (treasury - 1, ())
    assert dao.collective.splitter.treasury_of(dao.currency) == 1


# --- where a member's money goes ------------------------------------------------------------------------------------


def test_a_claim_pays_the_payout_address_until_it_is_cleared(dao: LocalCollective) -> None:
    ana, ben, cold = *dao.members[:2], dao.validators[1].address
    height = dao.collective.client.block_number
    assert ana.set_payout(None) == ana.address == ana.status().payout
    before = height()
    assert ana.set_payout(cold) == cold == ana.status().payout
    assert ana.set_payout(cold) == cold and height() == before + 1  # again it sends nothing
    paid = ana.claim()
    assert {payment.payout for payment in paid.payments} == {cold}
    assert wealth(dao, cold) == paid.payments[0].amount and wealth(dao, ana.address) == 0
    assert ben.set_payout(cold) == cold  # two members may share one
    assert ben.set_payout(ben.address.lower()) == ben.address == ben.status().payout
    assert {payment.payout for payment in ben.claim().payments} == {ben.address}


@pytest.mark.parametrize("lost", ["zero", "splitter", "dollar"])
def test_an_address_that_would_lose_the_money_is_refused(dao: LocalCollective, lost: str) -> None:
    address = {"zero": ETH, "splitter": dao.collective.splitter.address, "dollar": dao.currency.lower()}[lost]
    with pytest.raises(InputError) as refused:
        dao.members[2].set_payout(address)
    assert "lost" in refused.value.message
    assert dao.members[2].status().payout == dao.members[2].address


def test_who_never_joined_has_no_payout_address(dao: LocalCollective) -> None:
    from unwrapped_dao.roles.member import Member

    member = dao.members[0]
    stranger = Member(dao.collective, dao.faucet, member._pending, member._receipts)
    with pytest.raises(NotAllowedError, match="is no member"):
        stranger.set_payout(member.address)
