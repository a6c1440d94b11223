"""The kind `electricity`: hourly readings of a household's meter. `ELECTRICITY` is the `Kind` object."""

from __future__ import annotations

from .kind import ELECTRICITY

__all__ = ["ELECTRICITY"]
