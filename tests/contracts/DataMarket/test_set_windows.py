"""Windows: the timelock's, within bounds fixed at deployment."""

from __future__ import annotations

import pytest

from tests.contracts.support.market import DELIVERY_S, GRACE_S, LONGEST_S, SHORTEST_S

DAYS_90 = 90 * 86_400


def test_within_the_bounds(desk):
    assert desk.market.windows() == (DELIVERY_S, GRACE_S)
    for pair in [(SHORTEST_S, LONGEST_S), (LONGEST_S, SHORTEST_S)]:
        tx = desk.market.setWindows(*pair, {"from": desk.timelock})
        assert desk.market.windows() == pair
        assert tuple(tx.events["WindowsSet"].values()) == pair


@pytest.mark.parametrize("wrong", [0, SHORTEST_S - 1, LONGEST_S + 1, 2**24 + SHORTEST_S, 2**32 - 1])
def test_beyond_the_bounds(desk, refused, wrong):
    with refused("WindowOutOfBounds", wrong, SHORTEST_S, LONGEST_S):
        desk.market.setWindows(wrong, GRACE_S, {"from": desk.timelock})
    with refused("WindowOutOfBounds", wrong, SHORTEST_S, LONGEST_S):
        desk.market.setWindows(DELIVERY_S, wrong, {"from": desk.timelock})


def test_only_the_timelock(desk, refused):
    with refused("MarketCallerRefused"):
        desk.market.setWindows(DELIVERY_S, GRACE_S, {"from": desk.stranger})


def test_numbering_of_lists_survives_a_change_of_windows(desk):
    desk.fixed((1,))
    desk.market.setWindows(SHORTEST_S, SHORTEST_S, {"from": desk.timelock})
    _, sale = desk.fixed((2, 3))
    assert desk.market.excludedLeaves(sale) == [2, 3]


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("MaxExcludedOutOfBounds", {"maxExcluded": 0}),
        ("MaxExcludedOutOfBounds", {"maxExcluded": 6_001}),
        ("WindowOutOfBounds", {"longestDelivery": DAYS_90 + 1}),
        ("WindowOutOfBounds", {"longestGrace": DAYS_90 + 1}),
        ("WindowOutOfBounds", {"deliveryWindow": LONGEST_S + 1}),
        ("WindowOutOfBounds", {"grace": SHORTEST_S - 1}),
    ],
)
def test_deployments_out_of_bounds(desk, deploy, refused, error, changes):
    with refused(error):
        deploy("DataMarket", tuple((desk.deployment | changes).values()))
