"""No secret shows itself: not in a repr, a text, an error, a pickle or an exception's arguments."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest
from crypto_vectors import POOL, ROOT, SECRET, committee_key

from unwrapped_dao.crypto import committee
from unwrapped_dao.crypto.bn254 import R
from unwrapped_dao.crypto.keys import DataKey, NodeKey, Secret, SecretScalar
from unwrapped_dao.errors import DeliveryError, PointError

CANARY = bytes(range(0x10, 0x30))
SECRETS: list[Secret] = [
    DataKey(CANARY),
    SecretScalar.from_secret_bytes(CANARY),
    committee.sign_node(SECRET, POOL, ROOT),
]


def _traces(secret: Secret) -> list[str]:
    raw = secret.to_secret_bytes()
    return [raw.hex(), raw[:32].hex(), str(int.from_bytes(raw[:32], "big")), repr(raw)[2:-1]]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda s: type(s).__name__)
def test_a_secret_has_no_text_and_is_not_pickled(secret: Secret) -> None:
    assert not any(trace in repr(secret) + repr([secret]) + repr({"k": secret}) for trace in _traces(secret))
    for leak in (str, bytes, int, lambda s: f"{s}", lambda s: f"{s:>10}", pickle.dumps, copy.copy):
        with pytest.raises(TypeError) as caught:
            leak(secret)
        assert not any(trace in "".join(traceback.format_exception(caught.value)) for trace in _traces(secret))
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize("secret", SECRETS, ids=lambda s: type(s).__name__)
def test_secrets_compare_by_value_and_are_no_dictionary_keys(secret: Secret) -> None:
    assert secret == secret and secret != DataKey(bytes(32)) and secret != secret.to_secret_bytes()
    with pytest.raises(TypeError):
        hash(secret)


def test_data_keys_are_fresh_and_of_one_length() -> None:
    assert DataKey.generate() != DataKey.generate()
    with pytest.raises(PointError):
        DataKey(bytes(31))


@pytest.mark.parametrize("value", [0, R, -1, R + 1])
def test_a_scalar_outside_its_range_is_refused_without_being_named(value: int) -> None:
    with pytest.raises(PointError) as caught:
        SecretScalar(value)
    assert str(value) not in caught.value.message or value in (0, -1)


def test_scalars_round_trip_and_refuse_other_lengths() -> None:
    scalar = SecretScalar.generate()
    assert SecretScalar.from_secret_bytes(scalar.to_secret_bytes()) == scalar
    assert 1 <= scalar.to_secret_int() < R
    with pytest.raises(PointError):
        SecretScalar.from_secret_bytes(bytes(31))


def test_a_node_key_is_checked_against_the_committee() -> None:
    key = committee.sign_node(SECRET, POOL, ROOT)
    assert NodeKey.from_secret_bytes(POOL, ROOT, key.to_secret_bytes(), committee_key()) == key
    other = committee.sign_node(SecretScalar(5), POOL, ROOT)
    with pytest.raises(DeliveryError) as caught:
        NodeKey.from_secret_bytes(POOL, ROOT, other.to_secret_bytes(), committee_key())
    assert not any(trace in str(caught.value) for trace in _traces(other))
    with pytest.raises(PointError):
        NodeKey.from_secret_bytes(POOL, ROOT, bytes(64), committee_key())
