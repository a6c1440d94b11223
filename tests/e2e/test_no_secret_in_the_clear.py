"""A whole life with planted canaries: no personal field, passphrase or key is in any file, or in anything printed."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path

import pytest

from tests.kills import commands, planted
from tests.kills.life import EXPORTS, LIFE, Chapter, chapter_of
from tests.kills.world import WORKSPACE

# The life that all of these read is told within the first test.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

MADE = {"DataKey", "SecretScalar", "EncryptionKey", "FingerprintKey", "account key"}


def secrets_of(chapters: list[Chapter]) -> list[tuple[str, bytes]]:
    """Everything that must stay hidden, by what it is."""
    known = [(name, text.encode()) for name, text in planted.CANARIES.items()]
    known.append(("the passphrase", commands.PASSPHRASE.encode()))
    # The embedded chain's faucet says itself that its key is no secret: its money exists nowhere else.
    paths = {path for chapter in chapters for path in chapter.before.glob(f"{WORKSPACE}/chain/faucet-dev-only.json")}
    faucets = {json.loads(path.read_text())["private_key"][2:] for path in paths}
    made = [(name, secret) for name, secret in planted.spied(chapters[-1].secrets) if secret.hex() not in faucets]
    return known + made


def written(folder: Path) -> list[tuple[str, bytes]]:
    """All that commands wrote: everything but the members' own exports."""
    return [(name, content) for name, content in planted.files(folder) if "exports" not in name]


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    secret = bytes(range(200, 232))
    as_text = [base64.b64encode(before + secret + b"after") for before in (b"", b"1", b"12", b"123")]
    as_text += [base64.urlsafe_b64encode(secret), secret.hex().encode(), secret.hex().upper().encode()]
    for kept in (secret, *as_text, str(int.from_bytes(secret, "big")).encode()):
        (tmp_path / "kept").write_bytes(b"something " + kept + b" more")
        assert planted.found([("it", secret)], planted.files(tmp_path)), kept
    assert planted.found([("it", secret)], [("elsewhere", b"nothing")]) == []


def test_the_life_made_every_sort_of_secret_and_had_every_canary_to_leak(chapters: list[Chapter]) -> None:
    made = [name for name, _ in planted.spied(chapters[-1].secrets)]
    assert set(made) == MADE
    assert made.count("DataKey") >= EXPORTS + 1
    with zipfile.ZipFile(chapters[0].before / "exports" / "1.zip") as export:
        content = b"".join(export.read(name) for name in export.namelist())
    assert all(canary.encode() in content for canary in planted.CANARIES.values())


def test_no_file_of_the_workspace_or_the_dataset_holds_one(chapters: list[Chapter]) -> None:
    secrets = secrets_of(chapters)
    for text in ("pool announce", "buyer offer", "member claim --as cleo"):
        assert planted.found(secrets, written(chapter_of(chapters, text).before)) == []


def test_nothing_printed_holds_one(chapters: list[Chapter]) -> None:
    printed = [(chapter.line.text, chapter.said.encode()) for chapter in chapters]
    assert len(printed) == len(LIFE)
    assert planted.found(secrets_of(chapters), printed) == []


@pytest.mark.parametrize("step", ["created", "commit to", "rename"])
def test_a_killed_contribution_leaves_none_either(chapters: list[Chapter], tmp_path: Path, step: str) -> None:
    chapter = chapter_of(chapters, "member contribute exports/1.zip --as ana")
    home = chapter.copy(tmp_path / "home")
    secrets = tmp_path / "secrets"
    deadly = max(n for n, name in enumerate(chapter.steps, start=1) if name.startswith(step))
    killed = commands.run(chapter.line.arguments, home, deadly=deadly, before=lambda: planted.spy(secrets))
    assert killed.code == commands.KILLED
    places = [*written(home), ("printed", (killed.out + killed.err).encode())]
    assert planted.found([*secrets_of(chapters), *planted.spied(secrets)], places) == []


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("member contribute exports/1.zip --as ben", {}),
        ("member contribute exports/2.zip --as ana", {"UNWRAPPED_PASSPHRASE": "wrong canary passphrase"}),
        ("member contribute exports/2.zip --as ana", {"UNWRAPPED_RPC": "http://user:canarykey@127.0.0.1:9/canarypath"}),
    ],
    ids=["refused", "wrong passphrase", "no node"],
)
def test_no_error_holds_one(chapters: list[Chapter], tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    home = chapter_of(chapters, "member contribute exports/3.zip --as cleo").copy(tmp_path / "home")
    ended = commands.run(text.split(), home, **environ)
    assert ended.code not in (0, 1, 99), ended.err
    given = [(value, value.encode()) for value in ("wrong canary passphrase", "canarykey", "canarypath")]
    assert planted.found([*secrets_of(chapters), *given], [("error", (ended.out + ended.err).encode())]) == []
