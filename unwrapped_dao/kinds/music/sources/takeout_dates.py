"""Dates as a Takeout page writes them for people, in the account's language.

A page has one language, so that its dates are read together: numbers with the year last are day first unless one of
them cannot be, `IST` is India's unless another zone of the page says Ireland or Israel, and `CST` is China's on a page
that writes dates with 年. A date that is not
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
    "jan jän janv ene gen ian sty led sau oca tammi янв січ јан ιαν ינו يناير ม.ค",
    "feb febr févr fév fev lut úno lut şub helmi фев лют φεβ פבר فبراير ก.พ",
    "mar mär márc märz mars mrt mrz marec bře maalis мар бер μαρ מרץ مارس มี.ค",
    "apr ápr avr avril abr kwi dub nis huhti апр кві απρ אפר أبريل เม.ย",
    "may mai maj máj maio mag mei kvě touko май мая тра μαΐ μαι מאי مايو พ.ค",
    "jun juni jún juin iun giu cze čvn haz kesä июн чер ιουν יוני يونيو มิ.ย",
    "jul juli júl juil iul lug lip čvc tem heinä июл лип ιουλ יולי يوليو ก.ค",
    "aug août aou ago agu sie srp ağu elo авг сер αυγ אוג أغسطس ส.ค",
    "sep sept szept set wrz zář eyl syys сен сент вер σεπ ספט سبتمبر ก.ย",
    "oct okt out ott paź říj eki loka окт жов οκτ אוק أكتوبر ต.ค",
    "nov noi lis kas marras ноя лис νοε נוב نوفمبر พ.ย",
    "dec dez dic déc des gru pro ara joulu дек гру δεκ דצמ ديسمبر ธ.ค",
)
_PM: Final = frozenset({"pm", "오후", "下午", "午後", "晚上", "中午", "μμ", "م", "ch"})
_AM: Final = frozenset({"am", "오전", "上午", "午前", "凌晨", "早上", "清晨", "πμ", "ص", "sa"})
_FILLERS: Final = frozenset(
    {
        "de",
        "of",
        "à",
        "a",
        "om",
        "um",
        "kl",
        "at",
        "klo",
        "o",
        "ob",
        "г",
        "р",
        "alle",
        "às",
        "las",
        "thg",
        "年",
        "月",
        "日",
        "년",
        "월",
        "일",
    }
)
_ZONES: Final = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 60, "WEST": 60, "CET": 60, "MEZ": 60, "CEST": 120, "MESZ": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "TRT": 180, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420,
    "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "AST": -240, "ADT": -180,
    "WEZ": 0, "WESZ": 60, "OEZ": 120, "OESZ": 180, "CAT": 120, "WAT": 60, "EAT": 180, "GST": 240, "PKT": 300,
    "UZT": 300, "BDT": 360, "NPT": 345, "ICT": 420, "WIB": 420, "WITA": 480, "WIT": 540, "SGT": 480, "MYT": 480,
    "HKT": 480, "PHT": 480, "AWST": 480, "ACST": 570, "ACDT": 630, "NST": -210, "NDT": -150, "COT": -300, "PET": -300,
    "ECT": -300, "BOT": -240, "VET": -240, "CLT": -240, "CLST": -180, "PYT": -180, "UYT": -180,
    "BRT": -180, "ART": -180, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "SAST": 120,
}  # fmt: skip
_BUDDHIST: Final = 543
"""Years by which Thailand's calendar is ahead."""
_INDIA: Final = 330
_CHINA: Final = 480
_HAN: Final = re.compile(r"([年月日年년월일]|[上下中]午|午[前後]|凌晨|清晨|早上|晚上|오[전후])")
_NO_STOPS: Final = str.maketrans("", "", ".-׳॰")
_MARKS: Final = re.compile(r"[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
# Finnish and Danish pages divide the time by dots, as others do the date: a year follows no time.
_TIME: Final = re.compile(r"(?<!\d)(\d{1,2}):(\d\d):(\d\d)|(?<![\d.])(\d{1,2})\.(\d\d)\.(\d\d)(?!\d)", re.ASCII)
_OFFSET: Final = re.compile(r"(?:GMT|UTC)?([+\N{MINUS SIGN}-])(\d{1,2})(?::?(\d\d))?", re.ASCII)


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold().translate(_NO_STOPS)


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
        if any("年" in text for text in texts):
            self._zones["CST"] = _CHINA

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
            year -= _BUDDHIST if year > _BUDDHIST + 1_900 else 0
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
    text = _HAN.sub(r" \1 ", " ".join(_in_ascii_digits(_MARKS.sub("", text)).split()))
    at = _TIME.search(text)
    if at is None:
        return None
    hour, minute, second = (int(part) for part in at.groups() if part)
    before, after = text[: at.start()], text[at.end() :].replace(".", "").replace("p m", "pm").replace("a m", "am")
    ahead = _OFFSET.search(before) if "GMT" in before or "UTC" in before else None
    if ahead:
        before, after = before.replace(ahead[0], " "), f"{after} {ahead[0]}"
    words = re.findall(r"\d+|[^\W\d_][^\s\d,،/]*", before)
    half = [_plain(word) for word in [*words, *after.split()] if _plain(word) in _PM | _AM]
    zone = "".join(word for word in after.split() if _plain(word) not in _PM | _AM)
    if half:
        hour = hour % 12 + (12 if half[0] in _PM else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    date: list[int | str] = []
    for word in words:
        if word.isdigit():
            date.append(int(word[:9]))
        elif _plain(word) not in _FILLERS | _PM | _AM:
            date.append(_plain(word))
    return date, hour * 3_600 + minute * 60 + second, zone


def _in_ascii_digits(text: str) -> str:
    """Arabic, Persian, Indian and other decimal digits as ASCII."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _month(word: str) -> int | None:
    """By the longest beginning that is some language's abbreviation: pages write names whole or short."""
    for length in range(min(len(word), _LONGEST), 2, -1):
        if word[:length] in _MONTH_OF:
            return _MONTH_OF[word[:length]]
    return _MONTH_OF.get(word)
