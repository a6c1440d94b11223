"""The curve in both libraries against the shared vectors."""

from __future__ import annotations

import logging
import pickle

import pytest
from crypto_vectors import COMMITTEE, VECTORS, g1, g2, number, raw
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto import bn254
from unwrapped_dao.crypto.bn254 import (
    G1_INFINITY,
    G2_INFINITY,
    MINUS_P2,
    P1,
    P2,
    BackendName,
    G1Point,
    G2Point,
    P,
    R,
    backend,
    hash_hints,
    hash_to_field,
    hash_to_g1,
    map_to_g1,
    pairing,
    pairing_product_is_one,
)
from unwrapped_dao.crypto.field import inv0, is_square, sqrt
from unwrapped_dao.crypto.hashing import HASH_TO_G1_DST, expand_message_xmd, keccak256
from unwrapped_dao.errors import PointError, SettingsError

SUITE = VECTORS["suite"]
OFF_SUBGROUP = next(c for c in VECTORS["on_chain_open"]["cases"] if c["name"] == "B2 not in subgroup")["B2"]


def test_parameters_are_those_of_the_suite() -> None:
    assert (number(SUITE["p"]), number(SUITE["r"])) == (P, R)
    assert P1.to_bytes() == raw(SUITE["P1"])
    assert (P2.to_bytes(), MINUS_P2.to_bytes()) == (raw(SUITE["P2"]), raw(SUITE["minus_P2"]))
    assert SUITE["dst"].encode() == HASH_TO_G1_DST


def test_keccak_is_ethereums_and_not_sha3() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


# --- decoding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        (0, 0),  # infinity
        (1, 3),  # off the curve
        (1 + P, 2),  # x not canonical, though x mod p is fine
        (1, 2 + P),
        (-1, 2),
        (1,),
        (1, 2, 3),
    ],
)
def test_g1_decoder_rejects(words: tuple[int, ...]) -> None:
    with pytest.raises(PointError):
        G1Point.from_words(words)


@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_g1_decoder_rejects_other_lengths(length: int) -> None:
    with pytest.raises(PointError):
        G1Point.from_bytes(bytes(length))


def test_g1_infinity_is_decoded_only_where_asked_for() -> None:
    assert G1Point.from_bytes(bytes(64), allow_infinity=True) == G1_INFINITY
    assert G2Point.from_bytes(bytes(128), allow_infinity=True) == G2_INFINITY
    for decode in (G1Point.from_bytes, G2Point.from_bytes):
        with pytest.raises(PointError, match="infinity"):
            decode(bytes(64 if decode == G1Point.from_bytes else 128))


def test_g2_decoder_rejects_a_point_outside_the_subgroup(curve: BackendName, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PointError, match="subgroup"):
        G2Point.from_words([number(word) for word in OFF_SUBGROUP])
    assert capfd.readouterr().err == ""  # the native library would print its panic


@pytest.mark.parametrize("change", [(0, P), (3, P), (1, 1), (2, -1)])
def test_g2_decoder_rejects_altered_words(change: tuple[int, int]) -> None:
    words = list(P2.words)
    words[change[0]] += change[1]
    with pytest.raises(PointError):
        G2Point.from_words(words)


def test_g2_decoder_rejects_swapped_re_and_im() -> None:
    x_im, x_re, y_im, y_re = P2.words
    with pytest.raises(PointError):
        G2Point.from_words((x_re, x_im, y_re, y_im))


def test_compressed_points_are_both_roots_and_nothing_else() -> None:
    for text in COMMITTEE["X_j_G1"].values():
        for point in (g1(text), -g1(text)):
            assert G1Point.from_compressed(point.x | (point.y & 1) << 255) == point
    off_curve = next(x for x in range(1, 100) if not is_square(x**3 + 3))
    for word in (off_curve, 1 << 254, P + 1, (1 << 256) - 1, -1):
        with pytest.raises(PointError):
            G1Point.from_compressed(word)


def test_points_round_trip() -> None:
    for text in COMMITTEE["X_j_G1"].values():
        assert G1Point.from_words(g1(text).words).to_bytes() == raw(text)
    for text in COMMITTEE["Y_j_G2"].values():
        assert G2Point.from_words(g2(text).words).to_bytes() == raw(text)


def test_points_can_be_pickled_for_another_process(curve: BackendName) -> None:
    for point in (P1 * 5, P2 * 5, G1_INFINITY):
        assert pickle.loads(pickle.dumps(point)) == point


def test_points_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        P1.x = 5  # type: ignore[misc]


# --- arithmetic and pairing -----------------------------------------------------------------------------------------


def test_pairing_is_the_exact_reduced_ate_pairing(curve: BackendName) -> None:
    assert backend.backend_name() == curve
    assert pairing(P1, P2) == raw(SUITE["gt_P1_P2"])


