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
    assert curve.hashToG1(message) == model.hash_to_g1(message) == expected
    for hints in ([], model.hash_hints([message])):
        assert curve.hashToG1List([message], 1, hints) == (expected,)


@pytest.mark.parametrize("case", vectors.load()["map_to_g1"], ids=lambda case: case["u"][-8:])
def test_map_equals_the_vectors(curve, case):
    u = int(case["u"], 16)
    assert curve.mapToG1(u) == model.map_to_g1(u)[0] == vectors.words(case["q"])


def _messages(count, seed):
    source = random.Random(seed)
    return [source.randbytes(32) for _ in range(count)]


def _tags(messages):
    """The candidates that the maps of these messages take."""
    return [model.map_to_g1(u)[1][-1] >> 254 for message in messages for u in model.hash_to_field(message)]


def test_hashes_equal_the_model_on_200_messages_with_and_without_hints(curve):
    for seed in range(10):
        messages = _messages(20, seed)
        assert set(_tags(messages)) == {1, 2, 3}
        expected = tuple(model.hash_to_g1(message) for message in messages)
        assert curve.hashToG1List(messages, 20, model.hash_hints(messages)) == expected
        assert curve.hashToG1List(messages[:2], 2, []) == expected[:2]


def test_the_last_messages_alone_by_the_hints_of_all(curve):
    messages = _messages(7, 70)
    expected = tuple(model.hash_to_g1(message) for message in messages)
    hints = model.hash_hints(messages)
    for count in range(1, 8):
        assert curve.hashToG1List(messages, count, hints) == expected[7 - count :]
    assert curve.hashToG1List(messages, 1, []) == expected[6:]


def test_what_is_not_hashed_takes_part_in_the_inverse_alone(curve, refused):
    """Words of messages that are passed over are not read; the one inverse covers them."""
    messages = _messages(3, 71)
    hints = model.hash_hints(messages)
    last = len(model.hash_hints(messages[2:])) - 1
    junk = [hints[0], *([5] * (len(hints) - last - 1)), *hints[-last:]]
    assert curve.hashToG1List(messages, 1, junk) == (model.hash_to_g1(messages[2]),)
    with refused("HashHintInvalid"):
        curve.hashToG1List([messages[1], messages[1], messages[2]], 1, hints)


def test_an_inverse_of_zero_is_zero(curve):
    """tv1·tv2 = 0 for u = ±1/2 and, as −1 is no square, for no other u."""
    for u in (pow(2, -1, P), P - pow(2, -1, P)):
        assert model.candidates(u)[0] == 0
        assert curve.mapToG1(u) == model.map_to_g1(u)[0]


def test_one_witness_proves_both_rejections(curve):
    """g(x1)·g(x2)·g(x3) is a square for every u, so g(x2) is none when g(x1) is none and g(x3) is one."""
    for u in range(1, 200):
        _, (x1, x2, x3) = model.candidates(u)
        assert model.sqrt(model.g(x1) * model.g(x2) * model.g(x3) % P) is not None


def _with_tags(*tags):
    """A message whose two maps take these candidates."""
    return next(m for i in range(10_000) if _tags([m := i.to_bytes(32, "big")]) == list(tags))


@pytest.mark.parametrize("tags", [(1, 1), (1, 2), (2, 3), (3, 1), (3, 2)])
def test_every_single_changed_word_is_refused(curve, refused, tags):
    message = _with_tags(*tags)
    hints = model.hash_hints([message])
    assert curve.hashToG1List([message], 1, hints) == (model.hash_to_g1(message),)
    for at, word in enumerate(hints):
        y = word % 2**254
        others = {(word & 3 << 254) | v for v in (P - y, y + P, 0, 1, y ^ 1) if v < 2**254}
        changed_to = {0, 1, 2**256 - 1, *(word ^ tag << 254 for tag in (1, 2, 3)), *others} - {word}
        for changed in changed_to:
            if at and word < 2**254 and changed in (P - word, word + P):
                continue  # a witness proves the same fact by −w, and by w + p
            if at == 0 and changed == word + P:
                continue  # another name of the same inverse
            with refused("HashHintInvalid"):
                curve.hashToG1List([message], 1, [*hints[:at], changed, *hints[at + 1 :]])


@pytest.mark.parametrize("tags", [(1, 1), (2, 2), (3, 3)])
def test_the_other_root_is_refused(curve, refused, tags):
    message = _with_tags(*tags)
    hints = model.hash_hints([message])
    last = hints[-1]
    with refused("HashHintInvalid"):
        curve.hashToG1List([message], 1, [*hints[:-1], (last >> 254 << 254) + P - last % 2**254])


