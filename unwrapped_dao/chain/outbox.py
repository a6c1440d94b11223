"""A signed transaction on its way: sent, waited for, and if refused, asked why.

A transaction is known by its hash, and before it is sent again the node is asked whether it has it: Ganache does an
account's first transaction once more whenever it gets the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import rlp  # type: ignore[import-untyped]
from eth_utils.address import to_checksum_address

from ..errors import ContractRefusedError, FeeTooLowError, RpcUnavailableError, UnwrappedError
from .artifacts import all_errors
from .refusals import refusal, revert_data, translated
from .transport import RpcError, Transport

Json = dict[str, Any]

RECEIPT_TIMEOUT_S = 120.0
SEND_ATTEMPTS = 3
SEND_PAUSE_S = 0.2
_TOO_LITTLE = ("underpriced", "less than block base fee", "fee too low", "feetoolow")
"""How nodes refuse a fee: go-ethereum, Erigon and Reth; Anvil; Besu and Nethermind."""


class NonceTaken(Exception):  # noqa: N818 (client.py signs anew; it reaches no user)
    """The account's number was used by another transaction."""


class NonceAhead(Exception):  # noqa: N818 (as above)
    """The account has not come to this number: the chain was taken back, or the node is behind."""

    def __init__(self, sender: str, number: int, following: int) -> None:
        super().__init__(f"The transaction has number {number}, and the next one of {sender} is {following}")


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

    def deliver(self, raw: bytes, tx_hash: str, *, again: bool = False) -> Receipt:
        """Send and wait; `again`: it may have been sent before.

        Raises NonceTaken, NonceAhead (`again` only), ContractRefusedError, NotAllowedError, RpcUnavailableError.
        """
        try:
            return self.hand_in(raw, tx_hash, again=again) or self.wait(tx_hash)
        except Underpriced as refused:
            raise FeeTooLowError("The node finds this transaction's fee too low.") from refused

    def hand_in(self, raw: bytes, tx_hash: str, *, again: bool = False) -> Receipt | None:
        """Send; None while it is not known to be mined. Raises as `deliver`, and Underpriced."""
        if again:
            if self.is_known(tx_hash):
                return self.receipt(tx_hash)
            signed = Signed.read(raw)
            following = self._count(signed.sender, "pending")
            if signed.number > following:
                raise NonceAhead(signed.sender, signed.number, following)
        try:
            self._send(raw, tx_hash)
        except RpcError as error:
            found = self._transport.request("eth_getTransactionReceipt", [tx_hash])
            if found is not None:
                # Ganache answers a mined revert with an error; or we had sent it before.
                return self._accepted(found, revert_data(error))
            text = error.message.lower()
            if not self.is_known(tx_hash):
                if "nonce" in text:
                    signed = Signed.read(raw)
                    self.require_taken(signed.sender, signed.number, [tx_hash])
                    raise NonceTaken from error
                if any(words in text for words in _TOO_LITTLE):
                    raise Underpriced from error
                if "known" not in text and "imported" not in text:
                    raise translated(error, all_errors()) from error
        return None

    def _send(self, raw: bytes, tx_hash: str) -> None:
        """As often as no answer comes, and the node does not have it."""
        for attempt in range(SEND_ATTEMPTS):
            try:
                self._transport.request("eth_sendRawTransaction", ["0x" + raw.hex()])
                return
            except RpcUnavailableError:
                if attempt + 1 == SEND_ATTEMPTS:
                    raise
                time.sleep(SEND_PAUSE_S * 2**attempt)
                if self.is_known(tx_hash):
                    return

    def _count(self, sender: str, block: str) -> int:
        return int(self._request("eth_getTransactionCount", [sender, block]), 16)

    def require_taken(self, sender: str, number: int, hashes: Sequence[str]) -> None:
        """Return if a transaction other than these has the number. Raises RpcUnavailableError if that cannot be told.

        A node whose index of transactions is lost or late refuses one that it mined in the same words.
        """
        mined = self.mined_under(sender, number)
        if mined is not None and mined["hash"] in hashes:
            raise RpcUnavailableError(
                f"The transaction {mined['hash']} was mined in block {int(mined['blockNumber'], 16)}, "
                "and the node has no receipt of it.",
                hint="Run the same command again, or ask another node with --rpc; nothing new was sent.",
            )

    def mined_under(self, sender: str, number: int) -> Json | None:
        """The transaction that used this number; None while none is mined. Raises RpcUnavailableError if unknown."""
        low, high = 0, int(self._request("eth_blockNumber", []), 16)
        if self._count(sender, hex(high)) <= number:
            return None
        try:
            while low < high:  # the first block after which the account has used it
                middle = (low + high) // 2
                if self._count(sender, hex(middle)) > number:
                    high = middle
                else:
                    low = middle + 1
            block = self._request("eth_getBlockByNumber", [hex(high), True])
        except UnwrappedError as problem:  # old states are kept by few nodes
            raise RpcUnavailableError(
                f"The number {number} of {sender} was used, and the node does not tell by which transaction.",
                hint="Ask a node that keeps old states, with --rpc; nothing new was sent.",
            ) from problem
        of_sender = [mined for mined in block["transactions"] if str(mined["from"]).lower() == sender.lower()]
        return next((mined for mined in of_sender if int(mined["nonce"], 16) == number), None)

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


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What a signed transaction says. `to` None creates a contract."""

    sender: str
    number: int
    to: str | None
    value: int
    data: bytes

    @classmethod
    def read(cls, raw: bytes) -> Signed:
        """From its bytes (EIP-2718: a typed one begins with its type, a legacy one is a list)."""
        from eth_account import Account

        # What the four types have in common stands at another place in each: EIP-155, 2930, 1559, 4844.
        at = {1: 1, 2: 1, 3: 1}.get(raw[0], 0)
        fields = rlp.decode(raw[1:] if at else raw)
        receiver = at + {1: 3, 2: 4, 3: 4}.get(raw[0], 3)
        to, value, data = fields[receiver : receiver + 3]
        return cls(
            sender=str(Account.recover_transaction(raw)),
            number=int.from_bytes(fields[at], "big"),
            to=to_checksum_address(to) if to else None,
            value=int.from_bytes(value, "big"),
            data=bytes(data),
        )


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
