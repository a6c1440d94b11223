"""The life of a contribution over HTTP on a real Ganache and a real Anvil, among validators that lie.

Two validators are processes of their own; the third has every vice there is, one after the other, in this process.
The tests tell one story, in order.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from eth_account import Account

from tests.doubles.validators import ANSWER_VICES, RECORD_VICES, TRANSPORT_VICES, Vicious, running
from tests.e2e.chain_nodes import ChainNode
from tests.e2e.chain_nodes import running as node_running
from tests.sdk.service.processes import World, canary_export, world
from unwrapped_dao import kinds
from unwrapped_dao.app import open_app
from unwrapped_dao.app.serving import ValidatorService
from unwrapped_dao.chain import deployments, eip712
from unwrapped_dao.chain.collective import Collective
from unwrapped_dao.service.limits import Limits
from unwrapped_dao.settings import load

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("validators-on-nodes")]
NODES = {"ganache": (), "anvil": ("--slots-in-an-epoch", "1")}
HONEST = ("validator-1", "validator-2")
MEMBERS = ("ana", "ben", "cleo")
SCOPE = "artist-preferences"
NOT_IN_TIME = ("deaf", "dripping", "endless")
LIES = tuple(v for v in (*TRANSPORT_VICES, *ANSWER_VICES, *RECORD_VICES) if v not in ("replaying", "busy"))
"""A replayed answer has a test of its own."""


@pytest.fixture(scope="module", params=NODES)
def node(request: pytest.FixtureRequest) -> Iterator[ChainNode]:
    with node_running(request.param, *NODES[request.param]) as made:
        yield made


@pytest.fixture(scope="module")
def place(node: ChainNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("on-nodes"), MEMBERS, chain=node) as made:
        for name in HONEST:
            made.serve(name)
        yield made


@pytest.fixture(scope="module")
def collective(place: World, node: ChainNode) -> Collective:
    return Collective.at(node.client(), deployments.load(place.home))


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("exports")
    return [str(canary_export(folder, number)) for number in range(len(MEMBERS))]


@pytest.fixture(scope="module")
def third(place: World) -> Iterator[tuple[ValidatorService, Vicious]]:
    """validator-3 in this process, and the server that will misbehave for it."""
    settings = load({"workspace": place.home, "rpc": place.chain.url})
    with open_app(settings, beside=True) as app:
        service = app.validator_service("validator-3", Limits(per_member=10_000))
        account, registry = app.account("validator-3"), app.collective.registry
        domain = eip712.read_domain(app.collective.client, registry.address)
        key = app.validator_keys.encryption_key(account.address)
        yield service, Vicious("failing", service, account, service.record(), key, domain, Account.create())  # type: ignore[arg-type]


@contextmanager
def lying(third: tuple[ValidatorService, Vicious], vice: str) -> Iterator[Vicious]:
    service, model = third
    with running(Vicious(vice, service, model.account, model.record, model.key, model.domain, model.stranger)) as liar:
        yield liar


def _live(collective: Collective) -> dict[str, int]:
    registry = collective.registry
    pool = registry.current_pool(kinds.scope(SCOPE).scope_id)
    return {c.member: c.record.version for c in registry.contributions(pool)}


@pytest.mark.parametrize("vice", LIES)
def test_one_honest_validator_and_a_liar_record_nothing_and_the_liar_is_named(
    place: World, collective: Collective, exports: list[str], third: tuple[ValidatorService, Vicious], vice: str
) -> None:
    with lying(third, vice) as liar:
        timeout = {"UNWRAPPED_VALIDATOR_TIMEOUT_S": "3"} if vice in NOT_IN_TIME else {}
        urls = ["--validators", f"{liar.url},{place.servers[HONEST[0]].url}"]
        done = place.member("ana", "member", "contribute", exports[0], *urls, **timeout)
    assert done.returncode in (3, 4, 5), done
    assert liar.url in done.stderr.partition("error:")[2], done.stderr
    assert "nothing was recorded" in done.stderr or vice == "refusing"
    assert place.servers[HONEST[0]].url not in done.stderr.partition("error:")[2] or vice == "misweighing"
    assert _live(collective) == {}


def test_a_replayed_answer_is_of_no_use(
    place: World, collective: Collective, exports: list[str], third: tuple[ValidatorService, Vicious]
) -> None:
    """Its first answer was good, and is given to everybody after."""
    with lying(third, "replaying") as liar:
        urls = ["--validators", f"{liar.url},{place.servers[HONEST[0]].url}"]
        assert place.member("ana", "member", "contribute", exports[0], *urls).returncode == 0
        done = place.member("ben", "member", "contribute", exports[1], *urls)
    assert done.returncode == 4 and liar.url in done.stderr and "belongs to another request" in done.stderr
    assert len(_live(collective)) == 1


@pytest.mark.parametrize("vice", ["misweighing", "other_member", "endless"])
def test_two_honest_ones_are_enough_whatever_the_third_does(
    place: World,
    collective: Collective,
    exports: list[str],
    third: tuple[ValidatorService, Vicious],
    vice: str,
) -> None:
    with lying(third, vice) as liar:
        urls = ["--validators", liar.url, *place.urls(*HONEST)]
        name = MEMBERS[1 if vice == "misweighing" else 2]
        timeout = {"UNWRAPPED_VALIDATOR_TIMEOUT_S": "30"}
        done = place.member(name, "member", "contribute", exports[MEMBERS.index(name)], *urls, **timeout)
    assert done.returncode == 0, done.stderr
    assert len(_live(collective)) == (2 if vice == "misweighing" else 3)


def test_the_pool_is_published_sold_and_paid(place: World, collective: Collective, node: ChainNode) -> None:
    place.home_run("pool", "announce")
    place.home_run("pool", "seal")
    live = {
        c.record.content
        for c in collective.registry.contributions(collective.registry.current_pool(kinds.scope(SCOPE).scope_id))
    }
    deadline = time.monotonic() + 60
    while True:
        with place.app() as app:
            if {cid.digest for cid in app.store.pins()} == live:
                break
        assert time.monotonic() < deadline, "the sweep does not publish"
        time.sleep(0.5)
    place.home_run("account", "fund", "buyer", "--tusd", "60000")
    place.home_run("buyer", "offer", "--price", "55000", "--purpose", "ai-training")
    assert place.member("ana", "proposal", "create", "--sale", "1").returncode == 0
    for name in MEMBERS:
        voted = place.member(name, "proposal", "vote", "1", "for")
        assert voted.returncode == 0, voted.stderr
    place.home_run("proposal", "execute", "1", "--as", "founder")
    for _ in range(3):  # Anvil calls a block final two blocks later
        for _ in range(2):
            node.client().request("evm_mine", [])
        place.home_run("custodian", "run", "--once")
    place.home_run("buyer", "receive", "1", "--output", str(place.folder / "dataset"))
    claims = [place.member(name, "member", "claim") for name in MEMBERS]
    assert all(claim.stdout.startswith("Paid ") for claim in claims), claims


def test_nothing_personal_is_in_any_audit_log(place: World) -> None:
    logs = list(place.home.rglob("audit.jsonl"))
    assert len(logs) == 3
    for line in (line for log in logs for line in log.read_text().splitlines()):
        assert set(json.loads(line)) <= {"at", "event", "scope", "epoch", "count"} and "0x" not in line
