"""The client on Ganache and Anvil: the same answers, refusals and gas as on the embedded chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.e2e.chain_nodes import ChainNode, running
from unwrapped_dao.chain import artifacts, client, outbox
from unwrapped_dao.chain.abi import Abi
from unwrapped_dao.chain.contract import Contract, create
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.errors import ContractRefusedError, NotAllowedError, NotFoundError, RpcUnavailableError

FLOOR = 5
AUTHOR = "0x" + "11" * 20
PROBE = artifacts.load("ChainProbe", Path(__file__).parents[1] / "artifacts")


@pytest.fixture(scope="module", params=["ganache", "anvil", "embedded"])
def node(request: pytest.FixtureRequest) -> Iterator[tuple[client.ChainClient, LocalAccount]]:
    if request.param == "embedded":
        with LocalChain.in_memory() as chain:
            yield client.ChainClient(chain), chain.faucet
    else:
        with running(request.param) as found:
            yield found.client(), found.funded


@pytest.fixture
def probe(node: tuple[client.ChainClient, LocalAccount], monkeypatch: pytest.MonkeyPatch) -> Contract:
    errors = Abi(PROBE.abi)
    for module in (client, outbox):
        monkeypatch.setattr(module, "all_errors", lambda: errors)
    return create(node[0], node[1], PROBE, FLOOR)[0]


@pytest.fixture
def sender(node: tuple[client.ChainClient, LocalAccount]) -> LocalAccount:
    return node[1]


def _note(author: str, amount: int) -> dict[str, Any]:
    return {"author": author, "amount": amount, "tag": b"\x01" * 32}


def test_the_same_receipt_event_and_gas(probe: Contract, sender: LocalAccount) -> None:
    # A fixed author: a zero byte in a random address would cost 12 gas less.
    receipt = probe.send(sender, "write", _note(AUTHOR, 7), (1, 2), value=3)
    assert receipt.gas_used == 92_329
    assert probe.event_in(receipt, "NoteWritten")["note"] == _note(AUTHOR, 7)
    assert [event["number"] for event in probe.events("NoteWritten", author=sender.address)] == [1]
    assert probe.client.balance(probe.address) == 3
    assert PROBE.matches(probe.client.code(probe.address))
    assert PROBE.immutable_values(probe.client.code(probe.address))["ChainProbe.FLOOR"] == FLOOR.to_bytes(32, "big")


@pytest.mark.parametrize("how", ["call", "send", "send with gas", "dry run"])
@pytest.mark.parametrize(
    ("function", "args", "error", "facts"),
    [
        ("write", (_note("0x" + "11" * 20, 2), (1, 2)), "ProbeTooSmall", {"have": 2, "needed": FLOOR}),
        ("refuse", (1,), "Error", {"reason": "probe is loud"}),
        ("overflow", (1,), "Panic", {"code": 0x11}),
        ("silence", (), "", {}),
    ],
)
def test_the_same_refusals(
    probe: Contract, sender: LocalAccount, how: str, function: str, args: Any, error: str, facts: dict[str, Any]
) -> None:
    if how == "dry run":
        refused = probe.dry_run(sender.address, function, *args).refused
        assert refused is not None
    else:
        with pytest.raises(ContractRefusedError) as caught:
            if how == "call":
                probe.call(function, *args, sender=sender.address)
            else:
                probe.send(sender, function, *args, gas=100_000 if how == "send with gas" else None)
        refused = caught.value
    assert refused.error == error
    assert facts.items() <= refused.args_by_name.items()


def test_the_same_words_for_too_little_gas_and_too_little_ether(probe: Contract, sender: LocalAccount) -> None:
    with pytest.raises(ContractRefusedError) as refused:
        probe.send(sender, "write", _note(sender.address, 7), (1, 2), gas=40_000)
    assert refused.value.error == "OutOfGas"
    poor: LocalAccount = Account.create()
    with pytest.raises(NotAllowedError, match="too little ether"):
        probe.send(poor, "write", _note(poor.address, 7), (1, 2), gas=100_000)


def test_time_moves_everywhere(probe: Contract, sender: LocalAccount) -> None:
    start = probe.client.now()
    reached = probe.client.wait_until(start + 10_000)
    assert start + 10_000 <= reached <= start + 10_010
    receipt = probe.send(sender, "write", _note(sender.address, 7), (1, 2))
    assert probe.client.block_time(receipt.block_number) >= reached


def test_a_signed_transaction_is_sent_once_however_often(probe: Contract, sender: LocalAccount) -> None:
    kept: list[bytes] = []
    receipt = probe.send(sender, "write", _note(sender.address, 7), (1, 2), on_signed=lambda _, raw: kept.append(raw))
    assert probe.client.resend(kept[0]) == receipt
    assert probe.call("number") == 1
    with pytest.raises(NotFoundError):
        Contract(probe.client, probe.abi, "0x" + "12" * 20).call("number")


def test_an_accounts_first_transaction_too(node: tuple[client.ChainClient, LocalAccount]) -> None:
    # Ganache takes number 0 for none, and does such a transaction anew each time it is sent.
    fresh, receiver, kept = Account.create(), Account.create().address, list[bytes]()
    node[0].send(node[1], fresh.address, value=10**18)
    receipt = node[0].send(fresh, receiver, value=7, on_signed=lambda _, raw: kept.append(raw))
    assert node[0].resend(kept[0]) == receipt
    assert node[0].balance(receiver) == 7


def test_a_node_that_dies_is_said() -> None:
    with running("ganache") as node:
        found: ChainNode = node
        connected = node.client()
    with pytest.raises(RpcUnavailableError, match="does not answer"):
        connected.now()
    with pytest.raises(RpcUnavailableError):
        connected.send(found.funded, "0x" + "33" * 20, value=1)


@pytest.fixture(scope="module")
def capped() -> Iterator[ChainNode]:
    """A node that enforces the newest fork's cap on the gas of one transaction (EIP-7825)."""
    with running("anvil", "--enable-tx-gas-limit") as node:
        yield node


def _burning(gas: int) -> bytes:
    """Init code of a loop that takes about so much, at 26 gas a round."""
    return bytes.fromhex(f"62{gas // 26:06x}5b600190038060045700")


def test_the_margin_on_an_estimate_stops_at_the_cap_of_one_transaction(capped: ChainNode) -> None:
    connected = capped.client()
    estimate = connected.estimate(None, _burning(14_500_000), sender=capped.funded.address)
    assert estimate < client.TRANSACTION_GAS_CAP < estimate * client.GAS_MARGIN_PERCENT // 100
    assert connected.send(capped.funded, None, _burning(14_500_000)).gas_used > 14_000_000


def test_a_transaction_above_the_cap_is_refused_and_said(capped: ChainNode) -> None:
    connected = capped.client()
    for ask in (
        lambda: connected.send(capped.funded, None, _burning(1_000_000), gas=client.TRANSACTION_GAS_CAP + 1),
        lambda: connected.send(capped.funded, None, _burning(17_000_000)),
    ):
        with pytest.raises(ContractRefusedError) as refused:
            ask()
        assert refused.value.error == "OutOfGas"
        assert refused.value.message == "This takes more gas than the chain allows in one transaction."
    assert connected.send(capped.funded, None, _burning(1_000_000), gas=client.TRANSACTION_GAS_CAP).gas_used < 2_000_000
