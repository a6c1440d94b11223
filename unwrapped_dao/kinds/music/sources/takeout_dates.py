"""Dates as a Takeout page writes them for people, in the account's language.

A page has one language, so that its dates are read together: numbers with the year last are day first unless one of
them cannot be, and `IST` is India's unless another zone of the page says Ireland or Israel. A date that is not
understood is None: guessing would move a play. Month and half-day words after Unicode CLDR 45 (medium formats).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MONTHS: Final = (
    "jan jän janv ene gen sty led sau oca tammi янв січ ιαν ינו",
    "feb febr févr fév fev lut úno lut şub helmi фев лют φεβ פבר",
    "mar mär märz mars mrt mrz marec bře maalis мар бер μαρ מרץ",
    "apr avr avril abr kwi dub nis huhti апр кві απρ אפר",
    "may mai maj maio mag mei máj kvě touko май мая тра μαΐ μαι מאי",
    "jun juni juin giu cze čvn haz kesä июн чер ιουν יוני",
    "jul juli juil lug lip čvc tem heinä июл лип ιουλ יולי",
    "aug août aou ago sie srp ağu elo авг сер αυγ אוג",
    "sep sept set wrz zář eyl syys сен сент вер σεπ ספט",
    "oct okt out ott paź říj eki loka окт жов οκτ אוק",
    "nov lis kas marras ноя лис νοε נוב",
    "dec dez dic déc des gru pro ara joulu дек гру δεκ דצמ",
)
_PM: Final = frozenset({"pm", "오후", "下午", "午後", "晚上", "μμ"})
_AM: Final = frozenset({"am", "오전", "上午", "午前", "凌晨", "早上", "πμ"})
_FILLERS: Final = frozenset(
    {"de", "of", "à", "a", "om", "um", "kl", "at", "klo", "o", "ob", "г", "р", "alle", "às", "las"}
)
_ZONES: Final = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 60, "WEST": 60, "CET": 60, "MEZ": 60, "CEST": 120, "MESZ": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "TRT": 180, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420,
    "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "AST": -240, "ADT": -180,
    "BRT": -180, "ART": -180, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "SAST": 120,
}  # fmt: skip
_INDIA: Final = 330
# Finnish and Danish pages divide the time by dots, as others do the date: a year follows no time.
_TIME: Final = re.compile(r"(?<!\d)(\d{1,2}):(\d\d):(\d\d)|(?<![\d.])(\d{1,2})\.(\d\d)\.(\d\d)(?!\d)", re.ASCII)
_OFFSET: Final = re.compile(r"(?:GMT|UTC)?([+\N{MINUS SIGN}-])(\d{1,2})(?::?(\d\d))?", re.ASCII)


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold().replace(".", "")


_MONTH_OF: Final = {_plain(word): month for month, words in enumerate(_MONTHS, 1) for word in words.split()}
_LONGEST: Final = max(map(len, _MONTH_OF))


class PageDates:
    """What the dates of one page have in common; `ms` reads one of them."""

    def __init__(self, texts: Sequence[str]) -> None:
        parts = [found for text in texts if (found := _parts(text))]
        numbers = [date for date, _, _ in parts if len(date) == 3 and all(isinstance(part, int) for part in date)]
        self._month_first = any(
            date[2] > 31 and date[1] > 12 for date in numbers if isinstance(date[1], int) and isinstance(date[2], int)
        )
        self._zones = dict(_ZONES)
        if not {zone for _, _, zone in parts} & {"GMT", "IDT"}:
            self._zones["IST"] = _INDIA

    def ms(self, text: str) -> int | None:
        """`Jan 5, 2024, 8:15:30 PM CET`, `05.01.2024, 20:15:30 MEZ`, `2024/01/05 20:15:30 JST` as UTC milliseconds."""
        found = _parts(text)
        if found is None:
            return None
        date, seconds, zone = found
        day = self._day(date)
        offset = self._offset(zone)
        if day is None or offset is None:
            return None
        return (day - _EPOCH) // dt.timedelta(milliseconds=1) + seconds * 1_000 - offset * 60_000

    def _day(self, date: Sequence[int | str]) -> dt.datetime | None:
        words = [part for part in date if isinstance(part, str)]
        numbers = [part for part in date if isinstance(part, int)]
        if len(words) == 1 and len(numbers) == 2:
            month = _month(words[0])
            year, day = max(numbers), min(numbers)
        elif not words and len(numbers) == 3:
            year, month, day = numbers if numbers[0] > 31 else numbers[::-1]
            if numbers[0] <= 31 and self._month_first:
                month, day = day, month
        else:
            return None
        try:
            return dt.datetime(year, month or 0, day, tzinfo=dt.UTC) if year > 1000 else None
        except ValueError:
            return None

    def _offset(self, zone: str) -> int | None:
        """Minutes east of Greenwich."""
        if not zone:
            return 0
        if zone in self._zones:
            return self._zones[zone]
        found = _OFFSET.fullmatch(zone)
        if found is None:
            return None
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        return minutes if found[1] == "+" else -minutes


def _parts(text: str) -> tuple[list[int | str], int, str] | None:
    """The date's numbers and words in order, the seconds of the day, and the zone's name."""
    text = " ".join(re.sub(r"[\u202f\xa0\u200e\u200f]", " ", text).split())
    at = _TIME.search(text)
    if at is None:
        return None
    hour, minute, second = (int(part) for part in at.groups() if part)
    before = re.findall(r"\d+|[^\W\d_]+", text[: at.start()])
    after = text[at.end() :].replace(".", "").replace("p m", "pm").replace("a m", "am").split()
    half = [_plain(word) for word in [*before, *after] if _plain(word) in _PM | _AM]
    zone = "".join(word for word in after if _plain(word) not in _PM | _AM)
    if half:
        hour = hour % 12 + (12 if half[0] in _PM else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    date: list[int | str] = []
    for word in before:
        if word.isascii() and word.isdigit():
            date.append(int(word[:9]))
        elif _plain(word) not in _FILLERS | _PM | _AM | {"年", "月", "日", "년", "월", "일"}:
            date.append(_plain(word))
    return date, hour * 3_600 + minute * 60 + second, zone


def _month(word: str) -> int | None:
    """By the longest beginning that is some language's abbreviation: pages write names whole or short."""
    for length in range(min(len(word), _LONGEST), 2, -1):
        if word[:length] in _MONTH_OF:
            return _MONTH_OF[word[:length]]
    return None
