"""`History`: listens as the insights look at them: music only, on one wall clock, names as small integers.

It is made once for a report; every insight reads it and none changes it. What was left out, and what the file
does not tell, is kept and said.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Any, Final

from ....errors import InputError
from ..listens import NOMINAL_MS, UNKNOWN_LENGTH, Listens
from .plays import NO_HOUR, NOBODY, Plays, artist_codes, days_by_code, title_codes, with_hours
from .words import month_of
from .zones import DAY_MS, DAYS_ONLY, Zone, given_zone, guess_zone, local_ms

HEARD_MS: Final = 30_000
"""From 30 seconds on a play counts as heard, which is also when services count one. Time counts always."""

_MUSIC: Final = ("local", "music")
_MOST_UNKNOWN: Final = 5
"""With more than a fifth of the lengths unknown, plays are what is counted."""
_HOUR_MS: Final = 3_600_000


class History:
    """A listening history on a wall clock. `all` holds every play of music, `heard` those of 30 seconds or more.

    `timed`: the file tells how long plays lasted; the few that it does not are `nominal` and count as three
    minutes. `clocked`: it tells times of day. `artists[code]`, `tracks[code]` and
    `albums[code]` give names; code 0 is nobody.
    Raises `InputError` when there is no music, `SettingsError` for an unknown time zone.
    """

    def __init__(
        self, listens: Listens, timezone: str | dt.tzinfo | None = None, *, include_private: bool = False
    ) -> None:
        self.left_out = _left_out(listens, include_private)
        rows = _chosen(listens, include_private)
        starts: Sequence[int] = rows["start_ms"]
        if not starts:
            raise _nothing_to_tell(self.left_out)
        self.sources: tuple[str, ...] = tuple(sorted(set(rows["source"])))
        # A source that tells days only puts every play at midnight, equal ones a millisecond apart.
        hourly = {source for ms, source in zip(starts, rows["source"], strict=True) if ms % DAY_MS >= 1_000}
        has_hour = [source in hourly for source in rows["source"]] if len(hourly) < len(self.sources) else None
        told = starts if has_hour is None else tuple(compress(starts, has_hour))
        self.clocked: bool = len(told) * 2 >= len(starts)
        self.zone: Zone = _zone(timezone, told) if self.clocked else DAYS_ONLY

        unknown = rows["played_ms"].count(UNKNOWN_LENGTH)
        self.timed: bool = unknown * _MOST_UNKNOWN <= len(starts)
        self.nominal: int = unknown if self.timed else 0
        known_as = NOMINAL_MS if self.timed else 0
        played = rows["played_ms"] if not unknown else tuple(known_as if ms < 0 else ms for ms in rows["played_ms"])
        heard = [ms >= HEARD_MS or ms == UNKNOWN_LENGTH for ms in rows["played_ms"]]

        local = local_ms(starts, self.zone.tz)
        hour = [ms // _HOUR_MS % 24 for ms in local]
        if has_hour is not None:
            local = [at if known else ms for at, ms, known in zip(local, starts, has_hour, strict=True)]
            hour = [at if known else NO_HOUR for at, known in zip(hour, has_hour, strict=True)]
        day = [ms // DAY_MS for ms in local]
        months = {number: month_of(number) for number in set(day)}
        self.artists, artist = artist_codes(rows["artist"])
        self.tracks, track = title_codes(artist, rows["track"])
        self.albums, album = title_codes(artist, rows["album"])
        self.all: Final = Plays(
            starts, played, played if self.timed else tuple(map(int, heard)), day, hour,
            list(map(months.__getitem__, day)), artist, track, album,
            rows["reason_start"], rows["reason_end"], rows["shuffle"], rows["skipped"],
        )  # fmt: skip
        self.heard: Final = self.all.where(heard)
        self.first_day, self.last_day = min(day), max(day)
        self.first_month, self.last_month = min(months.values()), max(months.values())

    @property
    def days(self) -> int:
        """Days from the first play to the last, both counted."""
        return self.last_day - self.first_day + 1

    @property
    def months(self) -> range:
        """Every month number from the first to the last, silent ones too."""
        return range(self.first_month, self.last_month + 1)

    @property
    def years(self) -> range:
        """Every year from the first to the last."""
        return range(self.first_month // 12, self.last_month // 12 + 1)

    @cached_property
    def total(self) -> int:
        """All weight."""
        return sum(self.all.weight)

    @cached_property
    def month_artists(self) -> Mapping[int, Mapping[int, int]]:
        """month → artist → weight; nobody is left out. Months without a play are there, and empty."""
        found: dict[int, dict[int, int]] = {number: {} for number in self.months}
        for month, artist, weight in zip(self.all.month, self.all.artist, self.all.weight, strict=True):
            of_month = found[month]
            of_month[artist] = of_month.get(artist, 0) + weight
        for of_month in found.values():
            of_month.pop(NOBODY, None)
        return found

    @cached_property
    def month_tracks(self) -> Mapping[int, Mapping[int, int]]:
        """month → track → plays heard. Months without a play are there, and empty."""
        found: dict[int, dict[int, int]] = {number: {} for number in self.months}
        size = len(self.tracks)
        pairs = Counter([m * size + t for m, t in zip(self.heard.month, self.heard.track, strict=True)])
        for pair, plays in pairs.items():
            found[pair // size][pair % size] = plays
        return found

    @cached_property
    def month_hours(self) -> Mapping[int, Sequence[int]]:
        """month → weight by hour of the day, of plays whose hour is told."""
        sums: dict[int, int] = {}
        plays = with_hours(self.all)
        keys = [month * 24 + hour for month, hour in zip(plays.month, plays.hour, strict=True)]
        for key, weight in zip(keys, plays.weight, strict=True):
            sums[key] = sums.get(key, 0) + weight
        return {month: [sums.get(month * 24 + hour, 0) for hour in range(24)] for month in self.months}

    @cached_property
    def day_artist_plays(self) -> Mapping[int, Mapping[int, int]]:
        """day → artist → plays heard, for days with one; nobody is left out."""
        size = len(self.artists)
        pairs = Counter([d * size + a for d, a in zip(self.heard.day, self.heard.artist, strict=True)])
        found: dict[int, dict[int, int]] = {}
        for pair, plays in pairs.items():
            day, artist = divmod(pair, size)
            if artist != NOBODY:
                found.setdefault(day, {})[artist] = plays
        return found

    @cached_property
    def artist_weight(self) -> Mapping[int, int]:
        """artist → weight over the whole history."""
        return add_up(self.month_artists.values())

    @cached_property
    def track_plays(self) -> Mapping[int, int]:
        """track → plays heard over the whole history."""
        return Counter(self.heard.track)

    @cached_property
    def day_weight(self) -> Mapping[int, int]:
        """day → weight, for days with a play."""
        found: dict[int, int] = {}
        for day, weight in zip(self.all.day, self.all.weight, strict=True):
            found[day] = found.get(day, 0) + weight
        return found

    @cached_property
    def track_days(self) -> Sequence[Sequence[int]]:
        """By track, the days of its heard plays, in order and with repeats."""
        return days_by_code(self.heard.track, self.heard.day, len(self.tracks))

    @cached_property
    def artist_days(self) -> Sequence[Sequence[int]]:
        """By artist, the days of the heard plays, in order and with repeats; nobody's are left out."""
        found = days_by_code(self.heard.artist, self.heard.day, len(self.artists))
        found[NOBODY] = []
        return found

    @cached_property
    def first_heard(self) -> Mapping[int, int]:
        """artist → day of the first heard play; nobody is left out."""
        return {artist: days[0] for artist, days in enumerate(self.artist_days) if days}

    def rank_artists(self, weights: Mapping[int, int], size: int) -> list[tuple[int, int]]:
        """The `size` heaviest (artist, weight); ties go by name, so that the order never depends on chance."""
        return sorted(weights.items(), key=lambda item: (-item[1], self.artists[item[0]]))[:size]

    def rank_tracks(self, plays: Mapping[int, int], size: int) -> list[tuple[int, int]]:
        """The `size` most played (track, plays); ties go by artist and name."""
        return sorted(plays.items(), key=lambda item: (-item[1], *self.track_name(item[0])))[:size]

    def track_name(self, track: int) -> tuple[str, str]:
        """(artist, title) as the file writes them."""
        title = self.tracks[track]
        return self.artists[title.artist], title.name


