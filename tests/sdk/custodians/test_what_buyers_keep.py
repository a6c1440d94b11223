"""Opting out of a first sale is held by cryptography; out of a later one only by what is not delivered again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sdk.custodians.conftest import World, sealed_under
from unwrapped_dao.chain.registry import LiveContribution
from unwrapped_dao.crypto.keys import NodeKey
from unwrapped_dao.crypto.tree import path
from unwrapped_dao.errors import UnwrappedError

pytestmark = pytest.mark.long

MEMBERS = 4


@pytest.fixture(scope="module")
def pooled() -> Iterator[World]:
    with sealed_under((2, 3), MEMBERS) as made:
        yield made


def contribution(world: World, number: int) -> LiveContribution:
    found = {c.number: c for c in world.dao.collective.registry.contributions(world.pool)}
    return found[number]


def keys_of(world: World, sale_id: bytes) -> list[NodeKey]:
    return world.dao.buyer.open_keys(sale_id, world.offer(sale_id), world.pool)


def opens(world: World, keys: list[NodeKey], number: int) -> bool:
    """Whether any of the keys, passed off as that of any node above the member, opens its envelope."""
    for key in keys:
        for node in path(number, world.pool.height):
            tried = NodeKey.from_trusted_point(key.pool, node, key.to_secret_point())
            try:
                world.dao.buyer.open_one(world.pool, contribution(world, number), tried)
            except UnwrappedError:
                continue
            return True
    return False


def test_who_opted_out_of_the_first_sale_stays_shut_and_the_limit_of_a_later_opt_out_is_as_documented(
    pooled: World,
) -> None:
    first = pooled.approved(opting_out=(1, 3))
    pooled.dao.serve()
    bought = keys_of(pooled, first)
    assert [opens(pooled, bought, number) for number in range(MEMBERS)] == [True, False, True, False]

    # Member 3 stays out of the second too, and neither buyer nor both together have a key for it.
    second = pooled.approved(opting_out=(3,))
    pooled.dao.serve()
    both = [*bought, *keys_of(pooled, second)]
    assert [opens(pooled, both, number) for number in range(MEMBERS)] == [True, True, True, False]

    # The documented limit: who opts out only now gets no key delivered in the third sale, and is not paid from it,
    # but the earlier buyers' keys go on to open it (docs/limits.md).
    third = pooled.approved(opting_out=(0, 3))
    pooled.dao.serve()
    assert [opens(pooled, keys_of(pooled, third), number) for number in range(MEMBERS)] == [False, True, True, False]
    assert opens(pooled, bought, 0)
    pooled.dao.members[0].claim()
    paid = pooled.dao.collective.splitter.revenue(pooled.pool.id)
    assert {revenue.sale_id for revenue in paid} == {first, second, third}
