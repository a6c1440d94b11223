"""What every contract test has: a private chain, isolation, a clock, and a way to name a refusal.

The chain is Ganache, or Anvil with `--network unwrapped-anvil`.

Each test sees the chain as its module's fixtures left it (`fn_isolation` reverts a snapshot), and each module
starts from the empty chain (`module_isolation`). Deployments belong into module-scoped fixtures; put those that
several files share under `deploy` below.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from brownie import chain as brownie_chain
from brownie import project, web3
from brownie._config import CONFIG
from brownie.exceptions import VirtualMachineError

from tests.contracts.support import anvil

# A share of the port space that this run alone may use, e.g. 18300; without it the system picks a free port.
PORT_VARIABLE = "UNWRAPPED_BROWNIE_PORT"


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Give this process (each xdist worker is one) a port that nobody listens on.

    Brownie attaches without a word to whatever answers on the configured port, so two runs at once would
    share a chain. This hook runs after Brownie read its configuration and before it connects.
    """
    network = (config.getoption("network") or [CONFIG.settings["networks"]["default"]])[0]
    settings = CONFIG.networks[network].get("cmd_settings")
    if settings is not None and "cmd" in CONFIG.networks[network]:
        settings["port"] = _free_port()


def _free_port() -> int:
    first = os.environ.get(PORT_VARIABLE)
    worker = int("0" + "".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", ""))))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", int(first) + worker if first else 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session", autouse=True)
def _quick_brownie() -> Iterator[None]:
    """Spare what Brownie does at every snapshot, revert and mined block; 40% of a run's time.

    It collects garbage over everything ever imported: freezing what is loaded leaves it only what the tests made.
    And it reads the source of the whole call stack to look at one frame: here it is handed that frame.
    """
    gc.freeze()
    one_frame = SimpleNamespace(stack=lambda: [None, SimpleNamespace(frame=sys._getframe(2))])
    module = sys.modules["brownie.network.rpc"]  # the attribute of that name is an object in it
    with mock.patch.object(module, "inspect", one_frame):
        yield


@pytest.fixture(scope="session", autouse=True)
def _anvil(on_anvil: bool) -> Iterator[None]:
    """Where the chain is Anvil, make up for what Brownie does not know about it."""
    with anvil.spoken() if on_anvil else nullcontext():
        yield


@pytest.fixture(scope="session")
def on_anvil() -> bool:
    """Whether the chain is Anvil with its newest fork; else it is Ganache under shanghai rules."""
    return str(web3.client_version).startswith("anvil/")


@pytest.fixture(scope="module", autouse=True)
def _module_isolation(module_isolation: None) -> None:
    """Start each module from the empty chain."""


@pytest.fixture(autouse=True)
def _test_isolation(fn_isolation: None) -> None:
    """Undo what a test did to the chain."""


class Clock:
    """The chain's time, in seconds. Moving it mines a block, so that the next call sees it."""

    SOON_S = 30
    """What a busy machine may take from a block to the next transaction; nearer than that no test says "before"."""

    def now(self) -> int:
        """Timestamp of the latest block."""
        return int(brownie_chain[-1].timestamp)

    def advance(self, seconds: int) -> int:
        """Mine a block `seconds` after the latest one; its timestamp."""
        return self.advance_to(self.now() + seconds)

    def advance_to(self, timestamp: int) -> int:
        """Mine a block at exactly `timestamp`, which must lie after the latest block."""
        if timestamp <= self.now():
            raise ValueError(f"{timestamp} is not after the latest block at {self.now()}")
        brownie_chain.mine(timestamp=timestamp)
        return self.now()


@pytest.fixture(scope="session")
def clock() -> Clock:
    """Move and read the chain's time."""
    return Clock()


@contextmanager
def _refused(error: str, *facts: Any) -> Iterator[None]:
    with pytest.raises(VirtualMachineError) as caught:
        yield
    message = caught.value.revert_msg or ""
    if facts:
        assert message == f"{error}: {', '.join(str(fact) for fact in facts)}"
    else:
        assert message.split(":", 1)[0] == error, f"refused by {message!r}, not by {error}"


@pytest.fixture(scope="session")
def refused() -> Callable[..., AbstractContextManager[None]]:
    """`with refused("SaleNotOpen"):` passes only if the call reverts with that custom error (or reason string).

    With facts, `refused("ProbeTooSmall", who, 2, 5)`, every argument of the error must match too.
    """
    return _refused


@pytest.fixture(scope="module")
def deploy(accounts: Any, module_isolation: None) -> Callable[..., Any]:
    """`deploy("ChainProbe", 5)` or `deploy("ChainProbe", 5, sender=accounts[3])`: a deployed Brownie contract."""
    (loaded,) = project.get_loaded_projects()

    def by_name(name: str, *args: Any, sender: Any = None) -> Any:
        return (sender or accounts[0]).deploy(loaded[name], *args)

    return by_name
