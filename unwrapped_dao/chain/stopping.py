"""A way to end long work between two requests: whoever waits for a chain asks it again and again, and so notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .transport import Transport


class StopRequested(Exception):  # noqa: N818 (a wish, not a failure)
    """Somebody wants this program to end. What it was doing is where a kill would have left it."""


class StoppableTransport:
    """A transport that asks nothing any more once `stopped` says so: its requests raise StopRequested then."""

    def __init__(self, transport: Transport, stopped: Callable[[], bool]) -> None:
        self._transport = transport
        self._stopped = stopped

    @property
    def flat_gas_limit(self) -> int | None:
        return self._transport.flat_gas_limit

    def request(self, method: str, params: list[Any]) -> Any:
        """As the transport's own. Raises StopRequested."""
        if self._stopped():
            raise StopRequested
        return self._transport.request(method, params)

    def close(self) -> None:
        self._transport.close()
