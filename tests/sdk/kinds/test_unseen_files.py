# ruff: noqa: E501 (rows of real formats are long)
"""Files as people really have them: zipped again, saved again, translated, cut short, among everything else they own.

Each comes in whole, is reported row by row, or is refused with a sentence that says what to do.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.kinds.exports_by_hand import account_row, cell, nested, new_row, spreadsheet, write
from unwrapped_dao import kinds
from unwrapped_dao.errors import ExportError
from unwrapped_dao.exports import Export, Limits
from unwrapped_dao.kinds.imports import Imported
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.kinds.music.reading import is_personal

MUSIC = kinds.get("music")
EXTENDED = [new_row(ts=f"2024-03-{d:02}T20:15:30Z") for d in range(1, 7)]
ACCOUNT = [account_row(endTime=f"2024-03-{d:02} 20:15") for d in range(1, 7)]
ENDSONG = "endsong_0.json"
HISTORY = "StreamingHistory0.json"


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def zipped(files: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            info = zipfile.ZipInfo()
            info.filename = name
            archive.writestr(info, value if isinstance(value, bytes) else dumped(value), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def read(folder: Path, files: dict[str, Any]) -> Imported[Listens]:
    """The files, in a folder; a single one alone."""
    write(folder, files)
    found = MUSIC.read(folder / next(iter(files)) if len(files) == 1 else folder)
    summary = found.summary
    left_out = sum(count for _, count in summary.left_out)
    assert summary.rows == summary.records + summary.duplicates + left_out, "nothing is dropped silently"
    return found


def refused(folder: Path, files: dict[str, Any]) -> ExportError:
    with pytest.raises(ExportError) as caught:
        read(folder, files)
    error = caught.value
    assert error.message.endswith(".") and error.message.isprintable() and error.hint
    return error


# --- Archives


@pytest.mark.parametrize(
    "files",
    [
        {"MyData/" + HISTORY: ACCOUNT, f"__MACOSX/MyData/._{HISTORY}": b"\0\5\26\7", "MyData/.DS_Store": b"\0\0\0\1Bud1"},
        {"MyData\\" + HISTORY: ACCOUNT, "MyData\\": b""},
        {"Verl\u00e4ufe/a/b/c/d/e/" + HISTORY: ACCOUNT},
        {"MyData/" + HISTORY: ACCOUNT, "Apple.zip": b"PK\3\4" + bytes(200), "evil.zip": zipped({"../x": b"1"})},
        {"my_spotify_data.zip": zipped({"MyData/" + HISTORY: ACCOUNT}), "again (1).zip": zipped({"MyData/" + HISTORY: ACCOUNT})},
    ],
    ids=["zipped again by a Mac", "zipped by Windows", "deep folders", "beside zips that cannot be opened", "twice"],
)  # fmt: skip
def test_an_archive_however_it_was_made(tmp_path: Path, files: dict[str, Any]) -> None:
    found = read(tmp_path, {"my data.zip": zipped(files)})
    assert len(found.records) == 6
    assert not found.summary.failed


def test_a_zip_inside_that_cannot_be_opened_is_named_with_its_reason(tmp_path: Path) -> None:
    deep = zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({HISTORY: ACCOUNT})})})})
    locked = bytearray(zipped({"x.json": b"[]"}))
    locked[6] |= 1
    locked[locked.index(b"PK\1\2") + 8] |= 1
    inner = {"cut.zip": zipped({HISTORY: ACCOUNT})[:99], "deep.zip": deep, "locked.zip": bytes(locked)}
    found = read(tmp_path, {"takeout.zip": zipped({"MyData/" + HISTORY: ACCOUNT, **inner})})
    reasons = dict(found.summary.ignored)
    assert "cut short" in reasons["cut.zip"] and "encrypted" in reasons["locked.zip"]
    assert any("nested" in reason for name, reason in reasons.items() if name.startswith("deep.zip"))


def test_half_a_download_says_to_download_again(tmp_path: Path) -> None:
    whole = zipped({f"MyData/StreamingHistory{n}.json": ACCOUNT * 40 for n in range(3)})
    error = refused(tmp_path, {"my_spotify_data.zip": whole[: len(whole) // 2]})
    assert "cut short" in error.message and "again" in error.hint


@pytest.mark.parametrize("data", [b"<!doctype html><html>This link has expired</html>", b"", b"PK\3\4", bytes(99)])
def test_a_zip_that_is_none_says_to_download_again(tmp_path: Path, data: bytes) -> None:
    assert "again" in refused(tmp_path, {"my_spotify_data.zip": data}).hint


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.rar", b"Rar!\x1a\x07\x00" + bytes(99)), ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(99)), ("a.tar.xz", b"\xfd7zXZ" + bytes(99))],
)  # fmt: skip
def test_another_archive_says_to_unpack_it(tmp_path: Path, name: str, data: bytes) -> None:
    error = refused(tmp_path, {name: data})
    assert "archive" in error.message and "Unpack" in error.hint
    found = read(tmp_path / "beside", {name: data, HISTORY: ACCOUNT})
    assert any("unpack it" in reason for _, reason in found.summary.ignored)


@pytest.mark.parametrize("compress", ["gz", ""])
def test_a_tar_of_takeout_says_to_unpack_it(tmp_path: Path, compress: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compress}") as archive:
        info = tarfile.TarInfo("Takeout/watch-history.json")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"[]"))
    error = refused(tmp_path, {f"takeout-001.t{compress}": buffer.getvalue()})
    assert "tar archive" in error.message and "Unpack" in error.hint


def test_a_file_compressed_alone_is_read_and_a_bomb_is_not(tmp_path: Path) -> None:
    assert len(read(tmp_path / "a", {ENDSONG + ".gz": gzip.compress(dumped(EXTENDED))}).records) == 6
    assert len(read(tmp_path / "b", {ENDSONG + ".gz": gzip.compress(dumped(EXTENDED)), "x.txt": b"-"}).records) == 6
    assert "absurdly" in refused(tmp_path / "c", {"bomb.json.gz": gzip.compress(bytes(64 << 20))}).message
    assert refused(tmp_path / "d", {"cut.json.gz": gzip.compress(dumped(EXTENDED))[:-20]}).message


def test_of_everything_in_the_cloud_only_one_file_is_read(tmp_path: Path) -> None:
    """Photographs, films of gigabytes and other people's zips count for nothing: what nobody reads costs nothing."""
    path = tmp_path / "takeout-001.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Takeout/YouTube and YouTube Music/history/watch-history.json", dumped(watched()))
        for n in range(3_000):
            archive.writestr(f"Takeout/Google Photos/2019/IMG_{n}.jpg.json", b'{"title": "CANARY"}')
        with archive.open("Takeout/Google Photos/film.mp4", "w", force_zip64=True) as film:
            for _ in range(20):
                film.write(bytes(1 << 20))
    limits = Limits(entry_bytes=16 << 20, total_bytes=8 << 20)
    with Export.open(path, limits=limits) as export, pytest.raises(ExportError, match="16 MB"):
        next(entry for entry in export.entries if entry.name.endswith("mp4")).read()
    assert len(MUSIC.read(path, limits=limits).records) == 6


