"""Who signs. An `eth_account` LocalAccount is a Signer; so is anything that keeps its key elsewhere."""

from __future__ import annotations

from typing import Any, Protocol


class Signer(Protocol):
    """An address with its key, which never leaves it."""

    @property
    def address(self) -> Any:
        """Checksummed 0x-address."""

    def sign_transaction(self, transaction_dict: dict[str, Any]) -> Any:
        """An object with `raw_transaction` and `hash`, both bytes."""

    def unsafe_sign_hash(self, message_hash: Any) -> Any:
        """An object with `v` (27 or 28), `r` and `s` over exactly this 32-byte hash."""
