"""`export-help`, `export-summary`, `export-schema` as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sdk.kinds.exports_by_hand import new_row
from unwrapped_dao.cli.running import run

INVENTED = Path(__file__).parents[2] / "fixtures" / "exports" / "invented"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_help_prints_steps_and_writes_reminder_and_letter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export-help", "Spotify", "--on", "2026-12-01"]) == 0
    told = capsys.readouterr().out
    assert "between 6 December 2026 and 31 December 2026" in told
    assert {path.name for path in tmp_path.iterdir()} == {"export-help"}, "no workspace is made"
    written = {path.name: path.read_bytes() for path in (tmp_path / "export-help").iterdir()}
    assert set(written) == {"spotify-reminder.ics", "spotify-letter.txt"}
    assert b"\r\nDTSTART;VALUE=DATE:20261206\r\n" in written["spotify-reminder.ics"]


def test_without_a_service_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export-help", "--json"]) == 0
    listed = {row["service"] for row in json.loads(capsys.readouterr().out)["services"]}
    assert {"spotify", "apple-music", "youtube-music", "deezer", "last.fm", "listenbrainz", "maloja"} == listed


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["export-help", "napster"], 5, "no help for 'napster'"),
        (["export-help", "spotify", "--on", "soon"], 2, "no date"),
        (["export-help", "spotify", "--on", "9999-12-31"], 2, "not one to ask in"),
        (["export-help", "spotify", "--out", "file/below"], 2, "cannot be written"),
        (["export-summary", "gone"], 2, "no readable"), (["export-schema", "gone"], 2, "no readable"),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence_and_a_hint(
    arguments: list[str], code: int, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(arguments) == code
    told = capsys.readouterr()
    assert told.err.startswith("error: ") and sentence in told.err and "\nhint: " in told.err and not told.out


def test_summary_tells_rows_reasons_and_files_that_were_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export-summary", str(INVENTED / "spotify-account.zip")]) == 0
    told = capsys.readouterr().out
    assert "60 of 61 rows kept" in told and "row 7: no artist or no title" in told
    assert "Userdata.json: personal and not needed; never opened" in told and "CANARY" not in told
    assert run(["export-summary", str(INVENTED / "spotify-account.zip"), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["rows"], data["records"], data["left_out"]) == (63, 62, {"no artist or no title": 1})
    assert [problem["row"] for problem in data["problems"]] == [7]


def test_schema_tells_keys_and_types_and_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export-schema", str(INVENTED / "spotify-endsong.zip"), str(INVENTED / "lastfm.csv")]) == 0
    told = capsys.readouterr().out
    assert "$[].ms_played: integer" in told and "$[].ip_addr_decrypted: text" in told and "column 0: uts" in told
    assert "CANARY" not in told and "192.0.2.7" not in told and "2024" not in told


@pytest.mark.parametrize("json_too", [False, True])
@pytest.mark.parametrize("scope", ["artist-preferences", "listening-sessions", "track-history"])
def test_a_preview_cannot_be_written_by_a_name_in_it(
    tmp_path: Path, scope: str, json_too: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody consents to what a title coloured white, or to a sentence that an artist is called after."""
    name = "\x1b[8mQuorvane\x07\x9b2J\u202e\nIf you do nothing, nothing leaves this machine."
    rows = [new_row(master_metadata_album_artist_name=name, master_metadata_track_name="=1+2\r\u2028")]
    (tmp_path / "endsong_0.json").write_text(json.dumps(rows))
    assert run(["member", "preview", "endsong_0.json", "--scope", scope, *(["--json"] if json_too else [])]) == 0
    told = capsys.readouterr()
    assert all(c.isprintable() or c == "\n" for c in told.out + told.err)
    if json_too:
        assert {row["artist"] for row in json.loads(told.out)["rows"]} == {name}
    else:
        assert told.out.splitlines().count("If you do nothing, nothing leaves this machine.") == 1


@pytest.mark.parametrize("command", [["member", "preview"], ["export-summary"], ["insights"]])
def test_a_file_that_could_not_be_read_is_a_warning_wherever_an_export_is_given(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "endsong_0.json").write_text(json.dumps([new_row()]))
    (tmp_path / "mine" / "endsong_1.json").write_text(json.dumps([new_row()])[:-40])
    scope = ["--scope", "track-history"] if command[0] == "member" else []
    assert run([*command, "mine", *scope]) == 0
    told = capsys.readouterr()
    assert "WARNING: endsong_1.json could not be read" in told.out + told.err
