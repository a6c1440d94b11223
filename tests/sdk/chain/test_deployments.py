"""The record of a collective: kept whole, tied to one chain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from unwrapped_dao.chain import artifacts, deployments
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.contract import create
from unwrapped_dao.chain.deployments import Deployment
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.errors import NotFoundError, SettingsError

ADDRESS = "0x" + "aB" * 20


def _record(client: ChainClient, **changes: Any) -> Deployment:
    block_hash = client.block_hash(client.block_number())
    given: dict[str, Any] = {
        "profile": "dev",
        "chain_id": client.chain_id,
        "block_number": client.block_number(),
        "block_hash": block_hash,
        "genesis": ADDRESS,
        "addresses": {"DataMarket": ADDRESS},
        "parameters": {"maxPrice": 2**96, "validators": [ADDRESS]},
    }
    return Deployment(**{**given, **changes})


def test_a_record_comes_back_as_it_was(tmp_path: Path, local_chain: LocalChain, chain_client: ChainClient) -> None:
    genesis, _ = create(chain_client, local_chain.faucet, artifacts.load("TestDollar"))  # any contract is there as well
    record = _record(chain_client, genesis=genesis.address)
    assert record.save(tmp_path / "new") == tmp_path / "new" / "collective.json"
    assert deployments.load(tmp_path / "new") == record
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["collective.json"]
    record.require_chain(chain_client)


def test_a_record_cannot_be_changed(chain_client: ChainClient) -> None:
    with pytest.raises(ValidationError):
        _record(chain_client).chain_id = 5  # type: ignore[misc]


def test_a_contract_it_does_not_have_is_said(chain_client: ChainClient) -> None:
    record = _record(chain_client)
    assert record.address("DataMarket") == ADDRESS
    with pytest.raises(NotFoundError, match="no Elsewhere") as refused:
        record.address("Elsewhere")
    assert "DataMarket" in refused.value.hint


def test_another_chain_is_said(chain_client: ChainClient) -> None:
    with pytest.raises(SettingsError, match="is on chain 1,"):
        _record(chain_client, chain_id=1).require_chain(chain_client)


def test_a_chain_that_was_reset_is_said(chain_client: ChainClient, local_chain: LocalChain) -> None:
    chain_client.request("evm_mine")
    record = _record(chain_client)
    with LocalChain.in_memory() as fresh:
        with pytest.raises(SettingsError, match="was reset"):
            record.require_chain(ChainClient(fresh))
        ChainClient(fresh).request("evm_mine")
        with pytest.raises(SettingsError, match="was reset"):
            record.require_chain(ChainClient(fresh))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 2}', '{"format": 1, "profile": "dev"}', "\x00\xff"])
def test_a_damaged_record_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "collective.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError):
        deployments.load(tmp_path)


def test_a_workspace_without_a_collective_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="has no collective"):
        deployments.load(tmp_path)