def test_a_file_that_is_cut_short_loses_none_of_the_others_and_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, {ENDSONG: EXTENDED, "endsong_1.json": dumped(EXTENDED)[:-50], "endsong_2.json": [1, 2]})
    assert len(found.records) == 6
    assert [name for name, _ in found.summary.failed] == ["endsong_1.json", "endsong_2.json"]
    assert sum("WARNING" in line and "endsong_1.json" in line for line in found.summary.lines()) == 1
    assert "endsong_1.json" in refused(tmp_path / "alone", {"endsong_1.json": dumped(EXTENDED)[:-50]}).message


# --- Encodings, and JSON that was saved again


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + dumped(EXTENDED), dumped(EXTENDED).decode().encode("utf-16"),
        b"\xfe\xff" + dumped(EXTENDED).decode().encode("utf-16-be"), json.dumps(EXTENDED, indent=2).replace("\n", "\r\n").encode(),
        dumped(EXTENDED)[:-1] + b",\n]", dumped([row | {"ms_played": str(row["ms_played"])} for row in EXTENDED]),
        dumped(EXTENDED).replace(b'"ms_played": 180000', b'"ms_played": 1, "ms_played": 180000'),
    ],
    ids=["mark", "UTF-16", "UTF-16 big", "lines of Windows", "comma at the end", "numbers as text", "a key twice"],
)  # fmt: skip
def test_json_however_it_was_saved(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path, {"export.json": data})
    assert [r.played_ms for r in found.records] == [180_000] * 6 and not found.summary.problems


