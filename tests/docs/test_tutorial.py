"""docs/tutorial.md: every command, exactly as written, one process each; then bad input against the same workspace."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.docs.commands import run
from tests.docs.rehearsal import PASSPHRASE, WORKSPACE, Told, opened, world

# One worker runs the tutorial, once.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("tutorial")]


def test_tutorial_goes_from_an_account_to_a_payout_once(told: Told) -> None:
    folder, done = told
    assert len(done) >= 10
    claims = [out for arguments, out, _ in done if arguments[:2] == ["member", "claim"]]
    assert claims[0].startswith("Paid ") and "tUSD" in claims[0]
    assert claims[1].startswith("Nothing is due")
    assert (folder / "dataset").is_dir()
    (verified,) = [(out, err) for arguments, out, err in done if arguments[:2] == ["collective", "verify"]]
    assert "no difference" in verified[0]
    assert "ONE KEY KEEPER CAN READ" in verified[1] and "DEV COLLECTIVE" in verified[1]
    (status,) = [out for arguments, out, _ in done if arguments[:2] == ["member", "status"]]
    assert "Who could read it now" in status and "the buyer 0x" in status


def test_operators_collect_a_member_is_paid_elsewhere_and_a_vote_spends_the_treasury(told: Told) -> None:
    folder, done = told
    said = {" ".join(arguments): out for arguments, out, _ in done}
    with opened(folder) as app:
        address = {name: app.accounts.address(name) for name in app.accounts.names()}
    # 3% of 55,000 to the one custodian; of the 2% of the treasury 300 go to a validator by vote.
    assert said["custodian collect"] == (
        f"Paid 1,650 tUSD earned as an operator of committee key 1, to {address['custodian']}.\n"
    )
    assert f"the money goes to {address['savings']}" in said["member payout savings --as cleo"]
    assert f"to {address['savings']}." in said["member claim --as cleo"]
    (created,) = [out for arguments, out, _ in done if arguments[:3] == ["proposal", "create", "--call"]]
    assert f"Credits 300 tUSD of the treasury to {address['validator-1']}." in created
    assert said["validator collect"].startswith("Paid 300 tUSD credited")
    assert "Treasury: 800 tUSD" in said["collective status"] and "Operators have" not in said["collective status"]
    assert "1 pool: sealed." in said["collective status"] and "2 proposals." in said["collective status"]
    before = world(folder)
    for line in ("custodian collect", "validator collect", "relayer collect savings"):
        result = run(line.split(), folder, UNWRAPPED_PASSPHRASE=PASSPHRASE)
        assert result.returncode == 0 and result.stdout.startswith("Nothing waits to be collected"), result.stderr
    assert world(folder) == before


def test_a_member_without_ether_is_paid_when_somebody_else_collects(told: Told, tmp_path: Path) -> None:
    folder = shutil.copytree(told[0], tmp_path / "copy")
    with opened(folder) as app:
        ben = app.accounts.address("ben")
    result = run(["relayer", "collect", "ben", "--as", "ana"], folder, UNWRAPPED_PASSPHRASE=PASSPHRASE)
    assert result.returncode == 0, result.stderr
    assert re.fullmatch(rf"Paid [0-9,.]+ tUSD to {ben}\.\n", result.stdout), result.stdout


def test_no_output_holds_the_passphrase_or_a_private_key(
    told: Told,
) -> None:
    folder, done = told
    faucet = json.loads((folder / ".unwrapped-dao/chain/faucet-dev-only.json").read_text())["private_key"]
    for _, out, err in done:
        assert PASSPHRASE not in out + err
        assert faucet[2:] not in out + err
    for keyfile in (folder / ".unwrapped-dao" / "accounts").iterdir():
        assert keyfile.stat().st_mode & 0o077 == 0
        assert set(json.loads(keyfile.read_text())) >= {"version", "address", "crypto"}


def _bad_files(folder: Path) -> dict[str, str]:
    """Argument by what is wrong with it."""
    (folder / "plain.zip").write_bytes(b"PK\x03\x04 nothing of an export")
    with zipfile.ZipFile(folder / "truncated.zip", "w") as file:
        file.writestr("Streaming_History_Audio_2020_0.json", '[{"ts": "2020-01-01T00:00:00Z", "ms_pl')
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("Streaming_History_Audio_2020_0.json", b"[" + b" " * 200_000_000 + b"]")
    with zipfile.ZipFile(folder / "escape.zip", "w") as file:
        file.writestr("../../Streaming_History_Audio_2020_0.json", "[]")
    return {
        "not an export": "plain.zip",
        "truncated JSON": "truncated.zip",
        "zip bomb": "bomb.zip",
        "path traversal": "escape.zip",
        "missing": "nowhere.zip",
    }


BAD = [
    ("a sealed pool", "member contribute exports/person-1.zip --as ben", {}, 5),
    ("wrong passphrase", "member leave --as ana", {"UNWRAPPED_PASSPHRASE": "wrong"}, 2),
    ("no passphrase", "member leave --as ana", {"UNWRAPPED_PASSPHRASE": ""}, 2),
    ("unreachable RPC", "chain status --rpc http://127.0.0.1:18999", {}, 3),
    ("unreachable IPFS", "pool publish --ipfs http://127.0.0.1:18998", {}, 3),
    ("under-paid offer", "buyer offer --price 99000 --purpose ai-training", {}, 2),
    ("another purpose", "buyer offer --price 1 --purpose advertising", {}, 2),
    ("unknown scope", "pool seal --scope no-such-scope", {}, 5),
    ("unknown epoch", "pool seal --epoch 9", {}, 5),
    ("unknown sale", "member opt-out 7 --as ana", {}, 5),
    ("unknown account", "member join --as nobody", {}, 5),
    ("another ballot", "proposal vote 1 against --as ana", {}, 5),
    ("settled sale", "buyer refund 1", {}, 5),
    ("no amount", "account fund buyer --tusd 1e9", {}, 2),
    ("unknown verb", "member vanish", {}, 2),
]


@pytest.mark.parametrize(("what", "line", "environ", "code"), BAD, ids=[case[0] for case in BAD])
def test_bad_input_gets_one_sentence_and_changes_nothing(
    told: Told, what: str, line: str, environ: dict[str, str], code: int
) -> None:
    folder, _ = told
    _refused(folder, shlex.split(line), {"UNWRAPPED_PASSPHRASE": PASSPHRASE, **environ}, code)


def test_somebody_elses_export_is_refused_and_only_its_receipt_stays(told: Told, tmp_path: Path) -> None:
    """In a copy whose next epoch is open. Ben signed a consent before he was refused; what he signed he keeps."""
    folder = tmp_path / "open"
    shutil.copytree(told[0] / WORKSPACE, folder / WORKSPACE)
    with opened(folder) as app:
        week, heartbeat = app.custodian("custodian").heartbeat()
        app.relayer("custodian").open_epoch(app.collective.registry.pools()[0].scope_id, week, heartbeat)
        receipts = app.workspace.receipts(app.accounts.address("ben")).relative_to(folder)
    before = world(folder)
    export = told[0] / "exports" / "person-1.zip"
    result = run(["member", "contribute", str(export), "--as", "ben"], folder, UNWRAPPED_PASSPHRASE=PASSPHRASE)
    assert result.returncode == 5, result.stderr
    assert "error: The validators refuse this export: another member contributed this very history" in result.stderr
    assert result.stderr.count("error: ") == 1 and result.stderr.count("hint: ") == 1
    after = world(folder)
    (kept,) = set(after.files) - set(before.files)
    assert Path(kept).parent == receipts
    assert (after.head, after.money) == (before.head, before.money)
    assert {name: digest for name, digest in after.files.items() if name != kept} == before.files


def test_bad_exports_get_one_sentence_each(told: Told) -> None:
    folder, _ = told
    for name in _bad_files(folder).values():
        _refused(folder, ["member", "preview", name], {}, 2)


def _refused(folder: Path, arguments: list[str], environ: dict[str, str], code: int) -> None:
    before = world(folder)
    result = run(arguments, folder, **environ)
    talk = result.stderr
    assert result.returncode == code, talk
    assert talk.count("error: ") == 1 and talk.count("hint: ") == 1, talk
    assert "Traceback" not in talk and PASSPHRASE not in talk
    assert world(folder) == before


def test_a_tampered_block_is_named_and_the_others_are_opened(told: Told) -> None:
    """Another byte than the CID names. Envelopes that were spoilt before they got one: test_hostile_deliveries.py."""
    folder, _ = told
    block = max((folder / WORKSPACE / "store/blocks-v1").rglob("*"), key=lambda p: p.stat().st_size * p.is_file())
    good = block.read_bytes()
    arguments = ["buyer", "receive", "1", "--output", "damaged", "--json"]
    before = world(folder)
    block.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    try:
        result = run(arguments, folder, UNWRAPPED_PASSPHRASE=PASSPHRASE)
    finally:
        block.write_bytes(good)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    (shut,) = found["unopened"]
    assert (found["members"], shut["content_sha256"]) == (2, block.name)
    assert (shut["check"], shut["try_again"]) == ("content", True)
    assert json.loads((folder / "damaged/unopened.json").read_text())["unopened"] == [shut]
    shutil.rmtree(folder / "damaged")
    (folder / "damaged.opening").unlink()  # what was opened waits for the right bytes
    assert world(folder) == before


def test_a_second_claim_says_that_nothing_is_due_and_sends_nothing(told: Told) -> None:
    folder, _ = told
    before = world(folder)
    result = run(["member", "claim", "--as", "ana"], folder, UNWRAPPED_PASSPHRASE=PASSPHRASE)
    assert result.returncode == 0 and result.stdout.startswith("Nothing is due")
    assert "error" not in result.stderr
    assert world(folder) == before


def test_dry_run_shows_the_transaction_and_sends_nothing(
    told: Told,
) -> None:
    folder, _ = told
    environ = {"UNWRAPPED_PASSPHRASE": PASSPHRASE}
    before = world(folder)
    result = run(["member", "leave", "--as", "cleo", "--dry-run", "--json"], folder, **environ)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    (planned,) = found["transactions"]
    assert (planned["contract"], planned["function"], planned["refused"]) == ("MembershipToken", "leave", "")
    assert found["complete"] and planned["gas"] > 21_000
    assert world(folder) == before
