"""A signed transaction on its way: sent, waited for, and if refused, asked why.

Sending is safe to repeat: a transaction is known by its hash, and a node that already has it says so.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from eth_utils.address import to_checksum_address

from ..errors import ContractRefusedError, FeeTooLowError, RpcUnavailableError
from .artifacts import all_errors
from .refusals import refusal, revert_data, translated
from .transport import RpcError, Transport

Json = dict[str, Any]

RECEIPT_TIMEOUT_S = 120.0
_TOO_LITTLE = ("underpriced", "less than block base fee", "fee too low", "feetoolow")
"""How nodes refuse a fee: go-ethereum, Erigon and Reth; Anvil; Besu and Nethermind."""


class NonceTaken(Exception):  # noqa: N818 (client.py signs anew; it reaches no user)
    """The account's number was used by another transaction."""


class Underpriced(Exception):  # noqa: N818 (as above)
    """It offers less than the chain asks for, or not enough more than one that waits with the same number."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A mined transaction that succeeded. `logs` as JSON-RPC gives them; `fee_wei` is what its sender paid for gas."""

    hash: str
    block_number: int
    gas_used: int
    fee_wei: int
    contract_address: str | None
    logs: list[Json]


class Outbox:
    """Deliver signed transactions to one chain."""

    def __init__(self, transport: Transport, *, receipt_timeout_s: float) -> None:
        self._transport = transport
        self._receipt_timeout_s = receipt_timeout_s

    def deliver(self, raw: bytes, tx_hash: str) -> Receipt:
        """Send and wait. Raises NonceTaken, ContractRefusedError, NotAllowedError, RpcUnavailableError."""
        try:
            return self.hand_in(raw, tx_hash) or self.wait(tx_hash)
        except Underpriced as refused:
            raise FeeTooLowError("The node finds this transaction's fee too low.") from refused

    def hand_in(self, raw: bytes, tx_hash: str) -> Receipt | None:
        """Send; None while it is not known to be mined. Raises as `deliver`, and Underpriced."""
        try:
            self._transport.request("eth_sendRawTransaction", ["0x" + raw.hex()])
        except RpcError as error:
            found = self._transport.request("eth_getTransactionReceipt", [tx_hash])
            if found is not None:
                # Ganache answers a mined revert with an error; or we had sent it before.
                return self._accepted(found, revert_data(error))
            text = error.message.lower()
            if not self.is_known(tx_hash):
                if "nonce" in text:
                    raise NonceTaken from error
                if any(words in text for words in _TOO_LITTLE):
                    raise Underpriced from error
                if "known" not in text and "imported" not in text:
                    raise translated(error, all_errors()) from error
        return None

    def wait(self, tx_hash: str) -> Receipt:
        """Return once a transaction that was sent is mined."""
        found = self.first_mined([tx_hash], self._receipt_timeout_s)
        if found is None:
            raise RpcUnavailableError(
                f"The transaction {tx_hash} was sent, but not mined within {self._receipt_timeout_s:g} seconds.",
                hint="Run the same command again: it waits for this transaction first, and does nothing twice.",
            )
        return found

    def first_mined(self, hashes: Sequence[str], timeout_s: float) -> Receipt | None:
        """Whichever of these is mined, within the time; of transactions with one number at most one is ever."""
        deadline = time.monotonic() + timeout_s
        pause = 0.02
        while True:
            for tx_hash in hashes:
                if (found := self._request("eth_getTransactionReceipt", [tx_hash])) is not None:
                    return self._accepted(found)
            if time.monotonic() >= deadline:
                return None
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(pause * 1.5, 2.0)

    def is_known(self, tx_hash: str) -> bool:
        """Whether the node has it, mined or waiting."""
        return self._request("eth_getTransactionByHash", [tx_hash]) is not None

    def _accepted(self, found: Json, reason: bytes | None = None) -> Receipt:
        if int(found["status"], 16) == 0:
            raise self._why(found, reason)
        created = found.get("contractAddress")
        gas_used = int(found["gasUsed"], 16)
        return Receipt(
            hash=found["transactionHash"],
            block_number=int(found["blockNumber"], 16),
            gas_used=gas_used,
            fee_wei=gas_used * int(found.get("effectiveGasPrice", "0x0"), 16),
            contract_address=to_checksum_address(created) if created else None,
            logs=found["logs"],
        )

    def _why(self, found: Json, reason: bytes | None) -> ContractRefusedError:
        if found.get("revertReason") is not None:
            reason = unhex(found["revertReason"])
        sent = self._request("eth_getTransactionByHash", [found["transactionHash"]])
        if int(found["gasUsed"], 16) >= int(sent["gas"], 16) and not reason:
            return ContractRefusedError(
                "The transaction ran out of gas.", error="OutOfGas", hint="Give it a higher gas limit."
            )
        if reason is not None:
            return refusal(reason, all_errors())
        # Run it again on the state before its block; most nodes tell the reason of a call only.
        again = message(sent["to"], unhex(sent["input"]), sent["from"], int(sent["value"], 16))
        try:
            self._request("eth_call", [again | {"gas": sent["gas"]}, hex(int(found["blockNumber"], 16) - 1)])
        except ContractRefusedError as refused:
            return refused
        return refusal(b"", all_errors())

    def receipt(self, tx_hash: str) -> Receipt | None:
        """None while it is not mined. Raises ContractRefusedError if it was refused."""
        found = self._request("eth_getTransactionReceipt", [tx_hash])
        return None if found is None else self._accepted(found)

    def _request(self, method: str, params: list[Any]) -> Any:
        try:
            return self._transport.request(method, params)
        except RpcError as error:
            raise translated(error, all_errors()) from error


def message(to: str | None, data: bytes, sender: str | None, value: int) -> Json:
    """A call or transaction in JSON-RPC's words."""
    request: Json = {"data": "0x" + data.hex()}
    if to is not None:
        request["to"] = to
    if sender is not None:
        request["from"] = sender
    if value:
        request["value"] = hex(value)
    return request


def unhex(text: str) -> bytes:
    """0x-hex to bytes."""
    return bytes.fromhex(text[2:])