def add_up(parts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """The sum of several tables."""
    out: dict[int, int] = {}
    for part in parts:
        for key, value in part.items():
            out[key] = out.get(key, 0) + value
    return out


def _zone(timezone: str | dt.tzinfo | None, starts: Sequence[int]) -> Zone:
    return guess_zone(starts) if timezone is None else given_zone(timezone)


_COLUMNS: Final = (
    "start_ms", "played_ms", "artist", "track", "album", "reason_start", "reason_end", "shuffle", "skipped",
    "source",
)  # fmt: skip
_NUMBERS: Final = frozenset({"start_ms", "played_ms", "shuffle", "skipped"})


def _chosen(listens: Listens, include_private: bool) -> dict[str, tuple[Any, ...]]:
    """The columns, of music only."""
    columns: dict[str, tuple[Any, ...]] = {
        name: listens.integers(name) if name in _NUMBERS else listens.texts(name) for name in _COLUMNS
    }
    pairs = zip(listens.texts("kind"), listens.integers("private"), strict=True)
    mask = [kind in _MUSIC and (include_private or not hidden) for kind, hidden in pairs]
    if all(mask):
        return columns
    return {name: tuple(compress(column, mask)) for name, column in columns.items()}


def _nothing_to_tell(left_out: tuple[tuple[str, int], ...]) -> InputError:
    """No play is left to look at: what the records hold instead, and what helps."""
    said = "There is no play of music in these records"
    if not left_out:
        return InputError(f"{said}.", hint="Give the export of a music service.")
    held = " and ".join(f"{plays:,} {what}" for what, plays in left_out)
    if any(what == _HIDDEN for what, _ in left_out):
        return InputError(
            f"{said} but what is left out: {held}.", hint="Plays in a private session count as well with --private."
        )
    return InputError(
        f"{said}, only {held}.",
        hint="Insights are about music. Account data and the extended history of a service come in several files: "
        "give the whole zip, or ask for the other export (`unwrapped-dao export-help`).",
    )


_HIDDEN: Final = "plays in a private session"


def _left_out(listens: Listens, include_private: bool) -> tuple[tuple[str, int], ...]:
    """(what, plays) of everything that is not looked at."""
    names = {"podcast": "podcast episodes", "audiobook": "audiobook chapters"}
    found: Counter[str] = Counter()
    hidden = 0
    pairs = Counter(zip(listens.texts("kind"), listens.integers("private"), strict=True))
    for (kind, private), plays in pairs.items():
        if kind not in _MUSIC:
            found[names.get(kind, kind)] += plays
        elif private and not include_private:
            hidden += plays
    return (*sorted(found.items()), *(((_HIDDEN, hidden),) if hidden else ()))
