"""Members without a coin join and contribute by the batch: 21 people, three validator processes, a relayer, a Ganache.

The tests tell one story, in order; validators are killed in the middle of it.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from tests.e2e.chain_nodes import ChainNode, running
from tests.sdk.service.processes import NAMES, World, world
from unwrapped_dao import kinds, samples
from unwrapped_dao.chain import deployments
from unwrapped_dao.chain.collective import Collective
from unwrapped_dao.chain.requests import Request, write
from unwrapped_dao.cli.running import run
from unwrapped_dao.roles import relaying
from unwrapped_dao.roles.member import Member
from unwrapped_dao.roles.signing import RequestSigner
from unwrapped_dao.service.client import RemoteValidator, reach
from unwrapped_dao.storage.pending import PendingEnvelopes
from unwrapped_dao.storage.receipts import Receipts
from unwrapped_dao.validation.request import BatchRequest

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("onboarding")]
SCOPE, PEOPLE = "artist-preferences", 21
LEAVES = 4
"""Who leaves between the relayer's last look and its transaction."""


@pytest.fixture(scope="module")
def node() -> Iterator[ChainNode]:
    with running("ganache") as made:
        yield made


@pytest.fixture(scope="module")
def place(node: ChainNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("onboarding"), (), chain=node) as made:
        for name in NAMES:
            made.serve(name)
        yield made


@pytest.fixture(scope="module")
def people() -> list[LocalAccount]:
    return [Account.create() for _ in range(PEOPLE)]


@pytest.fixture(scope="module")
def collective(place: World, node: ChainNode) -> Collective:
    return Collective.at(node.client(), deployments.load(place.home))


def _relay(place: World, folder: Path, *options: str) -> tuple[int, str]:
    done = place.member("home", "relayer", "submit", str(folder), "--as", "founder", *options)
    return done.returncode, done.stdout + done.stderr


def _written(folder: Path, requests: dict[int, Request]) -> Path:
    folder.mkdir(exist_ok=True)
    for number, request in requests.items():
        write(request, folder / f"{number:03}.json")
    return folder


def _sent(place: World, collective: Collective) -> int:
    """Transactions of the relayer so far."""
    keyfile = json.loads((place.home / "accounts" / "founder.json").read_text())
    return collective.client.nonce(to_checksum_address(f"0x{keyfile['address']}"))


def test_all_of_them_join_in_one_transaction(
    place: World, collective: Collective, people: list[LocalAccount], tmp_path: Path
) -> None:
    joins = {n: RequestSigner(collective, account).join() for n, account in enumerate(people)}
    before = _sent(place, collective)
    code, said = _relay(place, _written(tmp_path / "joins", joins))
    assert code == 0, said
    assert _sent(place, collective) == before + 1
    assert all(collective.membership.member(account.address) is not None for account in people)
    assert all(collective.client.balance(account.address) == 0 for account in people)


@pytest.fixture(scope="module")
def contributions(
    place: World, collective: Collective, people: list[LocalAccount], tmp_path_factory: pytest.TempPathFactory
) -> dict[int, Request]:
    """Signed by everybody; validator-1 is killed while the eighth is looked at, and started again five people later."""
    folder, requests = tmp_path_factory.mktemp("people"), {}
    with samples.exports(PEOPLE, seed=41, min_plays=300, max_plays=350) as exports:
        for number, account in enumerate(people):
            if number == 7:
                place.servers["validator-1"].kill_at.write_text("index written")
            if number == 12:
                assert place.end("validator-1") == -signal.SIGKILL
                place.serve("validator-1")
            urls = [place.servers[name].url for name in NAMES]
            reached = reach(urls, collective, timeout_s=60)
            member = Member(
                collective, account, PendingEnvelopes(folder / str(number)), Receipts(folder / f"receipts-{number}"),
                reached.validators, unreached=reached.unreached, at_once=True,
            )  # fmt: skip
            requests[number] = member.sign_contribution(member.preview(exports[number], scope=SCOPE))
    return requests


def test_a_validator_killed_among_them_costs_nobody_anything(contributions: dict[int, Request]) -> None:
    assert len(contributions) == PEOPLE
    signers = {tuple(sorted(r.attested.signatures)) for r in contributions.values() if r.attested}
    assert len(signers) > 1, "while one was dead the others attested"


def test_they_are_recorded_by_the_batch_a_bad_one_is_skipped_and_nobody_twice(
    place: World,
    collective: Collective,
    people: list[LocalAccount],
    contributions: dict[int, Request],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Batches of six. One member leaves in the last moment; a validator dies after the first batch."""
    monkeypatch.setattr(relaying, "BATCH", 6)
    asked: list[int] = []
    signs = RemoteValidator.attest_batch

    def hook(validator: RemoteValidator, request: BatchRequest) -> bytes:
        if not asked:
            place.chain.fund(people[LEAVES].address)
            collective.membership.leave(people[LEAVES])
        if len(asked) == 2:  # both have signed the first batch
            for name in NAMES:
                place.end(name, signal.SIGKILL)
        asked.append(len(request.attested))
        return signs(validator, request)

    monkeypatch.setattr(RemoteValidator, "attest_batch", hook)
    folder = _written(tmp_path / "contributions", contributions)
    before, urls = _sent(place, collective), place.urls()
    code, said = _relay(place, folder, *urls)
    assert code == 1 and f"{PEOPLE - 1} of {PEOPLE} requests are done" in said, said
    assert f"{LEAVES:03}.json" in said and "one by one" in said
    sent = _sent(place, collective) - before
    assert 1 < sent <= PEOPLE - 6 + 1, "a batch, and then one by one as no validator was left"

    registry = collective.registry
    pool = registry.current_pool(kinds.scope(SCOPE).scope_id)
    live = {c.member: c for c in registry.contributions(pool)}
    assert set(live) == {account.address for n, account in enumerate(people) if n != LEAVES}

    monkeypatch.setattr(RemoteValidator, "attest_batch", signs)
    for name in NAMES:
        place.serve(name)
    after = _sent(place, collective)
    code, said = _relay(place, folder, *place.urls())
    assert code == 1 and f"{PEOPLE - 1} of {PEOPLE} requests are done" in said, said
    assert _sent(place, collective) == after, "nothing was left to send"
    weights = {account: c.record.weight for account, c in live.items()}
    assert registry.contributions(pool) == list(live.values())
    assert {c.record.version for c in live.values()} == {1} and min(weights.values()) > 0
    for name in NAMES:
        assert place.events(name).count("batched") <= 4


def test_the_validators_publish_what_was_sealed(place: World, collective: Collective) -> None:
    home = ["--workspace", str(place.home), "--rpc", place.chain.url]
    assert run(["pool", "announce", *home]) == 0
    assert run(["pool", "seal", *home]) == 0
    deadline = time.monotonic() + 60
    with place.app() as app:
        while len(list(app.store.pins())) < PEOPLE - 1:
            assert time.monotonic() < deadline, "the sweep does not publish"
            time.sleep(0.5)
