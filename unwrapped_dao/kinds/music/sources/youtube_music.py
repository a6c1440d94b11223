"""YouTube Music in a Google Takeout: `watch-history.json`, or `.html` where nobody chose JSON.

A row is music if its header is "YouTube Music" or its channel ends in "- Topic"; other videos are left out and counted.
Titles come with a word for "Watched" in the account's language, before or after: it is learnt from the file, as
what all titles start or end with. There is a time, taken as the start, and no length.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, Final, NamedTuple

import msgspec

from ....exports import ExportEntry
from ..listens import Row, columns_of
from .json_rows import first_keys, json_bytes, read_rows
from .source import Peek, Reading, SourceRows, plain_row

NOT_MUSIC: Final = "a video that is not music"
GONE: Final = "removed since, so that artist and title are gone"
_MUSIC: Final = "YouTube Music"
_TOPIC: Final = " - Topic"
_KNOWN_BEFORE: Final = (
    "Watched ",
    "Vous avez regardé ",
    "Has visto ",
    "Hai guardato ",
    "Visto ",
    "Assistiu a ",
    "Obejrzano: ",
)
_KNOWN_AFTER: Final = (" angesehen", " を視聴しました", " izlendi", " bekeken")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class _Channel(msgspec.Struct, gc=False):
    name: str | None = None


class _Watched(msgspec.Struct, gc=False):
    title: str
    time: str
    header: str | None = None
    subtitles: list[_Channel] | None = None


class _Seen(NamedTuple):
    number: int
    when_ms: int
    title: str
    channel: str


class YouTubeMusicJson:
    """`watch-history.json`."""

    name = "youtube-music"
    title = "YouTube Music (Takeout JSON)"

    def claims(self, peek: Peek) -> bool:
        """By the fields of the first row."""
        keys = first_keys(peek.head)
        return {"header", "title"} <= keys and bool(keys & {"time", "titleUrl", "products", "subtitles"})

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The music in the file."""
        watched, numbers, total = read_rows(entry, _Watched, _Watched, reading.ledger)
        seen: list[_Seen] = []
        for row, number in zip(watched, numbers, strict=True):
            channel = next((c.name for c in row.subtitles or [] if c.name), "")
            when = _iso(row.time)
            if row.header != _MUSIC and not channel.endswith(_TOPIC):
                reading.ledger.leave_out(entry.name, number, NOT_MUSIC)
            elif not channel:
                reading.ledger.leave_out(entry.name, number, GONE)
            elif when is None:
                reading.ledger.leave_out(entry.name, number, "the field time is no time")
            else:
                seen.append(_Seen(number, when, row.title, channel))
        return _rows(self.name, seen, total)


