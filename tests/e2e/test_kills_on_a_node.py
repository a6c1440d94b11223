"""Killed while a node has the transaction and its answer was never read; and the node killed between."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.chain_nodes import ETHER, ChainNode, running
from tests.kills import commands
from tests.kills.life import ACCOUNTS, begin
from tests.kills.world import WORKSPACE, World, _names, differences, read_collective

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

SENT = "sent, and the answer is not read"
DEPLOY = "collective deploy --name Rehearsal --validators validator-1,validator-2,validator-3 --custodian custodian"
STORY = (
    DEPLOY,
    "custodian setup",
    "pool open",
    "member contribute exports/1.zip --as ana",
    "member contribute exports/2.zip --as ben",
    "member contribute exports/3.zip --as cleo",
    "pool announce",
    "pool seal",
    "pool publish",
    "account fund buyer --tusd 60000",
    "buyer offer --price 55000 --purpose ai-training",
    "proposal create --sale 1 --as ana",
    "proposal vote 1 for --as ana",
    "proposal vote 1 for --as ben",
    "proposal vote 1 for --as cleo",
    "proposal execute 1 --as founder",
    "custodian run --once",
    "member claim --as ana",
)
DANGEROUS = (DEPLOY, STORY[3], STORY[10], STORY[-1])


@dataclass(frozen=True)
class Moment:
    """A workspace and its node right before a command, and the world right after it."""

    before: Path
    snapshot: str
    steps: tuple[str, ...]
    after: World


@dataclass
class Lived:
    """The story on one node; each moment is gone back to once, last first."""

    node: ChainNode
    moments: dict[str, Moment]


def run(text: str, home: Path, node: ChainNode, **options: Any) -> commands.Ended:
    return commands.run(shlex.split(text), home, UNWRAPPED_RPC=node.url, **options)


def kill_after(node: ChainNode, sent: int) -> None:
    """In the command's own process: the node dies when it has answered so many transactions."""
    from unwrapped_dao.chain.http import HttpTransport

    request, count = HttpTransport.request, 0

    def counted(self: HttpTransport, method: str, params: list[Any]) -> Any:
        nonlocal count
        answer = request(self, method, params)
        count += method == "eth_sendRawTransaction"
        if count == sent:
            os.killpg(node.group, signal.SIGKILL)
        return answer

    HttpTransport.request = counted  # type: ignore[method-assign]


def look(home: Path, node: ChainNode) -> World:
    """The collective on the node, and how many transactions each account sent."""
    from unwrapped_dao.chain import deployments
    from unwrapped_dao.chain.collective import Collective

    client, names = node.client(), _names(home / WORKSPACE)
    collective = Collective.at(client, deployments.load(home / WORKSPACE))
    return {**read_collective(collective, names), "sent": {name: client.nonce(a) for a, name in names.items()}}


def prepared(folder: Path, node: ChainNode) -> Path:
    """Accounts with ether on the node."""
    commands.import_everything()
    home = begin(folder)
    for text in (f"account new {' '.join(ACCOUNTS)}", "validator setup"):
        ended = run(text, home, node)
        assert ended.code == 0, ended.err
    for address in _names(home / WORKSPACE):
        node.client().send(node.funded, address, value=100 * ETHER)
    return home


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("node")
    with running("ganache") as node:
        home = prepared(folder / "home", node)
        moments: dict[str, Moment] = {}
        for number, text in enumerate(STORY):
            before = folder / f"{number:02}"
            if text in DANGEROUS:
                shutil.copytree(home, before)
                snapshot = node.client().request("evm_snapshot")
            ended = run(text, home, node, watched=text in DANGEROUS)
            assert ended.code == 0, f"{text}\n{ended.err}"
            if text in DANGEROUS:
                moments[text] = Moment(before, snapshot, ended.steps, look(home, node))
        yield Lived(node, moments)


# Last first: going back to a snapshot forgets all later ones.
@pytest.mark.parametrize("text", DANGEROUS[::-1], ids=lambda text: text.partition(" --")[0].replace("/", "|"))
def test_sent_and_the_answer_never_read_it_is_not_sent_again(lived: Lived, tmp_path: Path, text: str) -> None:
    moment, node = lived.moments[text], lived.node
    sent = [number for number, step in enumerate(moment.steps, start=1) if step == SENT]
    assert sent, moment.steps
    for number, deadly in enumerate(dict.fromkeys((sent[0], sent[-1]))):
        assert node.client().request("evm_revert", [moment.snapshot])
        moment = Moment(moment.before, node.client().request("evm_snapshot"), moment.steps, moment.after)
        home = shutil.copytree(moment.before, tmp_path / f"home-{number}")
        assert run(text, home, node, deadly=deadly).code == commands.KILLED
        again = run(text, home, node)
        assert again.code == 0, again.err
        assert differences(look(home, node), moment.after) == [], moment.steps[deadly - 1]
    assert node.client().request("evm_revert", [moment.snapshot])


def test_the_node_is_killed_between_and_comes_back(tmp_path: Path) -> None:
    kept = ("--database.dbPath", str(tmp_path / "chain"))
    with running("ganache", *kept) as node:
        home = prepared(tmp_path / "home", node)
        # The node dies when the third contract was sent.
        ended = run(DEPLOY, home, node, before=lambda: kill_after(node, sent=3))
        assert ended.code == 3, ended.err
        assert ended.err.count("error: ") == ended.err.count("hint: ") == 1
        assert "does not answer" in ended.err
    with running("ganache", *kept) as node:
        again = run(DEPLOY, home, node)
        assert again.code == 0, again.err
        found = look(home, node)
        assert found["sent"]["founder"] == 10  # the test dollar, Genesis and its eight contracts, each once
        assert run("collective verify", home, node).code == 0
