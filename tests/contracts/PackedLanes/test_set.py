"""Eight uint32 lanes to a word: no value of one member number ever reaches another's."""

from __future__ import annotations

import random

import pytest

LARGEST = 2**32 - 1


@pytest.fixture(scope="module")
def lanes(deploy):
    return deploy("PackedLanesHarness")


@pytest.mark.parametrize("number", [0, 1, 6, 7, 8, 15, 9_999, 2**32 - 2])
def test_largest_value_does_not_touch_the_neighbours(lanes, number):
    neighbours = [n for n in (number - 1, number + 1) if 0 <= n < 2**32]
    for neighbour in neighbours:
        lanes.set(neighbour, 7)
    lanes.set(number, LARGEST)
    assert lanes.get(number) == LARGEST
    assert [lanes.get(n) for n in neighbours] == [7] * len(neighbours)
    lanes.set(number, 0)
    assert lanes.get(number) == 0
    assert [lanes.get(n) for n in neighbours] == [7] * len(neighbours)


def test_a_weight_of_2_to_the_32_does_not_pay_the_neighbour(lanes):
    lanes.setDirty(3, 2**32)
    assert [lanes.get(n) for n in range(8)] == [0] * 8
    lanes.setDirty(3, 2**32 + 5)
    assert [lanes.get(n) for n in range(8)] == [0, 0, 0, 5, 0, 0, 0, 0]


def test_the_previous_value_is_returned(lanes):
    assert lanes.set(4, 11).return_value == 0
    assert lanes.set(4, 12).return_value == 11


def test_lanes_lie_where_the_layout_says(lanes):
    lanes.set(8 * 1_250 + 2, 0xABCD)
    assert lanes.words(1_250) == 0xABCD << 64


def test_random_writes_agree_with_a_dictionary(lanes):
    random.seed(20)
    model: dict[int, int] = {}
    for _ in range(40):
        number, value = random.randrange(24), random.choice([0, 1, LARGEST, random.randrange(2**32)])
        lanes.set(number, value)
        model[number] = value
    assert [lanes.get(n) for n in range(24)] == [model.get(n, 0) for n in range(24)]
