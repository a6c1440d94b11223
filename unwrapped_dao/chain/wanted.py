"""A transaction that is wanted: who sends what to whom. Every sort of client is told of it alike, and does its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from .signer import Signer

OnSigned = Callable[[str, bytes], None]
"""(0x-hash, bytes) of a transaction that is signed and has not left yet."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`to` None creates a contract; `value` is in wei; `gas` None takes what it needs."""

    signer: Signer
    to: str | None
    data: bytes = b""
    value: int = 0
    gas: int | None = None
    on_signed: OnSigned | None = None

    @property
    def sender(self) -> str:
        """Checksummed 0x-address."""
        return str(self.signer.address)

    def sign(self, transaction: dict[str, Any]) -> tuple[str, bytes]:
        """(0x-hash, bytes) of the transaction that was made of it."""
        signed = self.signer.sign_transaction(transaction)
        return "0x" + bytes(signed.hash).hex(), bytes(signed.raw_transaction)

    def tell_signed(self, tx_hash: str, raw: bytes) -> None:
        """Tell whoever wanted it, before it leaves."""
        if self.on_signed is not None:
            self.on_signed(tx_hash, raw)
