"""A life written from a plan: what somebody, or a language model, makes who knows how histories look and has no file.

Albums in their order, favourites among the artists, mornings, noons and evenings of working days, later weekends,
skips, reasons that link, ids that the service could have made. Nothing of this comes from this project's generator.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from unwrapped_dao.kinds.music.listens import Row
from unwrapped_dao.samples.catalogue import service_id

HOUR, DAY = 3_600_000, 86_400_000


class _Song(NamedTuple):
    artist: str
    title: str
    album: str
    id: str
    length_ms: int


def planned_life(first_ms: int, days: int, random: Random, *, wrong_lengths: float) -> list[Row]:
    """`wrong_lengths` of the songs that are heard out last a little longer or shorter than the last time."""
    albums = [
        [_Song(f"The Artist {n}", f"Song {n}-{t}", f"Album {n}", service_id(random), random.randrange(150_000, 280_000))
         for t in range(10)]
        for n in range(60)
    ]  # fmt: skip
    out: list[Row] = []
    for day in range(first_ms // DAY, first_ms // DAY + days):
        for hour in (8, 12, 18, 21) if day % 7 < 5 else (10, 16, 21, 23):
            if random.random() < 0.45:
                continue
            at, start = day * DAY + hour * HOUR + random.randrange(2 * HOUR), "clickrow"
            album = albums[min(len(albums) - 1, int(random.expovariate(0.08)))]
            for song in album[: random.randrange(1, 9)]:
                end = "trackdone" if random.random() < 0.8 else "fwdbtn"
                played = song.length_ms if end == "trackdone" else random.randrange(5_000, song.length_ms)
                if end == "trackdone" and random.random() < wrong_lengths:
                    played += random.randrange(-2_000, 2_000)
                out.append(
                    (at, played, song.artist, song.title, song.album, song.id, "music", start, end, 0,
                     int(end != "trackdone"), 0, at // 1_000, "spotify-extended")
                )  # fmt: skip
                at, start = at + played + random.randrange(200, 900), end
    return out
