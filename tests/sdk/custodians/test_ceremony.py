"""Forming and resharing a key by the custodians' own steps: cheats are found by the others, the silent are left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.sdk.custodians.conftest import SCOPE, World
from unwrapped_dao import samples
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain.board import Phase
from unwrapped_dao.chain.committee import GenerationState
from unwrapped_dao.chain.governor import Action
from unwrapped_dao.chain.market import SaleState
from unwrapped_dao.chain.powers import generations
from unwrapped_dao.crypto import complaint as complaints
from unwrapped_dao.crypto import dkg, hashing, shamir
from unwrapped_dao.crypto.bn254 import P1, P2, G1Point, G2Point, R
from unwrapped_dao.crypto.complaint import Complaint
from unwrapped_dao.crypto.dkg import VerifiedDeal
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.vault import MemoryVault
from unwrapped_dao.errors import ContractRefusedError, NotAllowedError, NotFoundError
from unwrapped_dao.roles.custodian import Custodian
from unwrapped_dao.roles.custodian.ceremony import Ceremony

# One worker builds the collective, once.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("ceremony")]


@contextmanager
def unformed(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCollective]:
    """A collective whose first key is still to be formed."""
    with monkeypatch.context() as patch:
        patch.setattr(LocalCollective, "form", lambda dao: None)
        patch.setattr(LocalCollective, "open", lambda dao, scope: None)
        opened = local(members=1, committee=shape)
        dao = opened.__enter__()
    try:
        yield dao
    finally:
        opened.__exit__(None, None, None)


def state(dao: LocalCollective, number: int) -> GenerationState:
    return dao.collective.committee.generation(number).state


def rounds(*custodians: Custodian) -> list[str]:
    """Let them act in turn until nobody can; what they did. Who has no part (any more) does nothing."""
    did: list[str] = []
    while new := [line for c in custodians if c.has_part_in_forming() for line in c.setup().did]:
        did += new
    return did


class Cheat(Ceremony):
    """Deals custodian `victim` a share that does not fit its commitments."""

    victim = 2

    def _dealing(self, part: Any) -> dkg.Dealing:
        made = super()._dealing(part)
        shares = list(made.deal.shares)
        shares[self.victim - 1] ^= 1
        return replace(made, deal=replace(made.deal, shares=tuple(shares)))


class Accuser(Ceremony):
    """Complains of a dealer that did nothing wrong."""

    def accuse(self, dealer: int) -> None:
        part = self._part(generations(self._collective)[-1])
        posted = self._posted(part).deals()[dealer]
        verified = self._posted(part).verified(posted)
        secret = self._encryption_key(part)
        k = secret.to_secret_int()
        honest = Complaint(part.receiver, P1 * k, verified.deal.E * k, 0, 0)
        made = _proven(honest, verified, secret)
        self._board.complain(
            self._account, part.generation.number, posted, made.K.words, made.Z.words, (made.c, made.s)
        )


def _proven(complaint: Complaint, verified: dkg.VerifiedDeal, secret: SecretScalar) -> Complaint:
    """The Chaum–Pedersen proof of a complaint that has no reason: `complaint.complain` refuses to make one."""
    nonce = 12345
    c = complaints._challenge(verified, complaint.index, complaint.K, complaint.Z, P1 * nonce, verified.deal.E * nonce)
    return replace(complaint, c=c, s=(nonce + c * secret.to_secret_int()) % R)


# --- fresh keys -----------------------------------------------------------------------------------------------------


def test_five_custodians_form_a_key_that_no_three_minus_one_of_them_know(world: World) -> None:
    generation = world.dao.collective.committee.generation(1)
    shares = {i: c.seats.share(generation) for i, c in enumerate(world.dao.custodians, 1)}
    x = shamir.combine({i: shares[i] for i in (1, 3, 5)})
    assert x == shamir.combine({i: shares[i] for i in (2, 3, 4)})
    assert P2 * x.to_secret_int() == G2Point.from_words(generation.y)
    assert shamir.combine({1: shares[1], 2: shares[2]}) != x
    assert world.dao.custodian.setup().did == ()  # again: nothing


def test_a_wrong_deal_is_complained_of_and_its_dealer_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with unformed((2, 4), monkeypatch) as dao:
        honest, cheat = dao.custodians[:3], dao.custodians[3]
        cheat._ceremony.__class__ = Cheat
        did = rounds(*dao.custodians)
        assert "complained of dealer 4" in did and any("stalled" in line for line in did)
        assert state(dao, 1) is GenerationState.GIVEN_UP and state(dao, 2) is GenerationState.ACTIVE
        second = dao.collective.committee.generation(2)
        assert second.shape == "2-of-3" and cheat.address not in second.custodians
        assert all(custodian.holds(second) for custodian in honest)
        with pytest.raises(NotAllowedError, match="no custodian"):
            cheat.setup()


def test_a_false_complaint_is_refused_and_forming_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with unformed((2, 3), monkeypatch) as dao:
        accuser = dao.custodians[0]
        accuser._ceremony.__class__ = Accuser
        board = dao.collective.committee.board
        while board.formation(1).phase is not Phase.COMPLAIN:
            for custodian in dao.custodians:
                # One step each: nobody gets past dealing before all have.
                if board.formation(1).phase is not Phase.COMPLAIN:
                    custodian.setup()
        with pytest.raises(ContractRefusedError) as refused:
            accuser._ceremony.accuse(2)  # type: ignore[attr-defined]
        assert refused.value.error == "ComplaintUnfounded"
        rounds(*dao.custodians)
        assert state(dao, 1) is GenerationState.ACTIVE
        assert board.formation(1).convicted == frozenset()


def test_who_does_not_register_in_time_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with unformed((2, 3), monkeypatch) as dao:
        there = dao.custodians[:2]
        assert rounds(*there) == ["registered its encryption key"] * 2
        stand = there[0].setup()
        assert dao.custodians[2].address in stand.sentence and not stand.over
        dao.collective.client.wait_until(dao.collective.committee.board.formation(1).until + 1)
        rounds(*there)
        assert state(dao, 2) is GenerationState.ACTIVE
        assert dao.collective.committee.generation(2).shape == "2-of-2"


def test_a_key_that_ends_forming_between_two_looks_ends_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    with unformed((2, 3), monkeypatch) as dao:
        board = dao.collective.committee.board
        with monkeypatch.context() as patch:
            ended = replace(board.formation(1), phase=Phase.NONE)
            patch.setattr(type(board), "formation", lambda board, number: ended)
            stand = dao.custodians[0].setup()
            assert not stand.over and "has just ended forming" in stand.sentence
        rounds(*dao.custodians)
        assert state(dao, 1) is GenerationState.ACTIVE


def test_a_custodian_that_lost_everything_but_its_seed_says_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a SIGKILL at any step leaves: the seed. A new process goes on with it."""
    with unformed((2, 3), monkeypatch) as dao:
        seeds = MemoryVault()
        for _ in range(12):
            again = Custodian(dao.collective, dao.keepers[0], MemoryVault(), seeds=seeds)
            again.setup()
            for other in dao.custodians[1:]:
                other.setup()
        generation = dao.collective.committee.generation(1)
        assert generation.state is GenerationState.ACTIVE
        kept = Custodian(dao.collective, dao.keepers[0], MemoryVault(), seeds=seeds)
        assert kept.has_part_in_forming() and not kept.holds(generation)
        kept.setup()
        assert kept.holds(generation) and not kept.has_part_in_forming()
        kept.seats.share(generation)  # held against Y_1 on the chain


