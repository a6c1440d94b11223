# ruff: noqa: E501 (rows of real formats are long)
"""Last.fm, ListenBrainz, Maloja, YouTube Music, Apple Music and Deezer: each variant seen, and the shared
files.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sdk.kinds.exports_by_hand import account_row, cell, nested, new_row, old_row, spreadsheet, write
from tests.sdk.kinds.make_export_fixtures import fixtures
from unwrapped_dao import kinds
from unwrapped_dao.errors import ExportError
from unwrapped_dao.exports import Export
from unwrapped_dao.kinds.imports import Imported
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.kinds.music.sources.takeout_dates import PageDates
from unwrapped_dao.kinds.music.sources.youtube_music import bare_titles, learnt_affixes

MUSIC = kinds.get("music")
FIXTURES = Path(__file__).parents[2] / "fixtures" / "exports"
MANIFEST = json.loads((FIXTURES / "manifest.json").read_text())
INVENTED = json.loads((FIXTURES / "invented" / "manifest.json").read_text())


def ms(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()) * 1000


def read(folder: Path, files: dict[str, Any]) -> Imported[Listens]:
    return MUSIC.read(write(folder, files))


def facts(found: Imported[Listens]) -> list[tuple[int, int | None, str, str, str | None]]:
    return [(r.start_ms, r.played_ms, r.artist, r.track, r.album) for r in found.records]


@pytest.mark.parametrize("item", MANIFEST, ids=lambda item: item["file"])
def test_shared_files_import_with_the_manifests_rows(item: dict[str, Any]) -> None:
    found = MUSIC.read(FIXTURES / item["file"])
    assert found.summary.rows == item["rows"]
    assert len(found.records) == item["rows"], found.summary.lines()
    assert not found.summary.problems


@pytest.mark.parametrize("item", INVENTED, ids=lambda item: item["file"])
def test_every_variant_imports_with_the_rows_that_were_written(item: dict[str, Any]) -> None:
    found = MUSIC.read(FIXTURES / "invented" / item["file"])
    summary = found.summary
    left_out = sum(count for _, count in summary.left_out)
    assert (summary.rows, summary.records, summary.duplicates, left_out) == (
        item["rows"], item["records"], item["repeats"], item["left_out"],
    ), summary.lines()  # fmt: skip
    assert len(summary.problems) == left_out and all(p.reason for p in summary.problems)
    assert {report.source for report in summary.files} == set(item["sources"])
    assert b"CANARY" not in found.records.to_bytes()


def test_the_variants_of_one_person_are_one_history_in_whatever_order() -> None:
    imports = [MUSIC.read(FIXTURES / "invented" / item["file"]) for item in INVENTED]
    merged = MUSIC.merge(imports)
    kinds_found = Counter(merged.records.texts("kind"))
    assert kinds_found["music"] == 60, "sixty songs, told seventeen times"
    assert set(merged.records.texts("source")) == {"spotify-extended", "spotify-account"}
    assert MUSIC.merge(imports[::-1]).records == merged.records
    summary = merged.summary
    assert summary.rows == summary.records + summary.duplicates + sum(n for _, n in summary.left_out)


def test_every_source_has_a_fixture_of_its_own() -> None:
    claimed = {source for item in INVENTED for source in item["sources"]}
    assert claimed == {source.name for source in MUSIC.sources}


def test_fixtures_are_what_their_script_writes() -> None:
    for fixture in fixtures():
        path = FIXTURES / "invented" / fixture.name
        if fixture.single and path.suffix in (".csv", ".json", ".html"):
            assert path.read_bytes() == fixture.files[0][1], fixture.name
        elif not fixture.single:
            with Export.open(path) as export:
                assert {e.name: e.read() for e in export.entries} == dict(fixture.files), fixture.name
    assert [fixture.manifest() for fixture in fixtures()] == INVENTED


# --- Last.fm

LASTFM = """uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid
"1709669550","05 Mar 2024, 20:12","Zelvora","","Paper Harbor","","Second Lantern",""
"1709669950","05 Mar 2024, 20:19","The ""Quorvane"", Trio","","","","Tide",""
"""


@pytest.mark.parametrize("name", ["scrobbles-me.csv", "x.txt"])
def test_lastfm_csv_with_header(tmp_path: Path, name: str) -> None:
    assert facts(read(tmp_path, {name: LASTFM.encode()})) == [
        (1_709_669_550_000, None, "Zelvora", "Second Lantern", "Paper Harbor"),
        (1_709_669_950_000, None, 'The "Quorvane", Trio', "Tide", None),
    ]


def test_lastfm_csv_without_header(tmp_path: Path) -> None:
    text = 'Zelvora,Paper Harbor,Second Lantern,"5 Mar 2024 20:12"\nZelvora,,"Tide, Low",05 Mar 2024 20:19\n'
    assert facts(read(tmp_path, {"me.csv": text.encode()})) == [
        (ms("2024-03-05 20:12:00"), None, "Zelvora", "Second Lantern", "Paper Harbor"),
        (ms("2024-03-05 20:19:00"), None, "Zelvora", "Tide, Low", None),
    ]


def test_lastfm_bad_rows_are_named(tmp_path: Path) -> None:
    bad = LASTFM + '"soon","","A","","","","T",""\n"1709669999","","A"\n"0","","A","","","","T",""\n'
    found = read(tmp_path, {"a.csv": bad.encode()})
    assert len(found.records) == 2 and found.summary.rows == 5
    assert [p.row for p in found.summary.problems] == [3, 4, 5]
    plain = 'A,B,C,"5 Mar 2024 20:12"\nA,B,C,"31 Feb 2024 20:12"\nA,B\nA,B,C,"5 Foo 2024 20:12"\n'
    found = read(tmp_path / "b", {"b.csv": plain.encode()})
    assert len(found.records) == 1 and [p.row for p in found.summary.problems] == [1, 2, 3]


def test_lastfm_json_pages_and_the_track_that_still_plays(tmp_path: Path) -> None:
    track = {
        "artist": {"#text": "Zelvora", "mbid": ""},
        "album": {"#text": "Paper Harbor"},
        "name": "Tide",
        "date": {"uts": "1709669550"},
    }
    playing = {"artist": {"#text": "Zelvora"}, "album": {"#text": ""}, "name": "Now", "@attr": {"nowplaying": "true"}}
    pages = [
        {"track": [playing, track], "@attr": {"user": "CANARY"}},
        {"track": track | {"date": {"uts": "1709669999"}}},
    ]
    for n, value in enumerate(
        (pages, {"recenttracks": {"track": [playing, track, track | {"date": {"uts": 1709669999}}]}})
    ):
        found = read(tmp_path / str(n), {"page.json": value})
        assert len(found.records) == 2 and found.summary.rows == 3
        assert "still playing" in found.summary.problems[0].reason


# --- ListenBrainz, Maloja


def listen(at: Any = 1709669550, **info: Any) -> dict[str, Any]:
    meta = {"track_name": "Tide", "artist_name": "Zelvora", "release_name": "Paper Harbor", "additional_info": info}
    return {"inserted_at": 1.5, "listened_at": at, "track_metadata": meta}


def test_listenbrainz_lines_and_array(tmp_path: Path) -> None:
    rows = [listen(), listen(1709669999, duration_ms=200_000), listen(1709670999, duration_played=65)]
    lines = "\n".join(json.dumps(r) for r in rows).encode() + b"\n\n"
    expected = [
        (1_709_669_550_000, None, "Zelvora", "Tide", "Paper Harbor"),
        (1_709_669_999_000, None, "Zelvora", "Tide", "Paper Harbor"),
        (1_709_670_999_000, 65_000, "Zelvora", "Tide", "Paper Harbor"),
    ]
    files = {"user.json": {"user_name": "CANARY"}, "listens/2024/3.jsonl": lines}
    assert facts(read(tmp_path / "a", files)) == expected
    assert facts(read(tmp_path / "b", {"old.json": rows})) == expected


def test_listenbrainz_bad_lines_are_named(tmp_path: Path) -> None:
    lines = b"\n".join(
        [json.dumps(listen()).encode(), b"{", json.dumps(listen("x")).encode(), json.dumps(listen(1e30)).encode()]
    )
    found = read(tmp_path, {"listens/2024/3.jsonl": lines})
    assert len(found.records) == 1 and [p.row for p in found.summary.problems] == [1, 2, 3]


def test_maloja_names_all_artists(tmp_path: Path) -> None:
    track = {
        "artists": ["Zelvora", "Quorvane"],
        "title": "Tide",
        "album": {"albumtitle": "Paper Harbor"},
        "length": None,
    }
    rows = [
        {"time": 1709669550, "track": track, "duration": 61, "origin": "x"},
        {"time": "?", "track": track},
        {"time": 5},
    ]
    found = read(tmp_path, {"maloja_export.json": {"maloja": {"export_time": 1}, "scrobbles": rows}})
    assert facts(found) == [(1_709_669_550_000, 61_000, "Zelvora, Quorvane", "Tide", "Paper Harbor")]
    assert [p.row for p in found.summary.problems] == [1, 2]


# --- YouTube Music


def watched(
    title: str, channel: str | None = "Zelvora - Topic", header: str = "YouTube Music", **more: Any
) -> dict[str, Any]:
    row = {
        "header": header,
        "title": title,
        "titleUrl": "https://music.youtube.com/watch?v=x",
        "time": "2024-03-05T20:12:30.5Z",
    }
    return row | ({"subtitles": [{"name": channel, "url": "x"}]} if channel else {}) | more


def test_youtube_music_keeps_music_and_counts_the_rest(tmp_path: Path) -> None:
    rows = [
        watched("Watched Tide"),
        watched("Watched Second Lantern", "Zelvora", time="2024-03-05T20:16:30Z"),
        watched("Watched Third", header="YouTube", time="2024-03-05T20:20:30Z"),
        watched("Watched a cooking video", "Some Cook", header="YouTube"),
        watched("Watched a video that has been removed", None),
        watched("Watched Tide", time="whenever"),
        {"header": "YouTube Music"},
    ]
    found = read(tmp_path, {"Takeout/YouTube and YouTube Music/history/watch-history.json": rows})
    assert [(r.artist, r.track) for r in found.records] == [
        ("Zelvora", "Tide"),
        ("Zelvora", "Second Lantern"),
        ("Zelvora", "Third"),
    ]
    assert found.records.integers("start_ms")[0] == ms("2024-03-05 20:12:30") + 500
    assert dict(found.summary.left_out) == {
        "a video that is not music": 1, "removed since, so that artist and title are gone": 1,
        "the field time is no time": 1, "the row does not have the expected fields": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [("Watched ", ""), ("", " angesehen"), ("Na rith ", " ar"), ("", "")])
def test_the_localised_word_is_learnt(before: str, after: str) -> None:
    titles = ["Tide", "Second Lantern", "Paper Harbor", "Amber River", "夜", "Zoo"]
    assert learnt_affixes([before + t + after for t in titles]) == (before, after)
    assert bare_titles([before + t + after for t in titles]) == titles


def test_titles_are_not_cut_by_chance() -> None:
    assert bare_titles(["The Tide", "The Bridge"]) == ["The Tide", "The Bridge"]
    assert bare_titles(["Watched The Tide", "Watched The Bridge"]) == ["The Tide", "The Bridge"]
    songs = [f"Part {n}" for n in range(9)]
    assert bare_titles([f"Watched {song}" for song in songs]) == songs, "a word that is known is all that is cut"
    assert bare_titles([f"{song} angesehen" for song in songs]) == songs
    assert bare_titles([*(f"Watched {song}" for song in songs), "Listened to Tide"]) == [*songs, "Tide"]
    assert bare_titles([]) == []


def test_takeout_page(tmp_path: Path) -> None:
    link = '<a href="https://music.youtube.com/watch?v=x">{}</a>'
    song = f"Watched\xa0{link.format('Tide &amp; Sand')}<br>{link.format('Zelvora - Topic')}<br>"
    page = "<html><head><style>.mdl-typography--title{}</style></head><body>" + "".join(
        [
            cell("YouTube Music", song + "Mar 5, 2024, 8:12:30\u202fPM UTC"),
            cell("YouTube Music", song + "5 Mar 2024, 22:20:30 CET<br>"),
            cell("YouTube Music", song + "sometime in spring"),
            cell(
                "YouTube",
                f"Watched\xa0{link.format('Cooking')}<br>{link.format('A Cook')}<br>Mar 5, 2024, 8:12:30 PM UTC",
            ),
            cell("YouTube Music", "Watched a video that has been removed<br>Mar 5, 2024, 8:12:30 PM UTC"),
        ]
    )
    found = read(tmp_path, {"watch-history.html": page.encode()})
    assert facts(found) == [
        (ms("2024-03-05 20:12:30"), None, "Zelvora", "Tide & Sand", None),
        (ms("2024-03-05 21:20:30"), None, "Zelvora", "Tide & Sand", None),
    ]
    assert [p.row for p in found.summary.problems] == [2, 3, 4]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mar 5, 2024, 12:00:01 AM UTC", "2024-03-05 00:00:01"), ("Mar 5, 2024, 12:00:01 PM GMT+05:30", "2024-03-05 06:30:01"),
        ("Sept 5, 2024, 8:12:30\u202fPM PDT", "2024-09-06 03:12:30"), ("Mar 5, 2024, 8:12:30 p.m. EST", "2024-03-06 01:12:30"),
        ("5 Mar 2024, 00:00:01 EST", "2024-03-05 05:00:01"), ("5 March 2024, 00:00:01", "2024-03-05 00:00:01"),
        ("Mar 5, 2024, 8:12:30 PM IST", "2024-03-05 14:42:30"), ("5 Mar 2024, 20:12:30 GMT-3", "2024-03-05 23:12:30"),
        ("05.03.2024, 20:12:30 MEZ", "2024-03-05 19:12:30"), ("06.07.2024, 20:12:30 MESZ", "2024-07-06 18:12:30"),
        ("5 mrt 2024 20:12:30 CET", "2024-03-05 19:12:30"), ("5 mei 2024, 20:12:30 CEST", "2024-05-05 18:12:30"),
        ("6 ene 2024, 20:12:30 CET", "2024-01-06 19:12:30"), ("5 sept. 2024, 9:12:30 CEST", "2024-09-05 07:12:30"),
        ("6 févr. 2024, 20:12:30 CET", "2024-02-06 19:12:30"), ("8 août 2024 à 20:12:30 CEST", "2024-08-08 18:12:30"),
        ("6 gen 2024, 20:12:30 CET", "2024-01-06 19:12:30"), ("5 de mar. de 2024, 20:12:30 BRT", "2024-03-05 23:12:30"),
        ("05/03/2024, 20:12:30 WET", "2024-03-05 20:12:30"), ("2024/03/05 20:12:30 JST", "2024-03-05 11:12:30"),
        ("2024. 3. 5. 오후 8:12:30 KST", "2024-03-05 11:12:30"), ("2024年3月5日 20:12:30 GMT+8", "2024-03-05 12:12:30"),
        ("6 sty 2024, 20:12:30 CET", "2024-01-06 19:12:30"), ("5 paź 2024, 20:12:30 CEST", "2024-10-05 18:12:30"),
        ("5 марта 2024 г., 20:12:30 MSK", "2024-03-05 17:12:30"), ("5 Eki 2024 20:12:30 TRT", "2024-10-05 17:12:30"),
        ("5.3.2024 klo 20.12.30 EET", "2024-03-05 18:12:30"), ("5. mar. 2024 20.12.30 CET", "2024-03-05 19:12:30"),
        ("5 Mar 2024, 00:00:01 MOON", None), ("Feb 30, 2024, 1:00:00 AM UTC", None), ("Foo 3, 2024, 1:00:00 AM UTC", None),
        ("", None), ("20:12:30 UTC", None), ("5 Mar 24, 20:12:30", None), ("Mar 5, 2024, 25:12:30 UTC", None),
        ("Mar 99999999999999999999, 2024, 8:12:30 PM UTC", None),
    ],
)  # fmt: skip
def test_dates_written_for_people(text: str, expected: str | None) -> None:
    assert PageDates([text]).ms(text) == (ms(expected) if expected else None)


def test_the_dates_of_a_page_are_read_together() -> None:
    """Whether the month comes first, and whose zone it is, one date alone cannot tell."""
    american = ["3/5/2024, 8:12:30 PM UTC", "3/25/2024, 8:12:30 PM UTC"]
    assert PageDates(american).ms(american[0]) == ms("2024-03-05 20:12:30")
    irish = ["5 Jul 2024, 20:12:30 IST", "5 Jan 2024, 20:12:30 GMT"]
    assert PageDates(irish).ms(irish[0]) is None, "neither India's nor surely Ireland's: a guess would move a play"


# --- Apple Music

ACTIVITY_2020 = "Artist Name,Build Version,Client IP Address,Content Name,Device Identifier,End Reason Type,Event End Timestamp,Event Start Timestamp,Event Type,Media Type,Play Duration Milliseconds"
ACTIVITY_NOW = "Album Name,Device Type,End Reason Type,Event End Timestamp,Event Start Timestamp,Event Type,IP City,Media Type,Play Duration Milliseconds,Song Name"
DAILY = "Country,Track Identifier,Media type,Date Played,Hours,Play Duration Milliseconds,End Reason Type,Source Type,Play Count,Skip Count,Ignore For Recommendations,Track Reference,Track Description"


def test_apple_music_in_nested_zips_takes_artists_from_the_daily_file(tmp_path: Path) -> None:
    files = {
        "Apple Music Activity/Apple Music Play Activity.csv": ACTIVITY_NOW + "\n"
        "Paper Harbor,CANARYphone,NATURAL_END_OF_TRACK,2024-03-05T20:15:30.500Z,2024-03-05T20:12:30.250Z,PLAY_END,CANARYcity,AUDIO,180250,Tide\n"
        ",x,TRACK_SKIPPED_FORWARDS,2024-03-05T20:16:00Z,,PLAY_END,x,AUDIO,30000,Tide\n"
        ",x,,2024-03-05T20:16:00Z,,LYRIC_DISPLAY,x,AUDIO,,Tide\n"
        ",x,NATURAL_END_OF_TRACK,2024-03-05T20:20:00Z,,PLAY_END,x,VIDEO,30000,Film\n"
        ",x,NATURAL_END_OF_TRACK,2024-03-05T20:21:00Z,,PLAY_END,x,AUDIO,30000,Nameless\n"
        ",x,NATURAL_END_OF_TRACK,,,PLAY_END,x,AUDIO,30000,Tide\n",
        "Apple Music Activity/Apple Music - Play History Daily Tracks.csv": DAILY + "\n"
        "QX,1,AUDIO,20240305,20,180250,NATURAL_END_OF_TRACK,x,1,0,,,Zelvora - Tide\n"
        "QX,1,AUDIO,20240306,20,200000,NATURAL_END_OF_TRACK,x,1,0,,,Zelvora - Paper - Moon\n"
        "QX,1,AUDIO,someday,20,200000,NATURAL_END_OF_TRACK,x,1,0,,,Zelvora - Tide\n"
        "QX,1,VIDEO,20240306,20,200000,NATURAL_END_OF_TRACK,x,1,0,,,Zelvora - Film\n",
    }  # fmt: skip
    path = tmp_path / "Apple_Media_Services.zip"
    path.write_bytes(nested(files))
    found = MUSIC.read(path)
    assert facts(found) == [
        (ms("2024-03-05 20:12:30") + 250, 180_250, "Zelvora", "Tide", "Paper Harbor"),
        (ms("2024-03-05 20:15:30"), 30_000, "Zelvora", "Tide", None),
        (ms("2024-03-06 00:00:00"), 200_000, "Zelvora", "Paper - Moon", None),
    ]
    assert [r.reason_end for r in found.records] == ["trackdone", "fwdbtn", "trackdone"]
    assert found.summary.rows == 10 and found.summary.duplicates == 1
    assert sum(n for _, n in found.summary.left_out) == 6
    assert "CANARY" not in found.records.to_bytes().decode()


def test_apple_music_of_2020_has_another_name_for_the_song(tmp_path: Path) -> None:
    text = (
        ACTIVITY_2020
        + "\nZelvora,x,203.0.113.9,Tide,x,NATURAL_END_OF_TRACK,2020-03-05T20:15:30Z,2020-03-05T20:12:30Z,PLAY_END,AUDIO,180000\n"
    )
    assert facts(read(tmp_path, {"Apple Music Play Activity.csv": text.encode()})) == [
        (ms("2020-03-05 20:12:30"), 180_000, "Zelvora", "Tide", None)
    ]


# --- Deezer


DEEZER = [
    "Song Title",
    "Artist",
    "ISRC",
    "Album Title",
    "IP Address",
    "Listening Time",
    "Platform Name",
    "Platform Model",
    "Date",
]


def test_deezer_spreadsheet(tmp_path: Path) -> None:
    rows = [
        DEEZER,
        ["Tide & Sand", "Zelvora", "X", "Paper Harbor", "203.0.113.9", 180, "CANARY", "CANARY", "2024-03-05 20:12:30"],
        ["Second Lantern", "Zelvora", None, None, "203.0.113.9", "61", "CANARY", "CANARY", 45356.5],
        ["Bad", "Zelvora", None, None, None, 5, None, None, "someday"],
        ["No length", "Zelvora", None, None, None, None, None, None, "2024-03-06 20:12:30"],
    ]
    found = read(tmp_path, {"deezer-data.xlsx": spreadsheet(rows)})
    assert facts(found) == [
        (ms("2024-03-05 12:00:00"), 61_000, "Zelvora", "Second Lantern", None),
        (ms("2024-03-05 20:12:30"), 180_000, "Zelvora", "Tide & Sand", "Paper Harbor"),
        (ms("2024-03-06 20:12:30"), None, "Zelvora", "No length", None),
    ]
    assert [p.row for p in found.summary.problems] == [2]
    assert "CANARY" not in found.records.to_bytes().decode()


def test_deezer_refuses_entities_and_ignores_other_books(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    with pytest.raises(ExportError, match="entities"):
        read(tmp_path / "a", {"a.xlsx": spreadsheet([DEEZER], prolog=bomb)})
    with pytest.raises(ExportError, match="no listening history"):
        read(tmp_path / "b", {"b.xlsx": spreadsheet([["Title", "Artist", "Price", "Date"]], sheet="records I own")})


# --- Merging


def test_scrobbles_of_the_same_plays_are_not_counted_again(tmp_path: Path) -> None:
    rows = [new_row(ts=f"2024-03-05T{h}:15:30Z") for h in (20, 21, 22)]
    scrobbles = "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n" + "".join(
        f"{ms(f'2024-03-05 {h}:12:50') // 1000},,Zelvora feat. X,,,,Second lantern (feat. X),\n" for h in (20, 21, 23)
    )
    found = read(tmp_path, {"a/endsong_0.json": rows, "b/scrobbles.csv": scrobbles.encode()})
    assert [r.source for r in found.records] == ["spotify-extended"] * 3 + ["lastfm"]
    assert found.summary.duplicates == 2


def test_a_title_on_repeat_keeps_its_count(tmp_path: Path) -> None:
    rows = [new_row(ts=f"2024-03-05T20:{m:02}:30Z", ms_played=60_000) for m in range(10, 20)]
    coarse = [account_row(endTime=f"2024-03-05 20:{m:02}", msPlayed=60_000) for m in range(10, 22)]
    found = read(tmp_path, {"endsong_0.json": rows, "StreamingHistory0.json": coarse})
    assert len(found.records) == 12
    assert found.summary.duplicates == 10


def test_several_exports_merge_like_one(tmp_path: Path) -> None:
    parts = {
        "old": {"endsong_0.json": [new_row(ts=f"2024-03-{d:02}T20:15:30Z") for d in range(1, 20)]},
        "new": {
            "Streaming_History_Audio_2024_0.json": [new_row(ts=f"2024-03-{d:02}T20:15:30Z") for d in range(10, 29)]
            + [5]
        },
        "account": {"StreamingHistory0.json": [account_row(endTime=f"2024-03-{d:02} 20:15") for d in range(20, 31)]},
    }
    imports = [read(tmp_path / name, files) for name, files in parts.items()]
    merged = MUSIC.merge(imports)
    assert len(merged.records) == 30
    assert MUSIC.merge(imports[::-1]).records == merged.records == MUSIC.read(tmp_path).records
    summary = merged.summary
    assert summary.rows == 50 == summary.records + summary.duplicates + sum(n for _, n in summary.left_out)


def test_two_exports_of_one_account_count_a_play_once_though_details_differ(tmp_path: Path) -> None:
    old = [old_row(ts=f"2019-03-{d:02}T20:15:30Z") for d in range(1, 20)]
    new = [new_row(ts=f"2019-03-{d:02}T20:15:31Z", ms_played=179_990) for d in range(10, 29)]
    new[0]["master_metadata_album_artist_name"] = "Zelvora & Quorvane"
    write(tmp_path / "2023", {"MyData/endsong_0.json": old})
    write(tmp_path / "2024", {"Spotify Extended Streaming History/Streaming_History_Audio_2019_0.json": new})
    merged = MUSIC.merge([MUSIC.read(tmp_path / "2023"), MUSIC.read(tmp_path / "2024")])
    assert len(merged.records) == 28
    assert MUSIC.read(tmp_path).records == merged.records, "two exports in one folder are the same"
    told_alike = [old_row(), old_row(offline_timestamp=1_551_816_750_000, skipped=False)]
    assert len(read(tmp_path / "one", {"endsong_0.json": told_alike}).records) == 1


def test_a_private_play_is_never_taken_for_one_that_is_not(tmp_path: Path) -> None:
    found = read(tmp_path, {"endsong_0.json": [old_row(incognito_mode=True), old_row(offline_timestamp=5)]})
    assert sorted(record.private for record in found.records) == [False, True]


# --- Whatever comes

ALL_HEADS = [
    LASTFM.encode(), b'A,B,C,"5 Mar 2024 20:12"\n', json.dumps([{"track": [], "@attr": {}, "#text": 1}]).encode(),
    json.dumps(listen()).encode(), json.dumps([listen()]).encode(), b'{"maloja": {}, "scrobbles": [{"time": 1}]}',
    json.dumps([watched("Watched x")] * 2).encode(), cell("YouTube Music", "x<br>y").encode(), b"<html>mdl-typography</html>",
    (ACTIVITY_NOW + "\n,,,,,,,,,\n").encode(), (DAILY + "\na,b\n").encode(), spreadsheet([DEEZER, ["a", "b"]]),
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_to_any_format_raises_nothing_but_export_errors(tmp_path: Path, data: st.DataObject) -> None:
    text = bytearray(data.draw(st.sampled_from(ALL_HEADS)))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        text[at : at + data.draw(st.integers(0, 12))] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"null", b"[", b'"', b"\n", b"-1"])
        )
    path = tmp_path / data.draw(st.sampled_from(["a.csv", "a.json", "a.html", "a.jsonl", "a.xlsx", "a"]))
    path.write_bytes(bytes(text))
    try:
        found = MUSIC.read(path)
    except ExportError as error:
        assert error.message.endswith(".")
        return
    summary = found.summary
    assert summary.rows == summary.records + summary.duplicates + sum(n for _, n in summary.left_out)
