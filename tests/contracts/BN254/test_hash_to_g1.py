"""Hash to G1: the vectors, two independent implementations, and hints that cannot move the point."""

from __future__ import annotations

import random

import pytest
from brownie.test import given
from hypothesis import settings
from hypothesis import strategies as st

from tests.contracts.support import bn254_model as model
from tests.contracts.support import vectors

P = model.P


@pytest.fixture(scope="module")
def curve(deploy):
    return deploy("HashToG1Harness")


ON_CHAIN = [case for case in vectors.load()["hash_to_g1"] if case.get("on_chain")]


@pytest.mark.parametrize("case", ON_CHAIN, ids=lambda case: case["msg"][:10])
def test_hash_equals_the_vectors(curve, case):
    message = bytes.fromhex(case["msg"][2:])
    expected = vectors.words(case["H"])
    assert curve.hashToField(message) == (int(case["u0"], 16), int(case["u1"], 16))
    assert curve.hashToG1(message) == expected
    point, hints = model.hash_to_g1(message)
    assert point == expected
    assert curve.hashToG1Hinted(message, hints, 0) == (*expected, len(hints))


@pytest.mark.parametrize("case", vectors.load()["map_to_g1"], ids=lambda case: case["u"][-8:])
def test_map_equals_the_vectors(curve, case):
    u = int(case["u"], 16)
    point, hints = model.map_to_g1(u)
    assert point == vectors.words(case["q"])
    assert curve.mapToG1(u) == point
    assert curve.mapToG1Hinted(u, hints, 0) == (*point, len(hints))


def test_hash_equals_the_model_on_200_messages_with_and_without_hints(curve):
    source = random.Random(9380)
    tags = set()
    for _ in range(200):
        message = source.randbytes(32)
        point, hints = model.hash_to_g1(message)
        tags.add(hints[0])
        assert curve.hashToG1(message) == point
        assert curve.hashToG1Hinted(message, [7, *hints, 7], 1) == (*point, 1 + len(hints))
    assert tags == {1, 2, 3}


def test_an_inverse_of_zero_is_zero(curve, refused):
    """tv1·tv2 = 0 for u = ±1/2 and, as −1 is no square, for no other u."""
    for u in (pow(2, -1, P), P - pow(2, -1, P)):
        point, hints = model.map_to_g1(u)
        assert hints[1] == 0
        assert curve.mapToG1(u) == point
        assert curve.mapToG1Hinted(u, hints, 0)[:2] == point
        for inverse in (1, P - 1, P):
            with refused("HashHintInvalid"):
                curve.mapToG1Hinted(u, [hints[0], inverse, *hints[2:]], 0)


def _by_tag(tag):
    return next((u, *model.map_to_g1(u)) for u in range(1, 1000) if model.map_to_g1(u)[1][0] == tag)


@pytest.mark.parametrize("tag", [1, 2, 3])
def test_every_single_changed_word_is_refused(curve, refused, tag):
    u, _, hints = _by_tag(tag)
    for at, word in enumerate(hints):
        for changed in {0, 1, (word + 1) % P, P - 1, P, word + P, 2**256 - 1} - {word}:
            # −w is as good a witness as w: it proves the same fact.
            with refused("HashHintInvalid"):
                curve.mapToG1Hinted(u, [*hints[:at], changed, *hints[at + 1 :]], 0)


@pytest.mark.parametrize("tag", [1, 2, 3])
def test_the_other_root_is_refused(curve, refused, tag):
    u, _, hints = _by_tag(tag)
    with refused("HashHintInvalid"):
        curve.mapToG1Hinted(u, [*hints[:-1], P - hints[-1]], 0)


def test_a_later_candidate_is_refused_though_its_root_is_right(curve, refused):
    """The attack that the witnesses answer: x_1 is on the curve, and the prover offers x_2 or x_3."""
    tried = 0
    for u in range(1, 60):
        inverse, xs = model.candidates(u)
        roots = [model.sqrt(model.g(x)) for x in xs]
        first = next(i for i, root in enumerate(roots) if root is not None)
        for later in range(first + 1, 3):
            if (root := roots[later]) is None:
                continue
            y = root if root % 2 == u % 2 else P - root
            # The best a cheat can do for a square g(x_i): a root of g itself, of −g (none: any word), or zero.
            for lie in (roots[first], 0, 1):
                witnesses = [lie if i == first else (model.sqrt(-model.g(xs[i]) % P) or lie) for i in range(later)]
                tried += 1
                with refused("HashHintInvalid"):
                    curve.mapToG1Hinted(u, [later + 1, inverse, *witnesses, y], 0)
    assert tried > 30


@given(data=st.data(), message=st.binary(min_size=32, max_size=32))
@settings(max_examples=60, deadline=None)
def test_no_hint_array_yields_another_point(curve, data, message):
    """Honest hints with up to three words changed, cut or added: the same point, or a refusal."""
    point, hints = model.hash_to_g1(message)
    words = list(hints)
    values = st.one_of(
        st.sampled_from([0, 1, 2, 3, 4, P - 1, P, 2**256 - 1, *hints, *((P - w) % P for w in hints)]),
        st.integers(0, 2**256 - 1),
    )
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(words) - 1))
        match data.draw(st.sampled_from(["set", "cut", "insert"])):
            case "set":
                words[at] = data.draw(values)
            case "cut" if len(words) > 1:
                del words[at]
            case _:
                words.insert(at, data.draw(values))
    try:
        answer = curve.hashToG1Hinted(message, words, 0)
    except Exception as refusal:  # any revert is right; an answer must be the right one
        assert "HashHintInvalid" in str(getattr(refusal, "revert_msg", "")), refusal
    else:
        assert answer[:2] == point


@pytest.mark.parametrize("tag", [0, 4, 2**255, 2**256 - 2, 2**256 - 1])
def test_unknown_tags_are_refused(curve, refused, tag):
    hints = [tag, *([1] * 12)]
    with refused("HashHintInvalid"):
        curve.mapToG1Hinted(5, hints, 0)
    with refused("HashHintInvalid"):
        curve.skipHints(hints, 0)


def test_hints_that_end_early_are_refused(curve, refused):
    message = bytes(range(32))
    hints = model.hash_to_g1(message)[1]
    for length in range(1, len(hints)):
        with refused("HashHintInvalid"):
            curve.hashToG1Hinted(message, hints[:length], 0)
        with refused("HashHintInvalid"):
            curve.skipHints(hints[:length], 0)


def test_skipping_goes_to_the_next_message(curve):
    first, second = (model.hash_to_g1(bytes([i]) * 32)[1] for i in (1, 2))
    assert curve.skipHints(first + second, 0) == len(first)
    assert curve.skipHints(first + second, len(first)) == len(first) + len(second)


def test_hints_halve_the_cost_at_least(curve):
    message = b"\x11" * 32
    hinted = curve.gasOfHash(message, model.hash_to_g1(message)[1])
    assert hinted < 4_000
    assert curve.gasOfHash(message, []) > 2 * hinted
