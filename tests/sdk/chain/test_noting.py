"""However often a transaction is asked for, and whatever the node forgets to answer, one is mined."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.doubles.rpc_node import RpcNode, dropping, forgetting, rpc_node, swallowing, unanswered, without_receipts
from unwrapped_dao.chain.http import HttpTransport
from unwrapped_dao.chain.noting import MemoryNotes, NotingClient
from unwrapped_dao.chain.stopping import StoppableTransport, StopRequested
from unwrapped_dao.errors import RpcUnavailableError

GIFT = 7


@pytest.fixture(scope="module")
def node() -> Iterator[RpcNode]:
    with rpc_node() as found:
        yield found


@pytest.fixture
def sender(node: RpcNode) -> LocalAccount:
    node.vice = None
    account: LocalAccount = Account.create()
    node.client().send(node.faucet, account.address, value=10**18)
    return account


def noting(node: RpcNode, notes: MemoryNotes) -> NotingClient:
    return NotingClient(HttpTransport(node.url, timeout_s=5), notes)


def test_a_transaction_whose_answer_was_lost_is_not_made_again(node: RpcNode, sender: LocalAccount) -> None:
    notes, receiver = MemoryNotes(), Account.create().address
    node.vice = swallowing()
    with pytest.raises(RpcUnavailableError):
        noting(node, notes).send(sender, receiver, value=GIFT)
    node.vice = None
    for _ in range(2):
        assert noting(node, notes).send(sender, receiver, value=GIFT).gas_used == 21_000
    assert node.client().balance(receiver) == GIFT


def test_a_transaction_noted_before_a_kill_is_sent_then(node: RpcNode, sender: LocalAccount) -> None:
    notes, receiver = MemoryNotes(), Account.create().address

    class Killed(BaseException):
        """Before anything leaves."""

    def kill(tx_hash: str, raw: bytes) -> None:
        raise Killed

    # What the notes hold now is what a killed process leaves.
    with pytest.raises(Killed):
        noting(node, notes).send(sender, receiver, value=GIFT, on_signed=kill)
    assert node.client().balance(receiver) == 0
    noting(node, notes).send(sender, receiver, value=GIFT)
    assert node.client().balance(receiver) == GIFT


def test_a_noted_transaction_that_can_no_longer_be_mined_is_made_anew(node: RpcNode, sender: LocalAccount) -> None:
    notes, receiver = MemoryNotes(), Account.create().address
    with node.undone():
        noting(node, notes).send(sender, receiver, value=GIFT)
    assert node.client().balance(receiver) == 0
    noting(node, notes).send(sender, receiver, value=GIFT)  # the same bytes again
    assert node.client().balance(receiver) == GIFT
    with node.undone():
        noting(node, notes).send(sender, receiver, value=GIFT + 1)
    node.client().send(sender, sender.address, value=1)  # its number is used otherwise
    noting(node, notes).send(sender, receiver, value=GIFT + 1)
    assert node.client().balance(receiver) == 2 * GIFT + 1


def test_a_node_that_drops_every_third_request_mines_it_once(node: RpcNode, sender: LocalAccount) -> None:
    notes, receiver = MemoryNotes(), Account.create().address
    node.vice = dropping(3)
    noting(node, notes).send(sender, receiver, value=GIFT)
    node.vice = None
    assert node.client().balance(receiver) == GIFT


# Ganache does an account's first transaction once more whenever it gets the same bytes.
def test_what_was_sent_before_is_looked_for_and_not_sent_again(node: RpcNode, sender: LocalAccount) -> None:
    notes, receiver = MemoryNotes(), Account.create().address
    node.sent.clear()
    for _ in range(2):
        noting(node, notes).send(sender, receiver, value=GIFT)
    assert len(node.sent) == 1
    assert node.client().balance(receiver) == GIFT


def test_nor_is_what_got_no_answer(node: RpcNode, sender: LocalAccount) -> None:
    receiver = Account.create().address
    node.sent.clear()
    node.vice = unanswered(1)
    assert node.client().send(sender, receiver, value=GIFT).gas_used == 21_000
    assert len(node.sent) == 1
    assert node.client().balance(receiver) == GIFT


def test_a_transaction_that_the_node_forgot_is_not_made_anew(node: RpcNode, sender: LocalAccount) -> None:
    notes, receiver = MemoryNotes(), Account.create().address
    noting(node, notes).send(sender, receiver, value=GIFT)
    node.vice = forgetting
    with pytest.raises(RpcUnavailableError, match=r"was mined in block [0-9]+, and the node has no receipt of it"):
        noting(node, notes).send(sender, receiver, value=GIFT)
    node.vice = None
    assert node.client().balance(receiver) == GIFT


def test_a_transaction_whose_receipt_is_not_there_for_a_while_is_not_made_anew(
    node: RpcNode, sender: LocalAccount
) -> None:
    notes, receiver = MemoryNotes(), Account.create().address
    node.vice = without_receipts
    for _ in range(2):  # it is looked at again meanwhile, and its replacement finds the number used
        with pytest.raises(RpcUnavailableError):
            NotingClient(HttpTransport(node.url, timeout_s=5), notes, stuck_s=0.1).send(sender, receiver, value=GIFT)
    node.vice = None
    noting(node, notes).send(sender, receiver, value=GIFT)
    assert node.client().balance(receiver) == GIFT


def test_a_wait_that_is_ended_sends_nothing_twice(node: RpcNode, sender: LocalAccount) -> None:
    notes, receiver, looks = MemoryNotes(), Account.create().address, [0]

    def asked_to_stop() -> bool:
        looks[0] += node.vice is not None and node.asked.get("eth_sendRawTransaction", 0) > sent
        return looks[0] > 3

    sent = node.asked.get("eth_sendRawTransaction", 0)
    node.vice = without_receipts
    with pytest.raises(StopRequested):  # and not after 45 s
        NotingClient(StoppableTransport(HttpTransport(node.url, timeout_s=5), asked_to_stop), notes).send(
            sender, receiver, value=GIFT
        )
    node.vice = None
    noting(node, notes).send(sender, receiver, value=GIFT)
    assert node.client().balance(receiver) == GIFT
    assert node.asked["eth_sendRawTransaction"] == sent + 1


def test_a_chain_that_was_taken_back_below_a_noted_transaction_gets_a_new_one(
    node: RpcNode, sender: LocalAccount
) -> None:
    notes, receiver = MemoryNotes(), Account.create().address
    with node.undone():
        node.client().send(sender, sender.address, value=1)
        noting(node, notes).send(sender, receiver, value=GIFT)
    noting(node, notes).send(sender, receiver, value=GIFT)
    node.client().send(sender, sender.address, value=1)  # whose number the lost one had
    assert node.client().balance(receiver) == GIFT


def test_a_node_that_may_be_behind_gets_no_new_one(node: RpcNode, sender: LocalAccount) -> None:
    notes, receiver = MemoryNotes(), Account.create().address
    with node.undone():
        node.client().send(sender, sender.address, value=1)
        noting(node, notes).send(sender, receiver, value=GIFT)
    node.vice = lambda node, method, params: (
        "Somebody/v1" if method == "web3_clientVersion" else node.honest(method, params)
    )
    with pytest.raises(RpcUnavailableError, match=r"has number 1, and the next one of .* is 0"):
        noting(node, notes).send(sender, receiver, value=GIFT)
    node.vice = None
    assert node.client().balance(receiver) == 0