# --- resharing ------------------------------------------------------------------------------------------------------


def voted(dao: LocalCollective, data: bytes) -> None:
    """A vote that calls the committee, executed."""
    committee = dao.collective.committee.address
    proposal = dao.members[0].propose_calls([Action(committee, data)], "committee")
    for member in dao.members:
        member.vote(proposal, "for")
    dao.relayer.execute(dao.collective.governor.proposal(proposal))


@pytest.fixture
def collective() -> Iterator[World]:
    """2 of 3, with a sealed pool."""
    with local(members=4, committee=(2, 3)) as dao:
        with samples.exports(4, seed=3, min_plays=5_000, max_plays=5_000) as exports:
            for member, export in zip(dao.members, exports, strict=True):
                member.contribute(member.preview(export, scope=SCOPE))
        yield World(dao, dao.seal(SCOPE))


def test_new_custodians_serve_the_pools_of_the_old_key_a_lost_share_is_given_anew_and_old_shares_still_open(
    collective: World,
) -> None:
    dao, committee = collective.dao, collective.dao.collective.committee
    old = committee.generation(1)
    first, second, third = dao.custodians
    lost = Custodian(dao.collective, dao.keepers[2], MemoryVault())  # the third: its account is all that it has left
    assert not lost.holds(old)
    voted(dao, committee.board.reshare_calldata(1, [dao.keepers[2].address, dao.keepers[0].address], 2))
    for phase in (Phase.REGISTER, Phase.COMMIT, Phase.DEAL):
        # Two of three deal; whether the third comes too is known when the time is over.
        rounds(first, second, lost)
        assert committee.board.formation(2).phase is not Phase.REGISTER, phase
        if committee.board.formation(2).phase in (Phase.COMMIT, Phase.DEAL):
            said = lost.setup().sentence  # of whom nothing is waited for
            assert "deals nothing, and receives a share" in said and lost.address not in said
        if committee.board.formation(2).until:
            dao.collective.client.wait_until(committee.board.formation(2).until + 1)
    rounds(first, second, lost)
    fresh = committee.generation(2)
    assert fresh.state is GenerationState.ACTIVE and (fresh.y, fresh.source) == (old.y, 1)
    assert lost.holds(fresh) and first.holds(fresh) and not second.holds(fresh)
    assert committee.serving(1) == 2
    dealt_only = second.setup()  # its daemon looks once more when others have finished
    assert dealt_only.over and not dealt_only.holds_share and "has no share of it" in dealt_only.sentence

    sale_id = collective.approved(opting_out=(1,))
    for _ in range(6):
        for custodian in (lost, first):
            custodian.run_once()
    assert collective.state(sale_id) is SaleState.SETTLED
    assert dao.buyer.receive(sale_id).num_members == 3 and dao.buyer.unopened == ()
    assert {r.generation for r in committee.readies(2, sale_id)} == {2}
    assert list(committee.readies(1, sale_id)) == []

    # What old shares still can do (docs/custodians.md): everything, two together; not one, nor one with a new one.
    shares = {1: first.seats.share(old), 2: second.seats.share(old)}
    key = G2Point.from_words(old.y)
    assert P2 * shamir.combine(shares).to_secret_int() == key
    mixed = {1: lost.seats.share(fresh), 2: shares[2]}
    assert P2 * shamir.combine(mixed).to_secret_int() != key
    assert P2 * shamir.combine({1: lost.seats.share(fresh), 2: first.seats.share(fresh)}).to_secret_int() == key
    assert third.holds(old)

    # Deleting it: who dealt has it in the seed of what it dealt, too.
    secret = first.seats.share(old)
    assert worked_out_from_a_seed(first, 2) == secret
    with pytest.raises(NotAllowedError, match="still serves"):
        first.forget(2)
    assert len(first.forget(1)) == 3 and first.forget(1) == []
    assert not first.holds(old) and first.holds(fresh) and first.setup().over
    with pytest.raises(NotFoundError):
        worked_out_from_a_seed(first, 2)


