"""`unwrapped-dao insights`: every fixture, offline, without account or workspace; two people; the time zone."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from unwrapped_dao.cli.running import run

FIXTURES = Path(__file__).parents[2] / "fixtures" / "exports"
EXPORTS = sorted(
    path for path in FIXTURES.rglob("*") if path.suffix in (".json", ".csv", ".zip", ".xlsx", ".html")
    and path.name != "manifest.json"
)  # fmt: skip
MINE = FIXTURES / "invented" / "spotify-extended.zip"
OTHER = FIXTURES / "Streaming_History_Audio_spotify_import_test.json"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and no way out of it."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.chdir(tmp_path)
    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.mark.parametrize("export", EXPORTS, ids=lambda path: path.name)
def test_every_fixture_has_a_report(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["insights", str(export), "--timezone", "Europe/Berlin"]) == 0
    told = capsys.readouterr()
    assert (
        " of music in " in told.out and "Hours are those of Europe/Berlin" in told.out
    ) or "tells days only" in told.out
    assert "records in all" in told.err, "what was read and left out is said"
    assert {path.name for path in tmp_path.iterdir()} == {"insights"}, "no workspace is made"
    written = {path.name: path.read_text() for path in (tmp_path / "insights").iterdir()}
    assert set(written) == {"report.html", "card.svg", "insights.md"}
    assert written["report.html"].startswith("<!doctype html>") and written["card.svg"].startswith("<?xml")
    assert "CANARY" not in told.out + told.err + "".join(written.values())


def test_several_exports_of_one_person_are_one_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = [str(FIXTURES / "invented" / name) for name in ("lastfm.csv", "apple-music.zip", "deezer.xlsx")]
    for out, exports in (("one", [str(MINE)]), ("all", [str(MINE), *more])):
        assert run(["insights", *exports, "--out", out, "--timezone", "UTC"]) == 0
    assert (tmp_path / "one/insights.md").read_text() == (tmp_path / "all/insights.md").read_text()
    assert "told again what another tells" in capsys.readouterr().err


def test_two_people_are_compared_and_called_as_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["insights", str(MINE), "--with", str(OTHER), "--label", "Anna", "--label", "<b>Ben", "--json"]
    assert run(arguments) == 0
    data = json.loads(capsys.readouterr().out)
    assert [Path(path).name for path in data["files"]] == ["report.html", "card.svg", "insights.md", "comparison.html"]
    page = (tmp_path / "insights/comparison.html").read_text()
    assert page.count("no time zone was given") == 2, "each clock says whose hours it shows"
    assert "Anna" in page and "&lt;b&gt;Ben" in page and "<b>Ben" not in page


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_time_zone_is_asked_where_somebody_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", Terminal("Asia/Tokyo\n"))
    assert run(["insights", str(MINE)]) == 0
    told = capsys.readouterr()
    assert "Your time zone" in told.err and "Hours are those of Asia/Tokyo, as you asked." in told.out


def test_the_time_zone_is_guessed_where_nobody_answers_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["insights", str(MINE)]) == 0
    told = capsys.readouterr()
    assert "Your time zone" not in told.err and "no time zone was given" in told.out.lower()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.zip"], "no readable file or folder"), ([str(MINE), "--timezone", "Mars/Base"], "no time zone named"),
        ([str(MINE), "--kind", "heart-rate"], "has no insights"), ([str(MINE), "--kind", "stars"], "no kind"),
        ([str(FIXTURES / "manifest.json")], "no listening history"), ([str(MINE), "--with", "gone"], "no readable"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_sentence_and_a_hint(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["insights", *arguments]) in (2, 5)
    told = capsys.readouterr()
    assert "error: " in told.err and sentence in told.err and "\nhint: " in told.err and not told.out
    assert not (tmp_path / "insights").exists()


def test_insights_load_nothing_of_chain_keys_or_network(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom unwrapped_dao.cli.running import run\n"
        f"assert run(['insights', {str(MINE)!r}]) == 0\nprint(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stderr.splitlines()[-1].split())
    heavy = {"web3", "eth", "eth_account", "requests", "ipfshttpclient", "cryptography", "py_ecc", "zksnake", "pyarrow"}
    own = {f"unwrapped_dao.{name}" for name in ("app", "chain", "crypto", "roles", "storage", "settings")}
    assert "unwrapped_dao.kinds.music.insights" in loaded and loaded & (heavy | own) == set()