def test_libraries_agree_on_points_and_pairings() -> None:
    a, b = 0x1234567890ABCDEF << 128, R - 987654321
    results = []
    for name in ("native", "reference"):
        bn254.select_backend(name)  # type: ignore[arg-type]
        p, q = P1 * a + P1 * 5, P2 * b + P2
        results.append((p, q, -p, -q, p - p, pairing(p, q), pairing(G1_INFINITY, q), pairing(p, G2_INFINITY)))
    bn254.select_backend("auto")
    assert results[0] == results[1]
    assert results[0][6] == (1).to_bytes(32, "big") + bytes(352)


@pytest.mark.parametrize("k", [0, 1, 2, R - 1, R, R + 1, -1, 2**300 + 7])
def test_scalars_are_reduced_alike(curve: BackendName, k: int) -> None:
    p = P1 * k
    assert p == P1 * (k % R)
    assert p.is_infinity == (k % R == 0)
    assert P2 * k == P2 * (k % R)


def test_infinity_is_neutral(curve: BackendName) -> None:
    assert P1 + G1_INFINITY == P1 == G1_INFINITY + P1
    assert P2 + G2_INFINITY == P2
    assert (P1 - P1).is_infinity and (P2 + MINUS_P2).is_infinity
    assert P1 + P1 == P1 * 2 and P2 + P2 == P2 * 2


def test_product_check_knows_one_and_not_one(curve: BackendName) -> None:
    assert pairing_product_is_one([(P1 * 6, MINUS_P2), (P1 * 2, P2 * 3)])
    assert not pairing_product_is_one([(P1 * 6, MINUS_P2), (P1 * 2, P2 * 4)])
    assert pairing_product_is_one([(G1_INFINITY, P2), (P1, G2_INFINITY)])


def test_the_short_final_exponentiation_is_py_eccs() -> None:
    """The reference shortens one step of py_ecc's pairing; the result must be the same element."""
    from py_ecc.optimized_bn128 import optimized_pairing

    from unwrapped_dao.crypto.bn254 import reference

    miller = reference.BACKEND._miller(P1 * 5, P2 * 7)
    assert reference._final_exponentiation(miller) == optimized_pairing.final_exponentiate(miller)


@settings(max_examples=15, deadline=None)
@given(a=st.integers(0, 2 * R), b=st.integers(0, 2 * R))
def test_pairing_is_bilinear(a: int, b: int) -> None:
    assert pairing(P1 * a, P2 * b) == pairing(P1 * (a * b), P2) == pairing(P1, P2 * (a * b))


def test_pairings_of_several_points_are_those_of_each(curve: BackendName) -> None:
    points = [P1, P1 * 5, G1_INFINITY][: 3 if curve == "native" else 2]
    assert bn254.pairings(points, P2 * 3) == [pairing(point, P2 * 3) for point in points]
    assert bn254.pairings([], P2) == []


# --- hash to curve --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS["hash_to_g1"], ids=lambda v: v["msg"][:12])
def test_hash_to_g1_vector(vector: dict[str, str], curve: BackendName) -> None:
    message = raw(vector["msg"])
    hash_to_g1.cache_clear()
    assert expand_message_xmd(message, HASH_TO_G1_DST, 96) == raw(vector["uniform_bytes"])
    u0, u1 = hash_to_field(message)
    assert (u0, u1) == (number(vector["u0"]), number(vector["u1"]))
    assert (map_to_g1(u0).to_bytes(), map_to_g1(u1).to_bytes()) == (raw(vector["q0"]), raw(vector["q1"]))
    assert hash_to_g1(message).to_bytes() == raw(vector["H"])


@pytest.mark.parametrize("vector", VECTORS["map_to_g1"], ids=lambda v: v["u"][-4:])
def test_map_to_g1_vector(vector: dict[str, str]) -> None:
    assert map_to_g1(number(vector["u"])).to_bytes() == raw(vector["q"])


def test_expand_message_keeps_rfc_limits() -> None:
    assert len(expand_message_xmd(b"", b"d", 33)) == 33
    for dst, length in ((b"d" * 256, 32), (b"d", 255 * 32 + 1)):
        with pytest.raises(Exception, match="RFC 9380"):
            expand_message_xmd(b"", dst, length)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, P - 1))
