"""docs/validators.md states the limits, options and files that the code has."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import pytest

from unwrapped_dao.cli.running import run
from unwrapped_dao.roles.contributing import ATTESTATION_LIFETIME_S
from unwrapped_dao.roles.validator import _ROWS_PER_RECORDS
from unwrapped_dao.service.audit import AuditLog
from unwrapped_dao.service.keys import VALIDITY_S
from unwrapped_dao.service.limits import MIB, MIN_RATE, Limits
from unwrapped_dao.service.openapi import document
from unwrapped_dao.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "validators.md").read_text("utf-8")
FLAT = " ".join(PAGE.split())


def test_the_limits_on_the_page_are_the_code_s() -> None:
    limits = Limits()
    assert f"`--max-mib` ({limits.max_request_bytes // MIB};" in FLAT
    assert f"{limits.uploads} being received at once, {limits.waiting} waiting" in FLAT
    assert f"{limits.per_peer} requests a minute from one address (`--per-minute`" in FLAT
    assert f"{limits.per_member} verdicts a day for one member" in FLAT
    assert f"together within {limits.head_s:.0f} seconds" in FLAT and f"beyond {limits.connections};" in FLAT
    assert f"with {MIN_RATE >> 10} KiB a second" in FLAT and _ROWS_PER_RECORDS == 4
    assert VALIDITY_S == 7 * 86_400 and "for a week at a time" in FLAT
    assert ATTESTATION_LIFETIME_S == 86_400 and "until it expires (a day)" in FLAT


def test_every_option_and_route_on_the_page_exists(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validator", "serve", "--help"]) == 0
    known = capsys.readouterr().out
    unit = re.findall(r"```ini\n(.*?)```", PAGE, re.S)[0]
    parser = configparser.ConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(unit)
    command = shlex.split(parser["Service"]["ExecStart"])
    assert command[1:3] == ["validator", "serve"]
    used = {part for part in command if part.startswith("--")} | {
        "--max-mib",
        "--per-minute",
        "--sweep",
        "--index",
        "--rpc",
        "--ipfs",
    }
    assert not [option for option in used if option not in known]
    for name in re.findall(r"UNWRAPPED_([A-Z_]+)", PAGE):
        assert name.lower() in Settings.model_fields
    for route in re.findall(r"`GET (/[^`]*)`", PAGE):
        assert route in document(1)["paths"]


def test_an_audit_line_is_what_the_page_says(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.write("attested", scope="artist-preferences", epoch=3)
    (line,) = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert re.fullmatch(
        r'\{"at": "\d{4}-\d\d-\d\dT\d\d:\d\dZ", "event": "attested", "scope": "artist-preferences", "epoch": 3\}', line
    )


def test_an_audit_log_is_kept_once_when_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unwrapped_dao.service.audit.MAX_BYTES", 100)
    log = AuditLog(tmp_path / "audit.jsonl")
    for _ in range(5):
        log.write("attested")
    kept = (tmp_path / "audit.jsonl.1").read_text() + (tmp_path / "audit.jsonl").read_text()
    assert 3 <= kept.count("attested") <= 5 and (tmp_path / "audit.jsonl").stat().st_size <= 160
