"""Expected refusals as calls instead of transactions.

Brownie fetches and reads the whole trace of every reverted transaction. A folder with many refusals overrides the
fixture `refused` with this; nothing inside such a block is mined, so it holds the refused call alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

from brownie.network.contract import ContractTx

Refused = Callable[..., AbstractContextManager[None]]


def as_calls(refused: Refused) -> Refused:
    """The same `refused`, within which contract methods are called on the present state."""

    @contextmanager
    def called(error: str, *facts: Any) -> Iterator[None]:
        with mock.patch.object(ContractTx, "__call__", ContractTx.call), refused(error, *facts):
            yield

    return called
