"""`--sign FILE` and `relayer submit`: a member without gas money, whose words somebody else carries to the chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sdk.cli.desk import JsonDesk, cheap
from unwrapped_dao.chain.requests import Request, Sort
from unwrapped_dao.cli.relayer import told
from unwrapped_dao.cli.running import run


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collective, and three accounts besides the founder's."""
    folder = tmp_path_factory.mktemp("relaying") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        cheap(patch)
        for line in (
            "account new founder relayer ana bob",
            "validator setup",
            "collective deploy --name Carried --validators validator-1,validator-2,validator-3 --custodian founder",
        ):
            assert run([*line.split(), "--workspace", str(folder)]) == 0
    return folder


@pytest.fixture
def desk(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> JsonDesk:
    cheap(monkeypatch)
    return JsonDesk(workspace, capsys)


def test_signed_requests_are_files_that_a_relayer_submits_once(desk: JsonDesk, tmp_path: Path) -> None:
    asked = tmp_path / "requests"
    asked.mkdir()
    for who in ("ana", "bob"):
        told = desk(f"member join --as {who} --sign {asked}/{who}.json")
        assert told["sort"] == "join" and Path(told["signed"]).is_file()
        assert desk(f"member status --as {who}")["member"] is False, "signing sends nothing"
    (asked / "junk.json").write_text("{}")

    planned = desk(f"relayer submit {asked}/ana.json --dry-run")
    assert len(planned["transactions"]) == 1
    assert desk("member status --as ana")["member"] is False

    for _ in range(2):
        submit = f"relayer submit {asked}"
        desk._capsys.readouterr()
        assert run([*submit.split(), "--json", "--workspace", str(desk.folder)]) == 1, "one of three is no request"
        told = json.loads(desk._capsys.readouterr().out)
        assert (told["done"], told["not_done"]) == (2, 1)
        assert [row["done"] for row in told["requests"]] == [True, True, False]
    assert {desk(f"member status --as {who}")["number"] for who in ("ana", "bob")} == {0, 1}

    desk(f"member leave --as ana --sign {tmp_path}/leave.json")
    assert desk(f"relayer submit {tmp_path}/leave.json")["done"] == 1
    assert desk("member status --as ana")["left"] is True


def test_bad_input_gets_one_sentence(desk: JsonDesk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no request" in desk(f"relayer submit {tmp_path}/empty", code=2)
    assert "no file" in desk(f"relayer submit {tmp_path}/missing.json", code=2)


def test_a_signed_contribution_does_not_say_that_nothing_was_shown(tmp_path: Path) -> None:
    def told_of(sort: Sort, **fields: str) -> str:
        request = Request("unwrapped-dao/request/1", sort, 1, "0x" + "1" * 40, "0x" + "2" * 40, fields, "0x")
        return " ".join(told(request, tmp_path / "request.json").lines)

    assert "your validators saw the records, nothing was sent to the chain" in told_of("contribution", expiry="9")
    assert "until 1970-01-01 00:00:09 UTC" in told_of("withdrawal", expiry="9")
    assert "validators" not in told_of("ballot") and "until" not in told_of("ballot")
