"""The client on the embedded chain: calls, transactions, refusals, logs, time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.sdk.chain.conftest import FLOOR, note
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.contract import Contract
from unwrapped_dao.chain.local import FLAT_GAS_LIMIT, LocalChain
from unwrapped_dao.chain.transport import RpcError
from unwrapped_dao.errors import (
    ContractRefusedError,
    NotAllowedError,
    NotFoundError,
    RpcUnavailableError,
)


def test_a_transaction_is_mined_and_its_event_read(probe: Contract, local_chain: LocalChain) -> None:
    me = local_chain.faucet.address
    receipt = probe.send(local_chain.faucet, "write", note(me), (1, 2), value=3)
    event = probe.event_in(receipt, "NoteWritten")
    assert event["note"] == note(me)
    assert event["point"] == [1, 2]
    assert probe.call("number") == 1
    assert probe.client.balance(probe.address) == 3
    assert receipt.fee_wei > 0
    assert list(probe.events("NoteWritten", author=me)) == [event]
    assert list(probe.events("NoteWritten", number=2)) == []


def test_gas_used_equals_what_ganache_and_anvil_charge(probe: Contract, local_chain: LocalChain) -> None:
    # Measured on Ganache 7.9.2 (shanghai) and Anvil 1.7.1 for the first note of a fresh probe. The author has no byte
    # of zeros, which cost less: a faucet's address has one in about one chain of thirteen.
    receipt = probe.send(local_chain.faucet, "write", note("0x" + "11" * 20), (1, 2), value=3)
    assert receipt.gas_used == 92_329


REFUSALS = [
    ("write", (note("0x" + "11" * 20, 2), (1, 2)), "ProbeTooSmall", {"have": 2, "needed": FLOOR}),
    ("refuse", (1,), "Error", {"reason": "probe is loud"}),
    ("overflow", (1,), "Panic", {"code": 0x11}),
    ("silence", (), "", {}),
]


@pytest.mark.parametrize(("function", "args", "error", "facts"), REFUSALS)
@pytest.mark.parametrize("how", ["call", "send", "send with little gas", "dry run"])
def test_a_refusal_is_named_with_its_facts(
    probe: Contract, local_chain: LocalChain, function: str, args: Any, error: str, facts: dict[str, Any], how: str
) -> None:
    faucet = local_chain.faucet
    if how == "dry run":
        outcome = probe.dry_run(faucet.address, function, *args)
        assert outcome.refused is not None
        refused = outcome.refused
    else:
        with pytest.raises(ContractRefusedError) as caught:
            if how == "call":
                probe.call(function, *args, sender=faucet.address)
            else:
                probe.send(faucet, function, *args, gas=None if how == "send" else 100_000)
        refused = caught.value
    assert refused.error == error
    assert facts.items() <= refused.args_by_name.items()
    assert refused.hint


def test_out_of_gas_is_said(probe: Contract, local_chain: LocalChain) -> None:
    with pytest.raises(ContractRefusedError) as refused:
        probe.send(local_chain.faucet, "write", note(local_chain.faucet.address), (1, 2), gas=40_000)
    assert refused.value.error == "OutOfGas"


def test_a_dry_run_changes_nothing_and_tells_result_and_gas(probe: Contract, local_chain: LocalChain) -> None:
    me = local_chain.faucet.address
    outcome = probe.dry_run(me, "write", note(me), (1, 2))
    assert outcome.would_succeed
    assert outcome.result == 1
    assert probe.call("number") == 0
    sent = probe.send(local_chain.faucet, "write", note(me), (1, 2), gas=outcome.gas)
    assert sent.gas_used <= outcome.gas <= sent.gas_used * 105 // 100


def test_an_empty_account_is_told_to_get_ether(probe: Contract) -> None:
    poor: LocalAccount = Account.create()
    with pytest.raises(NotAllowedError, match="too little ether"):
        probe.send(poor, "write", note(poor.address), (1, 2))


def test_a_call_where_no_contract_is_says_so(chain_client: ChainClient, probe: Contract) -> None:
    with pytest.raises(NotFoundError, match="no contract at"):
        Contract(chain_client, probe.abi, "0x" + "12" * 20).call("number")


def test_the_signed_transaction_is_shown_before_it_leaves_and_may_be_sent_again(
    probe: Contract, local_chain: LocalChain
) -> None:
    me, seen = local_chain.faucet.address, []

    def note_it(tx_hash: str, raw: bytes) -> None:
        seen.append((tx_hash, raw, probe.client.block_number()))

    before = probe.client.block_number()
    receipt = probe.send(local_chain.faucet, "write", note(me), (1, 2), on_signed=note_it)
    ((tx_hash, raw, height),) = seen
    assert (tx_hash, height) == (receipt.hash, before)
    assert probe.client.resend(raw) == receipt
    assert probe.call("number") == 1
    assert probe.client.receipt(tx_hash) == receipt
    assert probe.client.receipt("0x" + "00" * 32) is None


def test_a_transaction_whose_number_is_used_cannot_be_sent_again(probe: Contract, local_chain: LocalChain) -> None:
    class StopError(Exception):
        pass

    kept: list[bytes] = []

    def stop(_: str, raw: bytes) -> None:
        kept.append(raw)
        raise StopError

    with pytest.raises(StopError):
        probe.send(local_chain.faucet, "write", note(local_chain.faucet.address), (1, 2), on_signed=stop)
    probe.send(local_chain.faucet, "write", note(local_chain.faucet.address, 8), (1, 2))
    with pytest.raises(NotAllowedError, match="can no longer be sent"):
        probe.client.resend(kept[0])
    assert probe.call("number") == 1


class RacedTransport:
    """Another process uses the account between our reading its number and our sending."""

    def __init__(self, chain: LocalChain, races: int) -> None:
        self.chain = chain
        self.races = races

    flat_gas_limit = FLAT_GAS_LIMIT

    def request(self, method: str, params: list[Any]) -> Any:
        if method == "eth_sendRawTransaction" and self.races:
            self.races -= 1
            ChainClient(self.chain).send(self.chain.faucet, "0x" + "22" * 20, value=1)
        return self.chain.request(method, params)

    def close(self) -> None:
        self.chain.close()


def test_a_number_taken_meanwhile_is_signed_anew(local_chain: LocalChain) -> None:
    client = ChainClient(RacedTransport(local_chain, races=2))
    client.send(local_chain.faucet, "0x" + "33" * 20, value=5)
    assert client.balance("0x" + "33" * 20) == 5


def test_a_number_always_taken_ends_with_nothing_sent(local_chain: LocalChain) -> None:
    client = ChainClient(RacedTransport(local_chain, races=99))
    with pytest.raises(RpcUnavailableError, match="keeps sending"):
        client.send(local_chain.faucet, "0x" + "33" * 20, value=5)
    assert client.balance("0x" + "33" * 20) == 0


class DroppingTransport(RacedTransport):
    """The answer to a sent transaction is lost, though it was mined."""

    def request(self, method: str, params: list[Any]) -> Any:
        answer = self.chain.request(method, params)
        if method == "eth_sendRawTransaction" and self.races:
            self.races -= 1
            return self.request(method, params)  # as the HTTP transport does: the same bytes again
        return answer


def test_a_lost_answer_does_not_send_twice(local_chain: LocalChain) -> None:
    client = ChainClient(DroppingTransport(local_chain, races=1))
    client.send(local_chain.faucet, "0x" + "33" * 20, value=5)
    assert client.balance("0x" + "33" * 20) == 5


class PickyTransport(RacedTransport):
    """Refuses log ranges above three blocks, as hosted nodes do above theirs."""

    def request(self, method: str, params: list[Any]) -> Any:
        if method == "eth_getLogs" and int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) >= 3:
            raise RpcError(-32005, "query returned more than 10000 results")
        return self.chain.request(method, params)


def test_logs_come_whole_and_in_order_through_small_ranges(probe: Contract, local_chain: LocalChain) -> None:
    for amount in range(5, 17):
        probe.send(local_chain.faucet, "write", note(local_chain.faucet.address, amount), (1, 2))
    picky = Contract(ChainClient(PickyTransport(local_chain, 0)), probe.abi, probe.address)
    assert [event["note"]["amount"] for event in picky.events("NoteWritten")] == list(range(5, 17))
    pages = list(picky.client.log_pages(addresses=[probe.address]))
    assert pages[0].first == 0
    assert all(page.first == before.last + 1 for before, page in pairwise(pages))
    assert pages[-1].last == picky.client.block_number()
    assert max(page.last - page.first + 1 for page in pages) <= 3


def test_a_range_that_is_always_refused_ends_in_an_error(local_chain: LocalChain) -> None:
    class Never(PickyTransport):
        def request(self, method: str, params: list[Any]) -> Any:
            if method == "eth_getLogs":
                raise RpcError(-32005, "no logs here")
            return super().request(method, params)

    with pytest.raises(RpcUnavailableError, match="no logs here"):
        list(ChainClient(Never(local_chain, 0)).log_pages())


def test_time_moves_to_at_least_the_asked_second(probe: Contract, chain_client: ChainClient) -> None:
    start = chain_client.now()
    assert chain_client.can_move_time
    assert chain_client.wait_until(start + 86_400) == start + 86_400
    assert chain_client.wait_until(start) == start + 86_400  # long past: nothing happens
    assert probe.call("clock") == start + 86_400 + 1  # a call sees what the next transaction would


def test_where_time_cannot_be_moved_it_is_waited_for(local_chain: LocalChain) -> None:
    class Slow(RacedTransport):
        def request(self, method: str, params: list[Any]) -> Any:
            if method == "web3_clientVersion":
                return "Geth/v1.14"
            assert not method.startswith("evm_")
            return self.chain.request(method, params)

    client, left = ChainClient(Slow(local_chain, 0)), []

    def progress(seconds: int) -> None:
        left.append(seconds)
        local_chain.request("evm_mine", [])

    target = client.now() + 3
    assert client.wait_until(target, progress=progress, poll_s=0.001) == target
    assert left == [3, 2, 1]


def test_blocks_are_known_by_number(chain_client: ChainClient, probe: Contract) -> None:
    height = chain_client.block_number()
    assert chain_client.block_time(height) == chain_client.now()
    assert chain_client.block_hash(height + 1) is None
    with pytest.raises(RpcUnavailableError, match=f"has no block {height + 1} now"):
        chain_client.block_time(height + 1)
    assert probe.call("number", block=height) == 0


def test_a_node_without_a_newest_block_is_asked_again_later(local_chain: LocalChain) -> None:
    """A balancer's node that is behind answers null; a daemon looks again instead of ending."""

    class Behind(RacedTransport):
        def request(self, method: str, params: list[Any]) -> Any:
            return None if method == "eth_getBlockByNumber" else self.chain.request(method, params)

    client = ChainClient(Behind(local_chain, 0))
    with pytest.raises(RpcUnavailableError, match="has no newest block now"):
        client.now()
    with pytest.raises(RpcUnavailableError, match="has no newest block now"):
        client.send(local_chain.faucet, local_chain.faucet.address, b"")
