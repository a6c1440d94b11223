"""How the client reaches a chain: one method, `request`, with JSON-RPC's words in and out.

Three things implement it: the embedded chain (local/), a node behind a URL (http.py), and a view of either at one block
(pinned.py).
"""

from __future__ import annotations

from typing import Any, Protocol


class RpcError(Exception):
    """A JSON-RPC error object. Not for users: client.py turns it into an error of this package.

    `data` is whatever the node put there: revert data as 0x-hex, or an object that holds it.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Transport(Protocol):
    """A chain that answers JSON-RPC."""

    @property
    def flat_gas_limit(self) -> int | None:
        """Gas to give each transaction where gas is no matter; None where it must be estimated."""

    def request(self, method: str, params: list[Any]) -> Any:
        """The `result` of a request. Raises RpcError for an error answer, RpcUnavailableError for none."""

    def close(self) -> None:
        """Release what is held; a second call does nothing."""
