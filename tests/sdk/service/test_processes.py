"""Three `validator serve` on 127.0.0.1, members with workspaces of their own: contributions over HTTP, to a paid sale.

The tests tell one story, in order; a kill of a validator at its worst moments is part of it.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address

from tests.sdk.kinds.exports_by_hand import CANARIES
from tests.sdk.service.processes import NAMES, PASSPHRASE, SEARCH, World, canary_export, world
from unwrapped_dao import kinds
from unwrapped_dao.chain.registry import PoolState
from unwrapped_dao.cli.running import run
from unwrapped_dao.validation import FingerprintIndex

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("validator-processes")]
MEMBERS = ("ana", "ben", "cleo")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("validators"), MEMBERS) as made:
        for name in NAMES:
            made.serve(name)
        yield made


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("exports")
    return [str(canary_export(folder, number)) for number in range(len(MEMBERS))]


def _live(place: World) -> dict[str, int]:
    """Version by member address."""
    with place.app() as app:
        registry = app.collective.registry
        pool = registry.current_pool(kinds.scope("artist-preferences").scope_id)
        return {c.member: c.record.version for c in registry.contributions(pool)}


def _known(place: World, name: str) -> int:
    """How many contributions of this member the validators' index remembers."""
    with place.app() as app, FingerprintIndex(app.workspace.index, app.validator_keys.fingerprint_key()) as index:
        return len(index.held(_address(place, name)))


def _address(place: World, name: str) -> str:
    keyfile = json.loads((place.folder / name / "accounts" / "member.json").read_text())
    return str(to_checksum_address(f"0x{keyfile['address']}"))


