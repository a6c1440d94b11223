"""The report: findings as one self-contained page, and the card to share."""

from __future__ import annotations

from .card import card
from .document import report

__all__ = ["card", "report"]
