"""A transaction that the base fee leaves behind: replaced under its number, mined once, whoever is killed when."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.e2e.chain_nodes import ETHER, GAS_LIMIT, ChainNode, block, blocks, running
from tests.forked import forked
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.fees import GWEI
from unwrapped_dao.chain.http import HttpTransport
from unwrapped_dao.chain.noting import Noted, NotingClient
from unwrapped_dao.errors import FeeTooLowError, RpcUnavailableError
from unwrapped_dao.storage.notes import FolderNotes

GIFT = 7
DEAR = 100 * GWEI
CEILING = 500 * GWEI


@pytest.fixture(scope="module")
def anvil() -> Iterator[ChainNode]:
    with running("anvil") as node:
        yield node


@pytest.fixture
def sender(anvil: ChainNode) -> Iterator[LocalAccount]:
    """With ether; blocks come when a test makes them, and are cheap again afterwards."""
    client, account = anvil.client(), Account.create()
    client.request("anvil_setBalance", [account.address, hex(ETHER)])
    client.request("evm_setAutomine", [False])
    client.request("anvil_dropAllTransactions")
    block(client, GWEI)
    yield account
    client.request("evm_setAutomine", [True])


def noting(
    node: ChainNode,
    folder: Path,
    *,
    told: Callable[[str], None] | None = None,
    ceiling: int = CEILING,
    notes: type[FolderNotes] = FolderNotes,
) -> NotingClient:
    transport = HttpTransport(node.url, timeout_s=5)
    return NotingClient(transport, notes(folder), ceiling_wei=ceiling, stuck_s=0.6, told=told)


def noted(folder: Path) -> Noted:
    (path,) = folder.iterdir()
    return msgspec.json.decode(path.read_bytes(), type=Noted)


def number(client: ChainClient, sender: LocalAccount) -> int:
    """How many of its transactions are mined."""
    return int(client.request("eth_getTransactionCount", [sender.address, "latest"]), 16)


def left_behind(node: ChainNode, sender: LocalAccount, folder: Path, receiver: str) -> None:
    """Sent at a base fee of one gwei, by a program that did not live to see the next block, of a hundred."""
    with pytest.raises(RpcUnavailableError, match="made no block"):
        noting(node, folder).send(sender, receiver, value=GIFT)
    block(node.client(), DEAR)
    assert number(node.client(), sender) == 0


def test_what_the_base_fee_left_behind_is_replaced_under_its_number_and_it_is_said(
    anvil: ChainNode, sender: LocalAccount, tmp_path: Path
) -> None:
    client, receiver, said = anvil.client(), Account.create().address, list[str]()
    left_behind(anvil, sender, tmp_path, receiver)
    with blocks(anvil, DEAR):
        receipt = noting(anvil, tmp_path, told=said.append).send(sender, receiver, value=GIFT)
    assert (client.balance(receiver), number(client, sender)) == (GIFT, 1)
    first, second = noted(tmp_path).attempts
    assert receipt.hash == second.hash != first.hash
    assert second.fees.most_wei >= 2 * DEAR > first.fees.most_wei
    (sentence,) = said
    assert sentence.startswith("Transaction 0 was not mined for ") and "it is replaced, offering 20" in sentence
    # Asked for once more: nothing.
    assert noting(anvil, tmp_path).send(sender, receiver, value=GIFT).hash == receipt.hash
    assert number(client, sender) == 1


class Deadly(FolderNotes):
    """Kills its process around the note of the replacement."""

    after = True

    def put(self, name: str, raw: bytes) -> None:
        second = self.get(name) is not None
        if self.after or not second:
            super().put(name, raw)
        if second:
            os.kill(os.getpid(), signal.SIGKILL)


class DeadlyBefore(Deadly):
    after = False


@pytest.mark.parametrize("notes", [DeadlyBefore, Deadly], ids=["before it is noted", "noted and not sent"])
def test_killed_between_the_two_it_is_mined_once(
    anvil: ChainNode, sender: LocalAccount, tmp_path: Path, notes: type[Deadly]
) -> None:
    client, receiver = anvil.client(), Account.create().address
    left_behind(anvil, sender, tmp_path, receiver)
    assert forked(lambda: noting(anvil, tmp_path, notes=notes).send(sender, receiver, value=GIFT)) == -signal.SIGKILL
    assert len(noted(tmp_path).attempts) == (2 if notes is Deadly else 1)
    with blocks(anvil, DEAR):
        noting(anvil, tmp_path).send(sender, receiver, value=GIFT)
    assert (client.balance(receiver), number(client, sender)) == (GIFT, 1)


def test_the_first_is_mined_after_all_while_the_second_is_on_its_way(
    anvil: ChainNode, sender: LocalAccount, tmp_path: Path
) -> None:
    client, receiver = anvil.client(), Account.create().address
    left_behind(anvil, sender, tmp_path, receiver)

    def late(_: str) -> None:
        block(client, GWEI)  # cheap again right before the replacement leaves, and another node had kept the first
        client.request("eth_sendRawTransaction", [noted(tmp_path).attempts[0].raw])
        client.request("evm_mine")

    receipt = noting(anvil, tmp_path, told=late).send(sender, receiver, value=GIFT)
    assert receipt.hash == noted(tmp_path).attempts[0].hash
    assert (client.balance(receiver), number(client, sender)) == (GIFT, 1)


def test_what_is_passed_over_and_still_waits_is_replaced_and_not_joined(
    anvil: ChainNode, sender: LocalAccount, tmp_path: Path
) -> None:
    """The node counts it as pending: a second one under the next number would be mined beside it."""
    client, receiver = anvil.client(), Account.create().address

    class Crowded(HttpTransport):
        """Its blocks have no room for the first; one comes whenever somebody asks for a receipt."""

        def request(self, method: str, params: list[Any]) -> Any:
            sending = method == "eth_sendRawTransaction"
            if sending and len(noted(tmp_path).attempts) == 2:
                client.request("evm_setBlockGasLimit", [hex(GAS_LIMIT)])
            if method == "eth_getTransactionReceipt":
                block(client, GWEI)
            answer = super().request(method, params)
            if sending and len(noted(tmp_path).attempts) == 1:
                client.request("evm_setBlockGasLimit", [hex(20_000)])
            return answer

    transport = Crowded(anvil.url, timeout_s=5)
    crowded = NotingClient(transport, FolderNotes(tmp_path), ceiling_wei=CEILING, stuck_s=0.6)
    assert crowded.send(sender, receiver, value=GIFT).hash == noted(tmp_path).attempts[1].hash
    assert (client.balance(receiver), number(client, sender)) == (GIFT, 1)
    block(client, GWEI)
    assert number(client, sender) == 1


def test_the_first_is_mined_in_the_moment_in_which_the_second_arrives(
    anvil: ChainNode, sender: LocalAccount, tmp_path: Path
) -> None:
    """The node answers that the number is taken: by which of the two, only their receipts tell."""
    client, receiver = anvil.client(), Account.create().address
    left_behind(anvil, sender, tmp_path, receiver)

    class Overtaken(HttpTransport):
        def request(self, method: str, params: list[Any]) -> Any:
            if method == "eth_sendRawTransaction" and len(noted(tmp_path).attempts) == 2:
                block(client, GWEI)
                client.request(method, [noted(tmp_path).attempts[0].raw])
                client.request("evm_mine")
            return super().request(method, params)

    transport = Overtaken(anvil.url, timeout_s=5)
    overtaken = NotingClient(transport, FolderNotes(tmp_path), ceiling_wei=CEILING, stuck_s=0.6)
    assert overtaken.send(sender, receiver, value=GIFT).hash == noted(tmp_path).attempts[0].hash
    assert (client.balance(receiver), number(client, sender)) == (GIFT, 1)


def test_no_more_than_the_ceiling_is_offered_and_it_is_mined_when_the_chain_asks_for_less(
    anvil: ChainNode, sender: LocalAccount, tmp_path: Path
) -> None:
    client, receiver = anvil.client(), Account.create().address
    left_behind(anvil, sender, tmp_path, receiver)
    for _ in range(2):
        with pytest.raises(FeeTooLowError, match="above the ceiling of 50 gwei") as refused:
            noting(anvil, tmp_path, ceiling=50 * GWEI).send(sender, receiver, value=GIFT)
        assert "UNWRAPPED_MAX_FEE_GWEI" in refused.value.hint
    assert max(attempt.fees.most_wei for attempt in noted(tmp_path).attempts) <= 50 * GWEI
    block(client, 20 * GWEI)
    with blocks(anvil, 20 * GWEI):
        noting(anvil, tmp_path, ceiling=50 * GWEI).send(sender, receiver, value=GIFT)
    assert (client.balance(receiver), number(client, sender)) == (GIFT, 1)


def test_a_new_one_offers_no_more_than_the_ceiling_either(
    anvil: ChainNode, sender: LocalAccount, tmp_path: Path
) -> None:
    block(anvil.client(), 40 * GWEI)
    with blocks(anvil, 40 * GWEI):
        noting(anvil, tmp_path, ceiling=50 * GWEI).send(sender, Account.create().address, value=GIFT)
    assert [attempt.fees.most_wei for attempt in noted(tmp_path).attempts] == [50 * GWEI]


def test_what_is_not_wanted_any_more_gives_its_number_to_what_is(
    anvil: ChainNode, sender: LocalAccount, tmp_path: Path
) -> None:
    client, old, new, said = anvil.client(), Account.create().address, Account.create().address, list[str]()
    for receiver in (old, new):  # what waits is known to the node, and no block comes
        with pytest.raises(RpcUnavailableError, match="made no block"):
            noting(anvil, tmp_path, told=said.append).send(sender, receiver, value=GIFT)
    with blocks(anvil, GWEI):
        noting(anvil, tmp_path, told=said.append).send(sender, new, value=GIFT)
    assert (client.balance(old), client.balance(new), number(client, sender)) == (0, GIFT, 1)
    (sentence,) = said
    assert "is not wanted any more; another takes its place" in sentence
    # Wanted again after all: its number is gone, so it is made anew.
    with blocks(anvil, DEAR):
        noting(anvil, tmp_path).send(sender, old, value=GIFT)
    assert (client.balance(old), client.balance(new), number(client, sender)) == (GIFT, GIFT, 2)


def test_a_chain_that_stands_still_is_no_reason_to_offer_more(
    anvil: ChainNode, sender: LocalAccount, tmp_path: Path
) -> None:
    receiver = Account.create().address
    for _ in range(3):
        with pytest.raises(RpcUnavailableError, match="made no block"):
            noting(anvil, tmp_path).send(sender, receiver, value=GIFT)
    assert len(noted(tmp_path).attempts) == 1
    block(anvil.client(), GWEI)
    noting(anvil, tmp_path).send(sender, receiver, value=GIFT)
    assert (anvil.client().balance(receiver), number(anvil.client(), sender)) == (GIFT, 1)
