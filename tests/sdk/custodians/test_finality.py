"""What a node's word is worth: held against what it said before, across runs, and against a second node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.rpc_node import RpcNode, hasty, rpc_node
from unwrapped_dao.chain.transport import RpcError
from unwrapped_dao.errors import RpcUnavailableError, TemporaryError, UntrustedDataError
from unwrapped_dao.roles.custodian.finality import Finality
from unwrapped_dao.storage.notes import FolderNotes


@pytest.fixture
def node() -> Iterator[RpcNode]:
    with rpc_node(lag=2) as found:
        found.mine(4)
        yield found


def finality(node: RpcNode, folder: Path, witness: RpcNode | None = None) -> Finality:
    return Finality(node.client(), "finalized", FolderNotes(folder), witness.client() if witness else None)


def test_final_moves_on_with_the_chain(node: RpcNode, tmp_path: Path) -> None:
    assert finality(node, tmp_path).view().block_number() == 2
    node.mine(3)
    assert finality(node, tmp_path).view().block_number() == 5


def test_a_node_that_falls_behind_what_was_final_is_waited_for(node: RpcNode, tmp_path: Path) -> None:
    finality(node, tmp_path).view()
    node.lag = 4
    with pytest.raises(TemporaryError, match="was final before"):
        finality(node, tmp_path).view()  # another run: the note is on the disk
    node.mine(2)
    assert finality(node, tmp_path).view().block_number() == 2


def test_a_node_that_takes_back_what_was_final_is_not_believed_again(node: RpcNode, tmp_path: Path) -> None:
    with node.undone():
        node.mine(3)
        finality(node, tmp_path).view()  # block 5 is called final, and then replaced
    node.mine(3)
    with pytest.raises(UntrustedDataError, match="another in its place"):
        finality(node, tmp_path).view()


def test_a_block_that_is_not_mined_is_not_final(node: RpcNode, tmp_path: Path) -> None:
    node.vice = hasty
    with pytest.raises(UntrustedDataError, match="but its newest is"):
        finality(node, tmp_path).view()


def test_a_witness_on_another_chain_stops_everything_and_a_slower_one_decides(node: RpcNode, tmp_path: Path) -> None:
    with rpc_node(lag=2) as other:
        other.mine(3)
        with pytest.raises(UntrustedDataError, match="differ"):
            finality(node, tmp_path, other).view()
    same = node.client()

    def slower(_: RpcNode, method: str, params: list[Any]) -> Any:
        return same.request(method, [hex(1), False] if params[:1] == ["finalized"] else params)

    with rpc_node() as witness:
        witness.vice = slower
        assert finality(node, tmp_path, witness).view().block_number() == 1


def test_a_node_that_knows_no_final_block_is_said_with_what_to_do(node: RpcNode, tmp_path: Path) -> None:
    def unknowing(node: RpcNode, method: str, params: list[Any]) -> Any:
        if params[:1] == ["finalized"]:
            raise RpcError(-32602, "invalid block tag finalized")
        return node.honest(method, params)

    node.vice = unknowing
    with pytest.raises(RpcUnavailableError, match=r"does not know the block `finalized`: invalid block") as refused:
        finality(node, tmp_path).view()
    assert "UNWRAPPED_FINALITY=latest" in refused.value.hint
