"""Reading logs from nodes that give only so many blocks, or so many results, at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from unwrapped_dao.chain.logs import SPAN_BLOCKS, pages
from unwrapped_dao.chain.transport import RpcError
from unwrapped_dao.errors import RpcUnavailableError

WEEKS = 300_000
"""Blocks of six weeks, at twelve seconds each."""


@dataclass
class Sparing:
    """A node that gives `blocks` at a time and `results` in one answer; `crowded` blocks hold `each` logs."""

    blocks: int = 10**9
    results: int = 10_000
    crowded: range = field(default_factory=lambda: range(0))
    each: int = 0
    asked: int = 0

    flat_gas_limit: int | None = None

    def request(self, method: str, params: list[Any]) -> Any:
        assert method == "eth_getLogs"
        self.asked += 1
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        if last - first + 1 > self.blocks:
            raise RpcError(-32600, f"eth_getLogs is limited to a {self.blocks} range")
        there = range(max(first, self.crowded.start), min(last + 1, self.crowded.stop))
        if len(there) * self.each > self.results:
            raise RpcError(-32005, f"query returned more than {self.results} results")
        return [{"blockNumber": hex(number)} for number in there for _ in range(self.each)]

    def close(self) -> None: ...


def read(node: Sparing, last: int = WEEKS) -> list[int]:
    """The blocks of all logs; every block was asked for once."""
    found, following = list[int](), 0
    for page in pages(node, [], [], 0, last):
        assert page.first == following and page.last >= page.first
        following = page.last + 1
        found += [int(log["blockNumber"], 16) for log in page.logs]
    assert following == last + 1
    return found


@pytest.mark.parametrize("blocks", [1_000, 800, 500])
def test_a_limit_of_blocks_costs_few_requests_more_than_it_must(blocks: int) -> None:
    node = Sparing(blocks=blocks)
    assert read(node) == []
    assert node.asked <= 2.5 * WEEKS / blocks


def test_a_crowded_stretch_does_not_make_all_the_rest_slow() -> None:
    """Forty blocks of thousands of logs each, in six weeks of nearly nothing."""
    node = Sparing(crowded=range(1_000, 1_040), each=4_000)
    assert read(node) == [number for number in node.crowded for _ in range(node.each)]
    assert node.asked < WEEKS / SPAN_BLOCKS + 40 + 200


def test_one_block_that_is_too_much_is_said_in_the_nodes_own_words() -> None:
    with pytest.raises(RpcUnavailableError, match="more than 10000 results"):
        read(Sparing(crowded=range(7, 8), each=10_001), last=20)
