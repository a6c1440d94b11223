"""An invented person who listens: days, sessions, favourites, skips; the habits that real exports show.

Everything comes from one `Random` seeded by a string, whose algorithms are stable over Python releases.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

from .catalogue import ARTISTS, Track, artist

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
_DAY_SHAPES: Final = (
    # relative listening by local hour, from midnight: a commuter, a night owl, somebody who works to music
    (1, 0.5, 0.2, 0.1, 0.2, 0.6, 3, 7, 8, 5, 4, 4, 5, 5, 4, 4, 6, 9, 9, 8, 8, 7, 5, 3),
    (6, 4, 2.5, 1, 0.4, 0.2, 0.3, 0.8, 2, 3, 4, 5, 5, 5, 6, 6, 6, 7, 8, 8, 9, 10, 9, 8),
    (0.6, 0.2, 0.1, 0.1, 0.1, 0.4, 2, 4, 8, 10, 10, 9, 6, 9, 10, 9, 8, 6, 5, 5, 5, 4, 3, 1.5),
)


class Play(NamedTuple):
    """One play as it happened: start and time played in ms, the title, and how the player tells it."""

    start_ms: int
    played_ms: int
    track: Track
    reason_start: str
    reason_end: str
    shuffle: bool
    incognito: bool


class Listener:
    """Plays music for `plays` plays from `first_day_ms` on, about `per_day` on each active day."""

    def __init__(self, seed: str, *, plays: int, first_day_ms: int, per_day: float, active: float) -> None:
        self._random = random = Random(seed)
        self._plays, self._first, self._per_day, self._active = plays, first_day_ms, per_day, active
        self._zone = random.randint(-8, 9)
        self._hours = list(accumulate(random.choice(_DAY_SHAPES)))
        self._skips = random.uniform(0.16, 0.34)
        self._jitter = random.uniform(0.02, 0.12)
        self._incognito = random.choice((0.0, 0.0, 0.004, 0.02))
        # Taste: a shared popularity curve, so that members have artists in common, and a corner of one's own.
        self._corner = random.randrange(ARTISTS)
        self._known: list[int] = []
        self._weights: list[float] = []
        self._liked: list[Track] = []
        for _ in range(random.randint(40, 90)):
            self._discover()

    def _discover(self) -> None:
        """Meet an artist: popular ones, or ones from the listener's own corner of the catalogue."""
        random = self._random
        if random.random() < 0.45:
            index = int(ARTISTS * random.random() ** 3)
        else:
            index = (self._corner + int(abs(random.gauss(0, 140)))) % ARTISTS
        if index in self._known:
            return
        self._known.append(index)
        self._weights.append(random.paretovariate(1.15) if len(self._known) > 4 else random.uniform(5, 9))
        tracks = artist(index).tracks
        self._liked += random.sample(tracks, min(len(tracks), random.choice((1, 2, 3, 5))))

    def plays(self) -> Iterator[Play]:
        """The plays in order, without overlaps."""
        random, made, day, free_ms = self._random, 0, 0, 0
        while made < self._plays:
            midnight = self._first + day * DAY_MS - self._zone * HOUR_MS
            day += 1
            # Habits come and go over weeks, and grow over the years.
            growth = 0.7 + 0.3 * made / self._plays
            if random.random() > self._active * growth:
                continue
            wanted = int(min(190, max(3, random.lognormvariate(0, 0.55) * self._per_day * growth)))
            if random.random() < 0.5:
                self._discover()
            starts = sorted(self._start_of_session() for _ in range(random.randint(1, 1 + wanted // 12)))
            for i, offset in enumerate(starts):
                begin = max(midnight + offset, free_ms + random.randint(120_000, 900_000))
                if begin > midnight + 26 * HOUR_MS:
                    break
                share = wanted // len(starts) + (i < wanted % len(starts))
                for play in self._session(begin, min(share, self._plays - made), midnight + 27 * HOUR_MS):
                    yield play
                    made += 1
                    free_ms = play.start_ms + play.played_ms

    def _start_of_session(self) -> int:
        hour = bisect(self._hours, self._random.random() * self._hours[-1])
        return min(hour, 23) * HOUR_MS + self._random.randrange(HOUR_MS)

    def _session(self, now_ms: int, count: int, until_ms: int) -> Iterator[Play]:
        random = self._random
        queue, shuffle = self._queue(count)
        incognito = random.random() < self._incognito
        reason = random.choice(("clickrow", "clickrow", "playbtn", "appload", "remote"))
        again = 0
        for i in range(count):
            track = queue[(i - again) % len(queue)]
            last = i == count - 1 or now_ms > until_ms
            played, end = self._ending(track, last)
            yield Play(now_ms, played, track, reason, end, shuffle, incognito)
            if last:
                return
            now_ms += played + random.choice((0, 0, 0, 300, 800, 1_500, 2_400))
            reason = end if end in ("trackdone", "fwdbtn", "backbtn") else "clickrow"
            if random.random() < 0.03:
                again += 1

    def _queue(self, count: int) -> tuple[list[Track], bool]:
        """What is put on: an album, one artist, or a mix of what is liked; and whether it is shuffled."""
        random = self._random
        mode = random.random()
        if mode < 0.3:
            index = random.choices(self._known, self._weights)[0]
            chosen = artist(index)
            tracks = list(random.choice(chosen.albums) if mode < 0.2 else chosen.tracks)
            shuffle = random.random() < 0.3
            if shuffle:
                random.shuffle(tracks)
            return tracks, shuffle
        liked = self._liked
        if mode < 0.55:
            # The latest finds, on repeat.
            liked = liked[-60:]
        return [liked[int(len(liked) * random.random() ** 1.6)] for _ in range(max(1, count))], random.random() < 0.8

    def _ending(self, track: Track, last: bool) -> tuple[int, str]:
        random = self._random
        skip = random.random()
        if skip < self._skips:
            if skip < 0.012:
                return 0, random.choice(("fwdbtn", "trackerror"))
            played = int(min(track.length_ms - 1_000, random.lognormvariate(9.6, 1.3)))
            return played, random.choice(("fwdbtn", "fwdbtn", "fwdbtn", "endplay", "backbtn"))
        if last and random.random() < 0.8:
            return int(track.length_ms * random.random()), random.choice(("logout", "endplay", "unexpected-exit"))
        length = track.length_ms
        if random.random() < self._jitter:
            length -= random.randint(1, 2_500)
        return length, "trackdone"
