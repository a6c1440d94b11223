"""`unwrapped-dao custodian` with three key keepers in one workspace: forming, opening, status, backup and restore."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sdk.cli.desk import JsonDesk, cheap
from unwrapped_dao.cli.running import run
from unwrapped_dao.roles.custodian import Custodian

KEEPERS = ("kim", "lea", "max")


@pytest.fixture(scope="module")
def formed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A collective whose three key keepers are about to form a 2-of-3 key."""
    folder = tmp_path_factory.mktemp("keepers") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        cheap(patch)
        where = ["--workspace", str(folder)]
        for line in (
            "account new founder ana kim lea max",
            "validator setup",
            "collective deploy --name Three --validators validator-1,validator-2,validator-3 "
            "--custodian kim,lea,max --threshold 2",
        ):
            assert run([*line.split(), *where]) == 0
        yield folder


@pytest.fixture
def desk(
    formed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[JsonDesk]:
    cheap(monkeypatch)
    yield JsonDesk(formed, capsys)


def test_a_daemon_with_a_wrong_passphrase_ends_at_once_and_not_when_a_sale_is_due(
    desk: JsonDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNWRAPPED_PASSPHRASE", "another")
    monkeypatch.setattr(Custodian, "has_part_in_forming", lambda _: False)  # nothing is due
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(threading.Event, "wait", lambda stop, *_: stop.set())  # after one round
    assert "passphrase" in desk("custodian run --as kim", code=2)


def test_three_key_keepers_form_a_key_one_command_at_a_time_and_open_an_epoch(desk: JsonDesk, tmp_path: Path) -> None:
    first = desk("custodian setup --as kim")
    assert (first["state"], first["did"], first["holds_share"]) == ("forming", ["registered its encryption key"], False)
    assert "custodian setup" not in str(desk("custodian status --as kim")["keys"][0])
    for _ in range(6):
        stands = [desk(f"custodian setup --as {name}") for name in KEEPERS]
    assert all(stand["state"] == "active" and stand["holds_share"] for stand in stands)
    assert {stand["committee"] for stand in stands} == {"2-of-3"}

    # One alone cannot sign for the committee; who is missing is said.
    refused = desk("pool open --as kim", code=5)
    assert "these have not posted their part" in refused
    assert desk("custodian heartbeat --as lea") == {"posted": True}
    assert desk("custodian heartbeat --as lea") == {"posted": False}
    assert desk("pool open --as kim")["state"] == "open"

    (key,) = desk("custodian status --as max")["keys"]
    assert (key["yours"], key["share_kept"], key["one_can_read"]) == (True, True, False)
    (stranger,) = desk("custodian status --as ana")["keys"]
    assert (stranger["yours"], stranger["share_kept"]) == (False, False)
    assert desk("custodian run --once --as kim") == {"sales": [], "bad_shares": []}
    assert desk("custodian run --dry-run --as kim")["transactions"] == []
    assert "Traceback" not in desk("custodian run --as nobody", code=5)

    # A lost disk: the backup brings back share, seed and account; nothing is overwritten.
    backup = tmp_path / "backup.json"
    saved = desk(f"custodian backup {backup} --as max")
    assert len(saved["keyfiles"]) == 3 and backup.stat().st_mode & 0o077 == 0
    desk(f"custodian backup {backup} --as max")  # the very same again is no mistake
    (tmp_path / "mine.txt").write_text("something else")
    assert "exists" in desk(f"custodian backup {tmp_path / 'mine.txt'} --as max", code=2)
    assert desk(f"custodian restore {backup}") == {"restored": []}
    lost = [path for path in (desk.folder / "keys").glob("*") if path.stem in saved["keyfiles"]]
    assert len(lost) == 2
    for path in lost:
        path.unlink()
    (desk.folder / "accounts" / "max.json").unlink()
    assert sorted(desk(f"custodian restore {backup}")["restored"]) == saved["keyfiles"]
    (key,) = desk("custodian status --as max")["keys"]
    assert key["share_kept"]
    assert desk("custodian heartbeat --as max") == {"posted": True}  # the share works
    damaged = tmp_path / "damaged.json"
    damaged.write_text(backup.read_text()[:-40])
    assert "damaged" in desk(f"custodian restore {damaged}", code=4)
    told = desk("doctor")
    shares = [check for check in told["checks"] if check["name"] == "share"]
    assert len(shares) == 3 and all(check["ok"] and "is the right one" in check["told"] for check in shares)


def test_resharing_is_proposed_with_its_warning(desk: JsonDesk, capsys: pytest.CaptureFixture[str]) -> None:
    refused = desk("custodian reshare --custodians kim,lea --threshold 2 --as ana", code=5)
    assert refused.count("error: ") == 1  # ana is no active member: only members propose
