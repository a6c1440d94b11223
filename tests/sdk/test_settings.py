"""Settings: which source wins, what is refused, what is never shown."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pydantic import ValidationError

from unwrapped_dao import settings
from unwrapped_dao.errors import PassphraseError, SettingsError

PACKAGE = Path(__file__).parents[2] / "unwrapped_dao"
CANARY = "canary-4f2e"


def test_defaults_need_nothing() -> None:
    found = settings.load(environ={})
    assert found.workspace == Path(".unwrapped-dao")
    assert (found.rpc, found.ipfs, found.crypto) == (None, None, "auto")


def test_arguments_beat_environment_beats_file_beats_default(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('rpc = "http://file:1"\nipfs = "http://file:2"\ncrypto = "reference"\n')
    environ = {
        "UNWRAPPED_WORKSPACE": str(tmp_path),
        "UNWRAPPED_RPC": "http://environ:1",
        "UNWRAPPED_IPFS": "http://e:2",
    }
    found = settings.load({"rpc": "http://argument:1", "ipfs": None}, environ)
    assert found.rpc == "http://argument:1"
    assert found.ipfs == "http://e:2"
    assert found.crypto == "reference"
    assert found.wait_s == 10
    assert found.workspace == tmp_path


def test_the_workspace_of_the_arguments_says_which_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("wait_s = 3\n")
    assert settings.load({"workspace": tmp_path}, {}).wait_s == 3


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        settings.load(environ={}).rpc = "http://x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rpc": "localhost:1234"}, "rpc is no http"),
        ({"ipfs": "ftp://x"}, "ipfs is no http"),
        ({"crypto": "fast"}, "crypto does not fit"),
        ({"wait_s": -1}, "wait_s does not fit"),
        ({"colour": "red"}, "There is no setting colour"),
        ({"passphrase": CANARY}, "may not be given as an argument"),
    ],
)
def test_what_does_not_fit_is_named_without_its_value(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        settings.load(arguments, {})
    for value in arguments.values():
        assert str(value) not in refused.value.message


@pytest.mark.parametrize("text", ["rpc = ", f'passphrase = "{CANARY}"', 'workspace = "x"', 'hue = "x"', "\xff"])
def test_a_bad_file_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError) as refused:
        settings.load({"workspace": tmp_path}, {})
    assert CANARY not in refused.value.message + refused.value.hint


def test_a_passphrase_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{CANARY} with spaces \r\nsecond line\n")
    assert settings.load({"passphrase_file": path}, {}).require_passphrase() == f"{CANARY} with spaces "
    both = settings.load({"passphrase_file": path}, {"UNWRAPPED_PASSPHRASE": "first"})
    assert both.require_passphrase() == "first"
    (tmp_path / "config.toml").write_text('passphrase_file = "secret"\n')
    assert settings.load({"workspace": tmp_path}, {}).require_passphrase() == f"{CANARY} with spaces "


def test_a_missing_or_empty_passphrase_is_said(tmp_path: Path) -> None:
    with pytest.raises(PassphraseError, match="none was given"):
        settings.load({}, {}).require_passphrase()
    (tmp_path / "empty").write_text("\n")
    for name, words in (("empty", "is empty"), ("absent", "cannot be read")):
        with pytest.raises(SettingsError, match=words):
            settings.load({"passphrase_file": tmp_path / name}, {})


def test_nothing_secret_is_shown() -> None:
    environ = {"UNWRAPPED_PASSPHRASE": CANARY, "UNWRAPPED_RPC": f"https://user:{CANARY}@node.example:8/v3/{CANARY}"}
    found = settings.load({}, environ)
    assert CANARY not in repr(found) + str(found) + f"{found}"
    assert "https://node.example:8" in repr(found)


def test_nothing_else_in_the_package_reads_the_environment() -> None:
    readers = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if name in ("environ", "getenv", "expandvars"):
                readers.add(path.relative_to(PACKAGE).as_posix())
    assert readers == {"settings.py"}