@pytest.mark.parametrize("change", [str, float, lambda n: f"{n}.0"])
def test_account_data_with_lengths_written_otherwise(tmp_path: Path, change: Callable[[int], Any]) -> None:
    rows = [row | {"msPlayed": change(row["msPlayed"])} for row in ACCOUNT]
    assert [r.played_ms for r in read(tmp_path, {HISTORY: rows}).records] == [180_000] * 6


def test_account_data_with_times_written_otherwise(tmp_path: Path) -> None:
    times = ["2024-03-01 20:15:31", "2024-03-02T20:15:31Z", "2024-03-03T22:15+02:00", "2024-03-04T20:15:31.5"]
    found = read(tmp_path, {HISTORY: [account_row(endTime=text) for text in times]})
    assert {(r.start_ms + (r.played_ms or 0)) % 86_400_000 for r in found.records} == {(20 * 60 + 15) * 60_000}


def test_one_row_that_is_no_json_does_not_lose_the_file(tmp_path: Path) -> None:
    rows = dumped(
        [
            *EXTENDED,
            new_row(ms_played=float("nan")),
            new_row(ts="2024-04-01T00:00:00Z", offline_timestamp=float("-inf")),
        ]
    )
    found = read(tmp_path / "a", {ENDSONG: rows})
    assert len(found.records) == 7 and [p.row for p in found.summary.problems] == [6]
    found = read(tmp_path / "b", {ENDSONG: dumped(EXTENDED).replace(b"Second Lantern", b"Second\nLan\ttern NaN,]", 1)})
    assert next(iter(found.records)).track == "Second\nLan\ttern NaN,]" and len(found.records) == 6
    found = read(tmp_path / "c", {ENDSONG: dumped(EXTENDED).replace(b"Second Lantern", b"Caf\xe9", 1)})
    assert [p.row for p in found.summary.problems] == [0] and len(found.records) == 5


def test_numbers_and_times_at_the_edge_are_reported_row_by_row(tmp_path: Path) -> None:
    odd = [
        {"ms_played": 2**80}, {"ms_played": 2**63}, {"ms_played": -5}, {"ts": "1970-01-01T00:00:00Z"},
        {"ts": "2016-12-31T23:59:60Z"}, {"ts": "2100-01-01T00:03:00Z"}, {"master_metadata_track_name": "x" * 100_000},
    ]  # fmt: skip
    fine = [{"ts": "2099-12-31T23:59:59Z"}, {"ts": "2024-03-31T02:30:00+01:00"}, {"offline_timestamp": 10**40}]
    found = read(tmp_path, {ENDSONG: [new_row(**change) for change in odd + fine]})
    assert len(found.records) == 3 and [p.row for p in found.summary.problems] == [4, 0, 1, 2, 3, 5, 6]


@pytest.mark.parametrize("name", ["Streaming_History_Audio_2019-2021_3.json", "Streaming_History_Video_2018-2024.json",
                                  "Streaming_History_Audio_2019-2021_3 2.json", "Kopie von endsong_3 - Kopie (2).json"])  # fmt: skip
def test_spotify_files_under_the_names_that_computers_give_copies(tmp_path: Path, name: str) -> None:
    assert len(read(tmp_path, {name: EXTENDED}).records) == 6


def test_an_export_without_a_play_says_so(tmp_path: Path) -> None:
    assert "no play at all" in refused(tmp_path / "a", {"endsong_0.json": []}).message
    assert "known format" in refused(tmp_path / "b", {"my.zip": zipped({})}).message
    (tmp_path / "c").mkdir()
    with pytest.raises(ExportError, match="known format"):
        MUSIC.read(tmp_path / "c")


def test_a_changed_format_says_how_to_report_it(tmp_path: Path) -> None:
    for n, files in enumerate(
        (
            {ENDSONG: {"plays": EXTENDED}},
            {ENDSONG: [{"stamp": 1, "length": 5}]},
            {"Apple Music Play Activity.csv": b"Event Start Timestamp,Play Duration Milliseconds,Tune\n"},
        )
    ):
        assert "export-schema" in refused(tmp_path / str(n), files).hint  # type: ignore[arg-type]


