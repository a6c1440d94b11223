"""What each node calls final, which is what custodians act on."""

from __future__ import annotations

import pytest

from tests.e2e.chain_nodes import running
from unwrapped_dao.chain.pinned import settled
from unwrapped_dao.roles.custodian.finality import Finality
from unwrapped_dao.storage.notes import FolderNotes


@pytest.mark.parametrize(
    ("kind", "options", "behind"),
    [("ganache", (), 0), ("anvil", ("--slots-in-an-epoch", "1"), 2), ("anvil", (), 6)],
    ids=["ganache", "anvil with short epochs", "anvil"],
)
def test_final_blocks_lag_as_the_documentation_says(kind: str, options: tuple[str, ...], behind: int, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with running(kind, *options) as node:
        client = node.client()
        while client.block_number() < 6:
            client.send(node.funded, node.funded.address, value=1)
        newest = client.block_number()
        assert newest - settled(client, "finalized").number == behind
        view = Finality(client, "finalized", FolderNotes(tmp_path)).view()
        spent = view.balance(node.funded.address) - client.balance(node.funded.address)
        assert (spent > 0) == (behind > 0)
