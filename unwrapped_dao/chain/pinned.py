"""The chain as it stood at one block: for decisions that must not rest on what may still be undone.

A pinned client reads every value, log and time at its block and sends nothing, so that the same typed clients
(`Collective.at`) tell what was final and what is newest.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..errors import NotAllowedError, RpcUnavailableError, TemporaryError, UntrustedDataError
from .client import ChainClient
from .outbox import Receipt
from .transport import RpcError, Transport
from .wanted import Wanted

_TAG_AT = {
    "eth_call": 1,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_getBlockByNumber": 0,
}
"""Where each method takes its block."""


class BlockId(msgspec.Struct, frozen=True, kw_only=True):
    """A block by number, 0x-hash and time in seconds."""

    number: int
    hash: str
    time: int


class PinnedClient(ChainClient):
    """Reads at one block."""

    def __init__(self, client: ChainClient, block: BlockId) -> None:
        super().__init__(_PinnedTransport(client.transport, block))
        self.block = block

    def block_number(self) -> int:
        """Height of the pinned block."""
        return self.block.number

    def _carry_out(self, wanted: Wanted) -> Receipt:
        """Nothing can be sent into the past."""
        raise NotAllowedError("A view of an earlier block cannot send a transaction.")


class _PinnedTransport:
    def __init__(self, transport: Transport, block: BlockId) -> None:
        self._transport = transport
        self._tag = hex(block.number)

    @property
    def flat_gas_limit(self) -> int | None:
        return None

    def request(self, method: str, params: list[Any]) -> Any:
        if method == "eth_blockNumber":
            return self._tag
        at = _TAG_AT.get(method)
        if at is not None and params[at] == "latest":
            params = [*params[:at], self._tag, *params[at + 1 :]]
        return self._transport.request(method, params)

    def close(self) -> None:
        """The transport belongs to the client that was pinned."""


def block_id(client: ChainClient, tag: str) -> BlockId:
    """The block of a tag ("latest", "safe", "finalized") or 0x-number. Raises TemporaryError if there is none yet."""
    try:
        block = client.transport.request("eth_getBlockByNumber", [tag, False])
    except RpcError as error:
        raise RpcUnavailableError(
            f"The node does not know the block `{tag}`: {error.message}.",
            hint="Use a node that does; on a chain where nothing is undone, UNWRAPPED_FINALITY=latest is right.",
        ) from error
    if block is None:
        raise TemporaryError(f"The node names no block {tag}.", hint="It may still be catching up; try again later.")
    return BlockId(number=int(block["number"], 16), hash=str(block["hash"]), time=int(block["timestamp"], 16))


def settled(client: ChainClient, finality: str) -> BlockId:
    """The newest block that the node calls final. Raises UntrustedDataError if it is above the node's own head."""
    final, newest = block_id(client, finality), client.block_number()
    if final.number > newest:
        raise UntrustedDataError(
            f"The node calls block {final.number} final, but its newest is {newest}.",
            hint="Use another node; nothing was done on this one's word.",
        )
    return final


def pinned(client: ChainClient, block: BlockId) -> PinnedClient:
    """Read at `block`. Raises UntrustedDataError if the node no longer has it on its chain."""
    if client.block_hash(block.number) != block.hash:
        raise UntrustedDataError(
            f"The node took back block {block.number}, which it had called final.",
            hint="Use another node; nothing is done on this one's word.",
        )
    return PinnedClient(client, block)
