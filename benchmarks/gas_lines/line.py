"""What a measured line is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from eth_account.signers.local import LocalAccount

from unwrapped_dao.chain.client import ChainClient


class Line(NamedTuple):
    """One row of docs/gas.md. A row named "a + b" is the sum of two measured ones."""

    meaning: str
    must: int | None = None
    """Gas that may not be exceeded; None where this project set itself no figure."""
    peers: str = "none has it"
    unless: Mapping[str, str] = {}
    """Chain -> why `must` is out of reach there. Without a reason a figure above `must` fails."""


class Lines(Protocol):
    """A module of lines: what it measures, and how, on a chain of its own."""

    LINES: dict[str, Line]
    measure: Callable[[ChainClient, LocalAccount], dict[str, int]]
