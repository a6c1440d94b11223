"""A bare py-evm state that takes messages from anybody: no signatures, no blocks, no receipts.

A collective is deployed on the embedded chain as everywhere; from there on a test sends messages straight into the
machine, from any address at any time. That is what a signed transaction does after its signature was checked, ten times
faster, and the only way to speak as the timelock itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eth.abc import ComputationAPI
from eth.db.atomic import AtomicDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.message import Message
from eth_typing import Address, Hash32

from unwrapped_dao.chain.abi import Abi
from unwrapped_dao.chain.artifacts import all_errors
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.chain.local.precompiles import LocalComputation, LocalState

GAS = 16_777_216
"""EIP-7825's cap on one transaction, for each message."""


def raw(address: str) -> Address:
    return Address(bytes.fromhex(address[2:]))


@dataclass(frozen=True)
class Answer:
    """What a message did: its output, or the name and facts of the error it reverted with."""

    output: bytes
    error: str | None
    facts: tuple[Any, ...]
    logs: tuple[tuple[str, tuple[bytes, ...], bytes], ...]
    gas: int

    @property
    def ok(self) -> bool:
        return self.error is None


class Evm:
    """The machine at one state and one time. `keep` names a state, and `fork` begins again from it."""

    def __init__(self, chain: LocalChain) -> None:
        engine = chain._engine
        rows = engine._store._connection.execute("SELECT key, value FROM nodes")
        self._db = AtomicDB({bytes(key): bytes(value) for key, value in rows})  # type: ignore[arg-type]
        self._root = Hash32(engine.head.state_root)
        self._kept: dict[str, tuple[Hash32, int]] = {}
        self.chain_id = engine.chain_id
        self._errors = all_errors()
        self.now = engine.head.timestamp
        self._undoing = False
        self._state = self._fresh()

    def _fresh(self) -> LocalState:
        context: Any = ExecutionContext(
            coinbase=Address(bytes(20)),
            timestamp=self.now,
            block_number=1_000_000,  # type: ignore[arg-type]
            difficulty=0,
            mix_hash=Hash32(bytes(32)),
            gas_limit=30_000_000,
            prev_hashes=(),
            chain_id=self.chain_id,
            base_fee_per_gas=0,
        )
        return LocalState(self._db, context, self._root)

    def keep(self, name: str) -> None:
        self._state.persist()
        self._root = self._state.state_root
        self._kept[name] = self._root, self.now
        self._state = self._fresh()

    def fork(self, name: str) -> None:
        self._root, self.now = self._kept[name]
        self._state = self._fresh()

    def advance(self, seconds: int) -> None:
        self.now += seconds
        self._state.execution_context._timestamp = self.now  # type: ignore[attr-defined]

    def send(self, sender: str, to: str, data: bytes, value: int = 0, *, gas: int = GAS) -> Answer:
        """One message; a revert undoes it alone."""
        if not self._undoing:
            self._state.lock_changes()  # a transaction begins: what EIP-2200 calls original values
        return self._run(sender, to, data, value, gas)

    def call(self, to: str, data: bytes, sender: str = "0x" + "0" * 40) -> Answer:
        """The same, and undone."""
        before = self._state.snapshot()
        answer = self._run(sender, to, data, 0, 10 * GAS)
        self._state.revert(before)
        return answer

    def _run(self, sender: str, to: str, data: bytes, value: int, gas: int) -> Answer:
        message: Any = Message(
            gas=gas, to=raw(to), sender=raw(sender), value=value, data=data, code=self._state.get_code(raw(to))
        )
        context = self._state.get_transaction_context_class()(gas_price=0, origin=raw(sender))
        done: ComputationAPI = LocalComputation.apply_message(self._state, message, context)
        gas_used = gas - done.get_gas_remaining()
        if done.is_error:
            name, facts = self._named(bytes(done.output), done)
            return Answer(bytes(done.output), name, facts, (), gas_used)
        logs = tuple(
            ("0x" + entry[0].hex(), tuple(topic.to_bytes(32, "big") for topic in entry[1]), bytes(entry[2]))
            for entry in done.get_log_entries()
        )
        return Answer(bytes(done.output), None, (), logs, gas_used)

    def _named(self, output: bytes, done: ComputationAPI) -> tuple[str, tuple[Any, ...]]:
        found = self._errors.decode_error(output)
        if found is not None:
            return found[0], tuple(found[1].values())
        if output[:4] == bytes.fromhex("4e487b71"):
            return f"Panic({int.from_bytes(output[4:], 'big'):#x})", ()
        if output[:4] == bytes.fromhex("08c379a0"):
            return f"Error({output[68:].rstrip(bytes(1)).decode(errors='replace')})", ()
        return (f"0x{output[:4].hex()}" if output else type(done.error).__name__), ()

    # Money and raw state

    def balance(self, address: str) -> int:
        return int(self._state.get_balance(raw(address)))

    def give(self, address: str, wei: int) -> None:
        """Ether out of nothing, past any `receive`: as a self-destructing contract or a block's reward would."""
        self._state.delta_balance(raw(address), wei)

    def code(self, address: str) -> bytes:
        return bytes(self._state.get_code(raw(address)))

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens inside is undone, time included."""
        self._state.lock_changes()
        before, now, self._undoing = self._state.snapshot(), self.now, True
        try:
            yield
        finally:
            self._undoing = False
            self._state.revert(before)
            self.advance(now - self.now)


class Remote:
    """One contract on the machine, by the names in its ABI."""

    def __init__(self, evm: Evm, abi: Abi, address: str) -> None:
        self.evm, self.abi, self.address = evm, abi, address

    def send(self, sender: str, function: str, *args: Any, value: int = 0) -> Answer:
        return self.evm.send(sender, self.address, self.abi.encode_call(function, args), value)

    def call(self, function: str, *args: Any, sender: str = "0x" + "0" * 40) -> Any:
        """The result of a view; a revert is an error of the test."""
        answer = self.evm.call(self.address, self.abi.encode_call(function, args), sender)
        if not answer.ok:
            raise AssertionError(f"{function}{args} reverts with {answer.error}{answer.facts}")
        return self.abi.decode_result(function, answer.output)

    def ask(self, function: str, *args: Any) -> Answer:
        return self.evm.call(self.address, self.abi.encode_call(function, args))

    def results(self, function: str, answer: Answer) -> Any:
        return self.abi.decode_result(function, answer.output)

    def events(self, answer: Answer, name: str) -> list[dict[str, Any]]:
        """Facts of this contract's events of one name."""
        found = []
        for address, topics, data in answer.logs:
            if address == self.address.lower() and topics and topics[0] == self.abi.topic(name):
                log = {
                    "address": address,
                    "topics": ["0x" + topic.hex() for topic in topics],
                    "data": "0x" + data.hex(),
                    "blockNumber": "0x0",
                    "logIndex": "0x0",
                    "transactionHash": "0x" + "0" * 64,
                }
                event = self.abi.decode_log(log)
                assert event is not None
                found.append(event.facts)
        return found
