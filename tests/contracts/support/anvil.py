"""What Brownie 1.22.2 does not know about Anvil."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from brownie import web3
from brownie.network.rpc import anvil
from web3.middleware import Web3Middleware

MINED_WITHIN_S = 60
_SENDS = ("eth_sendTransaction", "eth_sendRawTransaction")


class ReturnsWhenMined(Web3Middleware):
    """As on Ganache. Brownie takes a transaction for dropped when its sender's count has grown while the receipt is
    not there yet, which Anvil shows for some milliseconds."""

    def wrap_make_request(self, make_request: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def patient(method: Any, params: Any) -> Any:
            answer = make_request(method, params)
            if method in _SENDS and answer.get("result"):
                deadline = time.monotonic() + MINED_WITHIN_S
                while make_request("eth_getTransactionReceipt", [answer["result"]]).get("result") is None:
                    assert time.monotonic() < deadline, f"{answer['result']} was not mined"
                    time.sleep(0.002)
            return answer

        return patient


@contextmanager
def spoken() -> Iterator[None]:
    """Blocks at a given time (Brownie hands Anvil a bare timestamp where JSON-RPC wants a list), and the above."""

    def mine(timestamp: int | None = None) -> None:
        anvil._request("evm_mine", [] if timestamp is None else [timestamp])

    web3.middleware_onion.add(ReturnsWhenMined, "returns when mined")
    try:
        with mock.patch.object(anvil, "mine", mine):
            yield
    finally:
        web3.middleware_onion.remove("returns when mined")
