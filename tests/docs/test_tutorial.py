"""docs/tutorial.md: every command, exactly as written, one process each; then bad input against the same workspace."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.commands import ROOT, run

# One worker runs the tutorial, once.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("tutorial")]
PASSPHRASE = "only for this rehearsal"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[tuple[list[str], str, str]]]]:
    """(folder, [(arguments, stdout, stderr)]) of the whole tutorial; each command must succeed."""
    folder = tmp_path_factory.mktemp("tutorial")
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    environ, done = {}, []
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for line in block.splitlines():
            program, *arguments = shlex.split(line)
            if program == "export":
                name, _, value = arguments[0].partition("=")
                environ[name] = value
                continue
            assert program == "unwrapped-dao"
            result = run(arguments, folder, **environ)
            assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"
            done.append((arguments, result.stdout, result.stderr))
    yield folder, done
    shutil.rmtree(folder)


def test_tutorial_goes_from_an_account_to_a_payout_once(told: tuple[Path, list[tuple[list[str], str, str]]]) -> None:
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


def test_no_output_holds_the_passphrase_or_a_private_key(
    told: tuple[Path, list[tuple[list[str], str, str]]],
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
    ("somebody else's export", "member contribute exports/person-1.zip --as ben", {}, 5),
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
    told: tuple[Path, list[tuple[list[str], str, str]]], what: str, line: str, environ: dict[str, str], code: int
) -> None:
    folder, _ = told
    _refused(folder, shlex.split(line), {"UNWRAPPED_PASSPHRASE": PASSPHRASE, **environ}, code)


def test_bad_exports_get_one_sentence_each(told: tuple[Path, list[tuple[list[str], str, str]]]) -> None:
    folder, _ = told
    for what, name in _bad_files(folder).items():
        code = _refused(folder, ["member", "preview", name], {}, 2)
        assert code == 2, what


def _refused(folder: Path, arguments: list[str], environ: dict[str, str], code: int) -> int:
    result = run(arguments, folder, **environ)
    talk = result.stderr
    assert result.returncode == code, talk
    assert talk.count("error: ") == 1 and talk.count("hint: ") == 1, talk
    assert "Traceback" not in talk and PASSPHRASE not in talk
    return result.returncode


def test_a_tampered_envelope_is_named_and_the_others_are_opened(
    told: tuple[Path, list[tuple[list[str], str, str]]],
) -> None:
    folder, _ = told
    block = max((folder / ".unwrapped-dao/store/blocks-v1").rglob("*"), key=lambda p: p.stat().st_size * p.is_file())
    good = block.read_bytes()
    block.chmod(0o600)
    block.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    try:
        arguments = ["buyer", "receive", "1", "--output", "damaged", "--json"]
        result = run(arguments, folder, UNWRAPPED_PASSPHRASE=PASSPHRASE)
    finally:
        block.write_bytes(good)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["members"] == 2 and len(found["unopened"]) == 1


def test_dry_run_shows_the_transaction_and_sends_nothing(
    told: tuple[Path, list[tuple[list[str], str, str]]],
) -> None:
    folder, _ = told
    environ = {"UNWRAPPED_PASSPHRASE": PASSPHRASE}
    before = json.loads(run(["chain", "status", "--json"], folder).stdout)
    result = run(["member", "leave", "--as", "cleo", "--dry-run", "--json"], folder, **environ)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    (planned,) = found["transactions"]
    assert (planned["contract"], planned["function"], planned["refused"]) == ("MembershipToken", "leave", "")
    assert found["complete"] and planned["gas"] > 21_000
    assert json.loads(run(["chain", "status", "--json"], folder).stdout) == before
