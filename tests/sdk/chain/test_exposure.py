"""Who could read a contribution now, and after which votes: one sentence, from the chain alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from unwrapped_dao import samples
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain.committee import GenerationState
from unwrapped_dao.chain.exposure import Exposure
from unwrapped_dao.chain.market import Offer
from unwrapped_dao.chain.registry import Pool

SCOPE, PURPOSE, MEMBERS = "artist-preferences", "ai-training", 4


def test_the_sentence_of_each_case() -> None:
    def sentence(**facts: int | bool | str | tuple[str, ...]) -> str:
        given: dict[str, object] = {
            "readers": (),
            "sealed": True,
            "deliveries": 0,
            "to_you": 0,
            "approved": 0,
            "open_offers": 0,
            "withdrawn": False,
            "committee": "3-of-5",
            "one_can_read": False,
        }
        return Exposure(**(given | facts)).sentence  # type: ignore[arg-type]

    assert sentence() == (
        "It can be read now by the validators you showed it to and any 3 of the 5 key keepers together, if they break "
        "the rules (this pool's key was never delivered); by nobody else before a sale is offered and voted."
    )
    assert "the one key keeper (1-of-1) alone" in sentence(one_can_read=True, committee="1-of-1")
    assert "each of the 3 key keepers (1-of-3) alone" in sentence(one_can_read=True, committee="1-of-3")
    assert (
        "any 3 of the 5 key keepers together, or any 2 of the 4 or any 2 of the 2 among whom the key was shared anew, "
        "if they break the rules (" in sentence(other_sets=("2-of-4", "2-of-2"))
    )
    assert "the one key keeper (1-of-1) alone, or any 2 of the 4 among whom the key was shared anew (" in sentence(
        one_can_read=True, committee="1-of-1", other_sets=("2-of-4",)
    )
    assert "is not published before the seal" in sentence(sealed=False)
    assert "delivered twice, once with yours" in sentence(deliveries=2, to_you=1)
    assert "delivered 3 times, never with yours" in sentence(deliveries=3)
    assert "the buyers of 2 sales" in sentence(deliveries=2, to_you=2)
    assert "after its vote by the buyer of 1 open offer, unless you opt out before" in sentence(open_offers=1)
    assert "once the keys are delivered, by the buyer of 1 approved sale" in sentence(approved=1)
    assert "since you withdrew" in sentence(withdrawn=True)


@pytest.fixture(scope="module")
def sold() -> Iterator[tuple[LocalCollective, Pool]]:
    with local(members=MEMBERS, committee=(2, 3)) as dao:
        with samples.exports(MEMBERS, seed=3, min_plays=5_000, max_plays=5_000) as exports:
            for member, export in zip(dao.members, exports, strict=True):
                member.contribute(member.preview(export, scope=SCOPE))
        yield dao, dao.seal(SCOPE)


def exposures(dao: LocalCollective, pool: Pool) -> list[Exposure]:
    found = []
    for member in dao.members:
        contribution = dao.collective.registry.contribution_of(pool, member.address)
        assert contribution is not None
        found.append(member.exposure(pool, contribution))
    return found


def test_it_follows_offer_opt_out_vote_delivery_and_withdrawal(sold: tuple[LocalCollective, Pool]) -> None:
    dao, pool = sold
    assert [(e.deliveries, e.to_you, e.open_offers) for e in exposures(dao, pool)] == [(0, 0, 0)] * MEMBERS
    offer: Offer = dao.buyer.offer(pool, price=1_000, purpose=PURPOSE)
    assert [e.open_offers for e in exposures(dao, pool)] == [1] * MEMBERS
    proposal = dao.members[0].propose(offer)
    dao.members[1].opt_out(offer)
    assert [e.open_offers for e in exposures(dao, pool)] == [1, 0, 1, 1]
    for member in dao.members:
        member.vote(proposal, "for")
    dao.relayer.execute(dao.collective.governor.proposal(proposal))
    assert [e.approved for e in exposures(dao, pool)] == [1, 0, 1, 1]
    assert [e.to_you for e in exposures(dao, pool)] == [0] * MEMBERS
    dao.serve()
    after = exposures(dao, pool)
    assert [(e.deliveries, e.to_you) for e in after] == [(1, 1), (1, 0), (1, 1), (1, 1)]
    assert [any("buyer" in reader.who for reader in e.readers) for e in after] == [True, False, True, True]
    assert "2 of the 3 key keepers" in after[0].sentence
    dao.members[3].withdraw(SCOPE, pool.epoch)
    dao.buyer.offer(pool, price=2_000, purpose=PURPOSE)
    later = exposures(dao, pool)
    assert [(e.open_offers, e.withdrawn) for e in later] == [(1, False), (1, False), (1, False), (0, True)]


def test_custodians_of_a_reshared_key_are_named_beside_the_old_ones(
    sold: tuple[LocalCollective, Pool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old shares stay usable: whoever ever held the key is told, whichever generation the pool is pinned to."""
    dao, pool = sold
    committee = dao.collective.committee
    first = committee.generation(1)
    known = {
        1: first,
        2: replace(first, number=2, state=GenerationState.GIVEN_UP, y=(0, 0, 0, 0), custodians=("0x02",)),
        3: replace(first, number=3, custodians=("0x03", "0x04"), source=1),
        4: replace(first, number=4, y=(1, 2, 3, 4), custodians=("0x05",)),  # another key
    }
    none = replace(first, number=5, state=GenerationState.NONE)
    monkeypatch.setattr(type(committee), "generation", lambda _, number, **__: known.get(number, none))
    assert [g.number for g in committee.of_same_key(1)] == [1, 3]
    assert [g.number for g in committee.of_same_key(3)] == [1, 3]
    told = exposures(dao, pool)[0]
    assert told.other_sets == ("2-of-2",)
    assert [reader.how for reader in told.readers if reader.who.startswith("the custodians")] == [
        "2 of them together, against the rules (2-of-3); your envelope is published",
        "2 of them together, against the rules (2-of-2); your envelope is published",
    ]
