"""Custodians as processes on Ganache, each in a workspace of its own: a key is formed, a share lost, the key shared
anew to others, a pool of the old key sold, a fresh key formed beside it, old shares deleted. Nodes lie meanwhile.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.rpc_proxy import Proxy, Reply, proxied
from tests.e2e.chain_nodes import ETHER, ChainNode, running
from tests.kills import commands
from tests.kills.life import begin
from tests.kills.world import WORKSPACE
from unwrapped_dao.chain import deployments, profiles
from unwrapped_dao.chain.board import Phase
from unwrapped_dao.chain.collective import Collective
from unwrapped_dao.chain.committee import GenerationState
from unwrapped_dao.chain.market import SaleState

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

PEOPLE = "founder ana ben cleo buyer"
LIMIT_S = 300
WINDOW_S = 900


@dataclass
class Keeper:
    """A custodian's machine: `start` and `stop` its daemon, `said` what it told."""

    home: Path
    url: str
    node: ChainNode
    options: str = ""
    daemon: commands.Running | None = None
    told: list[str] = field(default_factory=list)

    def __call__(self, text: str, *, code: int = 0) -> Any:
        ended = commands.run([*shlex.split(text), "--json"], self.home, UNWRAPPED_RPC=self.url)
        assert ended.code == code, (text, ended.err)
        return json.loads(ended.out) if code == 0 else ended.err

    @property
    def address(self) -> str:
        found = json.loads((self.home / WORKSPACE / "accounts" / "custodian.json").read_text())["address"]
        return f"0x{found}"

    def start(self) -> None:
        line = f"custodian run --json --every 0.5 {self.options}"
        self.daemon = commands.start(shlex.split(line), self.home, UNWRAPPED_RPC=self.url)

    def stop(self) -> None:
        if self.daemon is None:
            return
        os.kill(self.daemon.child, signal.SIGTERM)
        ended = self.daemon.ended()
        self.daemon = None
        assert ended.code == 0, ended.err
        self.told += ended.out.splitlines()

    def lose(self) -> None:
        """SIGKILL, and a disk with nothing but the account's keyfile, which was kept elsewhere."""
        assert self.daemon is not None
        os.kill(self.daemon.child, signal.SIGKILL)
        self.told += self.daemon.ended().out.splitlines()
        self.daemon = None
        shutil.rmtree(self.home / WORKSPACE / "keys")
        shutil.rmtree(self.home / WORKSPACE / "journal")

    def shares(self, generation: int) -> list[Path]:
        return list((self.home / WORKSPACE / "keys").glob(f"custodian-*-{generation}-*.json"))

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.told]

    def saying(self) -> str:
        """What its daemon told so far."""
        return "" if self.daemon is None else self.daemon.told()