def test_a_later_candidate_is_refused_though_its_root_is_right(curve, refused):
    """The attack that the witness answers: a candidate before it is on the curve, and the prover offers x_2 or x_3."""
    tried = set()
    for i in range(40):
        message = i.to_bytes(32, "big")
        u = model.hash_to_field(message)[1]
        honest = model.hash_hints([message])
        head = honest[: len(honest) - len(model.map_to_g1(u)[1])]
        xs = model.candidates(u)[1]
        roots = [model.sqrt(model.g(x)) for x in xs]
        first = next(at for at, root in enumerate(roots) if root is not None)
        for later in range(first + 1, 3):
            if (root := roots[later]) is None:
                continue
            assert first == 0, "g(x1) none, g(x2) and g(x3) squares: cannot be"
            y = root if root % 2 == u % 2 else P - root
            # The best a cheat can do for a square g(x_1): a root of g itself, of −g (none: any word), or zero.
            for lie in (roots[0], 0, 1, model.sqrt(-model.g(xs[1]) % P) or 2):
                tried.add((first, later))
                with refused("HashHintInvalid"):
                    curve.hashToG1List([message], 1, [*head, lie, (later + 1 << 254) + y])
    assert tried == {(0, 1), (0, 2)}


@given(data=st.data(), seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_no_hint_array_yields_another_point(curve, data, seed):
    """Honest hints with up to three words changed, cut or added: the same points, or a refusal."""
    messages = _messages(2, seed)
    hints = model.hash_hints(messages)
    words = list(hints)
    values = st.one_of(
        st.sampled_from([0, 1, 2, 3, 1 << 254, 2 << 254, P - 1, P, 2**256 - 1, *hints, *((P - w) % P for w in hints)]),
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
        answer = curve.hashToG1List(messages, 2, words)
    except Exception as refusal:  # any revert is right; an answer must be the right one
        assert "HashHintInvalid" in str(getattr(refusal, "revert_msg", "")), refusal
    else:
        assert answer == tuple(model.hash_to_g1(message) for message in messages)


def test_a_tag_of_zero_is_refused(curve, refused):
    """Two bits hold no other unknown tag."""
    message = _with_tags(1, 1)
    hints = model.hash_hints([message])
    for at in (1, 2):
        with refused("HashHintInvalid"):
            curve.hashToG1List([message], 1, [*hints[:at], hints[at] % 2**254, *hints[at + 1 :]])


def _forged(message, k):
    """(hints, point) that are right in everything but an inverse k times too large, or None if there are none."""
    point, words = None, []
    for u in model.hash_to_field(message):
        _, (x1, _, x3) = model.candidates(u)
        tv4 = (model._C2 - x1) * k
        # x3 = 1 + c4·(tv2²·tv3)²
        moved = [(model._C2 - tv4) % P, (model._C2 + tv4) % P, (1 + (x3 - 1) * k * k) % P]
        roots = [model.sqrt(model.g(x)) for x in moved]
        witness = model.sqrt(-model.g(moved[0]) % P)
        at = next((at for at, root in enumerate(roots) if root is not None and (at == 0 or witness is not None)), None)
        if at is None:
            return None
        y = roots[at] if roots[at] % 2 == u % 2 else P - roots[at]
        words += [*([witness] if at else []), (at + 1) << 254 | y]
        point = model.add(point, (moved[at], y))
    return [model.hash_hints([message])[0] * k % P, *words], point


def test_a_false_inverse_with_everything_else_made_to_fit_is_refused(curve, refused):
    """Every root is one, on the candidates that the false inverse gives. Whoever chose it would choose the point: one
    whose logarithm it knows makes a delivery that every key accepts and that opens nothing."""
    tried = set()
    for k in (*range(2, 20), P - 1):
        message = k.to_bytes(32, "big")
        if (made := _forged(message, k)) is None:
            continue
        hints, point = made
        tried.add(tuple(word >> 254 for word in hints[1:]))
        assert point != model.hash_to_g1(message)
        with refused("HashHintInvalid"):
            curve.hashToG1List([message], 1, hints)
    assert len(tried) > 2
    message = bytes(32)
    assert _forged(message, 1) == (
        model.hash_hints([message]),
        model.hash_to_g1(message),
    )  # the forger's arithmetic is right


def test_hints_too_few_or_too_many_are_refused(curve, refused):
    messages = _messages(2, 5)
    hints = model.hash_hints(messages)
    for wrong in [
        *(hints[:length] for length in range(1, len(hints))),
        hints[1:],
        [*hints, 1],
        [hints[0], 7, *hints[1:]],
    ]:
        with refused("HashHintInvalid"):
            curve.hashToG1List(messages, 2, wrong)


def test_hints_of_other_messages_are_refused(curve, refused):
    messages = _messages(3, 6)
    with refused("HashHintInvalid"):
        curve.hashToG1List(messages[:2], 2, model.hash_hints(messages[1:]))
    with refused("HashHintInvalid"):
        curve.hashToG1List(messages[:2], 2, model.hash_hints(messages[1::-1]))


def test_hints_cost_a_fraction(curve):
    messages = _messages(10, 7)
    hinted = curve.gasOfHashes(messages, model.hash_hints(messages))
    assert hinted < 10 * 3_000
    assert curve.gasOfHashes(messages, []) > 4 * hinted
