"""Writes tests/fixtures/exports/invented: one invented person's same plays in every format and variant that is read.

    python -m tests.sdk.kinds.make_export_fixtures

`manifest.json` beside them tells each file's rows, how many of them are records, how many tell a play again, and how
many are left out: counted here while writing, not by the importer. Artists, titles, addresses and names are invented.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.sdk.kinds.exports_by_hand import cell, nested, spreadsheet
from unwrapped_dao.samples.catalogue import service_id
from unwrapped_dao.samples.formats import write_zip
from unwrapped_dao.samples.listener import DAY_MS, Listener, Play

FOLDER = Path(__file__).parents[2] / "fixtures" / "exports" / "invented"
FIRST_DAY_MS = 19_790 * DAY_MS  # 2024-03-08
PERSONAL = {"username": "CANARYuser", "email": "canary@example.org", "searchQuery": "CANARYsearch"}
PDF = b"%PDF-1.4\n%%EOF\n"


@dataclass(frozen=True)
class Fixture:
    """A file as it would come, and what its rows are."""

    name: str
    variant: str
    sources: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...]
    rows: int
    records: int
    repeats: int = 0
    left_out: int = 0
    single: bool = False
    """The file is not in a zip."""

    def manifest(self) -> dict[str, Any]:
        assert self.rows == self.records + self.repeats + self.left_out, self.name
        return {
            "file": self.name, "variant": self.variant, "sources": list(self.sources), "rows": self.rows,
            "records": self.records, "repeats": self.repeats, "left_out": self.left_out,
        }  # fmt: skip


def person() -> list[Play]:
    """Sixty plays over two weeks, each long enough for a scrobbler, no two alike within five minutes."""
    listener = Listener("fixtures/1", plays=400, first_day_ms=FIRST_DAY_MS, per_day=9, active=0.9)
    plays: list[Play] = []
    for play in listener.plays():
        near = [p for p in plays if play.start_ms - p.start_ms < 300_000 and p.track.name == play.track.name]
        if play.played_ms >= 31_000 and not near and play.start_ms // DAY_MS == (play.start_ms + 600_000) // DAY_MS:
            plays.append(play._replace(incognito=False))
        if len(plays) == 60:
            return plays
    raise AssertionError("the listener stopped early")


PLAYS = person()


def when(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms // 1000, dt.UTC)


def stop(play: Play) -> int:
    return play.start_ms + play.played_ms


def dumped(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def table(header: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


# --- Spotify, account data


def account_row(play: Play) -> dict[str, Any]:
    end = when(stop(play)).strftime("%Y-%m-%d %H:%M")
    return {"endTime": end, "artistName": play.track.artist, "trackName": play.track.name, "msPlayed": play.played_ms}


def account(name: str, variant: str, folder: str, stem: str, suffix: str, *, typed: bool) -> Fixture:
    rows = [account_row(play) for play in PLAYS]
    rows.insert(7, {"endTime": "2024-03-07 06:00", "artistName": "", "trackName": "", "msPlayed": 0})
    files = [(f"{folder}/{stem}{suffix}", dumped(rows)), (f"{folder}/Userdata{suffix}", dumped(PERSONAL))]
    files += [(f"{folder}/SearchQueries{suffix}", dumped([PERSONAL])), (f"{folder}/Read_Me_First.pdf", PDF)]
    more = 0
    if typed:
        show = {"endTime": "2024-03-07 07:00", "podcastName": "The Hour", "episodeName": "One", "msPlayed": 600_000}
        book = {
            "endTime": "2024-03-07 08:00", "audiobookName": "The Book", "authorName": "Nobody",
            "chapterName": "1", "msPlayed": 700_000,
        }  # fmt: skip
        files += [(f"{folder}/StreamingHistory_podcast_0{suffix}", dumped([show]))]
        files += [(f"{folder}/StreamingHistory_audiobook_0{suffix}", dumped([book]))]
        more = 2
    kept = len(PLAYS) + more
    return Fixture(name, variant, ("spotify-account",), tuple(files), kept + 1, kept, left_out=1)


# --- Spotify, extended history


def extended_row(play: Play, *, old: bool, clock_ms: bool = False) -> dict[str, Any]:
    row: dict[str, Any] = {
        "ts": when(stop(play)).strftime("%Y-%m-%dT%H:%M:%SZ"), "platform": "CANARY OS 9", "ms_played": play.played_ms,
        "conn_country": "QX", "master_metadata_track_name": play.track.name,
        "master_metadata_album_artist_name": play.track.artist,
        "master_metadata_album_album_name": play.track.album, "spotify_track_uri": f"spotify:track:{play.track.id}",
        "episode_name": None, "episode_show_name": None, "spotify_episode_uri": None,
        "reason_start": play.reason_start, "reason_end": play.reason_end, "shuffle": play.shuffle,
        "skipped": None if old else play.reason_end == "fwdbtn", "offline": False,
        "incognito_mode": play.incognito,
    }  # fmt: skip
    if old:
        row |= {"username": "CANARYuser", "ip_addr_decrypted": "192.0.2.7", "user_agent_decrypted": "CANARYagent"}
        row["offline_timestamp"] = play.start_ms if clock_ms else 0
        return row
    row |= dict.fromkeys(("audiobook_title", "audiobook_uri", "audiobook_chapter_uri", "audiobook_chapter_title"))
    return row | {"ip_addr": "198.51.100.23", "offline_timestamp": play.start_ms // 1000}


NAMELESS = dict.fromkeys(
    ("master_metadata_track_name", "master_metadata_album_artist_name", "master_metadata_album_album_name",
     "spotify_track_uri")
)  # fmt: skip


def episode(play: Play, *, old: bool, days_earlier: int) -> dict[str, Any]:
    early = play._replace(start_ms=play.start_ms - days_earlier * DAY_MS)
    shown = {"episode_name": "One", "episode_show_name": "The Hour"}
    shown["spotify_episode_uri"] = f"spotify:episode:{service_id(Random(days_earlier), 5)}"
    return extended_row(early, old=old) | NAMELESS | shown


def endsong() -> Fixture:
    """Unsorted, in two files; clocks of 0 and in milliseconds; a podcast, an exact repeat, a row without a name."""
    rows = [extended_row(play, old=True, clock_ms=i % 3 == 0) for i, play in enumerate(PLAYS)]
    rows += [dict(rows[4]), episode(PLAYS[0], old=True, days_earlier=40)]
    rows.append(extended_row(PLAYS[1]._replace(start_ms=FIRST_DAY_MS - 50 * DAY_MS), old=True) | NAMELESS)
    Random("endsong").shuffle(rows)
    files = [
        ("MyData/endsong_0.json", json.dumps(rows[:30]).encode()),
        ("MyData/endsong_1.json", json.dumps(rows[30:]).encode()),
        ("MyData/ReadMeFirst.pdf", PDF),
    ]
    n = len(PLAYS)
    return Fixture("spotify-endsong.zip", "extended history to mid-2023", ("spotify-extended",), tuple(files),
                   n + 3, n + 1, repeats=1, left_out=1)  # fmt: skip


def extended() -> Fixture:
    """Audio with a podcast, an audiobook and a local file in it; two music videos in the video file."""
    rows = [extended_row(play, old=False) for play in PLAYS]
    videos, rows = rows[10:12], rows[:10] + rows[12:]
    rows.append(episode(PLAYS[0], old=False, days_earlier=40))
    book = extended_row(PLAYS[2]._replace(start_ms=FIRST_DAY_MS - 41 * DAY_MS), old=False) | NAMELESS
    rows.append(book | {"audiobook_title": "The Book", "audiobook_chapter_title": "1"})
    local = extended_row(PLAYS[3]._replace(start_ms=FIRST_DAY_MS - 42 * DAY_MS), old=False)
    rows.append(local | {"spotify_track_uri": "spotify:local:Nobody:Tape:Demo:180"})
    rows.append(dict(rows[5]))
    rows.append(extended_row(PLAYS[4]._replace(start_ms=FIRST_DAY_MS - 43 * DAY_MS), old=False) | NAMELESS)
    folder = "Spotify Extended Streaming History"
    files = [
        (f"{folder}/Streaming_History_Audio_2024_0.json", json.dumps(rows).encode()),
        (f"{folder}/Streaming_History_Video_2024.json", json.dumps(videos).encode()),
        (f"{folder}/ReadMeFirst_ExtendedStreamingHistory.pdf", PDF),
    ]
    n = len(PLAYS)
    return Fixture("spotify-extended.zip", "extended history since mid-2023", ("spotify-extended",), tuple(files),
                   n + 5, n + 3, repeats=1, left_out=1)  # fmt: skip


# --- YouTube Music


def watched(play: Play, title: str) -> dict[str, Any]:
    return {
        "header": "YouTube Music", "title": title, "titleUrl": "https://music.youtube.com/watch?v=x",
        "subtitles": [{"name": f"{play.track.artist} - Topic", "url": "https://www.youtube.com/channel/x"}],
        "time": when(play.start_ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{play.start_ms % 1000:03}Z",
        "products": ["YouTube"], "activityControls": ["YouTube watch history"],
    }  # fmt: skip


def takeout(name: str, variant: str, entry: str, title: Callable[[str], str], *, zipped: bool) -> Fixture:
    rows = [watched(play, title(play.track.name)) for play in reversed(PLAYS)]
    film = watched(PLAYS[0], title("How to boil an egg"))
    rows += [film | {"header": "YouTube", "subtitles": [{"name": "A Cook", "url": "x"}]}]
    rows.append(
        {k: v for k, v in watched(PLAYS[1], title("a video that has been removed")).items() if k != "subtitles"}
    )
    n = len(PLAYS)
    return Fixture(name, variant, ("youtube-music",), ((entry, dumped(rows)),), n + 2, n, left_out=2, single=not zipped)


def takeout_page() -> Fixture:
    link = '<a href="https://music.youtube.com/watch?v=x">{}</a>'
    cells = []
    for play in reversed(PLAYS):
        at = when(play.start_ms)
        told = f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M:%S}\u202f{'PM' if at.hour > 11 else 'AM'} UTC"
        name = play.track.name.replace("&", "&amp;")
        artist = f"{play.track.artist} - Topic".replace("&", "&amp;")
        cells.append(cell("YouTube Music", f"Watched\xa0{link.format(name)}<br>{link.format(artist)}<br>{told}"))
    cells.append(cell("YouTube Music", "Watched a video that has been removed<br>Mar 5, 2024, 8:12:30\u202fPM UTC"))
    page = "<html><head><title>My Activity History</title></head><body>" + "".join(cells) + "</body></html>"
    n = len(PLAYS)
    return Fixture("youtube-music-page.html", "Takeout HTML", ("youtube-music",),
                   (("watch-history.html", page.encode()),), n + 1, n, left_out=1, single=True)  # fmt: skip


# --- Apple Music

ACTIVITY_2020 = (
    "Apple Id Number", "Apple Music Subscription", "Artist Name", "Build Version", "Client IP Address", "Content Name",
    "Content Provider", "Content Specific Type", "Device Identifier", "End Position In Milliseconds",
    "End Reason Type", "Event End Timestamp", "Event Reason Hint Type", "Event Received Timestamp",
    "Event Start Timestamp", "Event Type", "Feature Name", "Genre", "Item Type", "Media Duration In Milliseconds",
    "Media Type", "Metrics Bucket Id", "Metrics Client Id", "Milliseconds Since Play", "Offline", "Original Title",
    "Play Duration Milliseconds", "Source Type", "Start Position In Milliseconds", "Store Country Name",
    "UTC Offset In Seconds",
)  # fmt: skip
ACTIVITY_NOW = (
    "Album Name", "Apple ID Number", "Apple Music Subscription", "Auto Play", "Build Version", "Client IP Address",
    "Container Name", "Container Type", "Device App Name", "Device Identifier", "Device OS Name", "Device Type",
    "Display Language", "End Position In Milliseconds", "End Reason Type", "Event End Timestamp",
    "Event Reason Hint Type", "Event Received Timestamp", "Event Start Timestamp", "Event Type", "Feature Name",
    "IP City", "IP Country Code", "IP Latitude", "IP Longitude", "IP Network", "Item Type",
    "Media Duration In Milliseconds", "Media Type", "Metrics Bucket Id", "Metrics Client Id",
    "Milliseconds Since Play", "Offline", "Play Duration Milliseconds", "Provided Bit Rate", "Provided Codec",
    "Repeat Play", "Shuffle Play", "Song Name", "Source Type", "Start Position In Milliseconds", "Store Front Name",
    "Subscribed State", "UTC Offset In Seconds",
)  # fmt: skip
DAILY = (
    "Country", "Track Identifier", "Media type", "Date Played", "Hours", "Play Duration Milliseconds",
    "End Reason Type", "Source Type", "Play Count", "Skip Count", "Ignore For Recommendations", "Track Reference",
    "Track Description",
)  # fmt: skip
assert (len(ACTIVITY_2020), len(ACTIVITY_NOW)) == (31, 44)
ENDS = {"trackdone": "NATURAL_END_OF_TRACK", "fwdbtn": "TRACK_SKIPPED_FORWARDS", "backbtn": "TRACK_SKIPPED_BACKWARDS"}


def iso_ms(ms: int) -> str:
    return when(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"


def activity_row(play: Play, song: str, **more: str) -> dict[str, Any]:
    return {
        song: play.track.name, "Event Start Timestamp": iso_ms(play.start_ms), "Event Type": "PLAY_END",
        "Event End Timestamp": iso_ms(stop(play)), "Media Type": "AUDIO", "Client IP Address": "203.0.113.9",
        "Play Duration Milliseconds": play.played_ms, "Device Identifier": "CANARYdevice",
        "End Reason Type": ENDS.get(play.reason_end, "PLAYBACK_MANUALLY_PAUSED"), **more,
    }  # fmt: skip


def apple_2020() -> Fixture:
    rows = [activity_row(p, "Content Name", **{"Artist Name": p.track.artist}) for p in PLAYS]
    rows.append(activity_row(PLAYS[0], "Content Name") | {"Event Type": "LYRIC_DISPLAY"})
    n = len(PLAYS)
    return Fixture("apple-music-2020.csv", "Apple Music Play Activity.csv, 31 columns", ("apple-music-activity",),
                   (("Apple Music Play Activity.csv", table(ACTIVITY_2020, rows).encode("utf-8-sig")),), n + 1, n,
                   left_out=1, single=True)  # fmt: skip


def daily_rows() -> list[dict[str, Any]]:
    return [
        {
            "Country": "QX", "Media type": "AUDIO", "Date Played": when(p.start_ms).strftime("%Y%m%d"),
            "Hours": when(p.start_ms).hour, "Play Duration Milliseconds": p.played_ms, "Play Count": 1,
            "End Reason Type": ENDS.get(p.reason_end, "OTHER"), "Skip Count": 0,
            "Track Description": f"{p.track.artist} - {p.track.name}",
        }
        for p in PLAYS
    ]  # fmt: skip


def apple_now() -> Fixture:
    """Zips in zips; the artists are in the daily file only."""
    rows = [activity_row(p, "Song Name", **{"Album Name": p.track.album, "IP City": "CANARYcity"}) for p in PLAYS]
    rows.append(activity_row(PLAYS[0], "Song Name") | {"Media Type": "VIDEO"})
    data = nested({
        "Apple Music Activity/Apple Music Play Activity.csv": table(ACTIVITY_NOW, rows),
        "Apple Music Activity/Apple Music - Play History Daily Tracks.csv": table(DAILY, daily_rows()),
    })  # fmt: skip
    n = len(PLAYS)
    return Fixture("apple-music.zip", "nested zips: 44 columns, and daily tracks",
                   ("apple-music-activity", "apple-music-daily"), (("", data),), 2 * n + 1, n, repeats=n, left_out=1,
                   single=True)  # fmt: skip


def apple_daily() -> Fixture:
    rows = daily_rows()
    text = table(DAILY, rows).encode()
    return Fixture("apple-music-daily.csv", "daily tracks alone", ("apple-music-daily",), (("daily.csv", text),),
                   len(rows), len(rows), single=True)  # fmt: skip


# --- Scrobbles


def lastfm() -> Fixture:
    header = ("uts", "utc_time", "artist", "artist_mbid", "album", "album_mbid", "track", "track_mbid")
    rows: list[dict[str, Any]] = [
        {"uts": p.start_ms // 1000, "utc_time": when(p.start_ms).strftime("%d %b %Y, %H:%M"),
         "artist": p.track.artist, "album": p.track.album, "track": p.track.name}
        for p in reversed(PLAYS)
    ]  # fmt: skip
    rows.append(rows[0] | {"uts": "soon", "utc_time": "soon"})
    n = len(PLAYS)
    return Fixture("lastfm.csv", "CSV with a header", ("lastfm",), (("scrobbles.csv", table(header, rows).encode()),),
                   n + 1, n, left_out=1, single=True)  # fmt: skip


def lastfm_plain() -> Fixture:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for p in reversed(PLAYS):
        at = when(p.start_ms)
        writer.writerow([p.track.artist, p.track.album, p.track.name, f"{at.day} {at:%b %Y %H:%M}"])
    n = len(PLAYS)
    return Fixture("lastfm-without-header.csv", "CSV without a header", ("lastfm",),
                   (("me.csv", out.getvalue().encode()),), n, n, single=True)  # fmt: skip


def lastfm_pages() -> Fixture:
    def track(p: Play) -> dict[str, Any]:
        return {
            "artist": {"mbid": "", "#text": p.track.artist}, "album": {"mbid": "", "#text": p.track.album},
            "name": p.track.name, "streamable": "0",
            "date": {"uts": str(p.start_ms // 1000), "#text": when(p.start_ms).strftime("%d %b %Y, %H:%M")},
        }  # fmt: skip

    rows = [track(p) for p in reversed(PLAYS)]
    now = {k: v for k, v in rows[0].items() if k != "date"} | {"@attr": {"nowplaying": "true"}}
    pages = [
        {"track": [now, *rows[:30]], "@attr": {"page": "1", "totalPages": "2"}},
        {"track": rows[30:], "@attr": {"page": "2", "totalPages": "2"}},
    ]
    n = len(PLAYS)
    return Fixture("lastfm-pages.json", "JSON pages, one track still playing", ("lastfm",),
                   (("recenttracks.json", dumped(pages)),), n + 1, n, left_out=1, single=True)  # fmt: skip


def listenbrainz() -> Fixture:
    def listen(p: Play) -> bytes:
        track = {"artist_name": p.track.artist, "track_name": p.track.name, "release_name": p.track.album,
                 "additional_info": {"duration_ms": p.track.length_ms}}  # fmt: skip
        return json.dumps({"listened_at": p.start_ms // 1000, "track_metadata": track}).encode()

    lines = [listen(p) for p in PLAYS]
    files = [
        ("user.json", dumped({"user_id": 1, "username": "CANARYuser"})),
        ("feedback.jsonl", b'{"recording_mbid": "x", "score": 1}\n'),
        ("listens/2024/3.jsonl", b"\n".join([*lines, b'{"listened_at": 0, "track_metadata": {}}']) + b"\n"),
    ]
    n = len(PLAYS)
    return Fixture("listenbrainz.zip", "zip of JSON lines by month", ("listenbrainz",), tuple(files), n + 1, n,
                   left_out=1)  # fmt: skip


def deezer() -> Fixture:
    header = ["Song Title", "Artist", "ISRC", "Album Title", "IP Address", "Listening Time", "Platform Name",
              "Platform Model", "Date"]  # fmt: skip
    rows: list[list[Any]] = [
        [p.track.name, p.track.artist, "QZX", p.track.album, "203.0.113.9", p.played_ms // 1000, "CANARY", "CANARY",
         when(p.start_ms).strftime("%Y-%m-%d %H:%M:%S")]
        for p in PLAYS
    ]  # fmt: skip
    rows.append(["No date", "Nobody", None, None, None, 5, None, None, "some day"])
    n = len(PLAYS)
    return Fixture("deezer.xlsx", "sheet 10_listeningHistory", ("deezer",), (("", spreadsheet([header, *rows])),),
                   n + 1, n, left_out=1, single=True)  # fmt: skip


def maloja() -> Fixture:
    rows: list[dict[str, Any]] = [
        {
            "time": p.start_ms // 1000, "duration": p.played_ms // 1000, "origin": "client:x",
            "track": {
                "artists": [p.track.artist], "title": p.track.name, "length": p.track.length_ms // 1000,
                "album": {"artists": [p.track.artist], "albumtitle": p.track.album},
            },
        }
        for p in PLAYS
    ]  # fmt: skip
    rows.append({"time": None, "track": {"artists": [], "title": "No time"}})
    n = len(PLAYS)
    return Fixture("maloja.json", "JSON", ("maloja",),
                   (("maloja.json", dumped({"maloja": {"export_time": 1}, "scrobbles": rows})),), n + 1, n,
                   left_out=1, single=True)  # fmt: skip


def fixtures() -> tuple[Fixture, ...]:
    """All of them, service by service."""
    history = "Takeout/YouTube and YouTube Music/history/watch-history.json"
    return (
        account("spotify-account-older.zip", "account data, older names", "MyData", "StreamingHistory0", ".json",
                typed=False),
        account("spotify-account.zip", "account data since 2024", "Spotify Account Data", "StreamingHistory_music_0",
                ".json", typed=True),
        account("spotify-account-doubled-extension.zip", "names that end in .json.json", "Spotify Account Data",
                "StreamingHistory_music_0", ".json.json", typed=True),
        endsong(), extended(),
        takeout("youtube-music.zip", "Takeout JSON, English", history, "Watched {}".format, zipped=True),
        takeout("youtube-music-german.json", "Takeout JSON, German", "Wiedergabeverlauf.json", "{} angesehen".format,
                zipped=False),
        takeout_page(), apple_2020(), apple_now(), apple_daily(), lastfm(), lastfm_plain(), lastfm_pages(),
        listenbrainz(), deezer(), maloja(),
    )  # fmt: skip


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for fixture in fixtures():
        target = FOLDER / fixture.name
        if fixture.single:
            target.write_bytes(fixture.files[0][1])
        else:
            write_zip(fixture.files, target)
    manifest = [fixture.manifest() for fixture in fixtures()]
    (FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
