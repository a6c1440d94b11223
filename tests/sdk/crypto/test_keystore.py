"""Keyfiles: the standard format, private, never overwritten, and clear about what is wrong."""

from __future__ import annotations

import importlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto import backup, keystore
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.keystore import GETH_LIGHT_SCRYPT, OWASP_SCRYPT, ScryptCost
from unwrapped_dao.errors import (
    InputError,
    PassphraseError,
    PointError,
    StorageUnavailableError,
    UntrustedDataError,
    UnwrappedError,
)

SECRET = SecretScalar(0xCA9A12)
PASSPHRASE = "correct horse ß battery"
CHEAP = ScryptCost(2, 8, 1)  # for tests of everything but the cost


def _save(path: Path, secret: SecretScalar = SECRET, cost: ScryptCost = CHEAP) -> Path:
    keystore.save(path, secret, PASSPHRASE, kind="buyer-key", public="0xabcd", cost=cost)
    return path


def test_a_secret_comes_back_with_its_passphrase_at_full_cost(tmp_path: Path) -> None:
    path = _save(tmp_path / "keys" / "buyer.json", cost=OWASP_SCRYPT)
    assert keystore.load_scalar(path, PASSPHRASE, kind="buyer-key") == SECRET
    assert keystore.read(path)["public"] == "0xabcd"
    assert keystore.read(path)["crypto"]["kdfparams"]["n"] == 131072


def test_a_wrong_passphrase_is_named_and_shows_nothing(tmp_path: Path) -> None:
    path = _save(tmp_path / "key")
    with pytest.raises(PassphraseError) as caught:
        keystore.load(path, "correct horse ss battery")
    assert "horse" not in str(caught.value) + caught.value.hint


def test_a_keyfile_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="custodian-share"):
        keystore.load(_save(tmp_path / "key"), PASSPHRASE, kind="custodian-share")


def test_a_keyfile_is_private_whole_and_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        path = _save(tmp_path / "key")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["key"]
    assert path.stat().st_nlink == 1


def test_a_keyfile_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _save(tmp_path / "key")
    before = path.read_bytes()
    with pytest.raises(InputError, match="never overwritten"):
        _save(path, SecretScalar(5))
    # also when the file appears between the look and the write
    monkeypatch.setattr(Path, "exists", lambda self: False)
    with pytest.raises(InputError, match="never overwritten"):
        _save(path, SecretScalar(5))
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailableError, match="full"):
        _save(tmp_path / "key")
    assert list(tmp_path.iterdir()) == []


def test_the_secret_is_not_in_the_file(tmp_path: Path) -> None:
    text = _save(tmp_path / "key").read_text()
    assert SECRET.to_secret_bytes().hex() not in text and "ca9a12" not in text and "horse" not in text


def test_ethereums_own_library_opens_our_file_and_we_open_its() -> None:
    eth_keyfile = pytest.importorskip("eth_keyfile", reason="eth-keyfile comes with the chain extra")
    ours = keystore.encrypt(SECRET.to_secret_bytes(), PASSPHRASE, kind="account", cost=GETH_LIGHT_SCRYPT)
    assert eth_keyfile.decode_keyfile_json(ours, PASSPHRASE.encode()) == SECRET.to_secret_bytes()
    theirs = eth_keyfile.create_keyfile_json(
        SECRET.to_secret_bytes(), PASSPHRASE.encode(), kdf="scrypt", iterations=4096
    )
    assert keystore.decrypt(theirs, PASSPHRASE) == SECRET.to_secret_bytes()


@pytest.mark.parametrize("zeros", [1, 3])
def test_a_file_of_ethereums_library_opens_when_its_counter_begins_with_zeros(
    monkeypatch: pytest.MonkeyPatch, zeros: int
) -> None:
    """It writes the counter as a number, without them."""
    eth_keyfile = pytest.importorskip("eth_keyfile", reason="eth-keyfile comes with the chain extra")
    module = importlib.import_module("eth_keyfile.keyfile")
    monkeypatch.setattr(module.Random, "get_random_bytes", lambda size: (bytes(zeros) + b"\7" * size)[:size])
    theirs = eth_keyfile.create_keyfile_json(
        SECRET.to_secret_bytes(), PASSPHRASE.encode(), kdf="scrypt", iterations=4096
    )
    assert len(theirs["crypto"]["cipherparams"]["iv"]) == 2 * (16 - zeros)
    assert keystore.decrypt(theirs, PASSPHRASE) == SECRET.to_secret_bytes()


def test_a_secret_that_is_no_scalar_is_refused_on_loading(tmp_path: Path) -> None:
    keystore.save(tmp_path / "key", b"\xff" * 32, PASSPHRASE, kind="buyer-key", cost=CHEAP)
    with pytest.raises(PointError):
        keystore.load_scalar(tmp_path / "key", PASSPHRASE, kind="buyer-key")


def test_what_cannot_be_kept_is_refused() -> None:
    for secret, passphrase in ((bytes(31), PASSPHRASE), (bytes(32), "")):
        with pytest.raises(InputError):
            keystore.encrypt(secret, passphrase, kind="x", cost=CHEAP)


