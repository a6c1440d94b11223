"""One contract at one address, by the names in its ABI. The typed clients are built on this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ..errors import NotFoundError
from . import artifacts
from .abi import Abi, Event
from .client import ChainClient, DryRun
from .outbox import Receipt
from .signer import Signer
from .wanted import OnSigned


class Contract:
    """Call, send and read events by name.

    token = Contract(client, artifacts.abi("MembershipToken"), address) token.call("numberOf", member)
    token.send(signer, "join")
    """

    def __init__(self, client: ChainClient, abi: Abi, address: str, *, first_block: int = 0) -> None:
        self.client = client
        self.abi = abi
        self.address = address
        self.first_block = first_block

    def calldata(self, function: str, *args: Any) -> bytes:
        """What a proposal to call this says."""
        return self.abi.encode_call(function, args)

    def call(
        self, function: str, *args: Any, sender: str | None = None, value: int = 0, block: int | None = None
    ) -> Any:
        """The function's result. Raises ContractRefusedError; NotFoundError where no contract is."""
        output = self.client.call(
            self.address, self.abi.encode_call(function, args), sender=sender, value=value, block=block
        )
        if not output and not self.client.code(self.address):
            raise NotFoundError(
                f"There is no contract at {self.address} on chain {self.client.chain_id:#x}.",
                hint="Check that the RPC is the chain this collective was deployed on, and that it was not reset.",
            )
        return self.abi.decode_result(function, output)

    def send(
        self,
        signer: Signer,
        function: str,
        *args: Any,
        value: int = 0,
        gas: int | None = None,
        on_signed: OnSigned | None = None,
    ) -> Receipt:
        """Send a transaction and wait for it; see ChainClient.send."""
        data = self.abi.encode_call(function, args)
        return self.client.send(signer, self.address, data, value=value, gas=gas, on_signed=on_signed)

    def dry_run(self, sender: str, function: str, *args: Any, value: int = 0) -> DryRun:
        """What `send` would do now, with the decoded result."""
        outcome = self.client.dry_run(self.address, self.abi.encode_call(function, args), sender=sender, value=value)
        if not outcome.would_succeed:
            return outcome
        return msgspec.structs.replace(outcome, result=self.abi.decode_result(function, outcome.result))

    def events(
        self, name: str, *, first: int | None = None, last: int | None = None, **indexed: Any
    ) -> Iterator[Event]:
        """Events of one name in blocks first..last, oldest first. `indexed` filters by indexed facts.

        `first` None begins at `first_block`, the block that the contract is known to be no older than.
        """
        topics = self.abi.indexed_topics(name, indexed)
        first = self.first_block if first is None else first
        for page in self.client.log_pages(addresses=[self.address], topics=topics, first=first, last=last):
            yield from self._decoded(page.logs)

    def events_in(self, receipt: Receipt, name: str | None = None) -> list[Event]:
        """This contract's events in a receipt, all or those of one name."""
        events = self._decoded(receipt.logs)
        return [event for event in events if name in (None, event.name)]

    def event_in(self, receipt: Receipt, name: str) -> Event:
        """The one event of this name in a receipt. Raises NotFoundError if there is none or more."""
        found = self.events_in(receipt, name)
        if len(found) != 1:
            raise NotFoundError(f"The transaction {receipt.hash} has {len(found)} events {name}, not one.")
        return found[0]

    def _decoded(self, logs: list[dict[str, Any]]) -> Iterator[Event]:
        for log in logs:
            if log["address"].lower() == self.address.lower():
                event = self.abi.decode_log(log)
                if event is not None:
                    yield event

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}>"


def merged(contract: Contract, names: Sequence[str], *, first: int | None = None, **indexed: Any) -> list[Event]:
    """Events of several names, from the block `first` on, in the order in which they happened."""
    found = [event for name in names for event in contract.events(name, first=first, **indexed)]
    return sorted(found, key=lambda event: (event.block_number, event.log_index))


def creation_code(artifact: artifacts.Artifact, *args: Any) -> bytes:
    """Init code: what a transaction without a receiver, or Genesis, creates the contract from."""
    return bytes.fromhex(artifact.bytecode[2:]) + Abi(artifact.abi).encode_constructor(args)


def create(
    client: ChainClient, signer: Signer, artifact: artifacts.Artifact, *args: Any, gas: int | None = None
) -> tuple[Contract, Receipt]:
    """Deploy one contract with these constructor arguments."""
    receipt = client.send(signer, None, creation_code(artifact, *args), gas=gas)
    assert receipt.contract_address is not None, "a mined creation has an address"
    return Contract(client, Abi(artifact.abi), receipt.contract_address), receipt
