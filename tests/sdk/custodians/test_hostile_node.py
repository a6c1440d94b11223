"""Custodians on a node that drops, dawdles, lies and reorganises: nothing early, nothing missed, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from tests.doubles.rpc_node import RpcNode, Vice, dropping, hasty, rpc_node, slow
from tests.sdk.custodians.conftest import MEMBERS, SCOPE, World
from unwrapped_dao import samples
from unwrapped_dao.app.in_process import local
from unwrapped_dao.chain.collective import Collective
from unwrapped_dao.chain.http import HttpTransport
from unwrapped_dao.chain.market import SaleState
from unwrapped_dao.chain.noting import MemoryNotes, NotingClient
from unwrapped_dao.chain.profiles import DEV
from unwrapped_dao.chain.transport import Transport
from unwrapped_dao.chain.wanted import Wanted
from unwrapped_dao.errors import TemporaryError, UntrustedDataError
from unwrapped_dao.roles.custodian import Custodian, Daemon, Finality, News

# One worker builds the collective, once.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("hostile node")]

LAG = 3
PATIENT = DEV.model_copy(update={"delivery_window": 1_200})


@pytest.fixture(scope="module")
def node() -> Iterator[RpcNode]:
    with rpc_node(lag=LAG) as found:
        yield found


@pytest.fixture(scope="module")
def remote(node: RpcNode) -> Iterator[World]:
    """2 of 3 custodians, over HTTP."""
    with local(members=MEMBERS, committee=(2, 3), node=(node.client(), node.faucet), profile=PATIENT) as dao:
        with samples.exports(MEMBERS, seed=3, min_plays=5_000, max_plays=5_000) as exports:
            for member, export in zip(dao.members, exports, strict=True):
                member.contribute(member.preview(export, scope=SCOPE))
        for custodian in dao.custodians:
            custodian.post_heartbeat()
        yield World(dao, dao.seal(SCOPE))


@pytest.fixture(autouse=True)
def _honest_afterwards(node: RpcNode) -> Iterator[None]:
    yield
    node.vice, node.lag = None, LAG


class Watch:
    """Custodians of their own on the node, acting on final blocks alone; `said` is what their daemons told."""

    def __init__(self, node: RpcNode, world: World) -> None:
        self.node, self.world = node, world
        self.said: list[News] = []
        self.custodians = [self._custodian(place) for place in range(3)]
        self.daemons = [
            Daemon(lambda place=place: nullcontext(self.custodians[place]), self.said.append)  # type: ignore[misc]
            for place in range(3)
        ]

    def _custodian(self, place: int, transport: Transport | None = None, ceiling_wei: int | None = None) -> Custodian:
        dao, notes = self.world.dao, MemoryNotes()
        client = NotingClient(transport or HttpTransport(self.node.url, timeout_s=10), notes, ceiling_wei=ceiling_wei)
        collective = Collective.at(client, dao.collective.deployment)
        vault = dao.custodians[place].seats._vault
        return Custodian(collective, dao.keepers[place], vault, finality=Finality(client, "finalized", notes))

    def beside_a_twin(self, place: int) -> None:
        """Another daemon of this custodian, on another machine, does its round whenever the first is about to send.

        It offers another fee, so that the two never sign the same bytes.
        """
        keeper = self.world.dao.keepers[place]
        usual = self.node.client().unsigned(Wanted(signer=keeper, to=str(keeper.address)))
        twin = self._custodian(place, ceiling_wei=usual["maxFeePerGas"] - 1)

        class Overtaken(HttpTransport):
            def request(self, method: str, params: list[Any]) -> Any:
                if method == "eth_sendRawTransaction":
                    twin.run_once()
                return super().request(method, params)

        self.custodians[place] = self._custodian(place, Overtaken(self.node.url, timeout_s=10))

    def rounds(self, count: int) -> None:
        """Each daemon looks; then a block is mined."""
        for _ in range(count):
            for daemon in self.daemons:
                daemon._attempt()
            vice, self.node.vice = self.node.vice, None
            self.node.client().request("evm_increaseTime", [30])
            self.node.mine()
            self.node.vice = vice

    def until_settled(self, sale_id: bytes, *, most: int = 60) -> None:
        for _ in range(most):
            vice, self.node.vice = self.node.vice, None
            state = self.world.state(sale_id)
            self.node.vice = vice
            if state is SaleState.SETTLED:
                return
            self.rounds(1)
        raise AssertionError(self.said)


def everything_once(world: World, sale_id: bytes) -> None:
    assert len(world.readies(sale_id)) == len(set(world.readies(sale_id))) == 3
    assert len(world.posted(sale_id)) == len(set(world.posted(sale_id)))
    delivered = [(d.height, d.index) for d in world.dao.collective.market.deliveries(sale_id)]
    assert delivered == [(n.height, n.index) for n in world.cover(sale_id)]


# --- reorganisations ------------------------------------------------------------------------------------------------


def test_an_approval_that_is_taken_back_before_it_is_final_lets_no_share_out(node: RpcNode, remote: World) -> None:
    watch = Watch(node, remote)
    sale_id, proposal = remote.voted(opting_out=(1,))
    with node.undone():
        remote.dao.relayer.execute(proposal)
        watch.rounds(2)
        assert remote.state(sale_id) is SaleState.APPROVED
        assert remote.readies(sale_id) == [] and remote.posted(sale_id) == []
    assert remote.state(sale_id) is SaleState.OFFERED
    watch.rounds(LAG + 2)
    assert remote.readies(sale_id) == [] and remote.posted(sale_id) == []
    assert not [news for news in watch.said if news.event == "done"]
    remote.dao.relayer.execute(proposal)  # it comes again, and is served
    watch.until_settled(sale_id)
    everything_once(remote, sale_id)


def test_ready_and_shares_that_are_reorganised_away_are_said_again_and_not_twice(node: RpcNode, remote: World) -> None:
    watch = Watch(node, remote)
    sale_id = remote.approved(opting_out=(0,))
    for _ in range(40):
        if len(remote.readies(sale_id)) == 3:
            break
        before = len(remote.readies(sale_id))
        with node.undone():
            watch.rounds(1)  # whatever they do now is lost
        assert len(remote.readies(sale_id)) == before
        watch.rounds(1)
    watch.until_settled(sale_id)
    everything_once(remote, sale_id)


# --- bad nodes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vice", [dropping(23), slow(0.01)], ids=["drops requests", "slow"])
def test_a_bad_line_delays_a_sale_and_changes_nothing(node: RpcNode, remote: World, vice: Vice) -> None:
    watch = Watch(node, remote)
    sale_id = remote.approved(opting_out=(2,))
    node.vice = vice
    watch.until_settled(sale_id)
    node.vice = None
    everything_once(remote, sale_id)


def test_a_node_that_lies_about_its_head_moves_nobody_and_no_sale_is_missed(node: RpcNode, remote: World) -> None:
    watch = Watch(node, remote)
    watch.rounds(1)
    sale_id = remote.approved()
    watch.rounds(1)
    node.vice = hasty
    with pytest.raises(UntrustedDataError):
        watch.custodians[0].run_once()
    node.vice, node.lag = None, 400
    with pytest.raises(TemporaryError, match="was final before"):
        watch.custodians[0].run_once()
    assert remote.readies(sale_id) == []
    node.lag = LAG
    watch.until_settled(sale_id)


def test_two_daemons_of_one_custodian_on_two_machines_post_nothing_twice(node: RpcNode, remote: World) -> None:
    """As when a backup was restored while the first machine still ran."""
    watch = Watch(node, remote)
    watch.beside_a_twin(0)
    sale_id = remote.approved(opting_out=(2,))
    watch.until_settled(sale_id)
    everything_once(remote, sale_id)


def test_a_node_that_hides_an_opt_out_gets_no_list_and_no_share_but_an_alarm(node: RpcNode, remote: World) -> None:
    """Its list would give the member's key away. The counters on the chain say that somebody is missing."""
    watch = Watch(node, remote)
    sale_id = remote.approved(opting_out=(1, 3))
    opted_out = remote.dao.collective.market._contract.abi.indexed_topics("OptedOut", {})[0]

    def hiding(at: RpcNode, method: str, params: list[Any]) -> Any:
        found = at.honest(method, params)
        if method == "eth_getLogs":
            hidden = [log for log in found if log["topics"][0] == opted_out]
            return [log for log in found if log not in hidden[:1]]
        return found

    node.vice = hiding
    watch.rounds(LAG + 4)
    node.vice = None
    assert remote.readies(sale_id) == [] and remote.posted(sale_id) == []
    assert any(news.alarm and "account for" in news.told for news in watch.said)
    watch.until_settled(sale_id)
    assert remote.dao.collective.market.excluded_leaves(sale_id) == [1, 3]


def test_a_node_that_tells_another_offer_is_not_served(node: RpcNode, remote: World) -> None:
    """Another buyer key in the event would have shares encrypted to a stranger."""
    watch = Watch(node, remote)
    sale_id = remote.approved()
    made = remote.dao.collective.market._contract.abi.indexed_topics("OfferMade", {})[0]
    original, other = remote.offer(sale_id), remote.price.to_bytes(32, "big").hex()

    def forging(at: RpcNode, method: str, params: list[Any]) -> Any:
        found = at.honest(method, params)
        if method == "eth_getLogs":
            return [
                log | {"data": log["data"].replace(other, (remote.price + 1).to_bytes(32, "big").hex())}
                if log["topics"][0] == made
                else log
                for log in found
            ]
        return found

    watch.rounds(LAG)
    node.vice = forging
    with pytest.raises(UntrustedDataError, match="another offer"):
        watch.custodians[0].run_once()
    node.vice = None
    assert remote.offer(sale_id) == original and remote.readies(sale_id) == []