def worked_out_from_a_seed(custodian: Custodian, generation: int) -> SecretScalar:
    """A dealer's old share, from the seed of its deal in a resharing and from what is public."""
    ceremony = custodian._ceremony
    part = ceremony._part(generations(ceremony._collective)[-1])
    assert part.source is not None
    dealer, posted = custodian.seats.require(part.source).index, ceremony._posted(part)
    verified = posted.verified(posted.deals()[dealer])
    seed = ceremony._seeds.get(ceremony.seed_name(generation))
    keys = {i: G1Point.from_words(words) for i, words in ceremony._board.encryption_keys(generation).items()}
    # The same deal of a share that is not known: all but the constant term of its polynomial is the same.
    board = custodian.seats.board(generation)
    made = dkg.make_deal(
        board, dealer, seed, threshold=part.generation.threshold, receivers=keys, own_share=SecretScalar(1)
    )
    context = dkg._context(board, dealer) + b"ephemeral" + bytes(4)
    ephemeral = hashing.dkg_secret(seed.to_secret_bytes(), context)
    assert verified.deal.E == made.deal.E == P1 * ephemeral
    dealt, mine = (VerifiedDeal(board, dealer, deal) for deal in (verified.deal, made.deal))
    difference = dealt.decrypt(1, keys[1] * ephemeral) - mine.decrypt(1, keys[1] * ephemeral)
    return SecretScalar((1 + difference) % R)


def test_a_vote_can_retire_the_key_and_an_approved_sale_is_served_all_the_same(collective: World) -> None:
    dao, committee = collective.dao, collective.dao.collective.committee
    retire = dao.collective.committee._contract.calldata("retire", 1)
    proposal = dao.members[0].propose_calls([Action(committee.address, retire)], "retire")
    for member in dao.members:
        member.vote(proposal, "for")
    found = dao.collective.governor.proposal(proposal)
    dao.relayer.queue(found)
    dao.collective.client.wait_until(dao.collective.governor.eta(proposal))
    sale_id = collective.approved()
    dao.relayer.execute(found)
    assert committee.generation(1).state is GenerationState.RETIRED
    for _ in range(4):
        for custodian in dao.custodians:
            custodian.run_once()
    assert collective.state(sale_id) is SaleState.SETTLED
