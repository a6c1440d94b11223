"""What a validator did, without whom it did it for: one JSON line per event, to the minute.

Events and their facts are fixed here. No address, no content digest, no size, no text of a request or an error ever
gets in: on a quiet day any of these would point to a member.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

Event = Literal[
    "started", "stopped", "attested", "batched", "repeated", "refused", "unfit", "unreadable", "later", "no_index",
    "limited", "held", "forgotten", "published", "cleaned", "released", "failed",
]  # fmt: skip
MAX_BYTES = 8 << 20
"""A log that grows beyond is kept once as `.1`; together they hold some 150,000 events."""


class AuditLog:
    """An append-only file; a line is whole or not there."""

    def __init__(self, path: Path, *, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._path = path
        self._now = now
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, event: Event, *, scope: str = "", epoch: int = 0, count: int = 0) -> None:
        """`scope` is a known scope's name, `epoch` a pool's, `count` of envelopes or fingerprints."""
        line: dict[str, str | int] = {"at": f"{self._now():%Y-%m-%dT%H:%MZ}", "event": event}
        line |= {"scope": scope} if scope else {}
        line |= {"epoch": epoch} if epoch else {}
        line |= {"count": count} if count else {}
        if self._path.exists() and self._path.stat().st_size > MAX_BYTES:
            self._path.replace(self._path.with_suffix(self._path.suffix + ".1"))
        # One write of one line: several processes, or a kill, cannot mix or halve lines.
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, json.dumps(line).encode() + b"\n")
        finally:
            os.close(handle)
