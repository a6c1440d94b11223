"""A chain's logs in pages, as large as the node can give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from .artifacts import all_errors
from .refusals import translated
from .transport import RpcError, Transport

SPAN_BLOCKS = 5_000
PAGES_BEFORE_MORE = 4
"""After so many good pages a larger one is tried again; twice as many after each time that it was in vain."""


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
    most, good, wanted = span, 0, PAGES_BEFORE_MORE
    while first <= last:
        upto = min(first + span - 1, last)
        asked: dict[str, Any] = {"fromBlock": hex(first), "toBlock": hex(upto), "topics": list(topics)}
        if addresses:
            asked["address"] = list(addresses)
        try:
            logs = transport.request("eth_getLogs", [asked])
        except RpcError as error:
            if upto == first:
                raise translated(error, all_errors()) from error
            if good >= wanted:
                wanted *= 2
            span, good = (upto - first + 1) // 2, 0
            continue
        yield LogPage(first=first, last=upto, logs=logs)
        first = upto + 1
        good += 1
        if good >= wanted and span < most:
            # Where a stretch was crowded, the next need not be; where the node counts blocks, this is in vain.
            span, good = min(2 * span, most), wanted
