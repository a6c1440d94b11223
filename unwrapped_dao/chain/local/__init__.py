"""The embedded chain: shanghai rules in this process, kept in the workspace, shared by its commands.

    with LocalChain.open(Path(".unwrapped-dao")) as chain:
        client = ChainClient(chain)

A development chain for one machine. Its faucet (faucet.py) is the only funded account at the start.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from ...errors import SettingsError
from ..lock import DEFAULT_WAIT_S, WorkspaceLock
from . import lighter  # noqa: F401  (before anything of py-evm)
from .engine import Engine
from .faucet import FAUCET_WEI, load_faucet, new_faucet, save_faucet
from .rpc import Rpc
from .store import FORMAT, Store

# "un" in ASCII: an id that no known network has, so that nothing signed here is valid elsewhere.
CHAIN_ID = 0x756E
DEFAULT_TICK_S = 1
KEYFILE = "faucet-dev-only.json"
FLAT_GAS_LIMIT = 16_777_216


class LocalChain:
    """A Transport onto the embedded chain. Hold it for one command; the workspace is locked meanwhile."""

    def __init__(self, engine: Engine, store: Store, faucet: LocalAccount, lock: WorkspaceLock | None) -> None:
        self._engine = engine
        self._store = store
        self._rpc = Rpc(engine, store)
        self._lock = lock
        self.faucet = faucet

    @classmethod
    def open(
        cls,
        workspace: Path,
        *,
        wait_s: float = DEFAULT_WAIT_S,
        chain_id: int = CHAIN_ID,
        tick_s: int = DEFAULT_TICK_S,
        genesis_time: int | None = None,
    ) -> LocalChain:
        """Open the workspace's chain, or begin one. The last three only matter when one begins.

        `genesis_time` in seconds, now by default. Raises WorkspaceBusyError, SettingsError, TemporaryError.
        """
        folder = workspace / "chain"
        lock = WorkspaceLock(folder, wait_s=wait_s)
        try:
            store = Store(folder / "chain.sqlite")
            engine = Engine.open(store)
            keyfile = folder / KEYFILE
            if engine is not None:
                if store.meta("format") != FORMAT:
                    raise SettingsError(
                        f"The chain in {folder} was written by another version of this program.",
                        hint="Use that version, or start over with `unwrapped-dao chain reset`.",
                    )
                return cls(engine, store, load_faucet(keyfile), lock)
            # The keyfile comes first: a kill between the two leaves a key without a chain, which is begun again.
            faucet = new_faucet()
            save_faucet(keyfile, faucet, chain_id)
            return cls(_begin(store, faucet, chain_id, tick_s, genesis_time), store, faucet, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def in_memory(
        cls, *, chain_id: int = CHAIN_ID, tick_s: int = DEFAULT_TICK_S, genesis_time: int | None = None
    ) -> LocalChain:
        """A chain that ends with this object."""
        store, faucet = Store(None), new_faucet()
        return cls(_begin(store, faucet, chain_id, tick_s, genesis_time), store, faucet, None)

    @property
    def flat_gas_limit(self) -> int:
        """EIP-7825's cap on one transaction, which nothing here may need. Estimating would run each call twice more."""
        return FLAT_GAS_LIMIT

    @staticmethod
    def reset(workspace: Path, *, wait_s: float = DEFAULT_WAIT_S) -> None:
        """Delete the workspace's chain, if there is one. Accounts, storage and exports in the workspace stay."""
        folder = workspace / "chain"
        if not folder.is_dir():
            return
        lock = WorkspaceLock(folder, wait_s=wait_s)
        try:
            # The keyfile first: what a kill leaves then says that it is damaged. The lock stays: others may wait.
            for name in (KEYFILE, "chain.sqlite-wal", "chain.sqlite-shm", "chain.sqlite"):
                (folder / name).unlink(missing_ok=True)
        finally:
            lock.release()

    @staticmethod
    def copy(workspace: Path, target: Path, *, wait_s: float = DEFAULT_WAIT_S) -> None:
        """Copy the chain of one workspace into another that has none, whole and at one moment."""
        source, folder = workspace / "chain", target / "chain"
        lock = WorkspaceLock(source, wait_s=wait_s)
        try:
            folder.mkdir(parents=True)
            shutil.copy2(source / KEYFILE, folder / KEYFILE)
            store = Store(source / "chain.sqlite")
            store.copy_to(folder / "chain.sqlite")
            store.close()
        finally:
            lock.release()

    @staticmethod
    def exists(workspace: Path) -> bool:
        """Whether the workspace has a chain."""
        return (workspace / "chain" / "chain.sqlite").is_file()

    def request(self, method: str, params: list[Any]) -> Any:
        """JSON-RPC; see rpc.py for what is answered."""
        return self._rpc.request(method, params)

    def close(self) -> None:
        """Close the files and let the next command in."""
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> LocalChain:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<LocalChain {self._engine.chain_id:#x} at block {self._engine.head.number}>"


def _begin(store: Store, faucet: LocalAccount, chain_id: int, tick_s: int, genesis_time: int | None) -> Engine:
    return Engine.create(
        store,
        chain_id=chain_id,
        tick_s=tick_s,
        timestamp=int(time.time()) if genesis_time is None else genesis_time,
        funded={bytes.fromhex(faucet.address[2:]): FAUCET_WEI},
    )
