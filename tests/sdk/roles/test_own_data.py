"""Everything that is held about a member can be had by the member, and goes where it may: pins and receipts too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from unwrapped_dao import kinds, samples
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.errors import ValidatorUnavailableError
from unwrapped_dao.roles.member import Member
from unwrapped_dao.roles.own_data import ON_CHAIN_STAYS, KeeperHere, OwnData

pytestmark = pytest.mark.xdist_group("own-data")
SCOPE = "artist-preferences"


@pytest.fixture(scope="module")
def dao() -> Iterator[LocalCollective]:
    with local(members=4) as made, samples.exports(4, seed=31, min_plays=400, max_plays=400) as exports:
        for member, export in zip(made.members, exports, strict=True):
            member.contribute(member.preview(export, scope=SCOPE))
        yield made


def own(dao: LocalCollective, member: Member) -> OwnData:
    return OwnData(dao.collective, member._account, member._pending, member._receipts, [Path("nowhere")])


def keepers(dao: LocalCollective) -> list[KeeperHere]:
    return [KeeperHere(validator) for validator in dao.validators]


class Silent:
    """A validator that does not answer."""

    name = "http://127.0.0.1:9"

    def held(self, *_: Any) -> Any:
        raise ValidatorUnavailableError("It does not answer.")

    forget = held


def test_the_export_has_every_place_and_no_record_and_is_json(dao: LocalCollective) -> None:
    member = dao.members[0]
    data = own(dao, member).export([*keepers(dao), Silent()])
    text = json.dumps(data)
    assert data["member"] == member.address and data["on_chain"]["membership"]["number"] == 0
    (contribution,) = data["on_chain"]["contributions"]
    assert (
        contribution["live"]
        and len(contribution["recorded"]) == 1
        and "validators" in contribution["who_could_read_it"]
    )
    (receipt,) = data["on_this_machine"]["receipts"]
    assert receipt["signed"]["message"]["content"] == "0x" + contribution["recorded"][0]["content"]
    # The third was never shown anything; the fingerprint is in the index that it shares with the others.
    assert [len(told.get("held", ())) for told in data["with_validators"].values()] == [2, 2, 1, 0]
    assert data["with_validators"][Silent.name]["problem"] == "It does not answer."
    pool = dao.collective.registry.current_pool(kinds.scope(SCOPE).scope_id)
    others = [c for c in dao.collective.registry.contributions(pool) if c.member != member.address]
    assert not [c for c in others if c.member in text or c.record.content.hex() in text]


def test_a_stranger_has_nothing_on_chain(dao: LocalCollective) -> None:
    stranger = OwnData(dao.collective, dao.faucet, dao.members[0]._pending, dao.members[0]._receipts, [])
    assert stranger.export([])["on_chain"] == {"member": False}


def test_what_is_live_is_kept_with_the_reason(dao: LocalCollective) -> None:
    receipt = own(dao, dao.members[0]).forget(keepers(dao), dao.store)
    here = receipt["on_this_machine"]
    assert here["erased"] == [] and any("withdraw it first" in entry["why"] for entry in here["kept"])
    assert all(told["erased"] == [] for told in receipt["validators"].values())
    assert receipt["done"] and receipt["on_chain_stays"] == list(ON_CHAIN_STAYS)
    kept = [r for _, r in dao.members[0]._receipts.all() if r["receipt"] == "forget"]
    assert kept == [json.loads(json.dumps(receipt))]


def test_a_silent_validator_keeps_the_receipt_that_names_it(dao: LocalCollective) -> None:
    member = dao.members[3]
    member.withdraw(SCOPE)
    receipt = own(dao, member).forget([Silent()], None, {"http://other": {"problem": "No.", "advice": "Wait."}})
    assert set(receipt["validators"]) == {Silent.name, "http://other"}
    assert [r["receipt"] for _, r in member._receipts.all() if r["receipt"] == "consent"] == ["consent"]
    again = own(dao, member).forget(keepers(dao), None)
    assert [told["erased"] != [] for told in again["validators"].values()] == [True, True, False]
    assert not [r for _, r in member._receipts.all() if r["receipt"] == "consent"]


def test_pins_go_once_no_sale_needs_them(dao: LocalCollective) -> None:
    member, market = dao.members[2], dao.collective.market
    pool = dao.seal(SCOPE)
    live = dao.collective.registry.contribution_of(pool, member.address)
    assert live is not None

    def pinned() -> bool:
        return live.record.content in {cid.digest for cid in dao.store.pins()}

    offer = dao.buyer.offer(pool, price=10**6, purpose="ai-training")
    proposal = dao.members[0].propose(offer)
    for voter in dao.members[:3]:
        voter.vote(proposal, "for")
    dao.relayer.execute(dao.collective.governor.proposal(proposal))

    assert "withdraw it first" in own(dao, member).forget([], dao.store)["pins"]["kept"][0]["why"]
    member.withdraw(SCOPE, pool.epoch)
    assert "approved before you withdrew" in own(dao, member).forget([], dao.store)["pins"]["kept"][0]["why"]
    assert pinned()
    dao.collective.client.wait_until(market.sale(market.sale_id(offer)).refundable_at)
    dao.buyer.refund(offer)
    assert len(own(dao, member).forget([], dao.store)["pins"]["erased"]) == 1
    assert not pinned()
    assert own(dao, member).forget([], dao.store)["pins"] == {"erased": [], "kept": []}
    others = [c.record.content for c in dao.collective.registry.contributions(pool) if c.member != member.address]
    assert {cid.digest for cid in dao.store.pins()} == set(others)


def test_a_kill_in_the_middle_leaves_a_sign_of_it_and_the_next_run_ends_it(dao: LocalCollective) -> None:
    member = dao.members[1]

    def killed(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    def done() -> list[bool]:
        return [r["done"] for _, r in member._receipts.all() if r["receipt"] == "forget"]

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(OwnData, "_erase_here", killed)
        own(dao, member).forget([], None)
    assert done() == [False]
    own(dao, member).forget([], None)
    assert done() == [True]
