"""An invented catalogue: artists, albums and titles that do not exist, the same for every seed.

It is made lazily, an artist at a time, because a history touches few hundred of the thousands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

ARTISTS: Final = 4_000


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_BASE62: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ONSETS: Final = _words(
    """
    b br d dr f g gl h j k kl l m n p pl qu r s sk t th tr v vr w y z
    """
)
_VOWELS: Final = _words(
    """
    a ae e ei i io o oa u ue y
    """
)
_CODAS: Final = _words(
    """
    l lm n nd r rn s sk th x m v
    """
)
_LEADS: Final = ("", "", "", "", "The ", "DJ ", "Saint ", "Young ", "Little ")
_TAILS: Final = ("", "", "", "", " Ensemble", " Collective", " & the Lanterns", " Trio", " Club", " Sisters")
_FIRST: Final = _words(
    """
    Paper Second Quiet Amber Hollow Northern Velvet Broken Electric Slow Distant Golden Winter Neon
    Silver Wild Empty Crooked Burning Gentle Midnight Salt Iron Borrowed Faded
    """
)
_SECOND: Final = _words(
    """
    Harbor Lantern Signal Orchard River Mirror Engine Letter Season Window Tide Garden Machine Avenue
    Shadow Bridge Summer Ghost Planet Feather Station Canyon Carousel Parade Monument
    """
)


@dataclass(frozen=True, slots=True)
class Track:
    """A title: its length, and its id as a service would give it."""

    artist: str
    album: str
    name: str
    length_ms: int
    id: str


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist with albums of tracks."""

    name: str
    albums: tuple[tuple[Track, ...], ...]

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All tracks, the best known first."""
        return tuple(track for album in self.albums for track in album)


def service_id(random: Random, version: int = 4) -> str:
    """22 base-62 characters of a version-4 (track) or version-5 (episode) UUID."""
    value = random.getrandbits(128)
    value = value & ~(15 << 76) | version << 76
    value = value & ~(3 << 62) | 2 << 62
    out = []
    for _ in range(22):
        value, digit = divmod(value, 62)
        out.append(_BASE62[digit])
    return "".join(reversed(out))


@cache
def artist(index: int) -> Artist:
    """The artist of that number, 0 being the best known; equal in every process."""
    random = Random(f"unwrapped-dao/catalogue/1/{index}")
    syllables = [
        random.choice(_ONSETS) + random.choice(_VOWELS) + (random.choice(_CODAS) if random.random() < 0.5 else "")
        for _ in range(random.choice((2, 3, 3)))
    ]
    name = random.choice(_LEADS) + "".join(syllables).capitalize() + random.choice(_TAILS)
    albums = []
    for _ in range(random.choice((1, 2, 2, 3, 4))):
        album = f"{random.choice(_FIRST)} {random.choice(_SECOND)}"
        albums.append(tuple(_track(random, name, album) for _ in range(random.randint(6, 13))))
    return Artist(name, tuple(albums))


def _track(random: Random, name: str, album: str) -> Track:
    length = int(min(540_000, max(75_000, random.gauss(208_000, 48_000))))
    if random.random() < 0.008:
        length -= length % 1000
    title = f"{random.choice(_FIRST)} {random.choice(_SECOND)}"
    title += random.choice(("", "", "", "", " (Live)", " II", " Interlude", " - Remastered"))
    return Track(name, album, title, length, service_id(random))
