"""Ending the wait of an account's transactions that are not mined, because they offer too little for their gas.

An empty transaction to oneself takes each one's number and offers more. A chain takes one of each number: either what
waited or the empty one, so whoever sent it looks at the chain afterwards, and nothing is done twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from ..errors import FeeTooLowError, RpcUnavailableError
from .client import ChainClient
from .fees import Fees
from .outbox import NonceTaken, Outbox, Underpriced
from .rehearsal import RehearsalClient
from .signer import Signer
from .wanted import Wanted

TRANSFER_GAS = 21_000


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    """The account's `numbers` that waited: so many `cancelled`, the others `mined` after all."""

    numbers: tuple[int, ...]
    cancelled: int

    @property
    def mined(self) -> int:
        return len(self.numbers) - self.cancelled


def cancel_waiting(
    client: ChainClient,
    signer: Signer,
    ceiling_wei: int,
    told: Callable[[str], None],
    *,
    timeout_s: float,
) -> Cancelled:
    """Use up every number that waits, lowest first.

    Raises FeeTooLowError if that takes more than the ceiling, RpcUnavailableError if the chain mines neither.
    """
    sender = str(signer.address)
    numbers = tuple(range(_mined(client, sender), client.nonce(sender)))
    if isinstance(client, RehearsalClient):
        if numbers:
            client.send(signer, sender)
        return Cancelled(numbers=numbers, cancelled=0)
    cancelled = 0
    for number in numbers:
        told(f"Transaction {number} of {sender} waits; an empty one takes its number ...")
        cancelled += _taken_by_an_empty_one(client, signer, number, ceiling_wei, timeout_s)
    return Cancelled(numbers=numbers, cancelled=cancelled)


def _taken_by_an_empty_one(
    client: ChainClient, signer: Signer, number: int, ceiling_wei: int, timeout_s: float
) -> bool:
    """Whether it was the empty one that was mined."""
    sender = str(signer.address)
    empty = Wanted(signer=signer, to=sender, gas=TRANSFER_GAS)
    unsigned = client.unsigned(empty) | {"nonce": number}
    outbox, fees = Outbox(client.transport, receipt_timeout_s=timeout_s), Fees.of(unsigned)
    while True:
        tx_hash, raw = empty.sign(fees.at_most(ceiling_wei).written_into(unsigned))
        try:
            found = outbox.hand_in(raw, tx_hash)
            break
        except NonceTaken:
            return False
        except Underpriced:
            raised = fees.raised(fees, ceiling_wei)  # what waits does not tell what it offers
            if raised is None:
                raise FeeTooLowError(
                    f"Transaction {number} of {sender} waits, and replacing it takes more than the ceiling allows.",
                    hint="Raise it with UNWRAPPED_MAX_FEE_GWEI, or wait until the chain asks for less.",
                ) from None
            fees = raised
    deadline = time.monotonic() + timeout_s
    while found is None and time.monotonic() < deadline:
        found = outbox.first_mined([tx_hash], 0.5)
        if found is None and _mined(client, sender) > number:
            return outbox.first_mined([tx_hash], 0.5) is not None
    if found is None:
        raise RpcUnavailableError(
            f"The empty transaction {number} of {sender} was sent, and the chain has not taken it yet.",
            hint="Run the same command again later; of the two that wait under this number one is mined.",
        )
    return True


def _mined(client: ChainClient, sender: str) -> int:
    return int(client.request("eth_getTransactionCount", [sender, "latest"]), 16)