# --- YouTube Music, in the account's language


def watched(
    before: str = "Watched ", after: str = "", channel: str = "Zelvora - Topic", count: int = 6, **more: Any
) -> list[dict[str, Any]]:
    return [
        {"header": "YouTube Music", "title": f"{before}Part {n}{after}", "titleUrl": "https://music.youtube.com/watch?v\u003dx",
         "subtitles": [{"name": channel, "url": "x"}], "time": f"2024-03-{n + 1:02}T20:12:30.5Z", "products": ["YouTube"]} | more
        for n in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("YouTube und YouTube Music/Verlauf/Wiedergabeverlauf.json", watched("", " angesehen")),
        ("YouTube und YouTube Music/Verlauf/Wiedergabeverlauf.json", watched("", " angesehen", "Zelvora – Thema", header="YouTube")),
        ("YouTube en YouTube Music/geschiedenis/kijkgeschiedenis.json", watched("", " bekeken", count=2)),
        ("YouTube y YouTube Music/historial/historial de reproducciones.json", watched("Has visto ")),
        ("YouTube と YouTube Music/履歴/視聴履歴.json", watched("", " を視聴しました", "Zelvora - トピック", header="YouTube")),
        ("My Activity/YouTube/MyActivity.json", [*watched(count=5), *watched("Listened to ", time="2024-03-09T20:12:30Z")[5:]]),
        ("watch-history.json", watched(header=None)),
    ],
    ids=["German", "German channels", "Dutch, few", "Spanish", "Japanese", "activity", "without headers"],
)  # fmt: skip
def test_a_takeout_in_the_accounts_language(tmp_path: Path, name: str, rows: list[dict[str, Any]]) -> None:
    search = [
        {
            "header": "YouTube",
            "title": "CANARY",
            "titleUrl": "https://www.youtube.com/results?search_query\u003dx",
            "time": "2024-03-05T20:12:30Z",
            "products": ["YouTube"],
        }
    ]
    found = read(tmp_path, {"takeout.zip": zipped({f"Takeout/{name}": rows, "Takeout/x/recherches.json": search * 9})})
    assert {r.artist for r in found.records} == {"Zelvora"}
    assert [r.track for r in found.records] == [f"Part {n}" for n in range(len(rows))]
    assert [name for name, _ in found.summary.ignored] == ["Takeout/x/recherches.json"], "searches are never read"


@pytest.mark.parametrize(
    "name",
    ["search-history.json", "Suchverlauf.html", "zoekgeschiedenis.json", "historial de búsqueda.json", "検索履歴.json"],
)
def test_what_somebody_searched_for_is_personal_by_name(name: str) -> None:
    assert is_personal(name)


def test_searches_and_other_services_among_the_activity_are_left_out(tmp_path: Path) -> None:
    search = {
        "header": "YouTube Music",
        "title": "Searched for CANARY",
        "titleUrl": "https://music.youtube.com/search?q\u003dx",
        "time": "2024-03-05T20:12:30Z",
    }
    found = read(tmp_path / "a", {"MyActivity.json": [search, *watched()]})
    assert len(found.records) == 6 and dict(found.summary.left_out) == {"a search and no play": 1}
    other = {"header": "Search", "title": "Searched for CANARY", "time": "2024-03-05T20:12:30Z", "products": ["Search"]}
    assert "known format" in refused(tmp_path / "b", {"MyActivity.json": [other]}).message


@pytest.mark.parametrize(
    "change",
    [lambda page: page, lambda page: page.replace("<br>", "<br/>"), lambda page: page.replace("<br></p>", "</p>")],
)
def test_a_takeout_page_of_several_years(tmp_path: Path, change: Callable[[str], str]) -> None:
    link = '<a class="x" href="https://music.youtube.com/watch?v=x">{}</a>'
    song = f"{link.format('Tide')} angesehen<br>{link.format('Zelvora - Thema')}<br>"
    page = "<html><head><title>Mein Aktivitätsverlauf</title></head>" + "".join(
        cell("YouTube Music", f"{song}0{n}.03.2024, 20:12:30 MEZ<br>") for n in range(1, 7)
    )
    found = read(tmp_path, {"Wiedergabeverlauf.html": change(page).encode()})
    assert [(r.artist, r.track) for r in found.records] == [("Zelvora", "Tide")] * 6
    error = refused(tmp_path / "b", {"watch-history.html": page.replace("MEZ", "MOON").encode()})
    assert "out of 6 rows; 6 for this reason" in error.message and "choose JSON" in error.message


