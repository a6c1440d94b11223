"""One way to read and write a chain, whatever node it is: the embedded one, Ganache, Anvil, or any JSON-RPC URL.

A transport carries the requests (http.py, local/); here all is said in JSON-RPC's own words, so that every node's
answers and errors come out alike.

Not here: the chain's time (clock.py), a transaction on its way (outbox.py), ABIs (abi.py), one contract by name
(contract.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Self

import msgspec
from eth_utils.address import to_checksum_address

from ..errors import ContractRefusedError, NotAllowedError, RpcUnavailableError
from .artifacts import all_errors
from .clock import ChainClock, Progress
from .fees import ether_text
from .logs import SPAN_BLOCKS, LogPage, pages
from .outbox import RECEIPT_TIMEOUT_S, NonceAhead, NonceTaken, Outbox, Receipt, message, unhex
from .refusals import TOO_LITTLE_ETHER, translated
from .signer import Signer
from .transport import RpcError, Transport
from .wanted import OnSigned, Wanted

Json = dict[str, Any]

# An estimate is exact for the state it ran in; what happens before the transaction is mined may cost more.
GAS_MARGIN_PERCENT = 125
TRANSACTION_GAS_CAP = 16_777_216
"""EIP-7825: newer chains refuse a transaction that asks for more."""
DEFAULT_TIP_WEI = 10**9
NONCE_ATTEMPTS = 4


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a transaction would do if it were sent now. `gas` is 0 when it would be refused."""

    result: Any
    gas: int
    refused: ContractRefusedError | None

    @property
    def would_succeed(self) -> bool:
        """Whether the contract would accept it."""
        return self.refused is None


