"""A chain that is taken back or begins anew under the workspace: what is gone is done again, and nothing twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tests.e2e.chain_nodes import ETHER, ChainNode, running
from tests.e2e.test_kills_on_a_node import DEPLOY, SENT, STORY, look, prepared, run
from tests.kills import commands
from tests.kills.world import WORKSPACE, World, _names, differences
from unwrapped_dao.app.accounts import KIND
from unwrapped_dao.chain.erc20 import Erc20
from unwrapped_dao.crypto import keystore

NODES = {"ganache": (), "anvil": ("--slots-in-an-epoch", "1")}
SMALL = "collective deploy --name Edge --validators founder --custodian founder"
FUND = "account fund buyer --tusd 100"
CHANGES = ("member leave --as dora", "member join --as dora", "member opt-out 1 --as cleo")


def anew(node: ChainNode, folder: Path) -> Path:
    """A small collective on the node."""
    commands.import_everything()
    folder.mkdir()
    assert run("account new founder buyer", folder, node).code == 0
    for address in _names(folder / WORKSPACE):
        node.client().send(node.funded, address, value=10 * ETHER)
    ended = run(SMALL, folder, node)
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture(scope="module", params=NODES)
def node(request: pytest.FixtureRequest) -> Iterator[ChainNode]:
    with running(request.param, *NODES[request.param]) as found:
        yield found


@pytest.fixture(scope="module")
def small(node: ChainNode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return anew(node, tmp_path_factory.mktemp("small") / "home")


def test_money_that_was_sent_before_a_kill_comes_once_also_after_the_chain_was_taken_back(
    node: ChainNode, small: Path, tmp_path: Path
) -> None:
    client = node.client()
    token = _record(small)["parameters"]["currencies"][0]
    buyer = next(address for address, name in _names(small / WORKSPACE).items() if name == "buyer")
    snapshot = client.request("evm_snapshot")
    steps = run(FUND, shutil.copytree(small, tmp_path / "whole"), node, watched=True).steps
    for number in range(2):
        assert client.request("evm_revert", [snapshot])
        snapshot = client.request("evm_snapshot")
        home = shutil.copytree(small, tmp_path / f"home-{number}")
        assert run(FUND, home, node, deadly=steps.index(SENT) + 1).code == commands.KILLED
        if number == 1:  # what the killed command sent is taken back, too
            assert client.request("evm_revert", [snapshot])
            snapshot = client.request("evm_snapshot")
            height = client.block_number()
            shown = run(f"{FUND} --dry-run", home, node)
            assert (shown.code, client.block_number()) == (0, height), shown.err  # what is noted is not sent by it
            assert "mint" in shown.out
        again = run(FUND, home, node)
        assert again.code == 0, again.err
        assert Erc20.at(client, token).balance_of(buyer) == 100 * 10**6
        assert client.nonce(buyer) == 1
    assert client.request("evm_revert", [snapshot])


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", NODES)
def test_a_nodes_own_account_gives_once_however_often_the_command_is_killed(kind: str, tmp_path: Path) -> None:
    text = "account fund poor --eth 3"
    commands.import_everything()
    home = tmp_path / "home"
    home.mkdir()
    with running(kind, own_accounts=True) as node:
        client = node.client()
        assert run("account new poor", home, node).code == 0
        poor = next(iter(_names(home / WORKSPACE)))
        assert run(text, home, node).code == 0
        steps = run(text, home, node, watched=True).steps  # folders are there by now
        assert client.balance(poor) == 6 * ETHER
        for deadly in range(1, steps.index("tell") + 2):  # whoever was told asks for more
            before = client.balance(poor)
            assert run(text, home, node, deadly=deadly).code == commands.KILLED, steps[deadly - 1]
            assert run(f"{text} --dry-run", home, node).code == 0
            again = run(text, home, node)
            assert again.code == 0, again.err
            assert client.balance(poor) == before + 3 * ETHER, steps[deadly - 1]


def test_a_collective_that_is_gone_is_said_and_forgotten_on_request_only(
    node: ChainNode, small: Path, tmp_path: Path
) -> None:
    home = shutil.copytree(small, tmp_path / "home")
    kept = run("chain reset --yes", home, node)
    assert (kept.code, "is on this chain: there is nothing to forget" in kept.err) == (5, True), kept.err
    keys = sorted((home / WORKSPACE / "keys").glob("*")) + sorted((home / WORKSPACE / "accounts").iterdir())
    with running(node.kind) as fresh:
        for address in _names(home / WORKSPACE):
            fresh.client().send(fresh.funded, address, value=10 * ETHER)
        for text in (FUND, SMALL, "collective status"):
            ended = run(text, home, fresh)
            assert (ended.code, ended.out) == (2, "")
            assert "error: The chain was reset, or is another one with the same id" in ended.err
            assert "`unwrapped-dao chain reset`" in ended.err
        assert run("chain reset", home, fresh).code == 2  # not without --yes, where nobody can be asked
        assert run("chain reset --yes", home, fresh).code == 0
        assert sorted((home / WORKSPACE / "keys").glob("*")) + sorted((home / WORKSPACE / "accounts").iterdir()) == keys
        assert run(SMALL, home, fresh).code == 0


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_same_addresses_on_a_chain_that_began_alike_are_not_taken_for_the_collective(tmp_path: Path) -> None:
    # Everything that can be fixed is: accounts, their keys, the first block's time.
    account = Account.create()
    for option in (("ganache", "--chain.time", "2026-01-01T00:00:00Z"), ("anvil", "--timestamp", "1767225600")):
        kind, *clock = option
        home = tmp_path / kind
        for begun in ("first", "second"):
            funds = ("--wallet.accounts", f"0x{bytes(account.key).hex()},{100 * ETHER}") if kind == "ganache" else ()
            with running(kind, *clock, *funds) as node:
                if kind == "anvil":
                    node.client().request("anvil_setBalance", [account.address, hex(100 * ETHER)])
                workspace = _with_keyfile(tmp_path / f"{kind}-{begun}", bytes(account.key))
                if begun == "second":
                    node.client().wait_until(node.client().now() + 60)
                assert run(SMALL, workspace, node).code == 0
                if begun == "first":
                    shutil.copytree(workspace, home)
                    continue
                records = _record(workspace), _record(home)
                assert records[0]["addresses"] == records[1]["addresses"]
                ended = run("collective status", home, node)
                assert (ended.code, "The chain was reset" in ended.err) == (2, True), ended.err


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", NODES)
def test_every_command_whose_work_was_taken_back_does_it_again_from_the_workspace_as_it_is(
    kind: str, tmp_path: Path
) -> None:
    with running(kind, *NODES[kind]) as node:
        home, client = prepared(tmp_path / "home", node), node.client()
        assert run("account new dora", home, node).code == 0
        dora = next(address for address, name in _names(home / WORKSPACE).items() if name == "dora")
        client.send(node.funded, dora, value=10 * ETHER)
        at = STORY.index("proposal create --sale 1 --as ana") + 1
        story = [*STORY[:4], "member join --as dora", *STORY[4:at], *CHANGES, *STORY[at:], "member withdraw --as ben"]
        for text in story:
            snapshot = client.request("evm_snapshot")
            once = run(text, home, node)
            assert once.code == 0, f"{text}\n{once.err}"
            if text == DEPLOY:
                continue
            wanted = _open_for_votes(look(home, node))
            assert client.request("evm_revert", [snapshot])
            again = run(text, home, node)
            if text.startswith("custodian run") and again.code == 3:
                # Its shares must not follow from what may still be taken back: a person has to say that it is meant.
                assert "was final before" in again.err
                assert "remove the file highest-final-block" in again.err
                for note in (home / WORKSPACE).glob("journal/custodian/*/highest-final-block"):
                    note.unlink()
                again = run(text, home, node)
            assert again.code == 0, f"{text}\n{again.err}"
            assert differences(_open_for_votes(look(home, node)), wanted) == [], text


def _open_for_votes(world: World) -> World:
    """A proposal's first second is over at the second look, for it comes later."""
    return world | {
        "proposals": [[state.replace("PENDING", "ACTIVE"), votes] for state, votes in world.get("proposals", [])]
    }


def _record(home: Path) -> Any:
    return json.loads((home / WORKSPACE / "collective.json").read_text())


def _with_keyfile(home: Path, key: bytes) -> Path:
    """A workspace whose founder has this key."""
    address = Account.from_key(key).address[2:].lower()
    accounts = home / WORKSPACE / "accounts"
    accounts.mkdir(parents=True)
    keystore.save(accounts / "founder.json", key, commands.PASSPHRASE, kind=KIND, address=address)
    return home
