"""A workspace whose chain or store is not what it was: said in one sentence with advice, and nothing is sent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.commands import run
from tests.doubles.rpc_proxy import proxied
from tests.e2e.chain_nodes import ETHER, ChainNode, free_port, running
from unwrapped_dao.chain.client import ChainClient

PASSPHRASE = {"UNWRAPPED_PASSPHRASE": "only for this test"}
DEPLOY = ["collective", "deploy", "--name", "Edge", "--validators", "founder", "--custodian", "founder"]
SENDS = ("eth_sendRawTransaction", "eth_sendTransaction")


@pytest.fixture(scope="module")
def anvil() -> Iterator[ChainNode]:
    with running("anvil") as node:
        yield node


@pytest.fixture(scope="module")
def deployed(anvil: ChainNode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a collective on the Anvil."""
    folder = tmp_path_factory.mktemp("edges")
    made = run(["account", "new", "founder", "--rpc", anvil.url], folder, **PASSPHRASE)
    assert made.returncode == 0, made.stderr
    fund(anvil.client(), folder)
    done = run([*DEPLOY, "--rpc", anvil.url], folder, **PASSPHRASE)
    assert done.returncode == 0, done.stderr
    return folder


def fund(client: ChainClient, folder: Path) -> None:
    keyfile = (folder / ".unwrapped-dao" / "accounts" / "founder.json").read_text()
    address = "0x" + keyfile.split('"address": "')[1][:40]
    client.request("anvil_setBalance", [address, hex(10 * ETHER)])


@pytest.fixture
def workspace(deployed: Path, tmp_path: Path) -> Path:
    """A copy, for one test."""
    shutil.copytree(deployed, tmp_path / "copy")
    return tmp_path / "copy"


def refusal(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and the error's sentence; there is one, with one line of advice, and no result."""
    done = run(arguments, folder, **PASSPHRASE)
    assert done.returncode != 0
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("!!")]
    assert [line.split(":")[0] for line in lines[-2:]] == ["error", "hint"], done.stderr
    assert done.stderr.count("error:") == 1
    assert "Traceback" not in done.stderr
    return done.returncode, lines[-2].removeprefix("error: ")


def test_the_right_chain_is_accepted(workspace: Path, anvil: ChainNode) -> None:
    assert "Edge" in run(["collective", "status", "--rpc", anvil.url], workspace).stdout


def test_a_chain_that_was_reset_is_said_and_nothing_is_sent_there(workspace: Path) -> None:
    with running("anvil") as fresh:
        client = fresh.client()
        fund(client, workspace)
        client.request("anvil_mine", [hex(100)])  # so that the block of the deployment exists there too
        height = client.block_number()
        with proxied(fresh.url, {}) as seen:
            for command in (["member", "join", "--as", "founder"], ["custodian", "setup", "--as", "founder"]):
                code, said = refusal([*command, "--rpc", seen.url], workspace)
                assert (code, said[:21]) == (2, "The chain was reset, ")
            assert not set(SENDS) & set(seen.asked)
        assert client.block_number() == height


def test_another_chain_at_the_rpc_is_said_with_both_ids(workspace: Path) -> None:
    with running("ganache") as other:
        code, said = refusal(["member", "join", "--as", "founder", "--rpc", other.url], workspace)
    assert code == 2
    assert "is on chain 31337, the node is chain 1337" in said


def test_the_embedded_chain_is_not_guessed_where_the_collective_is_on_a_node(workspace: Path) -> None:
    code, said = refusal(["collective", "status"], workspace)
    assert (code, said) == (2, "This workspace's collective is on a node, and no --rpc was given.")
    assert not (workspace / ".unwrapped-dao" / "chain").exists()


def test_nobody_at_the_rpc_is_said(workspace: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    code, said = refusal(["member", "join", "--as", "founder", "--rpc", f"{url}/canary-key"], workspace)
    assert (code, said) == (3, f"The chain's RPC at {url} does not answer eth_chainId.")
