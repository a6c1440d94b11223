"""The export formats that the kind `music` reads, in the order in which they are asked and read.

A file that only one format could have comes first; a file that tells another one something comes before it.
"""

from __future__ import annotations

from .apple_music import AppleMusicActivity, AppleMusicDaily
from .deezer import Deezer, DeezerCsv
from .lastfm import LastfmCsv, LastfmJson, LastfmPlainCsv
from .listenbrainz import ListenBrainz
from .maloja import Maloja
from .source import MusicSource
from .spotify_account import SpotifyAccount
from .spotify_extended import SpotifyExtended
from .youtube_music import YouTubeMusicHtml, YouTubeMusicJson

SOURCES: tuple[MusicSource, ...] = (
    SpotifyExtended(),
    SpotifyAccount(),
    AppleMusicDaily(),
    AppleMusicActivity(),
    ListenBrainz(),
    Maloja(),
    LastfmJson(),
    LastfmCsv(),
    LastfmPlainCsv(),
    YouTubeMusicJson(),
    YouTubeMusicHtml(),
    Deezer(),
    DeezerCsv(),
)

__all__ = ["SOURCES", "MusicSource"]
