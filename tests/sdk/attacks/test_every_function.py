"""Invariant 9: every function of every contract, called by a stranger, by the deployer and by the timelock itself.

The functions come from the shipped ABIs, so one that is new is called as well, with arguments an attacker would pick
from what lies about: sale ids, offers, members, other contracts, the largest numbers. Whoever calls: no rule of the
collective changes, nobody's money moves, nothing sealed or approved changes. (What the timelock may change is the
governor's list alone: test_captured_governor.py.)
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from eth_utils import keccak

from tests.sdk.attacks.halfway import OFFERED, Halfway, belongings, halfway, parameters, promises
from tests.sdk.attacks.test_captured_governor import allowed
from tests.sdk.stateful.evm import Remote
from tests.sdk.stateful.world import FAR
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.abi import signature

pytestmark = pytest.mark.long

TRIES = 12
CALLERS = ("stranger", "deployer", "timelock")


def caller(life: Halfway, name: str) -> str:
    w = life.w
    return {"stranger": w.stranger, "deployer": w.deployer, "timelock": w.timelock.address}[name]


def contracts(life: Halfway) -> dict[str, Remote]:
    """All of the collective, the Genesis that made it included."""
    genesis = Remote(life.w.evm, artifacts.abi("Genesis"), life.w.deployment.genesis)
    return {name: life.w.remote(name) for name in life.w.names} | {"Genesis": genesis}


def tempting(life: Halfway, source: random.Random, field: Mapping[str, Any]) -> Any:
    """A value of an ABI type that might open something."""
    kind, w = field["type"], life.w
    fitting = {
        "address currency": w.currencies,
        "uint256 poolId": [w.pool_id(0, 1)],
        "bytes32 saleId": life.ids,
        "bytes32 target": life.ids,
        "address account": [w.members[0], w.buyers[0].address],
        "address member": w.members[:6],
        "address operator": [w.custodian],
        "uint32 generation": [1],
        "uint64 epoch": [1, 2],
        "bytes32 scopeId": w.scopes,
        "uint256 maxSales": [0, 1, 100],
    }.get(f"{kind} {field['name']}")
    if fitting and source.random() < 0.7:
        return source.choice(fitting)
    if kind.endswith("]"):
        inner = {**field, "type": kind[: kind.rindex("[")]}
        inside = kind[kind.rindex("[") + 1 : -1]
        return [tempting(life, source, inner) for _ in range(int(inside) if inside else source.randrange(4))]
    if kind == "tuple":
        names = {part["name"] for part in field["components"]}
        if "minEligibleWeight" in names:
            return source.choice(life.offers)
        return {part["name"]: tempting(life, source, part) for part in field["components"]}
    if kind == "address":
        people = (w.stranger, w.deployer, w.members[0], w.members[5], w.buyers[0].address, w.custodian)
        return source.choice([*people, w.timelock.address, w.splitter.address, w.market.address, *w.currencies])
    if kind == "bytes32":
        return source.choice([*life.ids, w.scopes[0], keccak(text="nothing"), bytes(32), keccak(text="PROPOSER_ROLE")])
    if kind == "bytes4":
        return source.choice([bytes(4), w.market.abi.selector("approve")])
    if kind == "bytes":
        call = w.splitter.abi.encode_call("payTreasury", [w.stranger, w.currencies[0], 1])
        return source.choice([b"", bytes(64), call])
    if kind == "string":
        return source.choice(["", "description"])
    if kind == "bool":
        return source.random() < 0.5
    most = 2 ** int(kind.removeprefix("uint")) - 1
    return min(most, source.choice([0, 1, 1, 2, 3, 5, w.evm.now, FAR, most, w.pool_id(0, 1), 10_000]))


def writing(contract: Remote) -> list[Mapping[str, Any]]:
    return [entry for entry in contract.abi.functions() if entry["stateMutability"] not in ("view", "pure")]


def state(life: Halfway) -> dict[str, Any]:
    """Everything that must stay. Of the offered sale neither opt-outs nor end are promised yet."""
    promised = promises(life)
    return {
        "rules": parameters(life),
        "money": belongings(life),
        "promises": {**promised, "sales": promised["sales"][:OFFERED]},
    }


@pytest.mark.parametrize("who", CALLERS)
def test_nobody_changes_what_is_not_theirs(who: str) -> None:
    life = halfway()
    sender, listed = caller(life, who), allowed(life)
    life.w.evm.give(sender, 10**20)
    before, met, done = state(life), Counter[str](), Counter[str]()
    for name, contract in contracts(life).items():
        for entry in writing(contract):
            if who == "timelock" and (name, entry["name"]) in listed:
                continue
            source = random.Random(f"{who} {name}.{signature(entry)}")
            for _ in range(TRIES):
                given = [tempting(life, source, field) for field in entry["inputs"]]
                value = source.choice([0, 1, 10**18]) if entry["stateMutability"] == "payable" else 0
                call = contract.abi.encode_call(signature(entry), given)
                met[f"{name}.{signature(entry)}"] += 1
                with life.w.evm.undone():
                    life.w.evm.advance(1)
                    if life.w.evm.send(sender, contract.address, call, value).ok:  # a refused call changes nothing
                        done[f"{name}.{entry['name']}"] += 1
                        assert state(life) == before, (who, name, entry["name"], given)
    assert set(met.values()) == {TRIES}
    # What anybody may do was done, so that the test does not pass by never getting in.
    assert {"MembershipToken.join", "RevenueSplitter.claim"} <= set(done)
    assert len(done) >= 4


@pytest.mark.parametrize("who", CALLERS)
def test_ether_and_unknown_calls_are_refused_by_every_contract(who: str) -> None:
    life = halfway()
    sender = caller(life, who)
    life.w.evm.give(sender, 10**20)
    for name, contract in contracts(life).items():
        for data, value in ((b"", 1), (bytes.fromhex("deadbeef"), 0), (bytes.fromhex("deadbeef"), 1), (b"\1", 0)):
            assert not life.w.evm.send(sender, contract.address, data, value).ok, (name, data, value)


def test_genesis_creates_nothing_more_for_anybody() -> None:
    life = halfway()
    genesis = contracts(life)["Genesis"]
    for who in CALLERS:
        assert genesis.send(caller(life, who), "create", b"\0").error == "GenesisComplete"
