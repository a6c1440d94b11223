"""The kind `heart-rate`: the second one, to keep the first one honest. `KIND` is the `Kind` object.

Heart rate is data concerning health: a special category under Article 9 GDPR. The kind says so before anything else.
"""

from __future__ import annotations

from .kind import HEART_RATE as KIND
from .kind import HeartRate

__all__ = ["KIND", "HeartRate"]
