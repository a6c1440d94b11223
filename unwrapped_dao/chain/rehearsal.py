"""A client that shows what would be sent, for `--dry-run`.

On a throwaway copy of the embedded chain everything really happens, so a command is shown to its end. On a chain that
others use nothing may happen: the first transaction is simulated and shown, and the command ends there, because what it
would send next depends on what this one did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from ..errors import ContractRefusedError
from . import artifacts
from .client import ChainClient
from .clock import Progress
from .outbox import Receipt, Signed
from .transport import Transport
from .wanted import Wanted

_ANYWHERE = ("Genesis", "TestDollar")
"""Contracts whose calls are understood at any address: they stand outside a collective's own list."""
_SHOWN_BYTES = 128


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction that was not sent (or only to a copy). `gas` is what it needs, 0 if not known.

    `arguments` by name, bytes as 0x-hex. `refused` is why the contract would refuse it, empty if it would not.
    `not_before` is the second that has to come first, 0 for now; until then neither gas nor refusal can be known.
    """

    sender: str
    to: str | None
    contract: str
    function: str
    arguments: dict[str, Any]
    value_wei: int
    gas: int
    refused: str
    not_before: int


class RehearsalEnd(Exception):  # noqa: N818 (not a mistake: the rest of the command depends on what was not sent)
    """The first transaction was shown, and nothing was sent."""


class RehearsalClient(ChainClient):
    """`planned` is what would have been sent. `throwaway`: the chain is a copy that nobody will miss."""

    def __init__(
        self,
        transport: Transport,
        *,
        throwaway: bool,
        patience_s: int | None = None,
        on_wait: Progress | None = None,
    ) -> None:
        super().__init__(transport, patience_s=patience_s, on_wait=on_wait)
        self._throwaway = throwaway
        self._names: dict[str, str] = {}
        self._not_before = 0
        self.planned: list[Planned] = []

    def name_contracts(self, addresses: Mapping[str, str]) -> None:
        """Tell which contract stands where: name -> address."""
        self._names |= {address.lower(): name for name, address in addresses.items()}

    def _carry_out(self, wanted: Wanted) -> Receipt:
        """Show a transaction. Raises ContractRefusedError if it would be refused, RehearsalEnd if it was not sent."""
        if self._throwaway:
            try:
                receipt = super()._carry_out(wanted)
            except ContractRefusedError as refused:
                self._plan(wanted, 0, refused)
                raise
            self._plan(wanted, receipt.gas_used, None)
            return receipt
        return self._simulate(wanted)

    def resend(self, raw: bytes) -> Receipt:
        """As `send`: what a killed command has signed is not sent by a rehearsal either."""
        signed = Signed.read(raw)
        if self._throwaway:
            receipt = super().resend(raw)
            self._plan(signed, receipt.gas_used, None)
            return receipt
        return self._simulate(signed)

    def send_from_node(self, owned: str, to: str, value: int, *, number: int | None = None) -> Receipt:
        """As `send`."""
        return self._simulate(Signed(sender=owned, number=number or 0, to=to, value=value, data=b""))

    def _simulate(self, wanted: Wanted | Signed) -> NoReturn:
        if self._not_before:
            self._plan(wanted, 0, None)
            raise RehearsalEnd
        outcome = self.dry_run(wanted.to, wanted.data, sender=wanted.sender, value=wanted.value)
        self._plan(wanted, outcome.gas, outcome.refused)
        if outcome.refused is not None:
            raise outcome.refused
        raise RehearsalEnd

    def wait_until(self, timestamp: int, *, progress: Progress | None = None, poll_s: float = 1.0) -> int:
        """Wait on a copy; on a chain that others use only note that there is something to wait for."""
        if self._throwaway:
            return super().wait_until(timestamp, progress=progress, poll_s=poll_s)
        now = self.now()
        if now < timestamp:
            self._not_before = max(self._not_before, timestamp)
        return now

    def _plan(self, wanted: Wanted | Signed, gas: int, refused: ContractRefusedError | None) -> None:
        contract, function, arguments = self._decoded(wanted.to, wanted.data)
        self.planned.append(
            Planned(
                sender=wanted.sender,
                to=wanted.to,
                contract=contract,
                function=function,
                arguments=arguments,
                value_wei=wanted.value,
                gas=gas,
                refused=refused.message if refused else "",
                not_before=self._not_before,
            )
        )

    def _decoded(self, to: str | None, data: bytes) -> tuple[str, str, dict[str, Any]]:
        """(contract, function, arguments); empty names for what is not known."""
        if to is None:
            for name in artifacts.names():
                if data.startswith(bytes.fromhex(artifacts.load(name).bytecode[2:])):
                    return name, "constructor", {}
            return "", "constructor", {"code": _plain(data)}
        if not data:
            return "", "transfer", {}
        known = self._names.get(to.lower())
        for name in (known,) if known else _ANYWHERE:
            decoded = artifacts.abi(name).decode_call(data)
            if decoded is not None:
                return name, decoded[0], {key: _plain(value) for key, value in decoded[1].items()}
        return known or "", "", {"data": _plain(data)}


def _plain(value: Any) -> Any:
    """As JSON can hold it; long bytes by their beginning and length."""
    if isinstance(value, bytes):
        rest = f"… ({len(value)} bytes)" if len(value) > _SHOWN_BYTES else ""
        return f"0x{value[:_SHOWN_BYTES].hex()}{rest}"
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
