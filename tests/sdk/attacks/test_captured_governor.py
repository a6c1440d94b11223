"""Invariant 9: a governor in the hands of an attacker. Every call its list allows, with the most hostile arguments.

The attacker speaks as the timelock itself, without vote and delay. The list is read from the deployed governor, so a
new entry fails here until somebody has thought about it. Whatever was called: no escrow and no credit moves, sealed
pools and approved sales stay as they are, and every approved sale can still be delivered to its end and paid out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from eth_utils import keccak

from tests.sdk.attacks.halfway import HALF_DELIVERED, OFFERED, SETTLED, UNFIXED, Halfway, belongings, halfway, promises
from tests.sdk.stateful import model as m
from tests.sdk.stateful.evm import Answer
from tests.sdk.stateful.world import ETH, account
from unwrapped_dao.chain.abi import signature
from unwrapped_dao.crypto.bn254 import P1, hash_to_g1
from unwrapped_dao.crypto.committee import Board, CommitteeKey, prove_possession
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.tree import Node

pytestmark = pytest.mark.long

LIST = [
    ("ContributionRegistry", "addValidator"),
    ("ContributionRegistry", "announceSealByVote"),
    ("ContributionRegistry", "registerScope"),
    ("ContributionRegistry", "removeValidator"),
    ("ContributionRegistry", "setAttestationsRequired"),
    ("ContributionRegistry", "setMaxWeight"),
    ("DataGovernor", "setDaoURI"),
    ("DataGovernor", "setVotingWindows"),
    ("DataMarket", "approve"),
    ("DataMarket", "setWindows"),
    ("KeyCommittee", "form"),
    ("KeyCommittee", "reshare"),
    ("KeyCommittee", "retire"),
    ("RevenueSplitter", "payTreasury"),
    ("RevenueSplitter", "setCurrency"),
    ("RevenueSplitter", "setFees"),
]
ATTACKER = account("attacker")
MOST = {"uint8": 2**8 - 1, "uint32": 2**32 - 1, "uint256": 2**256 - 1}
Call = tuple[tuple[Any, ...], str | None]
"""Arguments, and the refusal that must come (None: accepted, and harmless to what is promised)."""


def allowed(life: Halfway) -> set[tuple[str, str]]:
    """(contract, function) of everything the governor may have called, asked of the governor for every function."""
    return {
        (name, entry["name"])
        for name in life.w.names
        for entry in life.w.remote(name).abi.functions()
        if life.w.governor.call("isCallAllowed", life.w.names[name], life.w.remote(name).abi.selector(signature(entry)))
    }


def hostile(life: Halfway) -> dict[tuple[str, str], list[Call]]:
    """For each entry of the list what an attacker would try."""
    w, ids = life.w, life.ids
    every_sale = [*ids, *ids, keccak(text="no sale"), bytes(32)]
    schema = w.definitions[0].as_tuple()
    treasury = [w.splitter.call("treasuryOf", currency) for currency in w.currencies]
    return {
        ("DataMarket", "approve"): [((every_sale,), None), (([],), None), (([ids[SETTLED]] * 50,), None)],
        ("DataMarket", "setWindows"): [
            ((0, 0), "WindowOutOfBounds"),
            ((MOST["uint32"], 30), "WindowOutOfBounds"),
            ((30, 2**24), "WindowOutOfBounds"),
            ((200, 100), None),
            ((30, 30), None),
        ],
        ("ContributionRegistry", "registerScope"): [
            ((schema,), "ScopeAlreadyRegistered"),
            (((bytes(32), [], bytes(32)),), "ScopePurposesInvalid"),
            (((schema[0], [keccak(text="surveillance")], schema[2]),), None),
        ],
        ("ContributionRegistry", "addValidator"): [
            ((ETH,), "ValidatorUnknown"),
            ((w.validators[0].address,), "ValidatorAlreadyAdded"),
            ((ATTACKER,), None),
        ],
        ("ContributionRegistry", "removeValidator"): [
            ((account("nobody"),), "ValidatorUnknown"),
            ((w.validators[0].address,), "ValidatorsTooFew"),
        ],
        ("ContributionRegistry", "setAttestationsRequired"): [
            ((0,), "ParameterOutOfBounds"),
            ((MOST["uint8"],), "ParameterOutOfBounds"),
            ((1,), None),
        ],
        ("ContributionRegistry", "setMaxWeight"): [
            ((0,), "ParameterOutOfBounds"),
            ((MOST["uint32"],), None),
            ((1,), None),
        ],
        ("ContributionRegistry", "announceSealByVote"): [
            ((w.scopes[0], 1), "PoolStateWrong"),
            ((w.scopes[0], 99), "PoolStateWrong"),
            ((w.scopes[1], 1), None),
        ],
        ("KeyCommittee", "form"): [
            (([], 0), "CommitteeShapeInvalid"),
            (([ATTACKER], 2), "CommitteeShapeInvalid"),
            (([ATTACKER, ATTACKER], 1), "CommitteeShapeInvalid"),
            (([ATTACKER], 1), None),
            (([ATTACKER, w.stranger], 1), None),
        ],
        ("KeyCommittee", "reshare"): [
            ((9, [ATTACKER], 1), "GenerationStateWrong"),
            ((1, [], 0), "CommitteeShapeInvalid"),
            ((1, [ATTACKER], 1), None),
        ],
        ("KeyCommittee", "retire"): [((0,), "GenerationStateWrong"), ((9,), "GenerationStateWrong"), ((1,), None)],
        ("RevenueSplitter", "payTreasury"): [
            ((ATTACKER, w.currencies[0], treasury[0] + 1), "TreasuryTooSmall"),
            ((ATTACKER, w.currencies[0], MOST["uint256"]), "TreasuryTooSmall"),
            ((ATTACKER, w.currencies[1], treasury[1] + 1), "TreasuryTooSmall"),
            ((ATTACKER, account("no currency"), 1), "TreasuryTooSmall"),
            ((w.splitter.address, w.currencies[0], 1), None),
            ((ATTACKER, w.currencies[0], treasury[0] - 1), None),
        ],
        ("RevenueSplitter", "setFees"): [
            ((1_001, 0), "FeeTooHigh"),
            ((0, 1_001), "FeeTooHigh"),
            ((1_000, 1_000), None),
        ],
        ("RevenueSplitter", "setCurrency"): [
            ((w.currencies[0], False), None),
            ((w.currencies[1], False), None),
            ((ATTACKER, True), None),
            ((w.token.address, True), None),
            ((w.market.address, True), None),
        ],
        # The governor's own setters answer the timelock only for a call that it scheduled itself.
        ("DataGovernor", "setDaoURI"): [(("https://example.invalid/" + "a" * 2_000,), "GovernorPanic")],
        ("DataGovernor", "setVotingWindows"): [((0, 0), "GovernorPanic"), ((2**48 - 1, 2**32 - 1), "GovernorPanic")],
    }


def attack(life: Halfway, contract: str, function: str, call: Call) -> None:
    """Call as the timelock, and see whether it is refused as it should be."""
    arguments, refusal = call
    life.tick()
    answer = life.w.remote(contract).send(life.w.timelock.address, function, *arguments)
    if refusal == "GovernorPanic":
        assert not answer.ok
        return
    life.expect(answer, refusal, f"the attacker calls {contract}.{function}{arguments}"[:160])
    if refusal is None:
        note(life, function, arguments)


def note(life: Halfway, function: str, arguments: Sequence[Any]) -> None:
    """Tell the model what the call may honestly do."""
    if function == "approve" and life.ids[OFFERED] in arguments[0] and life.w.committee.call("isActive", 1):
        life.model.approve([life.model.sales[OFFERED]])
    elif function == "payTreasury":
        to = "splitter" if arguments[0] == life.w.splitter.address else "attacker"
        life.model.pay_treasury(to, life.w.currencies.index(arguments[1]), arguments[2])
    elif function == "announceSealByVote":
        life.model.announce((1, 1), True)


def without_treasury(life: Halfway) -> dict[object, int]:
    return {key: value for key, value in belongings(life).items() if key[0] != "treasury"}


def sealed_and_approved(life: Halfway) -> dict[str, object]:
    """`promises`, of the sales those that were approved before the attack."""
    found = promises(life)
    return {**found, "sales": found["sales"][:OFFERED]}


def test_the_attack_covers_the_governors_whole_list() -> None:
    life = halfway()
    assert set(hostile(life)) == allowed(life) == set(LIST)


@pytest.mark.parametrize("entry", LIST, ids="{0[0]}.{0[1]}".format)
def test_no_listed_call_moves_money_or_what_was_promised(entry: tuple[str, str]) -> None:
    life = halfway()
    for call in hostile(life)[entry]:
        before, promised = without_treasury(life), sealed_and_approved(life)
        attack(life, *entry, call)
        assert without_treasury(life) == before
        assert sealed_and_approved(life) == promised
        life.holds()
    life.complete()
    assert [sale.state for sale in life.model.sales[HALF_DELIVERED : UNFIXED + 1]] == [m.SETTLED, m.SETTLED]


@pytest.mark.parametrize("seed", [1, 2])
def test_all_of_them_together_in_any_order_and_between_deliveries(seed: int) -> None:
    """In some orders some are refused, since an earlier one took away what they need."""
    source, life = random.Random(seed), halfway()
    calls = [(*entry, *call) for entry, calls in hostile(life).items() for call in calls]
    source.shuffle(calls)
    promised = sealed_and_approved(life)
    for contract, function, arguments, _ in calls:
        life.tick()
        if life.w.remote(contract).send(life.w.timelock.address, function, *arguments).ok:
            note(life, function, arguments)
        life.holds()
        if source.random() < 0.2:
            go_on(life)
    life.complete()
    assert sealed_and_approved(life) == promised
    assert m.APPROVED not in [sale.state for sale in life.model.sales]


def go_on(life: Halfway) -> None:
    """The next honest step of an approved sale."""
    if any(s.state == m.APPROVED and s.excluded is None for s in life.model.sales):
        life.fix_excluded(0, 2, 6, 0, 0)
    elif any(s.state == m.APPROVED for s in life.model.sales):
        life.deliver(0, 0, 1, False)
    life.holds()


def test_a_committee_of_the_attackers_own_opens_nothing_that_was_there() -> None:
    """Later epochs may be opened under its key; a sold pool keeps its Y, and no resharing goes without t of the old."""
    life = halfway()
    w = life.w
    assert w.committee.send(w.timelock.address, "form", [ATTACKER], 1).ok
    secret = SecretScalar(4_711)
    key, proof = CommitteeKey.of(secret), prove_possession(secret, Board.of(w.evm.chain_id, w.committee.address, 2))
    posted = [list(key.X.words), list(key.Y.words), list(proof.T.words), proof.s]
    assert w.committee.send(ATTACKER, "postKey", 2, *posted).ok
    assert w.committee.call("currentGeneration") == 2
    assert w.committee.call("servingGeneration", 1) == 1

    sale = life.model.sales[HALF_DELIVERED]
    pool, node = w.pool_of(*sale.pool), sale.nodes[sale.delivered]
    stolen = hash_to_g1(pool.node_id(Node(*node))) * secret.to_secret_int() + life.buyer(HALF_DELIVERED).key.B1
    made = {"height": node[0], "index": node[1], "C1": list(P1.words), "C2": list(stolen.words)}
    answer = w.market.send(w.stranger, "deliver", life.offers[HALF_DELIVERED], [made], [])
    assert answer.error == "DeliveryInvalid"

    assert w.committee.send(w.timelock.address, "reshare", 1, [ATTACKER], 1).ok
    for phase in range(4):
        life.tick(w.committee.call("phaseLength") + 1)
        if phase == 0:
            assert w.committee.send(ATTACKER, "commitDeal", 3, keccak(text="deal")).error == "PhaseWrong"
    assert w.committee.send(w.custodian, "restart", 3).ok
    assert w.committee.call("servingGeneration", 1) == 1
    life.complete()


def test_a_captured_registry_cannot_write_into_a_sealed_pool() -> None:
    """One attestation by the attacker's own validator would do in a later epoch; in this one nothing does."""
    life = halfway()
    for function, argument in (("setAttestationsRequired", 1), ("setMaxWeight", MOST["uint32"])):
        assert life.w.registry.send(life.w.timelock.address, function, argument).ok
    life.contribute(0, 0, 1, 1, False)  # the open pool still asks two validators, and still takes them
    life.tick()
    words = (2, MOST["uint32"], keccak(text="false"), keccak(text="fp"), keccak(text="report"))
    target = (life.w.members[0], life.w.scopes[0], 1)
    live = life.records[0, 1][0]
    attestations = life.w.attest(0, 0, 1, words)
    arguments = (target, words, live, 2**40, attestations, 0, b"")
    assert life.w.registry.send(life.w.members[0], "contribute", *arguments).error == "PoolNotOpen"
    life.holds()


