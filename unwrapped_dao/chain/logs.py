"""A chain's logs in pages, as large as the node can give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from .artifacts import all_errors
from .refusals import translated
from .transport import RpcError, Transport

SPAN_BLOCKS = 5_000


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """The logs of blocks `first`..`last`; to resume, ask from `last` + 1."""

    first: int
    last: int
    logs: list[dict[str, Any]]


def pages(
    transport: Transport,
    addresses: Sequence[str],
    topics: Sequence[str | list[str] | None],
    first: int,
    last: int,
    span: int = SPAN_BLOCKS,
) -> Iterator[LogPage]:
    """Logs of blocks first..last, in pages of at most `span` blocks; see ChainClient.log_pages."""
    while first <= last:
        upto = min(first + span - 1, last)
        wanted: dict[str, Any] = {"fromBlock": hex(first), "toBlock": hex(upto), "topics": list(topics)}
        if addresses:
            wanted["address"] = list(addresses)
        try:
            logs = transport.request("eth_getLogs", [wanted])
        except RpcError as error:
            if span == 1:
                raise translated(error, all_errors()) from error
            span = max(1, (upto - first + 1) // 4)
            continue
        yield LogPage(first=first, last=upto, logs=logs)
        first = upto + 1
