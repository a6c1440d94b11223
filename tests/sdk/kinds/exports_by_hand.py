# ruff: noqa: E501 (parts of real formats are long)
"""Small exports written by hand: the key sets and oddities of real files, with canaries in every personal field."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

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


def cell(header: str, body: str) -> str:
    """One entry of a Takeout page."""
    return (
        '<div class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"><div class="mdl-grid"><div class="header-cell '
        f'mdl-cell mdl-cell--12-col"><p class="mdl-typography--title">{header}<br></p></div><div class="content-cell '
        f'mdl-cell mdl-cell--6-col mdl-typography--body-1">{body}</div><div class="content-cell x"></div></div></div>'
    )


def nested(files: dict[str, str]) -> bytes:
    """Zips in zips, as the service sends them."""
    data: dict[str, bytes] = {name: text.encode("utf-8-sig") for name, text in files.items()}
    for outer in ("Apple_Media_Services/Apple Music Activity.zip", "Apple_Media_Services.zip"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in data.items():
                archive.writestr(name, content)
        data = {outer: buffer.getvalue()}
    return data["Apple_Media_Services.zip"]


def spreadsheet(rows: list[list[Any]], sheet: str = "10_listeningHistory", prolog: str = "") -> bytes:
    """The least of a workbook that a spreadsheet program would write, with shared and inline strings."""
    strings: list[str] = []
    lines = []
    for r, row in enumerate(rows, 1):
        cells = []
        for c, value in enumerate(row):
            where = f"{chr(65 + c)}{r}"
            if isinstance(value, str) and r % 2:
                strings.append(value)
                cells.append(f'<c r="{where}" t="s"><v>{len(strings) - 1}</v></c>')
            elif isinstance(value, str):
                cells.append(f'<c r="{where}" t="inlineStr"><is><t>{escape(value)}</t></is></c>')
            elif value is not None:
                cells.append(f'<c r="{where}"><v>{value}</v></c>')
        lines.append(f'<row r="{r}">{"".join(cells)}</row>')
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns:r="r"><sheets><sheet name="01_x" r:id="rId1"/><sheet name="{sheet}" r:id="rId2"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="worksheets/sheet2.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": "<worksheet/>",
        "xl/worksheets/sheet2.xml": f"{prolog}<worksheet><sheetData>{''.join(lines)}</sheetData></worksheet>",
        "xl/sharedStrings.xml": "<sst>" + "".join(f"<si><t>{escape(s)}</t></si>" for s in strings) + "</sst>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()