def test_a_captured_governor_lists_a_hostile_token_and_harms_only_who_offers_it() -> None:
    """A currency that is no token: the escrow reverts, and the ledger of the real ones does not move."""
    life = halfway()
    before = belongings(life)
    for false in (ATTACKER, life.w.market.address, life.w.token.address):
        assert life.w.splitter.send(life.w.timelock.address, "setCurrency", false, True).ok
        life.tick()
        offer = {**life.offers[SETTLED], "currency": false, "nonce": 10**6, "executeBefore": life.w.evm.now + 100}
        answer = life.w.market.send(life.w.buyers[0].address, "offer", offer)
        assert not answer.ok
        assert life.w.splitter.call("ledgerBeforeClaims", false) == 0
    assert belongings(life) == before
    life.holds()


def test_voting_windows_and_address_by_a_vote_stay_in_their_bounds() -> None:
    """The governor's own setters, by the only way they can be called: a vote."""
    life = halfway()
    w = life.w
    delay, period = w.governor.call("votingDelay"), w.governor.call("votingPeriod")

    def vote(function: str, *arguments: object) -> Answer:
        life.tick(5)
        call = w.governor.abi.encode_call(function, arguments)
        plan = ([w.governor.address], [0], [call])
        proposal = w.governor.send(w.members[0], "propose", *plan, function)
        number = w.governor.results("propose", proposal)
        life.tick(delay + 1)
        for member in w.members[:6]:
            assert w.governor.send(member, "castVote", number, 1).ok
        life.tick(4 * period + 1)
        assert w.governor.send(w.stranger, "queue", *plan, keccak(text=function)).ok
        life.tick(31)
        return w.governor.send(w.stranger, "execute", *plan, keccak(text=function))

    assert vote("setVotingWindows", 0, period).error == "GovernorParameterOutOfBounds"
    assert vote("setVotingWindows", delay, 4 * period + 1).error == "GovernorParameterOutOfBounds"
    assert vote("setDaoURI", "https://example.invalid/").ok
    assert w.governor.call("daoURI") == "https://example.invalid/"
