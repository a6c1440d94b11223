"""Small exports written by hand: the key sets and oddities of DATA 1, with canaries in every personal field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CANARIES = {
    "username": "CANARYuser", "ip_addr": "203.0.113.99", "ip_addr_decrypted": "203.0.113.98",
    "user_agent_decrypted": "CANARYagent/1.0", "platform": "CANARY Phone 9 (CANARYdevice)", "conn_country": "QX",
}  # fmt: skip
TRACK_ID = "4uLU6hMCjMI75M1A2tKUQC"


def new_row(**changes: Any) -> dict[str, Any]:
    """A row of the variant since mid-2023."""
    row: dict[str, Any] = {
        "ts": "2024-03-05T20:15:30Z", "platform": CANARIES["platform"], "ms_played": 180_000, "conn_country": "QX",
        "ip_addr": CANARIES["ip_addr"], "master_metadata_track_name": "Second Lantern",
        "master_metadata_album_artist_name": "Zelvora", "master_metadata_album_album_name": "Paper Harbor",
        "spotify_track_uri": f"spotify:track:{TRACK_ID}", "episode_name": None, "episode_show_name": None,
        "spotify_episode_uri": None, "audiobook_title": None, "audiobook_uri": None, "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None, "reason_start": "clickrow", "reason_end": "trackdone", "shuffle": False,
        "skipped": False, "offline": False, "offline_timestamp": 1_709_669_550, "incognito_mode": False,
    }  # fmt: skip
    return row | changes


def old_row(**changes: Any) -> dict[str, Any]:
    """A row of `endsong_N.json`."""
    row = new_row(ts="2019-03-05T20:15:30Z", offline_timestamp=0, skipped=None)
    for key in ("ip_addr", "audiobook_title", "audiobook_uri", "audiobook_chapter_uri", "audiobook_chapter_title"):
        del row[key]
    row |= {key: CANARIES[key] for key in ("username", "ip_addr_decrypted", "user_agent_decrypted")}
    return row | changes


def account_row(**changes: Any) -> dict[str, Any]:
    """A row of account data."""
    row = {"endTime": "2024-03-05 20:15", "artistName": "Zelvora", "trackName": "Second Lantern", "msPlayed": 180_000}
    return row | changes


def write(folder: Path, files: dict[str, Any]) -> Path:
    """Files of JSON (or raw bytes) below `folder`."""
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode())
    return folder