def test_a_passphrase_that_is_no_text_is_refused_and_not_carried_along() -> None:
    """Bytes of another encoding in the environment come as lone surrogates; Python's own error holds the whole text."""
    keyfile = keystore.encrypt(bytes(32), "right", kind="buyer-key", cost=keystore.GETH_LIGHT_SCRYPT)
    for call in (
        lambda: keystore.decrypt(keyfile, "secret w\udcf6rd"),
        lambda: keystore.encrypt(bytes(32), "secret w\udcf6rd", kind="buyer-key", cost=keystore.GETH_LIGHT_SCRYPT),
        lambda: keystore.decrypt(keyfile, ""),
    ):
        with pytest.raises(InputError, match="UTF-8") as refused:
            call()
        assert refused.value.__cause__ is None and refused.value.__context__ is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", "\xff", '{"version": 3, "crypto": 5}', "[" * 10_000, "x" * 20_000]
)
def test_a_file_that_is_no_keyfile_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text, encoding="latin-1")
    with pytest.raises(UntrustedDataError):
        keystore.load(tmp_path / "key", PASSPHRASE)


def test_a_missing_keyfile_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError):
            keystore.load(path, PASSPHRASE)


@pytest.mark.parametrize(
    "change",
    [
        {"n": 1 << 30},
        {"r": 1 << 20},
        {"p": 1 << 20},
        {"n": 3},
        {"n": 0},
        {"n": -2},
        {"n": "131072"},
        {"n": 1},
        {"dklen": 64},
        {"r": True},
    ],
)
def test_absurd_costs_are_refused_at_once(change: dict[str, Any]) -> None:
    keyfile = keystore.encrypt(bytes(31) + b"\x01", PASSPHRASE, kind="x", cost=CHEAP)
    keyfile["crypto"]["kdfparams"].update(change)
    with pytest.raises(UntrustedDataError):
        keystore.decrypt(keyfile, PASSPHRASE)


KEYFILE = json.dumps(keystore.encrypt(SECRET.to_secret_bytes(), PASSPHRASE, kind="x", cost=CHEAP))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(KEYFILE) - 1), st.sampled_from('0a"{}[]:,9.-ntf '))
def test_an_altered_keyfile_gives_the_secret_or_a_named_error(at: int, letter: str) -> None:
    try:
        keyfile = json.loads(KEYFILE[:at] + letter + KEYFILE[at + 1 :])
        if isinstance(keyfile, dict):
            assert keystore.decrypt(keyfile, PASSPHRASE) == SECRET.to_secret_bytes()
    except (ValueError, UnwrappedError):
        return


@pytest.mark.parametrize("field", ["kind", "public", "id"])
def test_altering_a_note_is_noticed(field: str) -> None:
    keyfile = {**json.loads(KEYFILE), field: "other"}
    with pytest.raises(UntrustedDataError, match="altered"):
        keystore.decrypt(keyfile, PASSPHRASE)


@pytest.mark.parametrize("left_out", [("binding",), ("binding", "kind")])
def test_taking_the_binding_away_does_not_make_the_iv_alterable(left_out: tuple[str, ...]) -> None:
    """Only a file of another program may come without it, and none of those holds a secret of a kind."""
    keyfile = {name: value for name, value in json.loads(KEYFILE).items() if name not in left_out}
    keyfile["crypto"]["cipherparams"]["iv"] = "00" * 16
    with pytest.raises(UnwrappedError) as refused:
        keystore.decrypt(keyfile, PASSPHRASE, kind="x")
    assert isinstance(refused.value, InputError if "kind" in left_out else UntrustedDataError)


def test_a_backups_keyfile_without_its_binding_is_not_restored(tmp_path: Path) -> None:
    """Another IV would put a secret that nobody has in the place of the custodian's share."""
    _save(tmp_path / "share")
    backup.save(tmp_path / "backup", [tmp_path / "share"], PASSPHRASE)
    content = json.loads((tmp_path / "backup").read_text())
    keyfile = content["keyfiles"]["share"]
    del keyfile["binding"]
    keyfile["crypto"]["cipherparams"]["iv"] = "00" * 16
    (tmp_path / "backup").write_text(json.dumps(content))
    with pytest.raises(UntrustedDataError, match="altered"):
        backup.restore(tmp_path / "backup", lambda name, _: tmp_path / "restored" / name, PASSPHRASE)
    assert not (tmp_path / "restored").exists()


def test_altering_the_iv_is_noticed_where_the_standard_mac_is_blind() -> None:
    keyfile = json.loads(KEYFILE)
    keyfile["crypto"]["cipherparams"]["iv"] = "00" * 16
    with pytest.raises(UntrustedDataError, match="altered"):
        keystore.decrypt(keyfile, PASSPHRASE)


def test_altering_the_ciphertext_is_noticed() -> None:
    keyfile = json.loads(KEYFILE)
    text = keyfile["crypto"]["ciphertext"]
    keyfile["crypto"]["ciphertext"] = ("1" if text[0] == "0" else "0") + text[1:]
    with pytest.raises(PassphraseError):
        keystore.decrypt(keyfile, PASSPHRASE)