class YouTubeMusicHtml:
    """`watch-history.html`. Its dates are written for people: English ones are understood, others are reported."""

    name = "youtube-music"
    title = "YouTube Music (Takeout HTML)"

    _CELL = re.compile(
        rb'<p class="mdl-typography--title">(?P<header>[^<]{0,200})<br>.{0,200}?'
        rb'mdl-typography--body-1">(?P<body>.{0,8000}?)</div>',
        re.DOTALL,
    )
    _LINK = re.compile(r"<a [^>]*>([^<]*)</a>")

    def claims(self, peek: Peek) -> bool:
        """By the page's own class names."""
        head = peek.head.lstrip().lower()
        return head.startswith((b"<html", b"<!doctype html")) and (
            b"mdl-typography" in peek.head or "watch-history" in peek.base_name or b"My Activity History" in peek.head
        )

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The music in the page."""
        seen: list[_Seen] = []
        total = 0
        for number, cell in enumerate(self._CELL.finditer(json_bytes(entry))):
            total += 1
            header = html.unescape(cell["header"].decode("utf-8", "replace")).strip()
            parts = cell["body"].decode("utf-8", "replace").replace("\xa0", " ").split("<br>")
            parts = [part.strip() for part in parts if part.strip()]
            links = [html.unescape(found[1]) for part in parts if (found := self._LINK.search(part))]
            channel = links[1] if len(links) > 1 else ""
            when = english_date(html.unescape(parts[-1])) if parts else None
            if header != _MUSIC and not channel.endswith(_TOPIC):
                reading.ledger.leave_out(entry.name, number, NOT_MUSIC)
            elif not channel:
                reading.ledger.leave_out(entry.name, number, GONE)
            elif when is None:
                reading.ledger.leave_out(entry.name, number, "a date that is not in English; choose JSON in Takeout")
            else:
                # The link holds the bare title: the localised word stands outside it.
                seen.append(_Seen(number, when, links[0], channel))
        rows = [plain_row(self.name, s.when_ms, _artist(s.channel), s.title) for s in seen]
        return SourceRows(columns_of(rows), [s.number for s in seen], total)


def _rows(source: str, seen: Sequence[_Seen], total: int) -> SourceRows:
    before, after = affixes([s.title for s in seen])
    rows: list[Row] = []
    for s in seen:
        title = s.title.removeprefix(before)
        title = title.removesuffix(after) if after else title
        rows.append(plain_row(source, s.when_ms, _artist(s.channel), title.strip()))
    return SourceRows(columns_of(rows), [s.number for s in seen], total)


def _artist(channel: str) -> str:
    return channel.removesuffix(_TOPIC).strip()


def affixes(titles: Sequence[str]) -> tuple[str, str]:
    """What all titles start with and end with, up to a space: the localised "Watched".

    Below five different titles chance could decide, so that only known words count.
    """
    different = sorted(set(titles))
    if len(different) >= 5:
        before = _shared(different)
        after = _shared(sorted(t[::-1] for t in different))[::-1]
        return before[: before.rfind(" ") + 1], after[after.find(" ") :] if " " in after else ""
    before = next((b for b in _KNOWN_BEFORE if different and all(t.startswith(b) for t in different)), "")
    after = next((a for a in _KNOWN_AFTER if different and all(t.endswith(a) for t in different)), "")
    return before, after


def _shared(ordered: Sequence[str]) -> str:
    """What all of these sorted texts start with: what the first and the last share."""
    pairs = zip(ordered[0], ordered[-1], strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _iso(text: str) -> int | None:
    try:
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
    try:
        return (when - _EPOCH) // dt.timedelta(milliseconds=1)
    except OverflowError:
        return None


_ENGLISH = re.compile(
    r"(?:(?P<m1>[A-Z][a-z]{2})[a-z]* (?P<d1>\d{1,2})|(?P<d2>\d{1,2}) (?P<m2>[A-Z][a-z]{2})[a-z]*),? (?P<y>\d{4}),? "
    r"(?P<h>\d{1,2}):(?P<min>\d\d):(?P<s>\d\d)\s?(?P<half>[AaPp][Mm])?\s*(?P<zone>\S+)?",
    re.ASCII,
)
_MONTHS: Final[dict[str, int]] = dict(
    Jan=1, Feb=2, Mar=3, Apr=4, May=5, Jun=6, Jul=7, Aug=8, Sep=9, Oct=10, Nov=11, Dec=12
)  # fmt: skip
_ZONES: Final = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "EST": -5,
    "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9, "AEST": 10, "AEDT": 11,
}  # fmt: skip


def english_date(text: str) -> int | None:
    """`Jan 5, 2024, 8:15:30 PM CET` or `5 Jan 2024, 20:15:30 GMT+01:00` as UTC milliseconds.

    A zone that is not known makes the date unusable: guessing would move every play.
    """
    found: Any = _ENGLISH.fullmatch(" ".join(text.replace("\u202f", " ").split()))
    if found is None:
        return None
    month = _MONTHS.get(found["m1"] or found["m2"])
    offset = _zone_minutes(found["zone"] or "UTC")
    if month is None or offset is None:
        return None
    hour = int(found["h"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
    try:
        when = dt.datetime(
            int(found["y"]), month, int(found["d1"] or found["d2"]), hour, int(found["min"]), int(found["s"])
        )
    except ValueError:
        return None
    return (when.replace(tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(milliseconds=1) - offset * 60_000


def _zone_minutes(zone: str) -> int | None:
    if zone in _ZONES:
        return _ZONES[zone] * 60
    found = re.fullmatch(r"(?:GMT|UTC)([+-])(\d{1,2})(?::?(\d\d))?", zone, re.ASCII)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return -minutes if found[1] == "-" else minutes