def test_is_square_is_eulers_criterion(a: int) -> None:
    assert is_square(a) == (pow(a, (P - 1) // 2, P) in (0, 1))
    assert not is_square(a) or sqrt(a) ** 2 % P == a
    assert a * inv0(a) % P == (1 if a else 0)


def _check_map_hints(u: int, inverse: int, words: list[int]) -> tuple[G1Point, list[int]]:
    """A verifier as docs/spec/hash-hints.md describes it: multiplications only. The point and the words left."""
    c2, c4 = (P - 1) // 2, -16 * pow(3, -1, P) % P
    c3 = min(sqrt(P - 12), P - sqrt(P - 12), key=lambda root: root & 1)
    tv1, tv2 = (1 - 4 * u * u) % P, (1 + 4 * u * u) % P
    assert tv1 * tv2 * inverse % P == 1
    tv4 = u * tv1 * inverse * c3 % P
    xs = [(c2 - tv4) % P, (c2 + tv4) % P, (c4 * (tv2 * tv2 * inverse) ** 2 + 1) % P]
    y, tag = words[-1] % 2**254, words[-1] >> 254
    assert tag in (1, 2, 3) and y < P
    if tag > 1:
        assert words[-2] ** 2 % P == -(xs[0] ** 3 + 3) % P
    x = xs[tag - 1]
    assert y * y % P == (x**3 + 3) % P and y % 2 == u % 2
    return G1Point(x, y), words[: -1 if tag == 1 else -2]


@pytest.mark.parametrize("count", [1, 2, 200])
def test_hints_let_a_verifier_reach_the_same_points(count: int) -> None:
    messages = [keccak256(i.to_bytes(4, "big")) for i in range(count)]
    inverse, *words = hash_hints(messages)
    us = [hash_to_field(message) for message in messages]
    before = [1]  # the product of tv1·tv2 of all maps up to each
    for u in (u for pair in us for u in pair):
        before.append(before[-1] * (1 - 16 * u**4) % P)
    assert before.pop() * inverse % P == 1
    for message, pair in zip(reversed(messages), reversed(us), strict=True):
        points = []
        for u in reversed(pair):
            point, words = _check_map_hints(u, inverse * before.pop() % P, words)
            inverse = inverse * (1 - 16 * u**4) % P
            points.append(point)
        assert points[0] + points[1] == hash_to_g1(message)
    assert words == [] and before == [] and inverse == 1


def test_no_messages_no_hints() -> None:
    assert hash_hints([]) == []


def test_a_product_of_zero_has_no_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """No message is known that hashes so; without hints the contract computes inv0 itself."""
    monkeypatch.setattr(bn254.hash_to_curve, "hash_to_field", lambda *_: (5, pow(2, -1, P)))
    assert hash_hints([b"m"]) == []


def test_hints_are_those_of_the_model_the_contracts_are_tested_with() -> None:
    """It was written apart from this package, so the two sides of docs/spec/hash-hints.md meet here."""
    from tests.contracts.support import bn254_model

    messages = [keccak256(b"model" + i.to_bytes(4, "big")) for i in range(200)]
    assert hash_hints(messages) == bn254_model.hash_hints(messages)
    for message in messages:
        assert hash_to_g1(message).words == bn254_model.hash_to_g1(message)


@pytest.mark.parametrize("us", [(5, 5), (5, P - 5)])
def test_equal_and_opposite_summands_are_added_rightly(us: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """No message is known that hashes so; the sum must be right all the same."""
    monkeypatch.setattr(bn254.hash_to_curve, "hash_to_field", lambda *_: us)
    hash_to_g1.cache_clear()
    assert hash_to_g1(b"") == map_to_g1(us[0]) + map_to_g1(us[1])
    hash_to_g1.cache_clear()


@pytest.mark.parametrize("vector", VECTORS["map_to_g1"], ids=lambda v: v["u"][-4:])
def test_hints_at_the_edges_of_the_map(vector: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One of these u is -1/2, which makes tv1 zero: there no inverse exists, and no hints are given."""
    u = number(vector["u"])
    monkeypatch.setattr(bn254.hash_to_curve, "hash_to_field", lambda *_: (u, 1))
    inverse, *words = hash_hints([b""]) or [0]
    if u == pow(-2, -1, P):
        assert (inverse, words) == (0, [])
        return
    _, words = _check_map_hints(1, inverse * (1 - 16 * u**4) % P, words)
    point, words = _check_map_hints(u, inverse * (1 - 16) % P, words)
    assert (point.to_bytes(), words) == (raw(vector["q"]), [])


# --- choosing a library ---------------------------------------------------------------------------------------------


def test_unknown_backend_is_refused() -> None:
    with pytest.raises(SettingsError):
        bn254.select_backend("fast")  # type: ignore[arg-type]


def test_a_native_library_that_lies_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(backend, "_GT_P1_P2_SHA256", "0" * 64)
    with pytest.raises(SettingsError, match="known value"):
        bn254.select_backend("native")
    with caplog.at_level(logging.WARNING):
        assert bn254.select_backend("auto") == "reference"
    assert "py_ecc" in caplog.text
    monkeypatch.undo()
    assert bn254.select_backend("auto") == "native"


class _Lenient:
    """A library whose check of the subgroup always says yes, as py_ecc's does."""

    def __getattr__(self, name: str) -> object:
        return (lambda _point: True) if name == "g2_in_subgroup" else getattr(backend._load("native"), name)


def test_a_native_library_that_accepts_bad_points_or_changed_its_interface_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "accepts what is wrong" in str(backend._wrong_answer(_Lenient()))  # type: ignore[arg-type]
    monkeypatch.setattr(backend, "_load", lambda name: object())
    assert "interface" in str(backend._native_problem())


def test_without_the_native_library_the_reference_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> backend.Backend:
        if name == "native":
            raise ImportError("No module named 'zksnake'", name="zksnake")
        return real(name)  # type: ignore[arg-type]

    real = backend._load
    monkeypatch.setattr(backend, "_load", missing)
    assert bn254.select_backend("auto") == "reference"
    with pytest.raises(SettingsError, match="zksnake"):
        bn254.select_backend("native")
    monkeypatch.undo()
    bn254.select_backend("auto")
