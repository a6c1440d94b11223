"""The schema-only report: enough to write a reader from, and not one value."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.sdk.kinds.exports_by_hand import new_row, write
from unwrapped_dao import kinds
from unwrapped_dao.errors import ExportError

MUSIC = kinds.get("music")


def test_keys_and_types_are_told(tmp_path: Path) -> None:
    rows = [new_row(), new_row(skipped=None, ms_played=1.5)]
    report = MUSIC.schema(
        write(tmp_path, {"New_Format_2026_3.json": rows, "a/plays.csv": b"Song Name,Event End Timestamp\r\nx,y\r\n"})
    )
    by_name = {file.file: file for file in report.files}
    keys = dict(by_name["New_Format_N_N.json"].keys)
    assert keys["$[].ms_played"] == "integer | number" and keys["$[].skipped"] == "null | true/false"
    assert keys["$[].ts"] == "text" and keys["$"] == "array"
    assert by_name["a/plays.csv"].keys == (("column 0", "Song Name"), ("column 1", "Event End Timestamp"))


def test_files_that_were_saved_again_tell_the_same(tmp_path: Path) -> None:
    files = {
        "a.json": '[{"when": "CANARY"}]'.encode("utf-16"),
        "b.csv": "Song Name;Event End Timestamp\r\nCANARY;y\r\n".encode("utf-16"),
        "c.csv": b"Artist;Album;Track;Date#CANARY\nCANARY;x;y;1\n",
    }
    report = MUSIC.schema(write(tmp_path, files))
    keys = {file.file: file.keys for file in report.files}
    assert ("$[].when", "text") in keys["a.json"]
    assert keys["b.csv"] == (("column 0", "Song Name"), ("column 1", "Event End Timestamp"))
    assert [name for _, name in keys["c.csv"]] == ["Artist", "Album", "Track", "<name>"]
    assert "CANARY" not in repr(report)


def test_no_value_and_no_name_that_is_a_value(tmp_path: Path) -> None:
    files = {
        "CANARY@example.org.json": {"CANARY@example.org": {"CANARY 17": 1}, "plays": ["CANARY", {"note": "CANARY"}]},
        "many.json": {f"CANARY{chr(97 + i % 26)}{chr(97 + i // 26)}": 1 for i in range(100)},
        "plain.csv": b"CANARY,Tide,5 Mar 2024 20:12\n",
        "Userdata.json": {"email": "CANARY"},
        "broken.json": b'{"CANARY": ',
        "lines.jsonl": b'{"note": "CANARY"}\n{"note": 5}\n',
        "page.html": b"<p>CANARY</p>",
    }
    report = MUSIC.schema(write(tmp_path, files))
    text = "\n".join(report.lines()) + repr(report)
    assert "CANARY" not in text
    assert "personal, not opened" in text and "cut short" in text and "$.note: integer | text" in text


def test_it_opens_what_the_importer_refuses_and_refuses_what_is_unsafe(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("history.json", '[{"when": 1, "what": "CANARY"}]')
    path = tmp_path / "export.zip"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ExportError):
        MUSIC.read(path)
    assert dict(MUSIC.schema(path).files[0].keys)["$[].what"] == "text"
    with pytest.raises(ExportError):
        MUSIC.schema(tmp_path / "nothing")


def test_deep_and_wide_files_stay_bounded(tmp_path: Path) -> None:
    deep: object = 1
    for _ in range(60):
        deep = {"a": [deep]}
    report = MUSIC.schema(write(tmp_path, {"deep.json": deep}))
    assert len(report.files[0].keys) <= 10
