"""The tutorial's collective goes on: colluding validators attest spoilt envelopes; a delivery of another sale comes.

What a buyer is told stands on processes of the command line; what no command would ever send (a forged contribution, a
delivery that is not its sender's own) is sent by the same roles and clients in this process.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import get_args

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from tests.docs.commands import run
from tests.docs.hostile_envelopes import CASES, Forge
from tests.docs.rehearsal import PASSPHRASE, WORKSPACE, Told, opened, world
from unwrapped_dao.app import App
from unwrapped_dao.chain import eip712
from unwrapped_dao.chain.market import Offer, SaleState
from unwrapped_dao.chain.registry import NO_RECORD, Pool, Record, join_attestations
from unwrapped_dao.chain.signer import Signer
from unwrapped_dao.cli.running import exit_code
from unwrapped_dao.crypto.bn254 import hash_hints
from unwrapped_dao.crypto.envelope import EnvelopeContext
from unwrapped_dao.crypto.tree import Node, cover
from unwrapped_dao.errors import CapsuleFault, ContractRefusedError, EnvelopeFault
from unwrapped_dao.roles.identity import committee_key, pool_identity

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("tutorial")]
SOUND = ("ana", "ben")
DOLLAR = 10**6


@pytest.fixture(scope="module")
def sold(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tutorial's folder, two sales later. Sale 2, of a pool that holds two sound envelopes and every
    spoilt one, is settled; sale 3, of the tutorial's own pool, is approved and not delivered."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(told[0] / WORKSPACE, folder / WORKSPACE)
    with opened(folder) as app:
        custodian = app.custodian("custodian")
        week, heartbeat = custodian.heartbeat()
        old = app.collective.registry.pools()[0]
        relayer = app.relayer("custodian")
        pool = relayer.open_epoch(old.scope_id, week, heartbeat)
        hostile = _contribute(app, pool)
        pool = relayer.seal(relayer.announce(pool))
        _approve(app, _offer(app, pool, 3_000 * DOLLAR), hostile)
        custodian.run_once()
        _approve(app, _offer(app, old, 1_000 * DOLLAR), hostile)
    yield folder
    shutil.rmtree(folder)


def _contribute(app: App, pool: Pool) -> list[LocalAccount]:
    """Sound envelopes by Ana and Ben, and one hostile member per case, who are returned."""
    hostile: list[LocalAccount] = []
    collective = app.collective
    assert app.chain is not None
    key = committee_key(collective.committee.generation(pool.generation))
    tutorials = collective.membership.members_ever()
    nodes = cover(tutorials + len(CASES), pool.height, ())

    def forge(number: int) -> Forge:
        delivered = next(node for node in nodes if node.covers(number))
        return Forge(EnvelopeContext(pool_identity(collective, pool), number, pool.height), key, delivered)

    for number, name in enumerate(SOUND):
        _record(app, pool, app.account(name), forge(number).good())
    for number, (_, _, make) in enumerate(CASES, start=tutorials):
        member: LocalAccount = Account.create()
        hostile.append(member)
        app.client.send(app.chain.faucet, member.address, value=10**18)
        collective.membership.join(member)
        _record(app, pool, member, make(forge(number)))
    return hostile


def _record(app: App, pool: Pool, member: Signer, data: bytes) -> None:
    """Published, and on the chain with the signatures of as many validators as the pool asks for."""
    content, registry = app.store.publish(BytesIO(data)).digest, app.collective.registry
    record = Record(1, 1, content, keccak(content + b"fingerprint"), keccak(content + b"report"))
    expiry = app.client.now() + 3_600
    said = eip712.Contribution(
        member.address, pool.scope_id, pool.epoch, 1, content, 1, record.fingerprint, record.report, expiry
    )
    domain = eip712.read_domain(app.client, registry.address)
    signers = [app.accounts.signer(f"validator-{n}") for n in range(1, pool.attestations + 1)]
    registry.contribute(
        member,
        member=member.address,
        scope_id=pool.scope_id,
        epoch=pool.epoch,
        record=record,
        live=NO_RECORD,
        expiry=expiry,
        attestations=join_attestations([(s.address, eip712.sign(s, domain, said)) for s in signers]),
    )


def _offer(app: App, pool: Pool, price: int) -> Offer:
    return app.buyer("buyer").offer(pool, price=price, purpose="ai-training")


def _approve(app: App, offer: Offer, hostile: Sequence[LocalAccount]) -> None:
    """By everybody of the tutorial, and by as many of the others as the quorum (a fifth) still needs."""
    proposal_id = app.member("ana").propose(offer)
    for name in ("ana", "ben", "cleo"):
        app.member(name).vote(proposal_id, "for")
    for account in hostile[:2]:
        app.collective.governor.vote(account, proposal_id, "for")
    app.relayer("buyer").execute(app.collective.governor.proposal(proposal_id))
    assert app.collective.market.sale(app.collective.market.sale_id(offer)).state is SaleState.APPROVED


def test_the_spoilt_envelopes_are_of_every_class_that_a_buyer_can_meet() -> None:
    classes = {f"envelope {kind}" for kind in get_args(EnvelopeFault)}
    classes |= {f"capsule {kind}" for kind in get_args(CapsuleFault) if kind != "node"}
    assert {check for _, check, _ in CASES} == classes


def test_every_spoilt_envelope_is_named_with_its_class_and_the_sound_ones_are_opened(sold: Path) -> None:
    before = world(sold)
    result = run(["buyer", "receive", "2", "--output", "received", "--json"], sold, UNWRAPPED_PASSPHRASE=PASSPHRASE)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr and PASSPHRASE not in result.stdout + result.stderr
    found = json.loads(result.stdout)
    assert (found["members"], found["rows"], found["rejected"]) == (len(SOUND), len(SOUND), [])
    told = {row["member_number"]: row for row in found["unopened"]}
    first = min(told)
    assert {CASES[number - first][0]: row["check"] for number, row in told.items()} == {
        what: check for what, check, _ in CASES
    }
    assert all(row["reason"].endswith(".") and row["try_again"] is False for row in told.values())
    evidence = json.loads((sold / "received" / "unopened.json").read_text())
    assert evidence["unopened"] == found["unopened"]
    after = world(sold)
    assert (after.head, after.money) == (before.head, before.money)
    assert {name: digest for name, digest in after.files.items() if not name.startswith("received/")} == before.files


def test_a_delivery_for_another_sale_is_refused_and_the_right_one_still_comes(sold: Path) -> None:
    before = world(sold)
    with opened(sold) as app:
        collective = app.collective
        market = collective.market
        (first, _), _, (third, offer) = market.offers().items()
        pool = pool_identity(collective, collective.registry.pools()[0])
        nodes, sale, sender = market.deliveries(first), market.sale(third), app.account("custodian")
        assert [(node.height, node.index) for node in nodes] == [
            (node.height, node.index) for node in app.custodian("custodian").cover(third, offer)
        ]
        hints = hash_hints([pool.node_id(Node(node.height, node.index)) for node in nodes])
        with pytest.raises(ContractRefusedError) as refused:
            market.deliver(sender, offer, nodes, hints)
        assert market.sale(third) == sale and market.deliveries(third) == []
    assert refused.value.error == "DeliveryInvalid" and exit_code(refused.value) == 5
    assert refused.value.message.count(".") == 1 and refused.value.message.endswith(".") and refused.value.hint
    after = world(sold)
    wei, dollars = after.money[sender.address]
    assert wei < before.money[sender.address][0]  # the embedded chain mines what it refuses: its sender pays the gas
    assert after.money | {sender.address: (before.money[sender.address][0], dollars)} == before.money
    assert after.files == before.files
    with opened(sold) as app:
        app.custodian("custodian").run_once()
        assert app.collective.market.sale(third).state is SaleState.SETTLED
