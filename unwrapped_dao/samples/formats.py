"""Writes an invented listener's plays as the services write theirs: keys, eras, file names and oddities.

Personal values (addresses, names, searches) are there because real exports have them; all are invented, addresses from
the ranges that RFC 5737 reserves for documentation.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from .catalogue import artist, service_id
from .listener import Play

ROWS_A_FILE: Final = 10_000
FILE_BYTES: Final = 12_500_000
_ZIP_TIME: Final = (2024, 1, 1, 0, 0, 0)
PLATFORMS: Final = ("ios", "android", "windows", "osx", "web_player")

Files = list[tuple[str, bytes]]


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def account_data(plays: Sequence[Play], random: Random, *, older: bool) -> Files:
    """`StreamingHistory...` files of 10,000 rows, among the personal files that are never opened."""
    folder = "MyData" if older else "Spotify Account Data"
    stem = "StreamingHistory" if older else "StreamingHistory_music_"
    rows = []
    days: dict[int, str] = {}
    for play in plays:
        minute = (play.start_ms + play.played_ms) // 60_000
        day, rest = divmod(minute, 1_440)
        if day not in days:
            days[day] = (dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat()
        rows.append(
            {
                "endTime": f"{days[day]} {rest // 60:02}:{rest % 60:02}",
                "artistName": play.track.artist,
                "trackName": play.track.name,
                "msPlayed": play.played_ms,
            }
        )
    files = [
        (f"{folder}/{stem}{i // ROWS_A_FILE}.json", _pretty(rows[i : i + ROWS_A_FILE]))
        for i in range(0, len(rows), ROWS_A_FILE)
    ]
    if not older:
        shows = [
            {"endTime": rows[i]["endTime"], "podcastName": "The Invented Hour", "episodeName": f"Episode {n}",
             "msPlayed": random.randint(60_000, 2_400_000)}
            for n, i in enumerate(range(0, len(rows), 400), start=1)
        ]  # fmt: skip
        files.append((f"{folder}/StreamingHistory_podcast_0.json", _pretty(shows)))
    files.append((f"{folder}/Userdata.json", _pretty({"username": "invented", "email": "member@example.org"})))
    files.append((f"{folder}/SearchQueries.json", _pretty([{"searchQuery": "invented search", "platform": "ios"}])))
    files.append((f"{folder}/Read_Me_First.pdf", b"%PDF-1.4\n%%EOF\n"))
    return files


def extended_history(plays: Sequence[Play], random: Random, *, old: bool) -> Files:
    """The lifetime history: `endsong_N.json` with the old keys, or `Streaming_History_Audio_...` with the new."""
    rows = [_extended_row(play, random, old=old) for play in plays]
    _odd_rows(rows, random)
    folder = "MyData" if old else "Spotify Extended Streaming History"
    files: Files = []
    if old:
        random.shuffle(rows)
    else:
        videos = [row for i, row in enumerate(rows) if i % 151 == 150]
        rows = [row for i, row in enumerate(rows) if i % 151 != 150]
        files.append((f"{folder}/Streaming_History_Video_{_years(videos)}.json", msgspec.json.encode(videos)))
    for number, chunk in enumerate(_chunks(rows)):
        name = f"endsong_{number}" if old else f"Streaming_History_Audio_{_years(chunk)}_{number}"
        files.append((f"{folder}/{name}.json", msgspec.json.encode(chunk)))
    files.append((f"{folder}/ReadMeFirst_ExtendedStreamingHistory.pdf", b"%PDF-1.4\n%%EOF\n"))
    return sorted(files)


def _years(rows: Sequence[dict[str, Any]]) -> str:
    first, last = rows[0]["ts"][:4], rows[-1]["ts"][:4]
    return first if first == last else f"{first}-{last}"


def _chunks(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    a_file = max(1, FILE_BYTES // max(1, len(msgspec.json.encode(rows[0])) if rows else 1))
    for i in range(0, len(rows), a_file):
        yield rows[i : i + a_file]


_DAYS: dict[int, str] = {}


def _iso(ms: int) -> str:
    day, rest = divmod(ms // 1000, 86_400)
    if day not in _DAYS:
        _DAYS[day] = (dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat()
    return f"{_DAYS[day]}T{rest // 3_600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def _extended_row(play: Play, random: Random, *, old: bool) -> dict[str, Any]:
    track, offline = play.track, random.random() < 0.03
    row: dict[str, Any] = {
        "ts": _iso(play.start_ms + play.played_ms + 999),
        "platform": PLATFORMS[play.start_ms // 7_777_777 % len(PLATFORMS)],
        "ms_played": play.played_ms,
        "conn_country": "ZZ",
        "master_metadata_track_name": track.name,
        "master_metadata_album_artist_name": track.artist,
        "master_metadata_album_album_name": track.album,
        "spotify_track_uri": f"spotify:track:{track.id}",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "reason_start": play.reason_start,
        "reason_end": play.reason_end,
        "shuffle": play.shuffle,
        "skipped": play.reason_end == "fwdbtn",
        "offline": offline,
        "incognito_mode": play.incognito,
    }
    if old:
        clock = play.start_ms if offline else 0
        row |= {
            "username": "inventedmember",
            "ip_addr_decrypted": "192.0.2.7",
            "user_agent_decrypted": "unknown",
        }
        row |= {"skipped": None if random.random() < 0.5 else row["skipped"], "offline_timestamp": clock}
    else:
        row |= {"ip_addr": "198.51.100.23", "audiobook_title": None, "audiobook_uri": None}
        row |= {"audiobook_chapter_uri": None, "audiobook_chapter_title": None}
        row |= {"offline_timestamp": None if random.random() < 0.1 else play.start_ms // 1000}
    return row


def _odd_rows(rows: list[dict[str, Any]], random: Random) -> None:
    """What real files hold besides music: podcasts, local files, plays without any name, exact repeats."""
    for i in random.sample(range(len(rows)), len(rows) // 60):
        kind = random.random()
        nameless = {
            "master_metadata_track_name": None,
            "master_metadata_album_artist_name": None,
            "master_metadata_album_album_name": None,
            "spotify_track_uri": None,
        }
        if kind < 0.6:
            rows[i] |= nameless
            rows[i] |= {"episode_name": f"Episode {i}", "episode_show_name": "The Invented Hour"}
            rows[i]["spotify_episode_uri"] = f"spotify:episode:{service_id(random, 5)}"
        elif kind < 0.75:
            rows[i]["spotify_track_uri"] = f"spotify:local:{artist(i % 50).name}::Demo:180"
        elif kind < 0.85:
            rows[i] |= nameless
        elif i + 1 < len(rows):
            rows[i + 1] = dict(rows[i])


def write_folder(files: Iterable[tuple[str, bytes]], target: Path) -> Path:
    """The files below `target`; returns the export's own folder."""
    top = target
    for name, data in files:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        top = target / name.partition("/")[0]
    return top


def write_zip(files: Iterable[tuple[str, bytes]], target: Path) -> Path:
    """The files in a zip whose bytes depend on nothing but them (and on zlib's version)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data, compresslevel=1)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(buffer.getvalue())
    return target
