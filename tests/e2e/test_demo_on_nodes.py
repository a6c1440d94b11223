"""`make demo RPC=... IPFS=...`: the same story on running nodes, and who pays for it there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from eth_account import Account

from scripts.kubo import KuboNode
from tests.doubles.rpc_proxy import CLOCK_OF_ITS_OWN, proxied, refusing
from tests.e2e.chain_nodes import ChainNode, free_port, running
from tests.e2e.kubo_fixture import kubo
from unwrapped_dao import samples
from unwrapped_dao.app.in_process import local
from unwrapped_dao.app.payer import find_payer, open_keyfile
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.profiles import DEV
from unwrapped_dao.chain.registry import PoolState
from unwrapped_dao.crypto import keystore
from unwrapped_dao.crypto.keystore import ScryptCost
from unwrapped_dao.demo import nodes as demo_nodes
from unwrapped_dao.errors import NotAllowedError, PassphraseError
from unwrapped_dao.settings import load
from unwrapped_dao.storage.kubo import KuboStore

__all__ = ["kubo"]  # the fixture

SEED = "5"
CHEAP = ScryptCost(2**10, 8, 1)
PROGRAM = [sys.executable, "-c", "import sys; from unwrapped_dao.cli import main; sys.exit(main())"]


@dataclass
class Run:
    """One demo: what it printed and wrote."""

    told: str
    talk: str
    code: int
    summary: dict[str, Any]
    rows: list[list[tuple[Any, ...]]]


def demo(output: Path, *options: str, **environment: str) -> Run:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("UNWRAPPED_")}
    done = subprocess.run(
        [*PROGRAM, "demo", "--output", str(output), "--seed", SEED, *options],
        env=clean | environment,
        cwd=output.parent,
        capture_output=True,
        text=True,
        timeout=280,
    )
    summary = output / "summary.json"
    return Run(
        done.stdout,
        done.stderr,
        done.returncode,
        json.loads(summary.read_text()) if summary.exists() else {},
        rows_by_member(output / "dataset.parquet") if summary.exists() else [],
    )


def rows_by_member(parquet: Path) -> list[list[tuple[Any, ...]]]:
    """Each member's rows without its pseudonym and the train/test split drawn from it, in an order of their own."""
    by_member: dict[str, list[tuple[Any, ...]]] = {}
    for row in pyarrow.parquet.read_table(parquet).to_pylist():
        own = {column: value for column, value in row.items() if column not in ("member", "split")}
        by_member.setdefault(row["member"], []).append(tuple(sorted(own.items())))
    return sorted(sorted(rows) for rows in by_member.values())


@pytest.fixture(scope="module", params=["ganache", "anvil"])
def node(request: pytest.FixtureRequest) -> Iterator[ChainNode]:
    with running(request.param) as found:
        yield found


@pytest.fixture(scope="module")
def anvil() -> Iterator[ChainNode]:
    """A clock that goes by itself, and blocks whenever something is sent."""
    with running("anvil", "--block-time", "1", "--mixed-mining") as found:
        yield found


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return demo(tmp_path_factory.mktemp("embedded") / "out")


def test_the_story_on_running_nodes_gives_the_embedded_rows_and_money(
    node: ChainNode, kubo: KuboNode, embedded: Run, tmp_path: Path
) -> None:
    there = demo(tmp_path / "out", "--rpc", node.url, "--ipfs", kubo.rpc_url)
    assert (embedded.code, there.code) == (0, 0), embedded.talk + there.talk
    assert node.kind in there.told.splitlines()[0].lower()
    assert kubo.rpc_url in there.told.splitlines()[1]
    assert len(there.rows) == 10
    assert there.rows == embedded.rows
    own = ("chain", "seconds", "dataset_sha256", "refusals")
    same = [{key: value for key, value in run.summary.items() if key not in own} for run in (there, embedded)]
    assert same[0] == same[1]
    assert len(there.summary["refusals"]) == len(embedded.summary["refusals"]) > 4
    assert len(KuboStore(kubo.rpc_url).pins()) >= 12


