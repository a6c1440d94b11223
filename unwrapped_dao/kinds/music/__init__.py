"""The kind `music`: listening histories. `MUSIC` is the `Kind`; nothing outside this folder knows what a
listen is.
"""

from __future__ import annotations

from .kind import MUSIC, Music
from .listens import Listen, Listens
from .reading import read_export

__all__ = ["MUSIC", "Listen", "Listens", "Music", "read_export"]
