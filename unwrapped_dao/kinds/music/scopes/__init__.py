"""The scopes of the kind `music`: what can leave a member's machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...protocols import Scope
from .artist_preferences import ARTIST_PREFERENCES

SCOPES: Final[Mapping[str, Scope]] = {scope.name: scope for scope in (ARTIST_PREFERENCES,)}
