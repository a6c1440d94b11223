"""The kind `music`: listening histories. `KIND` is the `Kind` object; nothing outside this folder knows what a
listen is.
"""

from __future__ import annotations

from .kind import MUSIC as KIND
from .kind import Music
from .listens import Listen, Listens
from .reading import read_export

__all__ = ["KIND", "Listen", "Listens", "Music", "read_export"]
