# ruff: noqa: E501 (rows of real formats are long)
"""Tables that a spreadsheet program or another tool saved again, and files that are nearly the right ones."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.kinds.exports_by_hand import account_row, spreadsheet, write
from unwrapped_dao.errors import ExportError
from unwrapped_dao.kinds.imports import Imported
from unwrapped_dao.kinds.music.listens import Listens
from unwrapped_dao.kinds.music.reading import read_export

TIDE = dt.datetime(2024, 3, 5, 20, 12, tzinfo=dt.UTC)
LATER = dt.datetime(2024, 3, 25, 20, 12, tzinfo=dt.UTC)


def read(folder: Path, name: str, data: bytes) -> Imported[Listens]:
    return read_export(write(folder, {name: data}) / name)


def plays(folder: Path, name: str, data: bytes) -> list[tuple[dt.datetime, str, str]]:
    found = read(folder, name, data).records
    return [(dt.datetime.fromtimestamp(p.start_ms / 1000, dt.UTC), p.artist, p.track) for p in found]


def table(*dates: str, delimiter: str = ",", header: bool = False) -> bytes:
    rows = [("artist", "album", "track", "date")] if header else []
    rows += [("Zelvora", "Paper Harbor", title, date) for title, date in zip(("Tide", "Home"), dates, strict=False)]
    return "\n".join(delimiter.join(row) for row in rows).encode()


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    "dates",
    [("05.03.2024 20:12", "25.03.2024 20:12"), ("05/03/2024 20:12", "25/03/2024 20:12"),
     ("3/5/2024 8:12 PM", "3/25/2024 8:12 PM"), ("3/5/24 20:12", "3/25/24 20:12"),
     ("2024-03-05 20:12", "2024-03-25 20:12")],
)  # fmt: skip
def test_scrobbles_whose_dates_a_spreadsheet_program_rewrote(
    tmp_path: Path, dates: tuple[str, str], header: bool
) -> None:
    for delimiter in ",;":
        found = plays(tmp_path / delimiter, "me.csv", table(*dates, delimiter=delimiter, header=header))
        assert found == [(TIDE, "Zelvora", "Tide"), (LATER, "Zelvora", "Home")]


def test_a_day_that_may_be_a_month_is_left_out_with_that_reason_and_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="day and month cannot be told apart"):
        read(tmp_path, "me.csv", table("3/5/2024 20:12", "3/6/2024 20:12", header=True))


def test_days_that_contradict_each_other_are_not_guessed_either(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be told apart"):
        read(tmp_path, "me.csv", table("3/25/2024 20:12", "25/3/2024 20:12", header=True))


def test_what_was_playing_at_the_time_of_the_export_does_not_hide_the_rest(tmp_path: Path) -> None:
    found = read(tmp_path, "me.csv", b"Zelvora,,Now,\nZelvora,,Tide,05 Mar 2024 20:12\n")
    assert [p.track for p in found.records] == ["Tide"] and dict(found.summary.left_out)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(tmp_path: Path, encoding: str) -> None:
    data = table("05 Mar 2024 20:12").decode().replace("Tide", "Flóð").encode(encoding)
    assert plays(tmp_path, "me.csv", data) == [(TIDE, "Zelvora", "Flóð")]


@pytest.mark.parametrize(
    "header",
    [
        ["Titre", "Artiste", "ISRC", "Album", "Adresse IP", "Durée d’écoute", "Plateforme", "Modèle", "Date"],
        ["Tytuł utworu", "Wykonawca", "ISRC", "Tytuł albumu", "Adres IP", "Czas słuchania", "Nazwa", "Model", "Data"],
        ["曲名", "アーティスト", "ISRC", "アルバム", "IP", "再生時間", "プラットフォーム", "モデル", "日付"],
    ],
)
def test_deezer_in_a_language_that_nobody_listed(tmp_path: Path, header: list[str]) -> None:
    row = ["Tide", "Zelvora", "X", "P", "203.0.113.9", "180", "CANARY", "x", "2024-03-05 20:12:00"]
    other = [["Name", "E-mail"], ["CANARY", "CANARY@example.org"]]
    found = read(tmp_path, "deezer-data_1.xlsx", spreadsheet([header, row], sheet="10_x"))
    (only,) = found.records
    assert (only.artist, only.track, only.album, only.played_ms) == ("Zelvora", "Tide", "P", 180_000)
    with pytest.raises(ExportError):
        read(tmp_path / "b", "other.xlsx", spreadsheet(other, sheet="10_x"))


def test_deezers_table_saved_again_with_dates_rewritten(tmp_path: Path) -> None:
    text = "Song Title;Artist;ISRC;Album Title;IP Address;Listening Time;Platform Name;Platform Model;Date\n"
    text += "".join(f"Tide;Zelvora;X;P;CANARY;180;x;x;{date}\n" for date in ("05.03.2024 20:12", "25.03.2024 20:12"))
    assert [when for when, _, _ in plays(tmp_path, "history.csv", text.encode())] == [TIDE, LATER]


def test_older_exports_of_maloja_name_the_track_beside_the_time(tmp_path: Path) -> None:
    rows = [{"time": 1_709_669_520, "artists": ["Zelvora"], "title": "Tide", "album": "P"}, {"time": 1_709_669_521}]
    found = read(tmp_path, "maloja_export.json", json.dumps({"scrobbles": rows}).encode())
    assert [(p.artist, p.track, p.album) for p in found.records] == [("Zelvora", "Tide", "P")]
    assert dict(found.summary.left_out) == {"the row does not have the expected fields": 1}


# --- nearly the right file


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "[]")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "advice"),
    [
        ("my_spotify_data.zip", zipped("Spotify Account Data/Userdata.json", "Spotify Account Data/Playlist1.json"), "extended"),
        ("my_spotify_data.zip", zipped("Spotify Technical Log Information/Share.json"), "extended"),
        ("Apple Music - Track Play History.csv", b"Track Name,Last Played Date,Is User Initiated\nZ - T,1,true\n", "Play Activity"),
        ("Apple Music - Recently Played Tracks.csv", b"Track Description,Total plays\nZ - T,3\n", "Play Activity"),
        ("takeout-1.zip", zipped("Takeout/archive_browser.html", "Takeout/YouTube/playlists/x.csv"), "YouTube and"),
        ("scrobbles.xml", b"<lfm><track/></lfm>", "CSV"),
        ("scrobbles.xlsx", spreadsheet([["uts", "artist", "track"], ["1", "Z", "T"]], sheet="x"), "as CSV"),
        ("my_spotify_data.zip", b"\n<!DOCTYPE html><html>Sign in</html>", "sign in"),
    ],
    ids=["account without history", "technical log", "last plays", "recent plays", "takeout", "xml", "spreadsheet", "page"],
)  # fmt: skip
def test_nearly_the_right_file_says_which_one_is_right(tmp_path: Path, name: str, data: bytes, advice: str) -> None:
    with pytest.raises(ExportError) as caught:
        read(tmp_path, name, data)
    assert advice in caught.value.hint


def test_a_download_that_has_not_finished_is_named_and_loses_none_of_the_others(tmp_path: Path) -> None:
    half: dict[str, Any] = {"my_spotify_data.zip.crdownload": b"PK\3\4" + bytes(90)}
    found = read_export(write(tmp_path / "a", {**half, "StreamingHistory0.json": [account_row()]}))
    assert len(found.records) == 1
    assert any("has not finished" in line for line in found.summary.lines())
    with pytest.raises(ExportError, match="has not finished"):
        read_export(write(tmp_path / "b", half))