def test_status_says_who_answers_and_whose_key_it_is(place: World) -> None:
    done = place.member("ana", "validator", "status", *place.urls(), "--validators", "http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("its account vouches for its key") == 3
    assert "(elsewhere)" not in done.stdout  # each is listed once, with its URL
    assert "http://127.0.0.1:9: It gave no usable answer" in done.stdout


def test_a_validator_killed_before_it_answers_costs_a_second_try_and_counts_once(
    place: World, exports: list[str]
) -> None:
    for moment in ("index written", "answer kept"):
        server = place.servers["validator-1"]
        server.kill_at.write_text(moment)
        asked = ["member", "contribute", exports[0], *place.urls("validator-1", "validator-2")]
        first = place.process("ana", *asked) if moment == "answer kept" else place.member("ana", *asked)
        assert first.returncode == 3, first.stderr
        assert server.url in first.stderr and "nothing was recorded" in first.stderr
        assert server.process.wait(10) == -signal.SIGKILL
        place.end("validator-1")
        assert _address(place, "ana") not in _live(place)
        assert _known(place, "ana") == 1  # durable before any signature left
        place.serve("validator-1")
    done = place.process("ana", "member", "contribute", exports[0], *place.urls("validator-1", "validator-2"))
    assert done.returncode == 0, done.stderr
    assert _live(place)[_address(place, "ana")] == 1
    assert _known(place, "ana") == 1


def test_one_dead_validator_of_three_is_named_and_does_not_matter(place: World, exports: list[str]) -> None:
    dead = place.servers["validator-1"].url
    assert place.end("validator-1", signal.SIGTERM) == 0
    assert place.events("validator-1")[-1] == "stopped"
    urls = ["--validators", f"{dead},{place.servers['validator-2'].url}", *place.urls("validator-3")]
    done = place.process("ben", "member", "contribute", exports[1], *urls)
    assert done.returncode == 0, done.stderr
    assert f"Not reached: {dead}" in done.stderr
    place.serve("validator-1")


def test_validators_may_stand_in_the_settings(place: World, exports: list[str]) -> None:
    urls = ",".join(place.servers[name].url for name in NAMES)
    done = place.member("cleo", "member", "contribute", exports[2], UNWRAPPED_VALIDATORS=urls)
    assert done.returncode == 0, done.stderr
    again = place.member("cleo", "member", "contribute", exports[2], UNWRAPPED_VALIDATORS=urls)
    assert again.returncode == 0 and "had contributed this already" in again.stdout


def test_a_dry_run_shows_no_validator_anything(place: World, exports: list[str]) -> None:
    before = [place.events(name) for name in NAMES]
    done = place.member("cleo", "member", "contribute", exports[2], "--dry-run", *place.urls())
    assert done.returncode == 5 and "member preview" in done.stderr
    assert [place.events(name) for name in NAMES] == before


def test_somebody_elses_export_is_refused_with_the_reason(place: World, exports: list[str]) -> None:
    done = place.member("cleo", "member", "contribute", exports[0], *place.urls())
    assert done.returncode == 5 and "another member" in done.stderr


def test_a_member_gets_everything_that_is_held_and_erases_what_can_be_erased(
    place: World, exports: list[str], tmp_path: Path
) -> None:
    """Ben's turn: he looks, erases nothing while he shares, withdraws, erases, and shares again."""
    file = tmp_path / "mine.json"
    done = place.member("ben", "member", "export-mine", "--output", str(file))  # asks whom the receipts name
    assert done.returncode == 0, done.stderr
    mine = json.loads(file.read_text())
    assert [c["live"] for c in mine["on_chain"]["contributions"]] == [True]
    assert len(mine["on_this_machine"]["receipts"]) == len(mine["on_this_machine"]["envelopes"]) == 1
    held = [found["held"] for found in mine["with_validators"].values() if "held" in found]
    assert len(held) == 2 and all({h["what"] for h in found} == {"fingerprint", "envelope"} for found in held)

    assert place.member("ben", "member", "forget").returncode == 2  # asks first
    kept = place.member("ben", "member", "forget", "--yes")
    assert kept.returncode == 0 and "withdraw it first" in kept.stdout
    assert _known(place, "ben") == 1

    assert place.member("ben", "member", "withdraw").returncode == 0
    gone = place.servers["validator-3"].url
    place.end("validator-3")
    silent = place.member("ben", "member", "forget", "--yes", *place.urls("validator-2"), "--validators", gone)
    assert silent.returncode == 3 and gone in silent.stdout  # and the receipt that names it stays
    place.serve("validator-3")
    erased = place.member("ben", "member", "forget", "--yes", *place.urls("validator-2", "validator-3"))
    assert erased.returncode == 0, erased.stderr
    assert "for ever" in erased.stdout
    assert _known(place, "ben") == 0
    left = [json.loads(p.read_text())["receipt"] for p in (place.folder / "ben" / "receipts").rglob("*.json")]
    assert set(left) == {"forget"}
    assert list((place.folder / "ben" / "envelopes").rglob("*.envelope")) == []
    assert place.member("ben", "member", "contribute", exports[1], *place.urls()).returncode == 0


BAD_SERVE = {
    "served already": (["--as", "validator-1"], True, 3),
    "no validator": (["--as", "buyer"], True, 5),
    "no such account": (["--as", "nobody"], True, 5),
    "embedded chain": (["--as", "validator-1"], False, 2),
    "port in use": (["--as", "validator-2", "--port", "PORT"], True, 2),
}


@pytest.mark.parametrize("case", BAD_SERVE.values(), ids=BAD_SERVE)
def test_a_server_that_cannot_start_says_why(place: World, case: tuple[list[str], bool, int]) -> None:
    options, on_node, code = case
    port = place.servers["validator-1"].url.rpartition(":")[2]
    options = [port if option == "PORT" else option for option in options]
    if "--port" not in options:
        options += ["--port", "0"]
    node = ["--rpc", place.chain.url] if on_node else []
    assert run(["validator", "serve", *options, "--workspace", str(place.home), *node]) == code


def test_the_sealed_pool_is_published_by_the_validators_and_sold(place: World) -> None:
    place.home_run("pool", "announce")
    place.home_run("pool", "seal")
    with place.app() as app:
        pool = app.collective.registry.current_pool(kinds.scope("artist-preferences").scope_id)
        live = {c.record.content for c in app.collective.registry.contributions(pool)}
        assert pool.state is PoolState.SEALED and len(live) == 3
        deadline = time.monotonic() + 60
        while {cid.digest for cid in app.store.pins()} != live:
            assert time.monotonic() < deadline, "the sweep does not publish"
            time.sleep(0.2)
    place.home_run("account", "fund", "buyer", "--tusd", "60000")
    place.home_run("buyer", "offer", "--price", "55000", "--purpose", "ai-training")
    assert place.member("ana", "proposal", "create", "--sale", "1").returncode == 0
    for name in MEMBERS:
        voted = place.member(name, "proposal", "vote", "1", "for")
        assert voted.returncode == 0, voted.stderr
    place.home_run("proposal", "execute", "1", "--as", "founder")
    place.home_run("custodian", "run", "--once")
    place.home_run("buyer", "receive", "1", "--output", str(place.folder / "dataset"))
    claims = [place.member(name, "member", "claim") for name in MEMBERS]
    assert all(claim.stdout.startswith("Paid ") for claim in claims)
    assert all(place.member(name, "member", "claim").stdout.startswith("Nothing is due") for name in MEMBERS)


def test_canaries_and_secrets_are_nowhere(place: World, exports: list[str]) -> None:
    """The last test: what all processes printed, and every file of either side but the exports themselves."""
    for name, number in zip(NAMES, (signal.SIGTERM, signal.SIGINT, signal.SIGINT), strict=True):
        assert place.end(name, number) == 0
    values = {SEARCH, "CANARY@example.org", *CANARIES.values()} - {"QX"}
    for text in place.heard:
        clean = text.replace(str(Path(exports[0]).parent), "")
        assert not [value for value in values if value in clean], text
        assert PASSPHRASE not in text and "Traceback" not in text
    looked = 0
    for path in (*place.home.rglob("*"), *(p for name in MEMBERS for p in (place.folder / name).rglob("*"))):
        if path.is_file():
            data = path.read_bytes()
            looked += 1
            assert b"CANARY" not in data and b"203.0.113.9" not in data and PASSPHRASE.encode() not in data, path
    assert looked > 50
    for log in place.home.rglob("audit.jsonl"):
        assert "0x" not in log.read_text()