class ChainClient:
    """Read and write a chain. Addresses are 0x-strings, data is bytes, money is wei."""

    def __init__(
        self,
        transport: Transport,
        *,
        receipt_timeout_s: float = RECEIPT_TIMEOUT_S,
        patience_s: int | None = None,
        on_wait: Progress | None = None,
    ) -> None:
        """`patience_s` is the longest that `wait_until` waits on a clock that does not obey; None waits for ever.

        `on_wait(seconds left)` is told of every wait, also of one that is over at once.
        """
        self._transport = transport
        self._clock = ChainClock(
            transport, lambda: self.now(), lambda: self.node_version, patience_s=patience_s, on_wait=on_wait
        )
        self._receipt_timeout_s = receipt_timeout_s
        self._outbox = Outbox(transport, receipt_timeout_s=receipt_timeout_s)
        self._chain_id: int | None = None
        self._version: str | None = None

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        timeout_s: float = 20.0,
        receipt_timeout_s: float = RECEIPT_TIMEOUT_S,
        patience_s: int | None = None,
        on_wait: Progress | None = None,
    ) -> Self:
        """A client of the node at an http(s) URL. Raises RpcUnavailableError if it does not answer."""
        from .http import HttpTransport

        transport = HttpTransport(url, timeout_s=timeout_s)
        client = cls(transport, receipt_timeout_s=receipt_timeout_s, patience_s=patience_s, on_wait=on_wait)
        _ = client.chain_id
        return client

    @property
    def transport(self) -> Transport:
        """What carries the requests: for another client onto the same chain."""
        return self._transport

    def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        """A bare JSON-RPC request; its error becomes one of this package."""
        try:
            return self._transport.request(method, list(params))
        except RpcError as error:
            raise translated(error, all_errors()) from error

    # What is there

    @property
    def chain_id(self) -> int:
        """EIP-155 id."""
        if self._chain_id is None:
            self._chain_id = int(self.request("eth_chainId"), 16)
        return self._chain_id

    @property
    def node_version(self) -> str:
        """How the node calls itself."""
        if self._version is None:
            self._version = str(self.request("web3_clientVersion"))
        return self._version

    def block_number(self) -> int:
        """Height of the newest block."""
        return int(self.request("eth_blockNumber"), 16)

    def now(self) -> int:
        """Seconds; the newest block's time, which is what contracts see. Never the wall clock."""
        return int(self._block("latest")["timestamp"], 16)

    def block_time(self, number: int) -> int:
        """Seconds; the time of a block. Raises RpcUnavailableError above the newest."""
        return int(self._block(hex(number))["timestamp"], 16)

    def block_hash(self, number: int) -> str | None:
        """0x-hash of a block; None above the newest."""
        block = self.request("eth_getBlockByNumber", [hex(number), False])
        return None if block is None else str(block["hash"])

    def _block(self, tag: str) -> Json:
        block = self.request("eth_getBlockByNumber", [tag, False])
        if block is None:
            raise RpcUnavailableError(
                f"The node has no {'newest block' if tag == 'latest' else f'block {int(tag, 16)}'} now.",
                hint="Nodes behind one address may differ by some blocks; run the same command again in a moment.",
            )
        found: Json = block
        return found

    def balance(self, address: str) -> int:
        """Wei."""
        return int(self.request("eth_getBalance", [address, "latest"]), 16)

    def nonce(self, address: str) -> int:
        """The number of the account's next transaction."""
        return int(self.request("eth_getTransactionCount", [address, "pending"]), 16)

    def wait_for_pending(self, address: str) -> None:
        """Return once no transaction of this account waits to be mined.

        A command that was killed while it waited leaves one; only afterwards does the chain tell what became of it.
        """
        deadline = time.monotonic() + self._receipt_timeout_s
        while int(self.request("eth_getTransactionCount", [address, "latest"]), 16) < self.nonce(address):
            if time.monotonic() > deadline:
                raise RpcUnavailableError(
                    f"An earlier transaction of {address} still waits to be mined; nothing new was sent.",
                    hint="Run the same command again later; `unwrapped-dao account cancel NAME` ends the waiting.",
                )
            time.sleep(0.2)

    def code(self, address: str) -> bytes:
        """Deployed code; empty where no contract is."""
        return unhex(self.request("eth_getCode", [address, "latest"]))

    # Calls

    def call(
        self, to: str, data: bytes, *, sender: str | None = None, value: int = 0, block: int | None = None
    ) -> bytes:
        """Run a call without a transaction. Raises ContractRefusedError. `block` None is the newest one."""
        tag = "latest" if block is None else hex(block)
        return unhex(self.request("eth_call", [message(to, data, sender, value), tag]))

    def estimate(self, to: str | None, data: bytes, *, sender: str, value: int = 0) -> int:
        """Gas that a transaction needs now. Raises ContractRefusedError if it would be refused."""
        return int(self.request("eth_estimateGas", [message(to, data, sender, value)]), 16)

    def dry_run(self, to: str | None, data: bytes, *, sender: str, value: int = 0) -> DryRun:
        """What a transaction would do, without sending it. `result` is the call's output as bytes."""
        request = message(to, data, sender, value)
        try:
            output = unhex(self.request("eth_call", [request, "latest"]))
            return DryRun(result=output, gas=self.estimate(to, data, sender=sender, value=value), refused=None)
        except ContractRefusedError as refused:
            return DryRun(result=b"", gas=0, refused=refused)

    # Transactions

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
        """Sign, send, and wait until it is mined. `to` None creates a contract.

        `gas` None estimates (or, where gas is no matter, takes the transport's flat limit). `on_signed(hash, raw)`
        runs before the transaction leaves, so that a caller can note it and `resend` it after a crash.
        Raises ContractRefusedError, NotAllowedError (too little ether), RpcUnavailableError.
        """
        wanted = Wanted(signer=signer, to=to, data=data, value=value, gas=gas, on_signed=on_signed)
        try:
            return self._carry_out(wanted)
        except NotAllowedError as refused:
            if refused.message != TOO_LITTLE_ETHER:
                raise
            has = ether_text(self.balance(wanted.sender))
            raise NotAllowedError(
                f"{wanted.sender} has {has}: too little ether for this transaction's value and gas.", hint=refused.hint
            ) from refused

    def _carry_out(self, wanted: Wanted) -> Receipt:
        """What `send` does with it; each sort of client does its own."""
        for attempt in range(NONCE_ATTEMPTS):
            tx_hash, raw = wanted.sign(self.unsigned(wanted))
            wanted.tell_signed(tx_hash, raw)
            try:
                return self._outbox.deliver(raw, tx_hash)
            except NonceTaken:
                # Another process used the account meanwhile; nothing of ours was mined.
                time.sleep(0.1 * attempt)
        raise RpcUnavailableError(
            f"Another program keeps sending transactions from {wanted.sender}.",
            hint="Let it finish, then run the same command again; nothing was sent.",
        )

    def resend(self, raw: bytes) -> Receipt:
        """Send a transaction that was signed before. Sending it twice does it once."""
        from eth_hash.auto import keccak

        try:
            return self._outbox.deliver(raw, "0x" + keccak(raw).hex(), again=True)
        except NonceTaken:
            raise NotAllowedError(
                "This transaction can no longer be sent: its account has used the number for another one.",
                hint="Look at the account's state, then run the command anew.",
            ) from None
        except NonceAhead as ahead:
            self._require_taken_back(ahead)
            raise NotAllowedError(
                f"{ahead}: the chain was taken back.", hint="Run the command anew; nothing of it is on the chain."
            ) from None

    def _require_taken_back(self, ahead: NonceAhead) -> None:
        """Return on a development node, which is all there is of its chain. Raises RpcUnavailableError elsewhere."""
        if not self.can_move_time:
            raise RpcUnavailableError(
                f"{ahead}: the node is behind, or its chain was taken back.",
                hint="Wait until the node has caught up, then run the same command again; nothing was sent.",
            ) from ahead

    def send_from_node(self, owned: str, to: str, value: int, *, number: int | None = None) -> Receipt:
        """Have the node send `value` wei from an account that it signs for itself, and wait until it is mined.

        `number` is the transaction's own, so that it can be mined once only. Raises what the node's refusal means:
        locked, unknown, too little ether.
        """
        order = {"from": owned, "to": to, "value": hex(value)} | ({} if number is None else {"nonce": hex(number)})
        return self._outbox.wait(str(self.request("eth_sendTransaction", [order])))

    def mined_under(self, sender: str, number: int) -> Json | None:
        """The transaction that used this number of an account, as JSON-RPC tells it; None while none is mined."""
        return self._outbox.mined_under(sender, number)

    def receipt(self, tx_hash: str) -> Receipt | None:
        """The receipt of a transaction, None if it is not mined. Raises ContractRefusedError if it was refused."""
        return self._outbox.receipt(tx_hash)

    def unsigned(self, wanted: Wanted) -> Json:
        """A transaction ready to be signed: the account's next number, and what is usual for gas now."""
        gas = wanted.gas if wanted.gas is not None else self._transport.flat_gas_limit
        if gas is None:
            estimate = self.estimate(wanted.to, wanted.data, sender=wanted.sender, value=wanted.value)
            gas = min(estimate * GAS_MARGIN_PERCENT // 100, max(estimate, TRANSACTION_GAS_CAP))
        block = self._block("latest")
        transaction = {
            "chainId": self.chain_id,
            "nonce": self.nonce(wanted.sender),
            "gas": min(gas, int(block["gasLimit"], 16)),
            "value": wanted.value,
            "data": wanted.data,
        }
        if wanted.to is not None:
            transaction["to"] = to_checksum_address(wanted.to)
        if block.get("baseFeePerGas") is None:
            transaction["gasPrice"] = int(self.request("eth_gasPrice"), 16)
        else:
            tip = self._tip()
            # Twice the base fee stays valid for six full blocks (EIP-1559: at most 12.5% more per block).
            transaction["maxFeePerGas"] = 2 * int(block["baseFeePerGas"], 16) + tip
            transaction["maxPriorityFeePerGas"] = tip
        return transaction

    def _tip(self) -> int:
        try:
            return int(self._transport.request("eth_maxPriorityFeePerGas", []), 16)
        except RpcError:
            return DEFAULT_TIP_WEI  # the method is optional

    # Logs

    def log_pages(
        self,
        *,
        addresses: Sequence[str] = (),
        topics: Sequence[str | list[str] | None] = (),
        first: int = 0,
        last: int | None = None,
        span: int = SPAN_BLOCKS,
    ) -> Iterator[LogPage]:
        """Logs of blocks first..last (None: the newest now), in pages of at most `span` blocks.

        A node that finds a range too large gets smaller ones. Empty pages come too, so that a caller can note
        how far it has read.
        """
        return pages(self._transport, addresses, topics, first, self.block_number() if last is None else last, span)

    # Time

    @property
    def can_move_time(self) -> bool:
        """Whether this is a development node whose clock obeys, as far as is known."""
        return self._clock.can_move

    def wait_until(self, timestamp: int, *, progress: Progress | None = None, poll_s: float = 1.0) -> int:
        """Return once the newest block's time is at least `timestamp`; that time.

        Moves the clock where the node allows it, else waits. `progress` (by default the client's `on_wait`) is called
        with the seconds left, at each poll. Raises TemporaryError when they are more than the client's patience.
        """
        return self._clock.wait_until(timestamp, progress=progress, poll_s=poll_s)

    def close(self) -> None:
        """Close the connection, or the embedded chain."""
        self._transport.close()

    def __repr__(self) -> str:
        return f"<ChainClient {self._transport!r}>"
