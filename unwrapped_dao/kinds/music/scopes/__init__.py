"""The scopes of the kind `music`: what can leave a member's machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...protocols import Scope
from .artist_counts_dp import ARTIST_COUNTS_DP
from .artist_preferences import ARTIST_PREFERENCES
from .listening_sessions import LISTENING_SESSIONS
from .track_history import TRACK_HISTORY

_ALL: Final[tuple[Scope, ...]] = (ARTIST_PREFERENCES, LISTENING_SESSIONS, TRACK_HISTORY, ARTIST_COUNTS_DP)
SCOPES: Final[Mapping[str, Scope]] = {scope.name: scope for scope in _ALL}
