"""A chain's own time: moved where a development node lets it be moved, waited for elsewhere. Never the wall clock."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from ..errors import TemporaryError
from .transport import RpcError, Transport

Progress = Callable[[int], None]
"""Told of a wait: the seconds left."""
_IN_HAND = ("ganache", "anvil", "hardhat", "unwrapped-dao")


class ChainClock:
    """The clock of one node. `now` gives the newest block's time; `patience_s` and `on_wait` as in ChainClient."""

    def __init__(
        self,
        transport: Transport,
        now: Callable[[], int],
        node_version: Callable[[], str],
        *,
        patience_s: int | None,
        on_wait: Progress | None,
    ) -> None:
        self._transport = transport
        self._now = now
        self._node_version = node_version
        self._patience_s = patience_s
        self._on_wait = on_wait
        self._refused = False

    @property
    def can_move(self) -> bool:
        """Whether this is a development node whose clock obeys, as far as is known."""
        return not self._refused and self._node_version().lower().startswith(_IN_HAND)

    def wait_until(self, timestamp: int, *, progress: Progress | None = None, poll_s: float = 1.0) -> int:
        """See ChainClient.wait_until."""
        now = self._now()
        progress = progress or self._on_wait
        while now < timestamp:
            seconds = timestamp - now
            moved = self._move(seconds)
            if not moved:
                self._require_patience(seconds, timestamp)
            if progress is not None:
                progress(seconds)
            if not moved:
                time.sleep(min(poll_s, seconds))
            now = self._now()
        return now

    def _move(self, seconds: int) -> bool:
        """Whether the node moved its clock; one that refuses once is not asked again."""
        if not self.can_move:
            return False
        try:
            self._transport.request("evm_increaseTime", [seconds])
            self._transport.request("evm_mine", [])
        except RpcError:
            self._refused = True
            return False
        return True

    def _require_patience(self, seconds: int, timestamp: int) -> None:
        if self._patience_s is not None and seconds > self._patience_s:
            when = dt.datetime.fromtimestamp(timestamp, dt.UTC)
            raise TemporaryError(
                f"It is too early: this can be done from {when:%Y-%m-%d %H:%M:%S} UTC on.",
                hint="Run the same command again then; nothing was sent.",
            )
