"""Every variant and trap of Spotify's two formats."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.sdk.kinds.exports_by_hand import TRACK_ID, account_row, new_row, old_row, write
from unwrapped_dao import kinds
from unwrapped_dao.errors import ExportError
from unwrapped_dao.kinds.imports import Imported
from unwrapped_dao.kinds.music import Listen, Listens
from unwrapped_dao.kinds.music.sources.spotify_extended import _Play

MUSIC = kinds.get("music")


def ms(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()) * 1000


def read(folder: Path, files: dict[str, Any]) -> Imported[Listens]:
    return MUSIC.read(write(folder, files))


def one(folder: Path, row: dict[str, Any], name: str = "Streaming_History_Audio_2024_0.json") -> Listen:
    found = list(read(folder, {name: [row]}).records)
    assert len(found) == 1
    return found[0]


def test_extended_row_has_every_answer(tmp_path: Path) -> None:
    assert one(tmp_path, new_row()) == Listen(
        start_ms=ms("2024-03-05 20:12:30"), played_ms=180_000, artist="Zelvora", track="Second Lantern",
        album="Paper Harbor", track_id=TRACK_ID, kind="music", reason_start="clickrow", reason_end="trackdone",
        shuffle=False, skipped=False, private=False, clock_s=1_709_669_550, source="spotify-extended",
    )  # fmt: skip


def test_old_variant_keeps_clock_in_milliseconds_apart_from_none(tmp_path: Path) -> None:
    assert one(tmp_path / "a", old_row(), "endsong_0.json").clock_s is None
    assert one(tmp_path / "b", old_row(offline_timestamp=1_551_816_750_123), "endsong_0.json").clock_s == 1_551_816_750
    assert one(tmp_path / "c", new_row(offline_timestamp=None)).clock_s is None


@pytest.mark.parametrize(
    "name",
    [
        "endsong_0.json", "ENDSONG_12.JSON", "endsong.json", "Streaming_History_Audio_2014-2017_3.json",
        "Streaming_History_Audio_2024.json", "Streaming_History_Video_2018-2024.json",
        "streaming_history_audio_2024_1 (1).json.json", "anything at all.json", "no-suffix",
    ],
)  # fmt: skip
def test_extended_files_are_known_by_name_or_content(tmp_path: Path, name: str) -> None:
    name = name.replace(" (1)", "(1)")
    assert one(tmp_path, new_row(), f"Spotify Extended Streaming History/{name}").track == "Second Lantern"


@pytest.mark.parametrize(
    "name",
    ["StreamingHistory0.json", "StreamingHistory_music_0.json", "streaminghistory_music_1.json.json", "MyData/x.json"],
)
def test_account_files_are_known_by_name_or_content(tmp_path: Path, name: str) -> None:
    found = one(tmp_path, account_row(), name)
    assert (found.start_ms, found.played_ms) == (ms("2024-03-05 20:12:00"), 180_000)
    assert (found.album, found.track_id, found.reason_end, found.shuffle, found.source) == (
        None, None, None, None, "spotify-account",
    )  # fmt: skip


def test_empty_files_of_a_known_name_are_counted_with_no_rows(tmp_path: Path) -> None:
    found = read(tmp_path, {"endsong_0.json": [old_row()], "endsong_1.json": []})
    assert [(f.file, f.rows, f.kept) for f in found.summary.files] == [
        ("endsong_0.json", 1, 1),
        ("endsong_1.json", 0, 0),
    ]


def test_podcasts_audiobooks_local_files_and_videos_are_typed(tmp_path: Path) -> None:
    nameless = dict.fromkeys(
        ("master_metadata_track_name", "master_metadata_album_artist_name", "master_metadata_album_album_name",
         "spotify_track_uri"),
    )  # fmt: skip
    rows = {
        "podcast": new_row(
            **nameless, episode_name="Episode 1", episode_show_name="The Invented Hour",
            spotify_episode_uri="spotify:episode:5aUlfA2nVr1NcCTVmY9TlT",
        ),
        "audiobook": new_row(**nameless, audiobook_title="A Book", audiobook_chapter_title="Chapter 2"),
        "local": new_row(spotify_track_uri="spotify:local:Zelvora:Demo:Second+Lantern:180"),
    }  # fmt: skip
    for kind, row in rows.items():
        assert one(tmp_path / kind, row).kind == kind
    assert one(tmp_path / "p", rows["podcast"]).artist == "The Invented Hour"
    assert one(tmp_path / "q", rows["local"]).track_id is None
    assert one(tmp_path / "video", new_row(), "Streaming_History_Video_2024.json").kind == "music"


def test_a_local_address_of_the_length_of_a_track_is_still_local(tmp_path: Path) -> None:
    uri = "spotify:local:Zelvora:Demo:Secon:180"
    assert len(uri) == 36
    assert one(tmp_path, new_row(spotify_track_uri=uri)).kind == "local"


def test_account_podcasts_and_audiobooks_have_their_own_names(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "StreamingHistory_podcast_0.json": [
                {"endTime": "2024-01-01 10:00", "podcastName": "The Invented Hour", "episodeName": "1", "msPlayed": 5}
            ],
            "StreamingHistory_audiobook_0.json": [
                {
                    "endTime": "2024-01-01 11:00",
                    "authorName": "A",
                    "audiobookName": "A Book",
                    "chapterName": "2",
                    "msPlayed": 5,
                }
            ],
        },
    )
    assert [(r.kind, r.artist, r.track) for r in found.records] == [
        ("podcast", "The Invented Hour", "1"), ("audiobook", "A Book", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize("field", [k for k in new_row() if k not in ("ts", "ms_played")])
def test_any_field_may_be_null_or_missing(tmp_path: Path, field: str) -> None:
    gone = new_row()
    del gone[field]
    for row in (new_row(**{field: None}), gone):
        found = read(tmp_path, {"endsong_0.json": [row, new_row(ts="2024-03-06T00:00:00Z")]})
        named = field not in ("master_metadata_track_name", "master_metadata_album_artist_name")
        assert len(found.records) == (2 if named else 1)
        assert found.summary.rows == 2
        if not named:
            assert found.summary.problems[0].reason == "no artist or no title"
            assert found.summary.problems[0].row == 0


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (new_row(ts=None), "ts"), (new_row(ts="yesterday"), "ts"), (new_row(ts=5), "ts"),
        (new_row(ts="2024-02-31T00:00:00Z"), "ts"), (new_row(ms_played=None), "ms_played"),
        (new_row(ms_played="long"), "ms_played"), (new_row(ms_played=1.5), "ms_played"),
        (new_row(ms_played=-1), "negative"), (new_row(ms_played=10**30), "longer than a week"),
        (new_row(ts="1999-01-01T00:00:00Z"), "outside 2000"), (new_row(master_metadata_track_name=7), "track_name"),
        (new_row(master_metadata_track_name="x" * 2000), "1000 characters"), ("a row?", "expected fields"),
        ({"ts": "2024-01-01T00:00:00Z"}, "expected fields"), (None, "expected fields"),
    ],
)  # fmt: skip
def test_one_bad_row_is_reported_and_loses_nothing_else(tmp_path: Path, bad: Any, reason: str) -> None:
    rows = [new_row(ts=f"2024-03-05T20:{m}:00Z") for m in (10, 20)]
    found = read(tmp_path, {"endsong_0.json": [rows[0], bad, rows[1]]})
    assert len(found.records) == 2
    (problem,) = found.summary.problems
    assert (problem.file, problem.row) == ("endsong_0.json", 1)
    if bad is not None and not isinstance(bad, str) and "ms_played" in bad:
        assert reason in problem.reason
    assert found.summary.files[0].rows == 3 and found.summary.files[0].kept == 2


def test_unusual_times_and_whole_floats_are_understood(tmp_path: Path) -> None:
    rows = [
        new_row(ts="2024-03-05 20:15:30"), new_row(ts="2024-03-05 21:15:30 UTC"),
        new_row(ts="2024-03-05T23:15:30+01:00"),
        new_row(ts="2024-03-05T23:15:30.250Z"), new_row(ts="2024-03-06T00:15:30Z", ms_played=180_000.0),
    ]  # fmt: skip
    stops = [r.start_ms + r.played_ms for r in read(tmp_path, {"endsong_0.json": rows}).records]
    assert stops == [ms("2024-03-05 20:15:30") + h * 3_600_000 for h in range(5)]


def test_how_the_play_ended_decides_about_skipping(tmp_path: Path) -> None:
    cases = {"fwdbtn": True, "backbtn": True, "endplay": True, "trackdone": False}
    for n, (end, skipped) in enumerate(cases.items()):
        assert one(tmp_path / str(n), new_row(reason_end=end, skipped=not skipped)).skipped is skipped
    assert one(tmp_path / "x", new_row(reason_end="logout", skipped=True)).skipped is True
    assert one(tmp_path / "y", new_row(reason_end="logout", skipped=None)).skipped is None


def test_reasons_outside_the_vocabulary_become_other(tmp_path: Path) -> None:
    assert one(tmp_path, new_row(reason_start="CANARY free text")).reason_start == "other"


def test_unsorted_and_split_files_give_the_same_records(tmp_path: Path) -> None:
    rows = [old_row(ts=f"2019-03-{d:02}T20:15:30Z", ms_played=1000 * d) for d in range(1, 29)]
    whole = read(tmp_path / "a", {"endsong_0.json": rows}).records
    parts = read(
        tmp_path / "b", {"endsong_0.json": rows[20:], "endsong_1.json": rows[5:20][::-1], "endsong_2.json": rows[:5]}
    )
    assert whole.to_bytes() == parts.records.to_bytes()


def test_exact_repeats_count_once_and_are_counted(tmp_path: Path) -> None:
    found = read(tmp_path, {"endsong_0.json": [old_row()] * 3, "endsong_1.json": [old_row(), old_row(ms_played=5)]})
    assert len(found.records) == 2
    assert found.summary.duplicates == 3


def test_both_formats_of_one_play_count_once_and_keep_the_fuller_telling(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {"a/endsong_0.json": [old_row(ts="2024-03-05T20:15:30Z")], "b/StreamingHistory0.json": [account_row()]},
    )
    assert [r.source for r in found.records] == ["spotify-extended"]
    assert found.summary.duplicates == 1


def test_byte_order_mark_and_non_ascii_are_fine(tmp_path: Path) -> None:
    text = (
        "\ufeff[" + '{"endTime":"2024-03-05 20:15","artistName":"Žélvora 🎧","trackName":"夜","msPlayed":5}' + "]"
    ).encode()
    found = read(tmp_path, {"StreamingHistory0.json": text})
    assert [(r.artist, r.track) for r in found.records] == [("Žélvora 🎧", "夜")]


@pytest.mark.parametrize(
    "wrong",
    [b"{}", b"[1, 2]", b"null", b'[{"ts": "2024-01-01T00:00:00Z", "ms_played": 5', b"", b"[]", b"\xff\xfe[",
     b'[{"ts": "x", "ms_played": "y"}]', b"[" * 100_000, b'{"a":' * 50_000],
)  # fmt: skip
def test_a_wholly_wrong_file_is_one_clear_error(tmp_path: Path, wrong: bytes) -> None:
    with pytest.raises(ExportError) as caught:
        read(tmp_path, {"endsong_0.json": wrong})
    assert caught.value.message.endswith(".")


def test_truncated_json_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"'endsong_0.json' is not complete JSON"):
        read(tmp_path, {"endsong_0.json": b'[{"ts": "2024-01-01T00:00:00Z", "ms_pl'})


def test_half_a_character_does_not_lose_the_file(tmp_path: Path) -> None:
    good = json.dumps(new_row())
    titles = {"\\ud800": "\ufffd", "\\uD83C\\uDFA7 x": "\U0001f3a7 x", "\\\\ud800": "\\ud800", "a\\udfa7b": "a\ufffdb"}
    rows = ",".join(good.replace("Second Lantern", title) for title in titles)
    found = read(tmp_path, {"endsong_0.json": f"[{rows}]".encode()})
    assert {r.track for r in found.records} == set(titles.values())


def test_personal_files_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    personal = [
        "Userdata.json", "Identity.json", "Identifiers.json", "Payments.json", "SearchQueries.json", "Inferences.json",
        "Playlist1.json", "Playlist2.json.json", "YourLibrary.json", "Follow.json", "DuoNewFamily.json", "Marquee.json",
        "YourSoundCapsule.json", "MessageData.json", "UserAddress.json",
    ]  # fmt: skip
    folder = write(tmp_path, {name: [new_row()] for name in personal} | {"StreamingHistory0.json": [account_row()]})
    opened: list[str] = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: (opened.append(self.name), real(self, *a, **k))[1])
    found = MUSIC.read(folder)
    assert opened and set(opened) == {"StreamingHistory0.json"}
    assert len(found.records) == 1
    assert {name for name, _ in found.summary.ignored} == set(personal)


def test_summary_adds_up_and_speaks(tmp_path: Path) -> None:
    found = read(tmp_path, {"endsong_0.json": [old_row(), old_row(ts="?"), old_row()], "Read_Me.pdf": b"%PDF"})
    summary = found.summary
    assert summary.rows == 3 == summary.records + summary.duplicates + sum(n for _, n in summary.left_out)
    assert summary.lines()[-1] == "1 record in all"
    assert any("left out" in line for line in summary.lines())


def test_a_number_in_the_place_of_an_answer_does_not_change_the_answers_of_other_rows(tmp_path: Path) -> None:
    rows = [new_row(ts=f"2024-03-05T20:{n}:00Z", shuffle=s, incognito_mode=s) for n, s in ((10, 1), (20, True))]
    found = list(read(tmp_path, {"a.json": rows}).records)
    assert [(listen.shuffle, listen.private) for listen in found] == [(True, True), (True, True)]


def test_importing_costs_little_more_than_decoding(tmp_path: Path) -> None:
    """Measured against msgspec alone in the same run, so that a slow or busy machine does not decide."""
    start = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)
    rows = [
        new_row(
            ts=(start + dt.timedelta(seconds=200 * n)).strftime("%Y-%m-%dT%H:%M:%SZ"), ms_played=150_000 + n % 9_973,
            master_metadata_track_name=f"Title {n % 2_500}", offline_timestamp=n,
        )
        for n in range(10_000)
    ]  # fmt: skip
    folder = write(tmp_path, {"Streaming_History_Audio_2015_0.json": rows})
    file = folder / "Streaming_History_Audio_2015_0.json"

    def cpu(action: Callable[[], object]) -> float:
        took = []
        for _ in range(5):
            began = time.process_time()
            action()
            took.append(time.process_time() - began)
        return min(took)

    decoding = cpu(lambda: msgspec.json.decode(file.read_bytes(), type=list[_Play]))
    assert MUSIC.read(file).summary.records == 10_000
    assert cpu(lambda: MUSIC.read(file)) < 8 * decoding
