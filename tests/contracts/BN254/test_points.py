"""Point checks and the precompiles: what is no point is refused before gas is spent on it."""

from __future__ import annotations

import pytest

from tests.contracts.support import bn254_model as model
from tests.contracts.support import vectors

P, R, P1 = model.P, model.R, model.P1
MINUS_P2 = vectors.words(vectors.load()["suite"]["minus_P2"])
P2 = vectors.words(vectors.load()["suite"]["P2"])


@pytest.fixture(scope="module")
def curve(deploy):
    return deploy("HashToG1Harness")


def test_points_of_the_curve_are_points(curve):
    for k in (1, 2, 3, 77, R - 1):
        assert curve.isG1(*model.mul(P1, k))


@pytest.mark.parametrize(
    "point",
    [(0, 0), (1, 3), (1, 0), (0, 1), (1 + P, 2), (1, 2 + P), (P, P), (2**256 - 1, 2)],
    ids=["infinity", "off curve", "y zero", "x zero", "x not reduced", "y not reduced", "p p", "huge"],
)
def test_what_is_no_point_is_none(curve, point):
    assert not curve.isG1(*point)


def test_g2_encodings(curve, refused):
    curve.requireG2Encoding(P2)
    with refused("PointInvalid"):
        curve.requireG2Encoding((0, 0, 0, 0))
    for at in range(4):
        with refused("PointInvalid"):
            curve.requireG2Encoding([word + P if i == at else word for i, word in enumerate(P2)])


def test_add_and_mul_equal_the_model(curve):
    a, b = model.mul(P1, 1234567), model.mul(P1, R - 99)
    assert curve.add(a, b) == model.add(a, b)
    assert curve.add(a, a) == model.mul(a, 2)
    assert curve.add(a, model.negate(a)) == (0, 0)
    for k in (1, 2, 2**128 - 1, R - 1):
        assert curve.mul(a, k) == model.mul(a, k)


def test_bad_points_revert_by_name_in_the_precompiles(curve, refused):
    good = model.mul(P1, 5)
    with refused("PrecompileFailed"):
        curve.add(good, (1, 3))
    with refused("PrecompileFailed"):
        curve.mul((1, 3), 7)
    with refused("PrecompileFailed"):
        curve.isPairing2([*P1, *model.g2_outside_subgroup(), *P1, *P2])


def test_pairings(curve):
    x, y = 1234, 98765
    minus = model.negate(model.mul(P1, x * y % R))
    xy = [*model.mul(P1, x), *model.mul2(y), *minus, *P2]
    assert curve.isPairing2(xy)
    assert not curve.isPairing2([*xy[:6], *model.negate(minus), *xy[8:]])
    assert not curve.isPairing2([*xy[6:], *xy[6:]])
    a, b = model.mul(P1, 7), model.mul(P1, 8)
    assert curve.isPairing3([*a, *P2, *b, *P2, *model.mul(P1, 15), *MINUS_P2])
    assert not curve.isPairing3([*a, *P2, *b, *P2, *model.mul(P1, 14), *MINUS_P2])
