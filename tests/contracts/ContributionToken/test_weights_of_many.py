"""Many weights in one call say and leave what one call for each would."""

from __future__ import annotations

import random

from tests.contracts.ContributionToken.conftest import HEAVIEST, POOL, ZERO


def share(member, number, weight):
    return int(member.address, 16) | number << 160 | weight << 192


def test_minting_and_burning_the_differences(token, registry, accounts):
    token.setWeight(accounts[1], 1, POOL, 50, {"from": registry})
    token.setWeight(accounts[9], 9, POOL, 7, {"from": registry})
    shares = [share(accounts[n], n, weight) for n, weight in ((0, 40), (1, 20), (9, 7), (3, HEAVIEST))]
    tx = token.setWeights(POOL, shares, {"from": registry})
    moves = [(e["from"], e["to"], e["value"]) for e in tx.events["TransferSingle"]]
    assert moves == [(ZERO, accounts[0], 40), (accounts[1], ZERO, 30), (ZERO, accounts[3], HEAVIEST)]
    assert token.totalSupply(POOL) == 40 + 20 + 7 + HEAVIEST
    assert list(token.weightsOf(POOL, list(range(11)))) == [40, 20, 0, HEAVIEST, 0, 0, 0, 0, 0, 7, 0]
    assert [token.weightOf(n, POOL) for n in range(11)] == list(token.weightsOf(POOL, list(range(11))))


def test_any_order_and_the_last_of_one_number_counts(token, registry, accounts):
    source = random.Random(3)
    weights = {}
    for _ in range(3):
        batch = [(source.choice((0, 6, 7, 8, 15, 16, 40)), source.choice((0, 1, 99, HEAVIEST))) for _ in range(9)]
        token.setWeights(POOL, [share(accounts[1], n, weight) for n, weight in batch], {"from": registry})
        weights |= dict(batch)
    numbers = list(range(48))
    assert list(token.weightsOf(POOL, numbers)) == [weights.get(n, 0) for n in numbers]
    assert token.totalSupply(POOL) == sum(weights.values())


def test_only_the_registry_sets_them(token, accounts, refused):
    for caller in (accounts[0], accounts[9]):
        with refused("ContributionTokenCallerRefused", caller.address.lower()):
            token.setWeights(POOL, [share(accounts[0], 0, 1)], {"from": caller})


def test_nothing_for_nobody(token, registry):
    tx = token.setWeights(POOL, [], {"from": registry})
    assert dict(tx.events) == {} and token.totalSupply(POOL) == 0
    assert list(token.weightsOf(POOL, [])) == []
