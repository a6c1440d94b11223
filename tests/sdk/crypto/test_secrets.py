"""No secret shows itself: not in a repr, a text, an error, a pickle or an exception's arguments."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import traceback
from pathlib import Path
from typing import Any

import msgspec
import pytest
from crypto_vectors import POOL, ROOT, SECRET, committee_key
from eth_account import Account
from pydantic import BaseModel

from unwrapped_dao.app.accounts import KeyfileSigner
from unwrapped_dao.crypto import committee
from unwrapped_dao.crypto.bn254 import P1, R
from unwrapped_dao.crypto.dkg import Deal, Dealing, DealtShare, VerifiedDeal
from unwrapped_dao.crypto.feldman import Polynomial
from unwrapped_dao.crypto.keys import DataKey, NodeKey, Secret, SecretScalar
from unwrapped_dao.crypto.sealed_request import AnswerKey, EncryptionKey
from unwrapped_dao.crypto.vault import MemoryVault
from unwrapped_dao.errors import DeliveryError, PointError
from unwrapped_dao.service.wire import AttestAsk
from unwrapped_dao.settings import Settings
from unwrapped_dao.validation.fingerprint import FingerprintKey
from unwrapped_dao.validation.request import AttestationRequest, ConsentProof
from unwrapped_dao.validation.submission import Submission

PACKAGE = Path(__file__).parents[3] / "unwrapped_dao"
CANARY = bytes(range(0x10, 0x30))
SECRETS: list[Secret] = [
    DataKey(CANARY),
    SecretScalar.from_secret_bytes(CANARY),
    committee.sign_node(SECRET, POOL, ROOT),
    EncryptionKey(CANARY),
    AnswerKey(CANARY, bytes(32)),
    FingerprintKey(CANARY),
    Polynomial([SecretScalar.from_secret_bytes(CANARY)]),
    DealtShare(object.__new__(VerifiedDeal), 1, int.from_bytes(CANARY, "big")),
]


def _traces(secret: Secret) -> list[str]:
    raw = secret.to_secret_bytes()
    return [raw.hex(), raw[:32].hex(), str(int.from_bytes(raw[:32], "big")), repr(raw)[2:-1]]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda s: type(s).__name__)
def test_a_secret_has_no_text_and_is_not_pickled(secret: Secret) -> None:
    assert not any(trace in repr(secret) + repr([secret]) + repr({"k": secret}) for trace in _traces(secret))
    leaks = (str, bytes, int, lambda s: f"{s}", lambda s: f"{s:>10}", pickle.dumps, copy.copy, copy.deepcopy)
    for leak in (*leaks, json.dumps, lambda s: json.dumps(s, default=str), msgspec.json.encode):
        with pytest.raises(TypeError) as caught:
            leak(secret)
        assert not any(trace in "".join(traceback.format_exception(caught.value)) for trace in _traces(secret))
    assert not hasattr(secret, "__dict__")


def test_every_secret_of_the_package_is_among_these() -> None:
    """Also one that somebody makes by hand: whatever has `to_secret_bytes` is a Secret."""
    above: list[tuple[str, set[str]]] = []
    by_hand: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                above.append((node.name, {ast.unparse(base) for base in node.bases}))
                by_hand |= {node.name for part in node.body if getattr(part, "name", "") == "to_secret_bytes"}
    found = {"Secret"}
    while more := {name for name, bases in above if bases & found} - found:
        found |= more
    assert by_hand <= found
    assert found - {"Secret", "SecretBytes"} == {type(secret).__name__ for secret in SECRETS}


def _never() -> Any:
    pytest.fail("a secret was asked for")


ASK = AttestAsk("0x00", "s", "", 1, 1, "", 1, CANARY.hex(), (), 1, "")
CARRIERS: list[object] = [
    AttestationRequest(
        "0x00", "s", bytes(32), 1, 1, bytes(32), 1, DataKey(CANARY), _never, CANARY, ConsentProof((), 1, b"")
    ),
    ASK,
    Dealing(Deal.from_words((P1.words,), P1.words, P1.words, 1, ()), CANARY),
    Submission("0x00", bytes(32), 1, 1, bytes(32), 1, CANARY, CANARY),
    Settings.model_validate({"passphrase": CANARY.hex()}),
    KeyfileSigner("ana", "0x00", _never),
    MemoryVault(),
    Account.from_key(CANARY),
]
"""What holds a secret, or what must not be told yet, among other things."""


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda c: type(c).__name__)
def test_what_carries_a_secret_does_not_show_it(carrier: object) -> None:
    if isinstance(carrier, MemoryVault):
        carrier.put("share", SecretScalar.from_secret_bytes(CANARY))
    shown = f"{carrier} {carrier!r} {[carrier]} {Exception(carrier)!r}"
    if isinstance(carrier, BaseModel):
        shown += f"{carrier.model_dump()} {carrier.model_dump_json()}"
    assert not any(trace in shown for trace in _traces(DataKey(CANARY)))


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
