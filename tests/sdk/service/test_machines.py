"""Three validators on three machines: a workspace each, no common disk, one process that hosts their index log.

The tests tell one story, in order.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sdk.service.processes import NAMES, World, canary_export, world
from unwrapped_dao import kinds
from unwrapped_dao.cli.running import run
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.validation import FingerprintIndex, Sketch, fingerprint

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("validator-machines")]
MEMBERS = ("ana", "ben")


def _machine(place: World, name: str) -> Path:
    """A workspace with this validator's keys, the shared key and the collective: what docs/validators.md copies."""
    with place.app() as app:
        address = app.accounts.address(name)
        encryption = app.validator_keys._own(address)
    home = place.folder / f"machine-{name}"
    for file in (
        place.home / "accounts" / f"{name}.json", encryption,
        place.home / "keys" / "fingerprint-key.json", place.home / "collective.json",
    ):  # fmt: skip
        target = home / file.relative_to(place.home)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    return home


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("machines"), MEMBERS) as made:
        for name in NAMES:
            _machine(made, name)
        made.serve_index()
        yield made


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("exports")
    return [str(canary_export(folder, number)) for number in range(len(MEMBERS))]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A history that was contributed when there was a file."""
    return str(canary_export(tmp_path_factory.mktemp("old"), 5))


@pytest.fixture(scope="module")
def records(old: str) -> Listens:
    return kinds.read("music", [old]).records


def _serve(place: World, name: str) -> None:
    home = place.folder / f"machine-{name}"
    place.serve(name, "--index", place.servers["index"].url, home=home)


def _events(place: World, name: str) -> list[str]:
    (log,) = (place.folder / f"machine-{name}").rglob("audit.jsonl")
    return [json.loads(line)["event"] for line in log.read_text().splitlines()]


def test_a_member_contributes_to_validators_that_share_no_disk(
    place: World, exports: list[str], records: Listens
) -> None:
    """One of them had a file of its own before: what it knew is in the log now, and the file is gone."""
    with place.app() as app:
        key = app.validator_keys.fingerprint_key()
    with FingerprintIndex(place.folder / f"machine-{NAMES[0]}" / "validation.sqlite", key) as before:
        mark = fingerprint(key, "music", kinds.get("music").identity(records))
        sketch = Sketch.of(key, kinds.get("music").traces(records))
        before.record(
            kind="music", scope_id=kinds.scope("artist-preferences").scope_id, epoch=9, member="0x" + "77" * 20,
            version=1, fingerprint=mark, sketch=sketch,
        )  # fmt: skip
    for name in NAMES:
        _serve(place, name)
    done = place.process("ana", "member", "contribute", exports[0], *place.urls("validator-1", "validator-2"))
    assert done.returncode == 0, done.stderr
    assert not list(place.folder.rglob("validation.sqlite"))


def test_what_the_file_knew_is_known_on_every_machine(place: World, old: str) -> None:
    done = place.member("ben", "member", "contribute", old, *place.urls("validator-3", "validator-2"))
    assert done.returncode == 5 and "another member" in done.stderr


def test_the_validator_that_never_saw_the_original_finds_the_copy(place: World, exports: list[str]) -> None:
    """The registry would refuse an exact copy, so this one lacks a few plays; the third validator sees it first."""
    copy = place.folder / "copy"
    shutil.copytree(exports[0], copy)
    (history,) = copy.rglob("Streaming_History_Audio*.json")
    history.write_text(json.dumps(json.loads(history.read_text())[:-25]))
    done = place.member("ben", "member", "contribute", str(copy), *place.urls("validator-3", "validator-2"))
    assert done.returncode == 5, done.stderr
    assert "in common with another member's contribution" in done.stderr
    assert "refused" in _events(place, "validator-3")


def test_killed_at_their_worst_moments_host_and_validator_go_on_with_what_is_in_the_log(
    place: World, exports: list[str]
) -> None:
    """The host once it has written and before it says so; then the validator once it has heard."""
    asked = ["member", "contribute", exports[1], *place.urls("validator-1", "validator-2")]
    host = place.servers["index"]
    host.kill_at.write_text("log written")
    assert place.member("ben", *asked).returncode == 3
    assert host.process.wait(10) == -signal.SIGKILL
    place.end("index")
    place.serve_index("--port", host.url.rpartition(":")[2])

    server = place.servers["validator-1"]
    server.kill_at.write_text("index written")
    failed = place.member("ben", *asked)
    assert failed.returncode == 3 and server.process.wait(10) == -signal.SIGKILL
    place.end("validator-1")
    _serve(place, "validator-1")
    done = place.member("ben", "member", "contribute", exports[1], *place.urls("validator-1", "validator-2"))
    assert done.returncode == 0, done.stderr


def test_while_the_index_is_away_nobody_attests_and_the_member_is_told_to_try_again(
    place: World, exports: list[str]
) -> None:
    port = place.servers["index"].url.rpartition(":")[2]
    place.end("index", signal.SIGKILL)
    done = place.member("ana", "member", "contribute", exports[1], *place.urls())
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("attests nothing without it") == 2 and "nothing was recorded" in done.stderr
    assert _events(place, "validator-2")[-1] == "no_index"
    place.serve_index("--port", port)
    refused = place.member("ana", "member", "contribute", exports[1], *place.urls())
    assert refused.returncode == 5 and "another member" in refused.stderr


def test_status_tells_how_far_each_copy_is_and_that_the_host_agrees(
    place: World, capsys: pytest.CaptureFixture[str]
) -> None:
    url = place.servers["index"].url
    heads = []
    for name in NAMES:
        home = place.folder / f"machine-{name}"
        place.end(name)
        assert run(["validator", "status", "--index", url, "--workspace", str(home), "--rpc", place.chain.url]) == 0
        said = capsys.readouterr().out
        assert "the host agrees" in said
        heads.append(said.partition("(head ")[2][:16])
    assert len(set(heads)) == 1
    assert "has 3 entries" in said, "the file's, ana's and ben's, each once"
    assert place.end("index", signal.SIGINT) == 0


def test_a_copy_of_the_log_makes_a_new_host_and_an_empty_one_is_refused(place: World, tmp_path: Path) -> None:
    with place.app() as app:
        copy = next(place.folder.glob(f"machine-{NAMES[0]}/validation/*/replica.sqlite"))
        assert app.workspace.index_log.is_file()
    place.serve_index("--log", str(tmp_path / "new.sqlite"), "--from", str(copy))
    _serve(place, "validator-3")
    assert "another history" not in "".join(place.heard)
    place.end("validator-3")
    place.end("index")
    place.serve_index("--log", str(tmp_path / "empty.sqlite"))
    _serve(place, "validator-3")
    place.end("validator-3")
    assert "another history" in "".join(place.heard)