@dataclass
class World:
    """The members' machine, the custodians', and the chain that they share."""

    node: ChainNode
    home: Path
    keepers: list[Keeper]

    def __call__(self, text: str) -> Any:
        ended = commands.run([*shlex.split(text), "--json"], self.home, UNWRAPPED_RPC=self.node.url)
        assert ended.code == 0, (text, ended.err)
        return json.loads(ended.out)

    def told(self, text: str) -> str:
        """What people read."""
        ended = commands.run(shlex.split(text), self.home, UNWRAPPED_RPC=self.node.url)
        assert ended.code == 0, (text, ended.err)
        return ended.out

    @property
    def collective(self) -> Collective:
        return Collective.at(self.node.client(), deployments.load(self.home / WORKSPACE))

    def until(self, done: Callable[[], bool], *, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Blocks come, and so the chain's clock goes on; the daemons do the rest."""
        deadline = time.monotonic() + LIMIT_S
        while not done():
            assert time.monotonic() < deadline, "\n\n".join(keeper.saying() for keeper in self.keepers)
            meanwhile()
            self.node.client().request("evm_mine")
            time.sleep(0.3)

    def over_when(self, dealers: set[int], generation: int) -> None:
        """Once all who can have committed or dealt, the time of that step goes by."""
        formation = self.collective.committee.board.formation(generation)
        done = {Phase.COMMIT: formation.committed, Phase.DEAL: formation.dealt}.get(formation.phase)
        if done is not None and dealers <= done:
            client = self.node.client()
            client.request("evm_increaseTime", [formation.until - client.now() + 1])

    def voted(self, number: int) -> None:
        for name in ("ana", "ben", "cleo"):
            self(f"proposal vote {number} for --as {name}")
        self(f"proposal execute {number} --as founder")

    def sale(self, pool: str, price: int, number: int, proposal: int) -> bytes:
        """A sale of a pool, approved; the daemons see it."""
        self(f"buyer offer --price {price} --purpose ai-training {pool}")
        self(f"proposal create --sale {number} --as ana")
        self.voted(proposal)
        return list(self.collective.market.offers())[number - 1]

    def until_settled(self, sale_id: bytes) -> None:
        """Once all have said READY the clock runs, for whose turn it is goes by the clock."""
        collective = self.collective

        def hurry() -> None:
            if len(list(collective.committee.readies(2, sale_id))) == 3:
                self.node.client().request("evm_increaseTime", [5])

        self.until(lambda: collective.market.sale(sale_id).state is SaleState.SETTLED, meanwhile=hurry)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    commands.import_everything()
    # Ganache's clock is this machine's, which may be slow.
    monkeypatch.setitem(profiles.PROFILES, "dev", profiles.DEV.model_copy(update={"delivery_window": WINDOW_S}))
    with running("ganache") as node:
        home = begin(tmp_path / "members")
        keepers = []
        for number in range(4):
            folder = tmp_path / f"keeper-{number + 1}"
            folder.mkdir()
            keepers.append(Keeper(folder, node.url, node))
        world = World(node, home, keepers)
        for keeper in keepers:
            keeper("account new custodian")
            node.client().send(node.funded, keeper.address, value=100 * ETHER)
        for account in world(f"account new {PEOPLE}")["accounts"]:
            node.client().send(node.funded, account["address"], value=100 * ETHER)
        for account in world("validator setup")["validators"]:
            node.client().send(node.funded, account["address"], value=100 * ETHER)
        first = ",".join(keeper.address for keeper in keepers[:3])
        genesis = world(
            "collective deploy --name Rehearsal --validators validator-1,validator-2,validator-3 "
            f"--custodian {first} --threshold 2"
        )["genesis"]
        for keeper in keepers:
            keeper(f"collective verify {genesis} --save")
        try:
            yield world
        finally:
            for keeper in keepers:
                if keeper.daemon is not None:
                    os.kill(keeper.daemon.child, signal.SIGKILL)
                    keeper.daemon.ended()


def test_a_lost_share_is_given_anew_and_new_custodians_serve_the_old_pool(world: World) -> None:
    first, second, third, fourth = world.keepers
    committee = world.collective.committee

    # --- three daemons form the key by themselves, and one sells a pool under it ---
    for keeper in (first, second, third):
        keeper.start()
    world.until(lambda: committee.generation(1).state is GenerationState.ACTIVE)
    world.until(lambda: all("heartbeat" in keeper.saying() for keeper in (first, second, third)))
    world("pool open --as founder")
    for number, name in enumerate(("ana", "ben", "cleo"), 1):
        world(f"member contribute exports/{number}.zip --as {name}")
    for text in ("pool announce", "pool seal", "pool publish", "account fund buyer --tusd 300000"):
        world(text)
    old = committee.generation(1)

    # --- the third loses its disk; the members put the fourth in the second's place ---
    third.lose()
    (key,) = third("custodian status")["keys"]
    assert (key["yours"], key["share_kept"]) == (True, False)
    named = f"{first.address},{third.address},{fourth.address}"
    ended = commands.run(
        shlex.split(f"custodian reshare --custodians {named} --threshold 2 --as ana"),
        world.home,
        UNWRAPPED_RPC=world.node.url,
    )
    assert ended.code == 0, ended.err
    assert (
        "the old shares still open everything under this key, for any 2 of the 3 old custodians together" in ended.out
    )
    world.voted(1)
    for keeper in (third, fourth):
        keeper.start()
    # Two of three deal; whether the one that lost its share comes too is known when the time is over.
    world.until(
        lambda: committee.generation(2).state is GenerationState.ACTIVE, meanwhile=lambda: world.over_when({1, 2}, 2)
    )
    fresh = committee.generation(2)
    assert (fresh.y, fresh.source, committee.serving(1)) == (old.y, 1, 2)
    world.until(lambda: all(keeper.shares(2) for keeper in (first, third, fourth)))

    # --- a pool of the old key is delivered by the new set; the second has no part in it ---
    sale_id = world.sale("", 55_000, 1, 2)
    world.until_settled(sale_id)
    assert {ready.generation for ready in committee.readies(2, sale_id)} == {2}
    assert list(committee.readies(1, sale_id)) == []
    received = world("buyer receive 1")
    assert received["members"] == 3 and received["unopened"] == []

    # --- what the old shares still do is said, and who has one deletes it ---
    (spare, _) = second("custodian status")["keys"]
    assert (spare["spare"], spare["share_kept"]) == (True, True)
    told = commands.run(["custodian", "status"], second.home, UNWRAPPED_RPC=world.node.url).out
    assert "2 of these old shares together still open everything under it" in told
    assert "so it has to be confirmed" in second("custodian forget 1", code=2)
    assert "still serves its pools" in first("custodian forget 2 --yes", code=5)
    # Its share, that share's seed, and the seed of what it dealt to the new set: each gives the share.
    assert len(second("custodian forget 1 --yes")["deleted"]) == 3
    assert second("custodian forget 1 --yes")["deleted"] == []
    assert not list((second.home / WORKSPACE / "keys").iterdir())
    assert (second("custodian status")["keys"][0]["share_kept"], first.daemon is not None) == (False, True)

    # --- the fourth's own node lies; its witness does not ---
    again = under_a_lying_node(world, fourth)

    # --- a fresh key, for what comes; the old pool stays with the set that has it ---
    ended = commands.run(
        shlex.split(f"custodian reshare --fresh --custodians {named} --threshold 2 --as ben"),
        world.home,
        UNWRAPPED_RPC=world.node.url,
    )
    assert ended.code == 0 and "Pools under key 2 stay with its custodians." in ended.out, ended.err
    world.voted(4)
    world.until(lambda: committee.generation(3).state is GenerationState.ACTIVE)
    assert committee.generation(3).y != old.y and committee.current().number == 3
    assert committee.serving(1) == 2
    last = world.sale("", 57_000, 3, 5)
    world.until_settled(last)
    assert {ready.generation for ready in committee.readies(2, last)} == {2}

    for keeper in world.keepers:
        # Ganache's blocks are final at once, and all sales are over: the next look forgets what was noted of them.
        until(lambda keeper=keeper: not notes_of_sales(keeper), keeper)  # type: ignore[misc]
        keeper.stop()
        if keeper is not fourth:
            assert not [event for event in keeper.events if event["alarm"]], keeper.events
    everything_was_said_once(world, [sale_id, again, last])


def under_a_lying_node(world: World, keeper: Keeper) -> bytes:
    """Three lies about an approved sale: each stops the daemon with an alarm of its own, and none ends it."""
    client, market = world.node.client(), world.collective.market
    approved = market._contract.abi.indexed_topics("SaleApproved", {})[0]

    def invented(params: list[Any]) -> Any:
        """Blocks of a chain of its own, each consistent with what it said before."""
        block = client.request("eth_getBlockByNumber", params)
        return block and block | {"hash": "0x" + block["hash"][:1:-1]}

    def hasty(params: list[Any]) -> Any:
        """Final is what is not mined yet."""
        block = client.request("eth_getBlockByNumber", params)
        return block | {"number": hex(int(block["number"], 16) + 9)} if params[0] == "finalized" else block

    def without_approvals(params: list[Any]) -> Any:
        return [log for log in client.request("eth_getLogs", params) if log["topics"][0] != approved]

    lies: list[tuple[str, Reply, str]] = [
        ("eth_getBlockByNumber", invented, "differ about block"),
        ("eth_getBlockByNumber", hasty, "but its newest is"),
        ("eth_getLogs", without_approvals, "differ about whether sale"),
    ]
    keeper.stop()
    replies: dict[str, Reply] = {}
    with proxied(world.node.url, replies) as liar:
        keeper.url, keeper.options = liar.url, f"--witness {world.node.url}"
        keeper.start()
        some_rounds(liar, keeper)
        for method, reply, alarm in lies:
            replies[method] = reply
            if method == "eth_getLogs":
                sale_id = world.sale("", 56_000, 2, 3)
            until(lambda alarm=alarm: alarm in keeper.saying(), keeper)  # type: ignore[misc]
            assert "said ready" not in keeper.saying()
            if method != "eth_getLogs":
                replies.clear()
                some_rounds(liar, keeper)
        assert 3 not in [ready.index for ready in world.collective.committee.readies(2, sale_id)]
        replies.clear()
        world.until_settled(sale_id)
        keeper.stop()
    told = [event["told"] for event in keeper.events if event["alarm"]]
    assert all(any(alarm in sentence for _, _, alarm in lies) for sentence in told), told
    keeper.url, keeper.options = world.node.url, ""
    keeper.start()
    return sale_id


def some_rounds(liar: Proxy, keeper: Keeper) -> None:
    """It has looked a few times more: a daemon ends by what goes wrong before its first good round."""
    asked = liar.asked.count("eth_getBlockByNumber")
    until(lambda: liar.asked.count("eth_getBlockByNumber") > asked + 60, keeper)


def until(done: Callable[[], bool], keeper: Keeper) -> None:
    """The chain's clock stands."""
    deadline = time.monotonic() + LIMIT_S
    while not done():
        assert time.monotonic() < deadline, keeper.saying()
        time.sleep(0.1)


def everything_was_said_once(world: World, sales: list[bytes]) -> None:
    committee = world.collective.committee
    for sale_id in sales:
        said = [ready.index for ready in committee.readies(2, sale_id)]
        assert len(said) == len(set(said)) == 3
        posted = [post.index for post in committee.posted_shares(2, sale_id)]
        assert len(posted) == len(set(posted))


def notes_of_sales(keeper: Keeper) -> list[Path]:
    return list((keeper.home / WORKSPACE / "journal" / "custodian").glob("*/tx.sale-*"))
