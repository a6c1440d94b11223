"""The embedded chain outlives its process: reopened, killed in the middle, shared, damaged."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.forked import forked
from tests.sdk.chain.conftest import FLOOR, note
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.contract import Contract, create
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.errors import RpcUnavailableError, SettingsError, TemporaryError, WorkspaceBusyError

FRIEND = "0x" + "44" * 20


def _pay(chain: LocalChain, wei: int = 1) -> None:
    ChainClient(chain).send(chain.faucet, FRIEND, value=wei)


def test_another_opening_sees_the_same_world(tmp_path: Path, probe_artifact: artifacts.Artifact) -> None:
    with LocalChain.open(tmp_path) as chain:
        client = ChainClient(chain)
        probe, _ = create(client, chain.faucet, probe_artifact, FLOOR)
        probe.send(chain.faucet, "write", note(chain.faucet.address), (1, 2))
        client.wait_until(client.now() + 1000)
        faucet, now, height = chain.faucet.address, client.now(), client.block_number()
        block, balance = client.block_hash(height), client.balance(faucet)
    assert LocalChain.exists(tmp_path)
    with LocalChain.open(tmp_path) as chain:
        client = ChainClient(chain)
        again = Contract(client, probe.abi, probe.address)
        assert chain.faucet.address == faucet
        assert (client.now(), client.block_number(), client.block_hash(height)) == (now, height, block)
        assert client.balance(faucet) == balance
        assert again.call("notes", 1)[1] == 7
        assert [event["number"] for event in again.events("NoteWritten")] == [1]
        assert again.call("number", block=1) == 0  # older states stay readable
        again.send(chain.faucet, "write", note(chain.faucet.address), (1, 2))
        assert again.call("number") == 2


def test_time_stands_still_while_nobody_runs_a_command_and_never_goes_back(tmp_path: Path) -> None:
    with LocalChain.open(tmp_path, genesis_time=2_000_000_000) as chain:  # far ahead of the wall clock
        _pay(chain)
        assert ChainClient(chain).now() == 2_000_000_001
    with LocalChain.open(tmp_path, genesis_time=1_000) as chain:  # only a new chain has a genesis
        client = ChainClient(chain)
        assert client.now() == 2_000_000_001
        with pytest.raises(RpcUnavailableError, match="time does not go back"):
            client.request("evm_increaseTime", [-5])
        with pytest.raises(RpcUnavailableError, match="not after the latest block"):
            client.request("evm_setNextBlockTimestamp", [2_000_000_001])
        _pay(chain)
        assert client.now() == 2_000_000_002


class KillingConnection:
    """A database connection whose process dies right before (or after) its n-th statement of a write."""

    def __init__(self, connection: sqlite3.Connection, statement: int) -> None:
        self._connection = connection
        self._left = statement

    def _count(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def execute(self, query: str, *values: Any) -> Any:
        if not query.startswith("SELECT"):
            self._count()
        return self._connection.execute(query, *values)

    def executemany(self, query: str, values: Any) -> Any:
        self._count()
        return self._connection.executemany(query, values)


# BEGIN, nodes, block, transaction, logs, COMMIT, and (6) the next BEGIN: after the write.
@pytest.mark.parametrize(("statement", "kept"), [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 1)])
def test_killed_inside_a_write_leaves_the_state_before_or_after(tmp_path: Path, statement: int, kept: int) -> None:
    with LocalChain.open(tmp_path) as chain:
        _pay(chain)
        before = ChainClient(chain).block_number()

    def work() -> None:
        doomed = LocalChain.open(tmp_path)
        doomed._store._connection = KillingConnection(doomed._store._connection, statement)  # type: ignore[assignment]
        _pay(doomed)
        _pay(doomed)

    assert forked(work) == -signal.SIGKILL
    with LocalChain.open(tmp_path) as chain:
        client = ChainClient(chain)
        assert client.block_number() == before + kept
        assert client.balance(FRIEND) == 1 + kept
        assert client.nonce(chain.faucet.address) == 1 + kept
        _pay(chain)
        assert client.balance(FRIEND) == 2 + kept


def test_killed_at_any_moment_of_a_busy_run_loses_no_acknowledged_block(tmp_path: Path) -> None:
    acknowledged = tmp_path / "acknowledged"
    for wait_s in (0.01, 0.05, 0.12, 0.2):

        def work() -> None:
            chain = LocalChain.open(tmp_path)
            with acknowledged.open("w") as file:
                while True:
                    _pay(chain)
                    file.seek(0)
                    file.write(str(ChainClient(chain).block_number()).zfill(9))
                    file.flush()

        acknowledged.write_text("000000000")
        child = os.fork()
        if child == 0:
            work()
        deadline = time.monotonic() + 30
        while acknowledged.read_text() in ("", "000000000") and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(wait_s)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with LocalChain.open(tmp_path) as chain:
            client = ChainClient(chain)
            height = client.block_number()
            assert height >= int(acknowledged.read_text()) > 0
            assert client.balance(FRIEND) == client.nonce(chain.faucet.address) == height
            for number in range(height + 1):
                assert client.block_hash(number) is not None


@pytest.mark.parametrize("left", ["nothing", "keyfile", "empty database"])
def test_killed_while_beginning_begins_again(tmp_path: Path, left: str) -> None:
    folder = tmp_path / "chain"
    if left != "nothing":
        with LocalChain.open(tmp_path):
            pass
        if left == "keyfile":
            for path in folder.glob("chain.sqlite*"):
                path.unlink()
        else:
            with sqlite3.connect(folder / "chain.sqlite") as database:
                for table in ("meta", "blocks"):
                    database.execute(f"DELETE FROM {table}")
    with LocalChain.open(tmp_path) as chain:
        _pay(chain, 7)
        assert ChainClient(chain).balance(FRIEND) == 7


def test_a_second_command_waits_and_then_says_who_is_busy(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from unwrapped_dao.chain.local import LocalChain\n"
        f"chain = LocalChain.open(Path({str(tmp_path)!r})); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "open\n"
        started = time.monotonic()
        with pytest.raises(WorkspaceBusyError, match="Another command has been using"):
            LocalChain.open(tmp_path, wait_s=0.3)
        assert time.monotonic() - started < 3
        with pytest.raises(WorkspaceBusyError):
            LocalChain.reset(tmp_path, wait_s=0.1)
        holder.kill()  # SIGKILL: the lock goes with the process
        holder.wait()
    with LocalChain.open(tmp_path, wait_s=5) as chain:
        _pay(chain)


def test_reset_begins_another_chain(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(parents=True)
    with LocalChain.open(tmp_path) as chain:
        _pay(chain)
        faucet = chain.faucet.address
    LocalChain.reset(tmp_path)
    assert not LocalChain.exists(tmp_path)
    assert (tmp_path / "keys").is_dir()
    with LocalChain.open(tmp_path) as chain:
        assert chain.faucet.address != faucet
        assert ChainClient(chain).block_number() == 0


def test_the_faucets_keyfile_is_private_labelled_and_in_no_repr(tmp_path: Path) -> None:
    with LocalChain.open(tmp_path) as chain:
        path = tmp_path / "chain" / "faucet-dev-only.json"
        content = json.loads(path.read_text())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "worth nothing" in content["label"]
        assert content["private_key"][2:] not in repr(chain) + repr(chain.faucet) + str(chain.faucet)
    path.write_text(path.read_text().replace('"private_key"', '"private"'))
    with pytest.raises(SettingsError, match="faucet's keyfile") as refused:
        LocalChain.open(tmp_path)
    assert content["private_key"][2:] not in repr(refused.value)
    assert refused.value.__suppress_context__


def test_a_damaged_file_is_said_and_the_lock_released(tmp_path: Path) -> None:
    with LocalChain.open(tmp_path):
        pass
    for path in (tmp_path / "chain").glob("chain.sqlite*"):
        path.write_bytes(b"not a database at all" * 100)
    for _ in range(2):
        with pytest.raises(SettingsError, match="is damaged"):
            LocalChain.open(tmp_path, wait_s=0.1)


def test_another_versions_chain_is_refused(tmp_path: Path) -> None:
    with LocalChain.open(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "chain" / "chain.sqlite") as database:
        database.execute("UPDATE meta SET value = '0' WHERE name = 'format'")
    with pytest.raises(SettingsError, match="another version"):
        LocalChain.open(tmp_path)


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with LocalChain.open(tmp_path) as chain:
        client = ChainClient(chain)
        _pay(chain)
        height = client.block_number()
        pages = chain._store._connection.execute("PRAGMA page_count").fetchone()[0]
        chain._store._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(TemporaryError, match="full"):
            for _ in range(200):
                _pay(chain)
        reached = client.block_number()
        assert client.balance(FRIEND) == client.nonce(chain.faucet.address) == reached >= height
        chain._store._connection.execute("PRAGMA max_page_count = 1000000")
        _pay(chain)
        assert client.balance(FRIEND) == reached + 1


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "chain").write_text("a file in the way")
    with pytest.raises(SettingsError, match="cannot be opened"):
        LocalChain.open(tmp_path)
