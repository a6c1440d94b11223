"""How much one peer or one member may ask of a validator, counted in memory only."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

MIB = 1 << 20
PATIENCE_S = 15.0
"""How long a connection may take to get a request's head together, and a body to begin."""
MIN_RATE = 32 * 1024
"""Bytes per second that a body has to come with, on average since it began."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, counts and seconds. A lifetime of listening (300,000 plays) is a request of about 37 MiB."""

    max_request_bytes: int = 128 * MIB
    uploads: int = 8
    """Requests being received at once; more are told to come back."""
    waiting: int = 16
    """Received requests that wait for the one that is being worked on."""
    per_peer: int = 60
    """Requests of one network address (see `network`) per minute."""
    per_member: int = 24
    """Verdicts on one member's data per day."""
    upload_s: float = 300.0
    """How long receiving one request may take."""
    connections: int = 256
    """Open at once; the one that was silent longest is closed for a new one."""
    head_s: float = PATIENCE_S
    """How long a connection may be silent, or dribble, before its request's head is whole."""


def network(peer: str | None) -> str:
    """Whose quota a peer's address counts in: its own, of IPv6 that of its /64, which one line has for itself."""
    try:
        address = ipaddress.ip_address((peer or "").partition("%")[0])
    except ValueError:
        return peer or ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.IPv6Network((address, 64), strict=False))


class Quota:
    """`count` per `window_s` for each name, as a bucket that refills steadily. Names are kept as salted hashes.

    Not safe for threads; each user has its own.
    """

    def __init__(self, count: int, window_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._window_s = window_s
        self._clock = clock
        self._salt = secrets.token_bytes(16)
        self._used: dict[bytes, tuple[float, float]] = {}

    def wait_s(self, name: str) -> float:
        """Seconds until this name may ask again; 0 now. Counts nothing."""
        used = self._now(self._key(name))
        return max(0.0, (used - (self._count - 1)) * self._window_s / self._count)

    def level(self, name: str) -> float:
        """How much of the quota is used; 0 for who has not asked for a whole window."""
        return self._now(self._key(name))

    def take(self, name: str) -> float:
        """Count one if it is allowed; the seconds to wait otherwise, 0 if it was counted."""
        wait = self.wait_s(name)
        if wait == 0:
            key = self._key(name)
            self._used[key] = (self._now(key) + 1, self._clock())
            self._prune()
        return wait

    def _now(self, key: bytes) -> float:
        used, at = self._used.get(key, (0.0, 0.0))
        return max(0.0, used - (self._clock() - at) * self._count / self._window_s)

    def _key(self, name: str) -> bytes:
        return hashlib.blake2b(name.encode(), key=self._salt, digest_size=16).digest()

    def _prune(self) -> None:
        """Forget who has not asked for a whole window, so that many names cost bounded memory."""
        if len(self._used) > 10_000:
            horizon = self._clock() - self._window_s
            self._used = {key: entry for key, entry in self._used.items() if entry[1] > horizon}
        if len(self._used) > 50_000:
            newest = sorted(self._used.items(), key=lambda item: item[1][1])[-25_000:]
            self._used = dict(newest)
