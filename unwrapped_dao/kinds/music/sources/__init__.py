"""The export formats that the kind `music` reads, in the order in which they are asked."""

from __future__ import annotations

from .source import MusicSource
from .spotify_account import SpotifyAccount
from .spotify_extended import SpotifyExtended

SOURCES: tuple[MusicSource, ...] = (SpotifyExtended(), SpotifyAccount())
