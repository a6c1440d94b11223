"""The packed history of a count agrees with a plain list at every second."""

from __future__ import annotations

import random

import pytest


@pytest.fixture(scope="module")
def trace(deploy):
    return deploy("CountTraceHarness")


def _check(trace, history: list[tuple[int, int]]) -> None:
    """`history`: (second, count at its end), ascending."""
    first, last = history[0][0], history[-1][0]
    assert trace.latest() == history[-1][1]
    assert trace.at(first - 1) == 0
    assert trace.at(0) == 0
    assert trace.at(last + 10**6) == history[-1][1]
    for (time, count), after in zip(history, [t for t, _ in history[1:]] + [last + 2], strict=True):
        assert trace.at(time) == count
        assert trace.at(after - 1) == count


def test_an_empty_trace_counts_nothing(trace):
    assert trace.latest() == 0
    assert trace.at(2**40) == 0


def test_changes_at_different_seconds(trace, clock):
    history, count = [], 0
    for step in range(23):  # over five words, ending with a part-filled one
        clock.advance(3)
        up = step % 4 != 3
        count += 1 if up else -1
        tx = trace.change([up])
        history.append((tx.timestamp, count))
        assert trace.length() == step + 1
        if step in (0, 2, 3, 4, 7, 8, 15, 22):
            _check(trace, history)


@pytest.mark.parametrize("before", range(9))
def test_changes_within_a_second_make_one_checkpoint(trace, clock, before):
    history, count = [], 0
    for _ in range(before):
        clock.advance(3)
        count += 1
        history.append((trace.change([True]).timestamp, count))
    clock.advance(3)
    tx = trace.change([True, True, False, True])
    history.append((tx.timestamp, count + 2))
    assert trace.length() == before + 1
    clock.advance(3)
    history.append((trace.change([False]).timestamp, count + 1))
    _check(trace, history)


def test_random_histories_agree_with_a_list(trace, clock):
    random.seed(21)
    history: list[tuple[int, int]] = []
    count = 0
    for _ in range(45):
        clock.advance(random.choice([1, 2, 50, 3000]))
        ups = [count + i == 0 or random.random() < 0.7 for i in range(random.choice([1, 1, 2]))]
        for index, up in enumerate(ups):
            ups[index] = up = up or count == 0
            count += 1 if up else -1
        tx = trace.change(ups)
        if history and history[-1][0] == tx.timestamp:
            history.pop()
        history.append((tx.timestamp, count))
    _check(trace, history)


def test_the_count_cannot_fall_below_zero(trace):
    with pytest.raises(Exception, match="revert"):
        trace.change([False])


def test_the_neighbour_in_the_head_slot_is_left_alone(trace, clock):
    trace.setNeighbour(2**32 - 1)
    for _ in range(5):
        clock.advance(3)
        trace.change([True])
    assert (trace.neighbour(), trace.latest(), trace.length()) == (2**32 - 1, 5, 5)
    trace.setNeighbour(0)
    assert (trace.neighbour(), trace.latest(), trace.length()) == (0, 5, 5)


def test_10_000_changes_are_looked_up_in_few_reads(trace, clock):
    # Second i holds count i, for i up to 10,000: one activation after the other.
    for start in range(0, 2_500, 500):
        trace.fill(start, start + 500)
    assert trace.latest() == trace.at(2**40) == 10_000
    # Doubling back and halving: at most two slots for each bit of 2,500 words, and head and word themselves.
    slots = 2 * (2_500).bit_length() + 3
    for time in (0, 1, 2, 4, 5, 4_999, 5_000, 7_777, 9_995, 9_996, 9_997, 9_999, 10_000):
        assert trace.at(time) == time
        assert trace.at.estimate_gas(time) - 21_000 < slots * 2_100 + 6_000
    clock.advance(1)
    trace.change([True])
    assert trace.latest() == 10_001
    assert trace.at(10_000) == 10_000
