"""Ganache and Anvil for the tests: each on a port of its own, ended with everything it started."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.errors import RpcUnavailableError

NODE_MODULES = Path(__file__).parents[2] / "node_modules"
START_TIMEOUT_S = 60
GAS_LIMIT = 30_000_000
ETHER = 10**18


@dataclass(frozen=True)
class ChainNode:
    """A running node with one funded account that is nobody's."""

    kind: str
    url: str
    funded: LocalAccount
    group: int
    """Its process group, for tests that kill it."""

    def client(self) -> ChainClient:
        return ChainClient.connect(self.url)

    def fund(self, *addresses: str) -> None:
        client = self.client()
        for address in addresses:
            client.send(self.funded, address, value=10 * ETHER)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(kind: str, *options: str, own_accounts: bool = False) -> Iterator[ChainNode]:
    """A node of `kind` "ganache" or "anvil"; `options` are added to its command line.

    With `own_accounts` a Ganache makes the accounts that it signs for itself, and `funded` has nothing.
    """
    funded: LocalAccount = Account.create()
    port = free_port()
    command = [*_command(kind, port, None if own_accounts else funded), *options]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        url = f"http://127.0.0.1:{port}"
        version = _wait(process, url)
        # Somebody else's node on this port would be worse than none.
        assert version.lower().startswith(kind), f"{version} answers on the port of {kind}"
        node = ChainNode(kind, url, funded, process.pid)
        if kind == "anvil":
            node.client().request("anvil_setBalance", [funded.address, hex(100_000 * ETHER)])
        yield node
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def block(client: ChainClient, base_fee: int) -> None:
    """Have an Anvil mine one, in which gas costs `base_fee` wei."""
    client.request("anvil_setNextBlockBaseFeePerGas", [hex(base_fee)])
    client.request("evm_mine")


@contextmanager
def blocks(node: ChainNode, base_fee: int) -> Iterator[None]:
    """A block of this base fee five times a second."""
    stop, client = threading.Event(), node.client()

    def mine() -> None:
        while not stop.wait(0.2):
            block(client, base_fee)

    miner = threading.Thread(target=mine)
    miner.start()
    try:
        yield
    finally:
        stop.set()
        miner.join()


def _command(kind: str, port: int, funded: LocalAccount | None) -> list[str]:
    if kind == "anvil":
        found = sorted(NODE_MODULES.glob("@foundry-rs/anvil-*/bin/anvil"))
        if not found:
            pytest.skip("Anvil is not installed; `make setup-dev` installs it")
        return [str(found[0]), "--port", str(port), "--quiet", "--gas-limit", str(GAS_LIMIT)]
    program, node = NODE_MODULES / "ganache" / "dist" / "node" / "cli.js", shutil.which("node")
    if node is None or not program.is_file():
        pytest.skip("Ganache is not installed; `make setup-dev` installs it")
    command = [node, str(program), "--server.port", str(port), "--chain.hardfork", "shanghai", "--logging.quiet"]
    command += ["--miner.blockGasLimit", str(GAS_LIMIT)]
    if funded is not None:
        command += ["--wallet.accounts", f"0x{bytes(funded.key).hex()},{100_000 * ETHER}"]
    return command


def _wait(process: subprocess.Popen[bytes], url: str) -> str:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        try:
            return ChainClient.connect(url, timeout_s=5).node_version
        except RpcUnavailableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
