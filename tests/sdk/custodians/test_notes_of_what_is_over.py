"""What a custodian keeps on its disk: enough to do nothing twice, and no more however many sales there were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.custodians.conftest import PURPOSE, SCOPE, World
from unwrapped_dao import samples
from unwrapped_dao.app.in_process import local
from unwrapped_dao.chain.collective import Collective
from unwrapped_dao.chain.committee import GenerationState
from unwrapped_dao.chain.governor import Action
from unwrapped_dao.chain.market import SaleState
from unwrapped_dao.chain.noting import NotingClient
from unwrapped_dao.chain.transport import Transport
from unwrapped_dao.roles.custodian import Custodian, Finality
from unwrapped_dao.roles.custodian.subjects import is_over, key_subject, sale_subject, week_subject
from unwrapped_dao.storage.notes import FolderNotes

pytestmark = pytest.mark.long

MEMBERS, SHAPE, LAG = 3, (2, 3), 4
BATCHES, SALES = 3, 6


class Lagging:
    """Blocks of this chain are final when `LAG` others stand on them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.flat_gas_limit = transport.flat_gas_limit

    def request(self, method: str, params: list[Any]) -> Any:
        if method == "eth_getBlockByNumber" and params[0] == "finalized":
            head = int(self._transport.request("eth_blockNumber", []), 16)
            params = [hex(max(0, head - LAG)), *params[1:]]
        return self._transport.request(method, params)

    def close(self) -> None:
        """It belongs to the world."""


@pytest.fixture(scope="module")
def small() -> Iterator[World]:
    with local(members=MEMBERS, committee=SHAPE) as dao:
        with samples.exports(MEMBERS, seed=3, min_plays=5_000, max_plays=5_000) as exports:
            for member, export in zip(dao.members, exports, strict=True):
                member.contribute(member.preview(export, scope=SCOPE))
        yield World(dao, dao.seal(SCOPE))


def keeper(world: World, place: int, folder: Path) -> Custodian:
    """As it is after a start: its share, and its notes on the disk."""
    dao, notes = world.dao, FolderNotes(folder / str(place))
    client = NotingClient(Lagging(dao.collective.client.transport), notes)
    finality = Finality(client, "finalized", notes)
    vault = dao.custodians[place].seats._vault
    return Custodian(Collective.at(client, dao.collective.deployment), dao.keepers[place], vault, finality=finality)


def approve(world: World, count: int) -> list[bytes]:
    """So many sales by one vote."""
    dao, market = world.dao, world.dao.collective.market
    sales = []
    for _ in range(count):
        world.price += 1
        sales.append(market.sale_id(dao.buyer.offer(world.pool, price=world.price, purpose=PURPOSE)))
    call = Action(market.address, market.approve_calldata(sales))
    proposal = dao.members[0].propose_calls([call], f"sales {world.price}")
    for member in dao.members:
        member.vote(proposal, "for")
    dao.relayer.execute(dao.collective.governor.proposal(proposal))
    return sales


def blocks(world: World, count: int) -> None:
    for _ in range(count):
        world.dao.collective.client.request("evm_mine")


def kept(folder: Path) -> int:
    """The most files that one of them keeps."""
    return max(len(list(path.iterdir())) for path in folder.iterdir())


def test_notes_stay_few_over_many_sales_and_a_restart_sends_nothing_again(small: World, tmp_path: Path) -> None:
    client, most = small.dao.collective.client, 0
    keepers = [keeper(small, place, tmp_path) for place in range(3)]
    for batch in range(BATCHES):
        sales = approve(small, SALES)
        while any(small.state(sale) is not SaleState.SETTLED for sale in sales):
            blocks(small, 1)
            for custodian in keepers:
                custodian.run_once()
        most = max(most, kept(tmp_path))
        sent = [client.nonce(account.address) for account in small.dao.keepers]
        # Settled, and not final: a reorganisation may ask for all of it once more, so nothing is forgotten yet.
        assert kept(tmp_path) > SALES
        keepers = [keeper(small, place, tmp_path) for place in range(3)]
        for custodian in keepers:
            custodian.run_once()
        blocks(small, LAG + 1)
        for custodian in keepers:
            custodian.run_once()
        assert kept(tmp_path) == 1, batch  # the highest final block
        keepers = [keeper(small, place, tmp_path) for place in range(3)]
        for custodian in keepers:
            assert custodian.run_once().deeds == []
        assert [client.nonce(account.address) for account in small.dao.keepers] == sent
    assert most <= 3 * SALES + 1, most  # READY, shares and delivery of one batch
    for sale in small.dao.collective.market.approved():
        assert sorted(small.readies(sale)) == [1, 2, 3]
        assert len(small.posted(sale)) == len(set(small.posted(sale)))


def test_what_could_still_be_mined_is_not_forgotten(small: World, tmp_path: Path) -> None:
    """A transaction whose number is not used up may come at any time, whatever it was for."""
    dao, account = small.dao, small.dao.keepers[0]
    client = NotingClient(Lagging(dao.collective.client.transport), FolderNotes(tmp_path))

    class Killed(BaseException):
        """Noted, and not sent."""

    def kill(*_: object) -> None:
        raise Killed

    with client.about("sale-00"), pytest.raises(Killed):
        client.send(account, account.address, value=1, on_signed=kill)
    assert client.subjects() == {"sale-00"}
    assert client.forget("sale-00", "latest") == 0
    with client.about("sale-00"):
        client.send(account, account.address, value=1)
    assert client.forget("sale-01", "latest") == 0
    assert client.forget("sale-00", hex(client.block_number() - 1)) == 0  # mined, and not final
    assert client.forget("sale-00", "latest") == 1
    assert client.subjects() == set()


def test_a_key_is_over_once_it_is_formed_and_a_week_after_the_next(small: World) -> None:
    collective = small.dao.collective
    sale = collective.market.approved()[0]
    assert collective.committee.generation(1).state is GenerationState.ACTIVE
    for subject, over in (
        (key_subject(1), True),
        (key_subject(2), False),  # none yet: it may be formed in blocks that are not final
        (week_subject(2_900), False),
        (week_subject(2_899), False),
        (week_subject(2_898), True),
        (sale_subject(sale), True),  # settled
        (sale_subject(bytes(32)), False),  # unknown
        ("other", False),
    ):
        assert is_over(subject, collective, 2_900) == over, subject
