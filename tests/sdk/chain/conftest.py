"""A contract that answers in every way a contract can, on an embedded chain in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unwrapped_dao.chain import artifacts, client, outbox
from unwrapped_dao.chain.abi import Abi
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.contract import Contract, create
from unwrapped_dao.chain.local import LocalChain

TEST_ARTIFACTS = Path(__file__).parents[2] / "artifacts"
FLOOR = 5


@pytest.fixture(scope="session")
def probe_artifact() -> artifacts.Artifact:
    return artifacts.load("ChainProbe", TEST_ARTIFACTS)


@pytest.fixture
def local_chain() -> Iterator[LocalChain]:
    with LocalChain.in_memory() as chain:
        yield chain


@pytest.fixture
def chain_client(local_chain: LocalChain) -> ChainClient:
    return ChainClient(local_chain)


@pytest.fixture
def probe_errors(monkeypatch: pytest.MonkeyPatch, probe_artifact: artifacts.Artifact) -> None:
    """Let the client know the probe's errors as it knows those of the contracts that ship."""
    errors = Abi(probe_artifact.abi)
    for module in (client, outbox):
        monkeypatch.setattr(module, "all_errors", lambda: errors)


@pytest.fixture
def probe(
    chain_client: ChainClient, local_chain: LocalChain, probe_artifact: artifacts.Artifact, probe_errors: None
) -> Contract:
    return create(chain_client, local_chain.faucet, probe_artifact, FLOOR)[0]


def note(author: str, amount: int = 7) -> dict[str, object]:
    return {"author": author, "amount": amount, "tag": b"\x01" * 32}