def test_where_nobody_moves_the_clock_the_windows_are_waited_out(anvil: ChainNode, tmp_path: Path) -> None:
    told: list[int] = []
    with proxied(anvil.url, CLOCK_OF_ITS_OWN) as slow:
        nodes = demo_nodes.connect(load({"rpc": slow.url, "workspace": tmp_path}, {}), told.append)
        client = nodes.client
        assert client is not None
        assert not client.can_move_time
        assert "waited out" in demo_nodes.described(nodes)[0]
        payer = find_payer(client, 8)
        soon = DEV.model_copy(update={"notice": 4})
        with local(members=1, profile=soon, node=(client, payer.account), gas_money_wei=payer.gas_money_wei) as dao:
            (member,) = dao.members
            member.contribute(member.preview(samples.third_party(), scope="artist-preferences"))
            pool = dao.seal("artist-preferences")
            assert pool.state is PoolState.SEALED
            assert client.now() >= pool.seals_at
    assert told == sorted(told, reverse=True)
    assert len(told) >= 3
    assert "evm_increaseTime" not in slow.asked


def test_a_development_node_that_keeps_its_clock_is_waited_for(anvil: ChainNode) -> None:
    refusals = {name: reply for name, reply in CLOCK_OF_ITS_OWN.items() if name.startswith("evm_")}
    with proxied(anvil.url, refusals) as slow:
        client = ChainClient.connect(slow.url)
        start = client.now()
        assert client.wait_until(start + 2, poll_s=0.2) >= start + 2
        assert not client.can_move_time
        assert slow.asked.count("evm_increaseTime") == 1


def test_nobody_pays_where_the_node_signs_for_nobody(anvil: ChainNode, tmp_path: Path) -> None:
    for reply in (lambda _: [], refusing("the method eth_accounts does not exist")):
        with proxied(anvil.url, {"eth_accounts": reply}) as public:
            run = demo(tmp_path / "out", "--rpc", public.url)
            assert run.code == 5
            assert "error: The node signs for no account of its own" in run.talk
            assert "hint: Give the keyfile" in run.talk


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--wallet.lock",), "which may be locked"),
        (("--wallet.defaultBalance", "0"), "the richest account that the node signs for, has 0 ETH"),
    ],
)
def test_locked_and_unfunded_accounts_are_said(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    with running("ganache", *options, own_accounts=True) as node:
        run = demo(tmp_path / "out", "--rpc", node.url)
    assert run.code == 5
    assert said in run.talk
    assert run.talk.count("error:") == run.talk.count("hint:") == 1
    assert "Traceback" not in run.talk


def test_a_keyfile_pays_and_its_key_is_nowhere(anvil: ChainNode, tmp_path: Path) -> None:
    keyfile, key = tmp_path / "payer.json", bytes(anvil.funded.key)
    keystore.save(keyfile, key, "open sesame", kind="account", address=anvil.funded.address[2:], cost=CHEAP)
    settings = load(
        {"payer": keyfile, "rpc": anvil.url, "workspace": tmp_path}, {"UNWRAPPED_PASSPHRASE": "open sesame"}
    )
    assert settings.payer is not None
    account = open_keyfile(settings.payer, settings.require_passphrase())
    with proxied(anvil.url, {"eth_accounts": lambda _: []}) as public:
        payer = find_payer(ChainClient.connect(public.url), 8, account)
        assert payer.account.address == anvil.funded.address
        assert "eth_sendTransaction" not in public.asked
    assert key.hex() not in repr(payer) + repr(settings)

    with pytest.raises(PassphraseError):
        open_keyfile(keyfile, "open says me")
    poor = Account.create()
    with pytest.raises(NotAllowedError, match="of the keyfile has 0 ETH, and "):
        find_payer(anvil.client(), 8, poor)


def test_an_absent_node_and_an_absent_store_are_said_before_anything_is_done(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for options, named in (("--rpc", "The chain's RPC at"), ("--ipfs", "The IPFS node at")):
        run = demo(tmp_path / "out", options, url)
        assert run.code == 3
        assert f"error: {named} {url}" in run.talk
        assert run.told == ""
        assert run.talk.count("hint:") == 1
