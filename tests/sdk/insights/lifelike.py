"""An invented life with music, for tests, measurements and the screenshots in the docs: phases that come and
go, weeks of obsession, favourites that are forgotten, a home in Berlin, holidays without a phone.

The samples' listener has the habits that checks look for; this one has a story that insights must find.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from unwrapped_dao.kinds.music.listens import Listens, Row
from unwrapped_dao.samples.catalogue import Artist, Track, artist

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = dt.date(2017, 3, 4)
LAST = dt.date(2024, 12, 31)

_WEEKDAY = (2, 1, 0.4, 0.1, 0.05, 0.2, 1.5, 6, 8, 5, 4, 3.5, 3, 4, 4, 4, 5, 7, 9, 7, 6, 7, 6, 4)
_FRIDAY = (2, 1, 0.4, 0.1, 0.05, 0.2, 1.5, 6, 8, 5, 4, 3.5, 3, 4, 4, 4, 5, 7, 10, 11, 12, 13, 13, 11)
_SATURDAY = (9, 6, 3, 1, 0.2, 0.1, 0.2, 0.6, 1.5, 4, 6, 7, 6, 5, 5, 5, 6, 7, 8, 9, 11, 12, 12, 11)
_SUNDAY = (8, 5, 2, 0.6, 0.1, 0.1, 0.2, 0.5, 1.5, 4, 7, 8, 7, 6, 6, 6, 6, 6, 6, 6, 5, 4, 3, 2)
_SHAPES = tuple(tuple(accumulate(s)) for s in (_WEEKDAY,) * 4 + (_FRIDAY, _SATURDAY, _SUNDAY))


class _Fan:
    """How somebody loves one artist over time."""

    def __init__(self, random: Random, number: int, day: int, strength: float) -> None:
        self.artist: Artist = artist(number)
        self.met = day
        self.spike = strength * random.choice((0.2, 0.5, 1.0, 2.0, 6.0))
        self.width = random.choice((18, 30, 45, 70, 110))
        self.stays = strength * random.choice((0.0, 0.01, 0.03, 0.12, 0.3))
        tracks = list(self.artist.tracks)
        random.shuffle(tracks)
        self.tracks = tracks[: random.choice((2, 4, 8, 14))]
        self.liked = list(accumulate(random.paretovariate(1.1) for _ in self.tracks))

    def weight(self, day: int) -> float:
        age = day - self.met
        if age < 0:
            return 0.0
        return self.spike * 2.7 ** (-((age / self.width) ** 2)) + self.stays * (0.3 + 0.7 * 2.0 ** (-age / 900))


def lifelike(
    seed: str = "anna", *, per_day: float = 26, first: dt.date = FIRST, last: dt.date = LAST, account: bool = False
) -> Listens:
    """A history of about `per_day` plays a day. `account` leaves out what account data does not tell."""
    rows = _rows(Random(f"lifelike/{seed}"), per_day, first, last)
    if account:
        return Listens.of_rows([_as_account(row) for row in rows])
    return Listens.of_rows(rows)


def _as_account(row: Row) -> Row:
    stop = (row[0] + row[1]) // 60_000 * 60_000
    return (stop - row[1], *row[1:4], "", "", row[6], "", "", -1, -1, 0, 0, "spotify-account")


def _rows(random: Random, per_day: float, first: dt.date, last: dt.date) -> Iterator[Row]:
    fans = [_Fan(random, random.randrange(4000), -random.randrange(40), 1 + 5 * random.random()) for _ in range(70)]
    burning: list[tuple[int, int, Track]] = []
    free_ms = 0
    away_until = 0
    days = (last - first).days + 1
    for day in range(days):
        date = first + dt.timedelta(days=day)
        if random.random() < 0.34 + 0.2 * (date.month in (1, 10)) - 0.12 * (date.year in (2021, 2022)):
            number = int(4000 * random.random() ** 2)
            if all(fan.artist is not artist(number) for fan in fans):
                fans.append(_Fan(random, number, day, min(14.0, random.paretovariate(0.85))))
        if day % 7 == 0:
            weights = list(accumulate(fan.weight(day) for fan in fans))
        if random.random() < 0.03:
            fan = fans[min(bisect(weights, random.random() * weights[-1]), len(fans) - 1)]
            burning.append((day, day + random.randint(4, 9), random.choice(fan.tracks)))
        burning = [item for item in burning if item[1] > day]
        if date.month == 8 and date.day == 3 + date.year % 5:
            away_until = day + 12
        if day < away_until or random.random() < 0.06:
            continue
        season = 1.25 if date.month in (11, 12, 1) else 0.85 if date.month in (7, 8) else 1.0
        era = 0.7 + 0.9 * (date.year == 2020) + 0.06 * (date.year - first.year)
        wanted = max(2, int(random.lognormvariate(-0.15, 0.55) * per_day * season * era))
        shape = _SHAPES[date.weekday()]
        starts = sorted(bisect(shape, random.random() * shape[-1]) for _ in range(1 + wanted // 14))
        for hour in starts:
            local = dt.datetime(date.year, date.month, date.day, min(hour, 23), random.randrange(60), tzinfo=BERLIN)
            begin = max(int(local.timestamp()) * 1000, free_ms + random.randint(0, 40) * 60_000)
            size = 1 + int(wanted / len(starts) * random.choice((0.15, 0.4, 0.7, 1.0, 1.5, 2.4)))
            for row in _session(random, begin, size, fans, weights, burning, date.year):
                yield row
                free_ms = row[0] + row[1]


def _session(
    random: Random, now: int, count: int, fans: list[_Fan], weights: list[float],
    burning: list[tuple[int, int, Track]], year: int,
) -> Iterator[Row]:  # fmt: skip
    shuffle = random.random() < (0.75 if year < 2020 else 0.45)
    stay = 0.25 if shuffle else 0.72
    fan = _pick(random, fans, weights)
    reason = random.choice(("clickrow", "clickrow", "playbtn", "appload", "remote"))
    private = random.random() < 0.004
    again: Track | None = None
    for i in range(count):
        if random.random() > stay:
            fan = _pick(random, fans, weights)
        if again is not None and random.random() < 0.35:
            track = again
        elif burning and random.random() < 0.09:
            track = again = random.choice(burning)[2]
        else:
            track = fan.tracks[min(bisect(fan.liked, random.random() * fan.liked[-1]), len(fan.tracks) - 1)]
            again = None
        loved = again is not None or fan.stays > 0.3
        hurried = 1.7 if 6 <= now // 3_600_000 % 24 <= 8 else 0.6 if now // 3_600_000 % 24 >= 20 else 1.0
        skip = random.random() < hurried * (0.04 if loved else 0.30 if shuffle else 0.14)
        if skip:
            played = min(track.length_ms - 1000, int(random.lognormvariate(9.6, 1.1)))
            end = random.choice(("fwdbtn", "fwdbtn", "fwdbtn", "endplay"))
        elif i == count - 1:
            played, end = int(track.length_ms * random.random()), random.choice(("logout", "endplay"))
        else:
            played, end = track.length_ms, "trackdone"
        skipped = 1 if end in ("fwdbtn", "endplay") else 0
        yield (
            now, played, track.artist, track.name, track.album, track.id, "music", reason, end, int(shuffle), skipped,
            int(private), now // 1000, "spotify-extended",
        )  # fmt: skip
        reason = end if end in ("trackdone", "fwdbtn") else "clickrow"
        now += played + random.choice((0, 0, 300, 900))


def _pick(random: Random, fans: list[_Fan], weights: list[float]) -> _Fan:
    return fans[min(bisect(weights, random.random() * weights[-1]), len(weights) - 1)]