def test_a_page_of_cells_that_never_end_costs_no_more_than_its_length(tmp_path: Path) -> None:
    """Each header used to be looked for an end of its own, over and over."""
    song = '<a href="https://music.youtube.com/watch?v=x">Tide</a><br><a href="x">Zelvora - Topic</a><br>Mar 5, 2024, 8:12:30 PM UTC'
    page = (
        "<html>mdl-typography"
        + cell("YouTube Music", song)
        + '<p class="mdl-typography--title">x<mdl-typography--body-1">' * 40_000
    )
    began = time.process_time()
    found = read(tmp_path, {"watch-history.html": page.encode()})
    assert time.process_time() - began < 5
    assert len(found.records) == 1 and found.summary.rows == 40_001


# --- Scrobbles, as other people's tools write them

SCROBBLED = [
    ("Zelvora", "Paper, Harbor; live", "Tide", 1_709_669_550),
    ('Quorvane "Q"', "", "Über\nLand", 1_709_669_950),
]


def table(
    header: list[str] | None, rows: list[list[Any]], *, delimiter: str = ",", end: str = "\n", encoding: str = "utf-8"
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([*([header] if header else []), *rows])
    return text.getvalue().encode(encoding)


UTS = ["uts", "utc_time", "artist", "artist_mbid", "album", "album_mbid", "track", "track_mbid"]
UTS_ROWS = [[uts, "05 Mar 2024, 20:12", artist, "", album, "", track, ""] for artist, album, track, uts in SCROBBLED]


@pytest.mark.parametrize(
    "data",
    [
        table(UTS, UTS_ROWS), table(UTS, UTS_ROWS, delimiter=";", end="\r\n"), table(UTS, UTS_ROWS, delimiter="\t", encoding="utf-16"),
        table(UTS, UTS_ROWS, delimiter=";", encoding="cp1252"), table(UTS, UTS_ROWS, encoding="utf-8-sig"),
        table(["Artist", "Album", "AlbumId", "Track", "Date#CANARY"], [[a, b, "", t, u * 1000] for a, b, t, u in SCROBBLED], delimiter=";", encoding="utf-8-sig"),
        table(["Date", "Title", "Artist", "Album"], [[f"2024-03-05 20:{m}:{s}", *row] for row, m, s in ((["Tide", "Zelvora", SCROBBLED[0][1]], 12, 30), (["Über\nLand", 'Quorvane "Q"', ""], 19, 10))]),
    ],
    ids=["commas", "semicolons", "UTF-16 with tabs", "Windows-1252", "mark", "milliseconds", "written dates"],
)  # fmt: skip
def test_scrobbles_in_a_table_however_it_was_saved(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path, {"scrobbles.csv": data})
    assert [(r.start_ms // 1000, r.artist, r.album, r.track) for r in found.records] == [
        (u, a, b or None, t) for a, b, t, u in SCROBBLED
    ]


def test_a_number_that_a_spreadsheet_rounded_falls_back_on_the_date_beside_it(tmp_path: Path) -> None:
    rows = [
        ["1,70967E+09", "05 Mar 2024, 20:12", "Zelvora", "", "", "", "Tide", ""],
        ["1.7E9", "someday", "Zelvora", "", "", "", "Tide", ""],
    ]
    found = read(tmp_path, {"s.csv": table(UTS, rows, delimiter=";")})
    assert [r.start_ms for r in found.records] == [1_709_669_520_000] and [p.row for p in found.summary.problems] == [2]


@pytest.mark.parametrize(
    "row", [["Zelvora", "P", "Tide", "05 Mar 2024, 20:12"], ["Zelvora", "P", "Tide", "5 Mar 2024 20:12"]]
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_scrobbles_without_a_header(tmp_path: Path, row: list[str], delimiter: str) -> None:
    assert [
        (r.start_ms, r.track) for r in read(tmp_path, {"me.csv": table(None, [row], delimiter=delimiter)}).records
    ] == [(1_709_669_520_000, "Tide")]


TRACK = {
    "artist": {"mbid": "", "#text": "Zelvora"},
    "album": {"#text": "P"},
    "name": "Tide",
    "date": {"uts": "1709669550", "#text": "x"},
}


@pytest.mark.parametrize(
    "value",
    [
        [TRACK], [[TRACK]], {"recenttracks": {"track": TRACK}}, [{"@attr": {}, "track": [TRACK]}],
        {"username": "CANARY", "scrobbles": [{"track": "Tide", "artist": "Zelvora", "album": "P", "albumId": "x", "date": 1709669550000}]},
        [{"artist": "Zelvora", "name": "Tide", "album": "P", "date": "1709669550"}],
    ],
    ids=["tracks", "lists of tracks", "page", "pages", "milliseconds", "plain"],
)  # fmt: skip
def test_scrobbles_in_json_of_several_tools(tmp_path: Path, value: Any) -> None:
    found = read(tmp_path, {"scrobbles.json": value})
    assert [(r.start_ms, r.artist, r.album, r.track, r.source) for r in found.records] == [
        (1_709_669_550_000, "Zelvora", "P", "Tide", "lastfm")
    ]


# --- Apple Music and Deezer

ACTIVITY = [f"Column {n}" for n in range(130)] + [
    "Album Name", "Container Artist Name", "Container Type", "End Reason Type", "Event End Timestamp", "Event Start Timestamp",
    "Event Type", "Media Type", "Play Duration Milliseconds", "Song Name",
]  # fmt: skip


def play(
    song: str, hour: int, container: str = "ALBUM", maker: str = "", event: str = "PLAY_END", day: int = 5
) -> list[str]:
    start, stop = f"2024-03-{day:02}T{hour:02}:12:30Z", f"2024-03-{day:02}T{hour:02}:15:30Z"
    return [""] * 130 + ["P", maker, container, "NATURAL_END_OF_TRACK", stop, start, event, "AUDIO", "180000", song]


def test_apple_music_finds_the_artist_wherever_it_is_told(tmp_path: Path) -> None:
    plays = [play("Tide", 1), play("Home", 2), play("Home", 3, day=6), play("Lone", 4, "ALBUM", "Quorvane"), play("Lone", 5, "PLAYLIST", "A list maker"),
             play("Tide", 6, event="PLAY_START"), play("Tide", 7, event="PLAY")]  # fmt: skip
    daily = "Track Description,Date Played,Play Duration Milliseconds\nZelvora - Tide,20240305,1\nZelvora - Home,20240305,1\nQuorvane - Home,20240306,1\n"
    files = {
        "Apple Music Play Activity.csv": table(ACTIVITY, plays).decode(),
        "Apple Music - Play History Daily Tracks.csv": daily,
    }
    found = read(
        tmp_path,
        {"Apple_Media_Services.zip": nested({f"Apple Music Activity/{name}": text for name, text in files.items()})},
    )
    told = [
        (r.artist, r.track, r.start_ms // 3_600_000 % 24) for r in found.records if r.source == "apple-music-activity"
    ]
    assert told == [
        ("Zelvora", "Tide", 1),
        ("Zelvora", "Home", 2),
        ("Quorvane", "Lone", 4),
        ("Zelvora", "Tide", 7),
        ("Quorvane", "Home", 3),
    ]
    assert dict(found.summary.left_out) == {"an event of the player that is no play": 1, "no artist or no title": 1}


@pytest.mark.parametrize("column", ["Event End Timestamp", "Event Timestamp"])
def test_apple_music_without_the_start_of_an_event(tmp_path: Path, column: str) -> None:
    header = [
        "Container Artist Name",
        "Container Type",
        column,
        "Event Type",
        "Play Duration Milliseconds",
        "Song Name",
    ]
    rows = [["Zelvora", "ALBUM", "2024-03-05T20:15:30Z", event, "180000", "Tide"] for event in ("PLAY_END", "PAUSE")]
    found = read(tmp_path, {"Apple Music Play Activity.csv": table(header, rows)})
    assert [(r.start_ms, r.artist) for r in found.records] == [(1_709_669_550_000, "Zelvora")]
    assert [p.row for p in found.summary.problems] == [2]


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16")])
def test_apple_music_saved_again_by_a_spreadsheet_program(tmp_path: Path, delimiter: str, encoding: str) -> None:
    data = table(ACTIVITY, [play("Tide", 1, maker="Zelvora")], delimiter=delimiter, encoding=encoding, end="\r\n")
    assert [(r.artist, r.track) for r in read(tmp_path, {"Apple Music Play Activity.csv": data}).records] == [
        ("Zelvora", "Tide")
    ]


def test_apple_musics_equal_daily_rows_are_several_plays_and_two_copies_of_the_file_are_not(tmp_path: Path) -> None:
    daily = b"Track Description,Date Played,Play Duration Milliseconds\n" + b"Zelvora - Tide,20240305,180000\n" * 3
    found = read(tmp_path, {"a.csv": daily, "b.csv": daily})
    assert len(found.records) == 3 and found.summary.duplicates == 3
    assert MUSIC.merge([found, found]).records == found.records


def test_a_daily_row_of_several_plays_is_several_plays_and_years_before_media_types_are_music(tmp_path: Path) -> None:
    header = [
        "Media type",
        "Date Played",
        "Hours",
        "Play Duration Milliseconds",
        "Play Count",
        "Skip Count",
        "Track Description",
    ]
    rows: list[list[Any]] = [
        ["N/A", "20150630", "18, 19", 600_001, 3, 1, "Zelvora - Tide"], ["AUDIO", "2023-06-12", "9", 180_000, 1, 0, "Zelvora - Home"],
        ["", "20230613", "", "", "", "", "Zelvora - Lantern"], ["MUSIC_VIDEO", "20230614", "9", 1, 1, 0, "Zelvora - Film"],
        ["AUDIO", "20230615", "9", 5, 10**9, 0, "Zelvora - Loop"],
    ]  # fmt: skip
    found = read(tmp_path, {"Apple Music - Play History Daily Tracks.csv": table(header, rows)})
    told = [(r.track, r.played_ms) for r in found.records][:5]
    assert sorted(told[:3]) == [("Tide", 200_000)] * 2 + [("Tide", 200_001)] and told[3:] == [
        ("Home", 180_000),
        ("Lantern", None),
    ]
    assert dict(found.summary.left_out) == {"a video that is not music": 1}
    assert len(found.records) == 505, "no count is believed beyond what fits into a day"


@pytest.mark.parametrize(
    ("sheet", "header"),
    [
        ("10_listeninghistory", ["Song Title", "Artist", "ISRC", "Album Title", "IP Address", "Listening Time", "Platform Name", "Platform Model", "Date"]),
        ("10_historique", ["Titre", "Artiste", "ISRC", "Titre de l'album", "Adresse IP", "Temps d'écoute", "Plateforme", "Modèle", "Date"]),
        ("9_Hörverlauf", ["Songtitel", "Künstler", "ISRC", "Albumtitel", "IP-Adresse", "Hörzeit", "Plattform", "Modell", "Datum"]),
    ],
)  # fmt: skip
def test_deezer_in_the_accounts_language(tmp_path: Path, sheet: str, header: list[str]) -> None:
    rows = [["Tide", "Zelvora", "X", "P", "203.0.113.9", "180", "CANARY", "x", "2024-03-05 20:12:30"]]
    found = read(tmp_path, {"deezer-data_1.xlsx": spreadsheet([header, *rows], sheet=sheet)})
    assert [(r.artist, r.track, r.album, r.played_ms) for r in found.records] == [("Zelvora", "Tide", "P", 180_000)]


def test_deezers_sheet_saved_as_a_table(tmp_path: Path) -> None:
    header = ["Song Title", "Artist", "ISRC", "Album Title", "IP Address", "Listening Time", "Platform Name", "Date"]
    rows = [
        ["Tide", "Zelvora", "X", "P", "203.0.113.9", "180", "x", "2024-03-05 20:12:30"],
        ["Tide", "Zelvora", "X", "P", "x", "1", "x", "soon"],
    ]
    found = read(tmp_path, {"10_listeningHistory.csv": table(header, rows, delimiter=";")})
    assert [(r.source, r.played_ms) for r in found.records] == [("deezer", 180_000)]
    assert [p.row for p in found.summary.problems] == [2]


@pytest.mark.parametrize("at", [1709669550, 1709669550.0, "1709669550"])
def test_scrobblers_own_files_with_times_written_otherwise(tmp_path: Path, at: Any) -> None:
    track = {"artists": "Zelvora", "title": "Tide"}
    listen = {
        "listened_at": at,
        "track_metadata": {"artist_name": "Zelvora", "track_name": "Tide", "release_name": None},
    }
    for n, files in enumerate(
        ({"m.json": {"maloja": {}, "scrobbles": [{"time": at, "track": track}]}}, {"3.jsonl": dumped(listen)})
    ):
        found = read(tmp_path / str(n), files)
        assert [(r.start_ms, r.artist, r.track) for r in found.records] == [(1_709_669_550_000, "Zelvora", "Tide")]


def test_scrobblers_own_files_with_albums_and_lengths_written_otherwise(tmp_path: Path) -> None:
    track = {"artists": ["Zelvora"], "title": "Tide", "album": "P"}
    info = [
        {"duration_played": "61"},
        {"duration_played": "long"},
        {"duration_played": -5},
        {"duration_played": 61.5},
        None,
    ]
    meta = {"artist_name": "Zelvora", "track_name": "Tide"}
    lines = [
        dumped({"listened_at": 1709669550 + n, "track_metadata": meta | {"additional_info": one}})
        for n, one in enumerate(info)
    ]
    found = read(tmp_path / "a", {"m.json": {"maloja": {}, "scrobbles": [{"time": 1709669550, "track": track}]}})
    assert [r.album for r in found.records] == ["P"]
    found = read(tmp_path / "b", {"3.jsonl": b"\n".join(lines)})
    assert [r.played_ms for r in found.records] == [61_000, None, None, 61_500, None]


def test_two_services_in_one_folder_are_one_history(tmp_path: Path) -> None:
    files = {
        HISTORY: ACCOUNT,
        "scrobbles.csv": table(UTS, UTS_ROWS),
        "holiday.txt": b"artist of the day\n",
        "photo.heic": b"x",
    }
    found = read(tmp_path, files)
    assert len(found.records) == 8 and {report.source for report in found.summary.files} == {
        "spotify-account",
        "lastfm",
    }


@pytest.mark.parametrize("after", [0, 1, 5, 40, 3_000])
def test_a_quote_that_is_never_closed_costs_its_own_row_only(tmp_path: Path, after: int) -> None:
    rows = [f'{1709669550 + n * 300},x,Zelvora,,P,,Tide {n} (7" mix),\n' for n in range(after)]
    text = (
        ",".join(UTS) + '\n1709660000,x,"Zel\nvora",,P,,Two lines,\n1709661000,x,"Zelvora,,P,,Open,\n' + "".join(rows)
    )
    found = read(tmp_path, {"scrobbles.csv": text.encode()})
    assert len(found.records) == 1 + after and [p.row for p in found.summary.problems] == [2]
    assert next(iter(found.records)).artist == "Zel\nvora"


def test_the_part_of_a_download_without_history_is_named_and_loses_nothing_of_the_others(tmp_path: Path) -> None:
    write(tmp_path / "part-1", {"StreamingHistory0.json": [account_row(endTime="2024-03-05 20:15")]})
    write(tmp_path / "part-2", {"Photos/album.json": {"title": "Holidays"}})
    alone, beside = (
        kinds.read("music", [tmp_path / "part-1"]),
        kinds.read("music", [tmp_path / "part-2", tmp_path / "part-1"]),
    )
    assert beside.records == alone.records
    assert [name for name, _ in beside.summary.failed] == ["part-2"]
    assert "holds no listening history" in beside.summary.failed[0][1]
    with pytest.raises(ExportError, match="'part-2' holds no listening history"):
        kinds.read("music", [tmp_path / "part-2", tmp_path / "part-2"])


def test_an_export_that_is_not_there_is_refused_beside_others(tmp_path: Path) -> None:
    write(tmp_path / "part-1", {"StreamingHistory0.json": [account_row(endTime="2024-03-05 20:15")]})
    with pytest.raises(ExportError):
        kinds.read("music", [tmp_path / "part-1", tmp_path / "part-3"])
