"""YouTube Music in a Google Takeout: `watch-history.json`, or `.html` where nobody chose JSON.

A row is music if its header is "YouTube Music" (or, without a header, its address is that service's), or if its channel
ends in "- Topic" in the account's language; other videos are left out and counted. Titles come with a word for
"Watched" before or after: one that is known, or else learnt from the file, as what all titles start or end with. There
is a time, taken as the start, and no length. Searches are in files of their own, which are not read, and among the
plays in a `MyActivity` file, where they are left out.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Final, NamedTuple

import msgspec

from ....exports import ExportEntry
from ..listens import Row, columns_of
from .json_rows import first_keys, json_bytes, read_rows
from .source import Peek, Reading, SourceRows, plain_row
from .takeout_dates import PageDates

NOT_MUSIC: Final = "a video that is not music"
GONE: Final = "removed since, so that artist and title are gone"
UNKNOWN_DATE: Final = "a date or time zone that is not understood; choose JSON in Takeout"
SEARCHED: Final = "a search and no play"
_MUSIC: Final = "YouTube Music"
_MUSIC_PAGE: Final = "music.youtube.com/watch"
_TOPIC: Final = re.compile(
    r"\s[-–—]\s(Topic|Thema|Tema|Thème|Sujet|Argomento|Onderwerp|Tópico|Ämne|Emne|Aihe|Temat|Téma|Konu|Тема|トピック|주제|主题|主題)$"
)
_SEARCHES: Final = ("search_query", "/search?q")
_KNOWN: Final = (
    "Watched *", "Listened to *", "* angesehen", "* angehört", "Vous avez regardé *", "Vous avez écouté *",
    "A regardé *", "Has visto *", "Viste *", "Has escuchado *", "Hai guardato *", "Hai ascoltato *",
    "Visto *", "Assistiu a *", "Você assistiu a *", "Viu *", "Je hebt naar * gekeken",
    "Je hebt naar * geluisterd", "Je hebt * bekeken", "Je hebt gekeken naar *", "Heeft gekeken naar *",
    "Gekeken naar *", "Bekeken: *", "* bekeken", "* gekeken", "* beluisterd", "Obejrzano: *", "Obejrzano *",
    "Tittade på *", "Så på *", "Så *", "Har set *", "Zhlédnuto: *", "Zhlédli jste video *",
    "Просмотрено видео *", "Просмотрено: *", "Вы посмотрели видео *", "Вы посмотрели *",
    "Ви дивилися відео *", "Гледахте *", "Ați vizionat *", "* katsottiin", "Παρακολουθήσατε το βίντεο *",
    "* adlı videoyu izlediniz", "* izlendi", "* izlənildi", "* を視聴しました", "*を視聴しました",
    "* 을(를) 시청했습니다.", "*을(를) 시청했습니다.", "观看了*", "已观看 *", "已觀看 *", "觀看了*",
    "تمت مشاهدة * .", "تمت مشاهدة *", "را تماشا کردید *", "* دیکھی", "* देखा", "* দেখা হয়েছে",
    "Pinanood ang *", "Menonton *", "Đã xem *",
)  # fmt: skip
"""How languages say that a title was watched, the longer before those that they contain."""
_FRAMES: Final = tuple(frame.partition("*")[::2] for frame in _KNOWN)
_QUOTES: Final = (("«", "»"), ("「", "」"), ("„", "“"), ("“", "”"), ('"', '"'))
_LONGEST_CELL: Final = 9_000
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class _Channel(msgspec.Struct, gc=False):
    name: str | None = None


class _Watched(msgspec.Struct, gc=False):
    title: str
    time: str
    header: str | None = None
    titleUrl: str | None = None  # noqa: N815 (the file's own word)
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
        """By the fields of the first row, and the service that it names: other services' activity looks alike."""
        keys = first_keys(peek.head)
        if not {"title", "time"} <= keys and not {"header", "title"} <= keys:
            return False
        if not keys & {"header", "products", "activityControls"} or b'"YouTube' not in peek.head:
            return False
        searches = sum(peek.head.count(word.encode()) for word in _SEARCHES)
        return not searches or "activity" in peek.base_name.lower() or peek.head.count(b"/watch?v") > searches

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The music in the file."""
        watched, numbers, total = read_rows(entry, _Watched, _Watched, reading.ledger)
        seen: list[_Seen] = []
        others: list[str] = []
        for row, number in zip(watched, numbers, strict=True):
            channel = next((c.name for c in row.subtitles or [] if c.name), "")
            when = _iso(row.time)
            why = _no_play(row.header, row.titleUrl or "", channel)
            if why:
                reading.ledger.leave_out(entry.name, number, why)
                others += [row.title] if why == NOT_MUSIC and channel else []
            elif when is None:
                reading.ledger.leave_out(entry.name, number, "the field time is no time")
            else:
                seen.append(_Seen(number, when, row.title, channel))
        return _rows(self.name, seen, others, total)


def _no_play(header: str | None, address: str, channel: str) -> str:
    """Why a row is no song, or ""."""
    if any(word in address for word in _SEARCHES):
        return SEARCHED
    named = header == _MUSIC or (not header and _MUSIC_PAGE in address)
    if not named and not _TOPIC.search(channel):
        return NOT_MUSIC
    return "" if channel else GONE


class YouTubeMusicHtml:
    """`watch-history.html`. Its dates are written for people, in their language: `takeout_dates`."""

    name = "youtube-music"
    title = "YouTube Music (Takeout HTML)"

    # A cell begins with its header and is looked at alone, so that a page costs no more than its length.
    _HEADER = b'<p class="mdl-typography--title">'
    _CELL = re.compile(
        rb'(?P<header>[^<]{0,200})<.{0,200}?mdl-typography--body-1">(?P<body>.{0,8000}?)</div>', re.DOTALL
    )
    _LINK = re.compile(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>')
    _BREAK = re.compile(r"<br ?/?>")

    def claims(self, peek: Peek) -> bool:
        """By the page's own class names."""
        head = peek.head.lstrip().lower()
        return head.startswith((b"<html", b"<!doctype html")) and (
            b"mdl-typography" in peek.head or "watch-history" in peek.base_name or b"My Activity History" in peek.head
        )

    def read(self, entry: ExportEntry, reading: Reading) -> SourceRows:
        """The music in the page."""
        cells: list[tuple[str, str, str, str]] = []
        for text in json_bytes(entry).split(self._HEADER)[1:]:
            cell = self._CELL.match(text[:_LONGEST_CELL])
            if cell is None:
                cells.append(("", "", "", "a cell that does not have the expected parts"))
                continue
            header = html.unescape(cell["header"].decode("utf-8", "replace")).strip()
            parts = self._BREAK.split(cell["body"].decode("utf-8", "replace").replace("\xa0", " "))
            parts = [part.strip() for part in parts if part.strip()]
            links = [found for part in parts if (found := self._LINK.search(part))]
            channel = html.unescape(links[1][2]).strip() if len(links) > 1 else ""
            # The link holds the bare title: the localised word stands outside it.
            title = html.unescape(links[0][2]).strip() if links else ""
            why = _no_play(header, links[0][1] if links else "", channel)
            cells.append((html.unescape(parts[-1]) if parts else "", title, channel, why))
        dates = PageDates([when for when, _, _, why in cells if not why])
        rows: list[Row] = []
        numbers: list[int] = []
        for number, (when, title, channel, why) in enumerate(cells):
            start = dates.ms(when)
            if why or start is None:
                reading.ledger.leave_out(entry.name, number, why or UNKNOWN_DATE)
            else:
                rows.append(plain_row(self.name, start, _artist(channel), title))
                numbers.append(number)
        return SourceRows(columns_of(rows), numbers, len(cells))


