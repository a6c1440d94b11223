"""Reading at one block, and what a node that contradicts itself is worth."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eth_account import Account

from tests.doubles.rpc_node import RpcNode, hasty, rpc_node
from unwrapped_dao.chain.pinned import block_id, pinned, settled
from unwrapped_dao.errors import NotAllowedError, UntrustedDataError


@pytest.fixture(scope="module")
def node() -> Iterator[RpcNode]:
    with rpc_node(lag=3) as found:
        yield found


def test_a_pinned_client_sees_its_block_and_sends_nothing(node: RpcNode) -> None:
    client, rich = node.client(), Account.create()
    before = block_id(client, "latest")
    client.send(node.faucet, rich.address, value=5)
    then = pinned(client, before)
    assert (then.balance(rich.address), client.balance(rich.address)) == (0, 5)
    assert (then.block_number(), then.now()) == (before.number, before.time)
    assert [page.last for page in then.log_pages()] == [before.number]
    with pytest.raises(NotAllowedError):
        then.send(node.faucet, rich.address, value=1)


def test_a_final_block_is_the_nodes_own_word_and_lags(node: RpcNode) -> None:
    node.mine(5)
    client = node.client()
    assert settled(client, "finalized").number == client.block_number() - 3
    assert settled(client, "latest").number == client.block_number()


def test_a_block_called_final_above_the_newest_is_not_believed(node: RpcNode) -> None:
    node.vice = hasty
    try:
        with pytest.raises(UntrustedDataError, match="final"):
            settled(node.client(), "finalized")
    finally:
        node.vice = None


def test_a_final_block_that_is_taken_back_is_not_read(node: RpcNode) -> None:
    with node.undone():
        node.mine(2)
        taken_back = block_id(node.client(), "latest")
    with pytest.raises(UntrustedDataError, match="took back"):
        pinned(node.client(), taken_back)
