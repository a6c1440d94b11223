"""A client that notes every transaction before it leaves, and never makes a second one of the same.

A program that was killed, or whose node dropped the answer, asks for the same transaction again. What was noted is sent
again then, byte by byte; only when its account's number was used otherwise, so that it can never be mined, a new one is
signed. However often it is asked for, one is mined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from ..errors import ContractRefusedError, NotAllowedError
from .client import ChainClient, OnSigned, Progress
from .outbox import Receipt
from .signer import Signer
from .transport import Transport


class Notes(Protocol):
    """Durable notes: `put` returns once the bytes would survive a crash."""

    def put(self, name: str, raw: bytes) -> None: ...

    def get(self, name: str) -> bytes | None: ...

    def drop(self, name: str) -> None: ...


class MemoryNotes:
    """For one process: nothing outlives it."""

    def __init__(self) -> None:
        self._notes: dict[str, bytes] = {}

    def put(self, name: str, raw: bytes) -> None:
        self._notes[name] = raw

    def get(self, name: str) -> bytes | None:
        return self._notes.get(name)

    def drop(self, name: str) -> None:
        self._notes.pop(name, None)


class NotingClient(ChainClient):
    """For one program that sends each transaction (sender, receiver, value, data) once in its life."""

    def __init__(
        self,
        transport: Transport,
        notes: Notes,
        *,
        patience_s: int | None = None,
        on_wait: Progress | None = None,
    ) -> None:
        super().__init__(transport, patience_s=patience_s, on_wait=on_wait)
        self._notes = notes

    def send(
        self,
        signer: Signer,
        to: str | None,
        data: bytes = b"",
        *,
        value: int = 0,
        gas: int | None = None,
        on_signed: OnSigned | None = None,
    ) -> Receipt:
        """As ChainClient.send, once. A refusal ends it: the same may be asked for again later."""
        name = _name(str(signer.address), to, value, data)

        def new() -> Receipt:
            def note(tx_hash: str, raw: bytes) -> None:
                self._notes.put(name, raw)
                if on_signed is not None:
                    on_signed(tx_hash, raw)

            return super(NotingClient, self).send(signer, to, data, value=value, gas=gas, on_signed=note)

        noted = self._notes.get(name)
        return self._until_refused(name, new if noted is None else lambda: self._again(noted, new))

    def _again(self, noted: bytes, new: Callable[[], Receipt]) -> Receipt:
        try:
            return self.resend(noted)
        except ContractRefusedError:
            raise
        except NotAllowedError:
            return new()  # its number went to another transaction: it can never be mined

    def _until_refused(self, name: str, send: Callable[[], Receipt]) -> Receipt:
        try:
            return send()
        except ContractRefusedError:
            self._notes.drop(name)
            raise


def _name(sender: str, to: str | None, value: int, data: bytes) -> str:
    head = f"{sender.lower()} {(to or '').lower()} {value} ".encode()
    return hashlib.sha256(head + data).hexdigest()