def _rows(source: str, seen: Sequence[_Seen], others: Sequence[str], total: int) -> SourceRows:
    bare = bare_titles([s.title for s in seen], others)
    rows = [plain_row(source, s.when_ms, _artist(s.channel), title) for s, title in zip(seen, bare, strict=True)]
    return SourceRows(columns_of(rows), [s.number for s in seen], total)


def _artist(channel: str) -> str:
    return _TOPIC.sub("", channel).strip()


def bare_titles(titles: Sequence[str], others: Sequence[str] = ()) -> list[str]:
    """The titles without the localised "Watched". `others` are the file's videos that are no music: they say it, too.

    What is known decides where it fits nearly all of them: a file may mix watching and listening, and all songs of a
    short file may begin with the same word.
    """
    known = [_bare(title) for title in titles]
    if sum(map(str.__ne__, known, titles)) * 10 >= 9 * len(titles):
        return _unquoted([title.strip() for title in known])
    before, after = learnt_affixes([*titles, *others])
    return _unquoted([title.removeprefix(before).removesuffix(after).strip() for title in titles])


def _bare(title: str) -> str:
    for before, after in _FRAMES:
        if title.startswith(before) and title.endswith(after) and len(title) > len(before) + len(after):
            return title[len(before) : len(title) - len(after)]
    return title


def _unquoted(titles: list[str]) -> list[str]:
    """Some languages put the title in quotes; if all titles of a file are, the quotes are no part of them."""
    for opening, closing in _QUOTES:
        if titles and all(len(t) > 2 and t.startswith(opening) and t.endswith(closing) for t in titles):
            return [title[1:-1].strip() for title in titles]
    return titles


def learnt_affixes(titles: Sequence[str]) -> tuple[str, str]:
    """What all titles start with and end with, up to a space. Below five different titles chance could decide."""
    different = sorted(set(titles))
    if len(different) < 5:
        return "", ""
    before = _shared(different)
    after = _shared(sorted(title[::-1] for title in different))[::-1]
    return before[: before.rfind(" ") + 1], after[after.find(" ") :] if " " in after else ""


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
