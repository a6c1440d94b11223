"""Takeout speaks the account's language: in the titles of JSON, in the dates of HTML."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from tests.sdk.kinds.exports_by_hand import cell, write
from unwrapped_dao.errors import ExportError
from unwrapped_dao.kinds.music.reading import read_export

SONGS = ("Tide", "So Far", "2 + 2")


def titles(folder: Path, told: list[str], others: tuple[str, ...] = ()) -> list[str]:
    rows = [
        {"header": header, "title": title, "titleUrl": f"https://{host}.youtube.com/watch?v\u003dx",
         "subtitles": [{"name": "Zelvora - Topic" if host == "music" else "A person", "url": "x"}],
         "time": f"2024-03-{n + 1:02}T20:12:30.5Z", "products": ["YouTube"]}
        for header, host, several in (("YouTube Music", "music", told), ("YouTube", "www", others))
        for n, title in enumerate(several)
    ]  # fmt: skip
    path = write(folder, {"watch-history.json": json.dumps(rows).encode()})
    return [play.track for play in read_export(path).records]


@pytest.mark.parametrize(
    "told",
    ["Je hebt naar {} gekeken", "Je hebt {} bekeken", "Вы посмотрели видео {}", "Ви дивилися відео {}", "Så {}",
     "{} adlı videoyu izlediniz", "{} 을(를) 시청했습니다.", "{}を視聴しました", "「{}」を視聴しました", "观看了{}",
     "Vous avez regardé «\N{NO-BREAK SPACE}{}\N{NO-BREAK SPACE}»", "تمت مشاهدة {} .", "Menonton {}", "{} katsottiin"],
)  # fmt: skip
def test_three_songs_are_enough_where_the_language_is_known(tmp_path: Path, told: str) -> None:
    assert titles(tmp_path, [told.format(song) for song in SONGS]) == list(SONGS)


def test_videos_that_are_no_music_teach_how_an_unknown_language_says_it(tmp_path: Path) -> None:
    told = [f"Gledano: {song}" for song in SONGS]
    videos = ("Gledano: How to cook", "Gledano: News", "Gledano: A cat")
    assert titles(tmp_path, told, videos) == list(SONGS)


def test_quotes_of_one_title_are_its_own(tmp_path: Path) -> None:
    assert titles(tmp_path, ["Watched «Tide»", "Watched So Far"]) == ["«Tide»", "So Far"]


@pytest.mark.parametrize(
    ("told", "hour"),
    [
        ("Jan 5, 2024, 8:15:30\N{NARROW NO-BREAK SPACE}PM CET", 19),
        ("05.01.2024, 20:15:30 OEZ", 18),
        ("5 ene. 2024, 8:15:30 p.\N{NO-BREAK SPACE}m. ART", 23),
        ("2024年1月5日下午8:15:30 CST", 12),
        ("2024年1月5日 GMT+8 20:15:30", 12),
        ("2024. 1. 5. 오후 8:15:30 GMT+9", 11),
        ("5 thg 1, 2024, 20:15:30 GMT+7", 13),
        ("5 ม.ค. 2567 20:15:30 ICT", 13),
        ("٥ يناير ٢٠٢٤، ٨:١٥:٣٠ م UTC+3", 17),
        ("05\N{RIGHT-TO-LEFT MARK}/01\N{RIGHT-TO-LEFT MARK}/2024، 8:15:30 م UTC+3", 17),
        ("2024. jan. 5. 20:15:30 CET", 19),
        ("5 ian. 2024, 20:15:30 EET", 18),
        ("5 Jan 2024 20.15.30 WIB", 13),
        ("5 Jan 2024, 20:15:30 SGT", 12),
    ],
)
def test_a_page_in_the_accounts_language(tmp_path: Path, told: str, hour: int) -> None:
    link = '<a href="https://music.youtube.com/watch?v=x">{}</a>'
    body = f"{link.format('Tide')}<br>{link.format('Zelvora - Topic')}<br>{told}<br>"
    page = "<html><head><title>My Activity History</title></head>" + cell("YouTube Music", body) + "</html>"
    (only,) = read_export(write(tmp_path, {"watch-history.html": page.encode()})).records
    assert dt.datetime.fromtimestamp(only.start_ms / 1000, dt.UTC) == dt.datetime(
        2024, 1, 5, hour, 15, 30, tzinfo=dt.UTC
    )


def test_a_zone_that_nobody_knows_is_refused_and_not_guessed(tmp_path: Path) -> None:
    link = '<a href="https://music.youtube.com/watch?v=x">{}</a>'
    body = f"{link.format('Tide')}<br>{link.format('Zelvora - Topic')}<br>5 Jan 2024, 20:15:30 XYZT<br>"
    page = "<html><head><title>My Activity History</title></head>" + cell("YouTube Music", body) + "</html>"
    with pytest.raises(ExportError, match="time zone"):
        read_export(write(tmp_path, {"watch-history.html": page.encode()}))
