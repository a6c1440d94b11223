"""The embedded chain's machine: py-evm's shanghai rules over a Store, one block per transaction.

Time is the chain's own: it starts at the genesis time, each block adds `tick_s`, and `leap` adds more. It does
not follow the wall clock, so that a vote does not end while nobody runs a command, and it never goes back
(except by `revert_to`, for tests).

Gas prices never move: the base fee is constant. Calls and estimates run in the next block unless told
otherwise, so they see what a transaction sent now would see.

Not here: JSON-RPC (rpc.py), files (store.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from eth._utils.address import generate_contract_address
from eth.abc import BlockHeaderAPI, ComputationAPI, SignedTransactionAPI, StateAPI
from eth.constants import BLANK_ROOT_HASH, ZERO_ADDRESS
from eth.db.atomic import AtomicDB
from eth.db.trie import make_trie_root_and_nodes
from eth.exceptions import PyEVMError, Revert, VMError
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.shanghai import ShanghaiVM
from eth.vm.forks.shanghai.blocks import ShanghaiBlockHeader
from eth.vm.message import Message
from eth_hash.auto import keccak
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from .precompiles import LocalComputation, LocalState
from .store import Block, Entry, Store
from .words import block_body, receipt_body, transaction_body

BLOCK_GAS_LIMIT = 30_000_000
BASE_FEE_WEI = 10**9


class RefusedByNode(Exception):  # noqa: N818 (no error of this package: rpc.py turns it into an answer)
    """A transaction that no node would accept; the message is the one that nodes commonly give."""


class Outcome(msgspec.Struct, frozen=True):
    """What a call did. `data` is the output or a revert's data; `gas` counts before refunds, intrinsic gas included."""

    succeeded: bool
    data: bytes
    gas: int
    error: str = ""


class CallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An unsigned message. `to` None creates a contract."""

    sender: bytes = ZERO_ADDRESS
    to: bytes | None = None
    value: int = 0
    data: bytes = b""
    gas: int = BLOCK_GAS_LIMIT


class Engine:
    """Execute transactions on a Store: `Engine.create` begins a chain, `Engine.open` continues it."""

    def __init__(self, store: Store, head: Block, *, chain_id: int, tick_s: int) -> None:
        self._store = store
        self._db = AtomicDB(store.nodes)  # type: ignore[arg-type]  # a mapping is all that it uses
        self._builder: Any = ShanghaiVM.get_transaction_builder()
        self._leap_to = 0
        self.chain_id = chain_id
        self.tick_s = tick_s
        self.head = head

    @classmethod
    def create(cls, store: Store, *, chain_id: int, tick_s: int, timestamp: int, funded: dict[bytes, int]) -> Engine:
        """Write the genesis block. `funded` maps addresses to wei."""
        empty = Block(-1, b"\0" * 32, timestamp, BLANK_ROOT_HASH, {})
        engine = cls(store, empty, chain_id=chain_id, tick_s=tick_s)
        state = engine._state(0, timestamp, empty)
        for address, wei in funded.items():
            state.set_balance(Address(address), wei)
        state.persist()
        header = _header(empty, timestamp, state.state_root)
        engine.head = Block(0, header.hash, timestamp, state.state_root, block_body(header))
        store.begin(engine.head, {"chain_id": str(chain_id), "tick_s": str(tick_s)})
        return engine

    @classmethod
    def open(cls, store: Store) -> Engine | None:
        """Continue the chain of this store; None if none was begun."""
        head, chain_id, tick_s = store.head(), store.meta("chain_id"), store.meta("tick_s")
        if head is None or chain_id is None or tick_s is None:
            return None
        return cls(store, head, chain_id=int(chain_id), tick_s=int(tick_s))

    @property
    def next_timestamp(self) -> int:
        """Seconds; the time of the block that the next transaction makes."""
        return max(self.head.timestamp + self.tick_s, self._leap_to)

    def leap(self, timestamp: int) -> None:
        """Let the next block have this time, unless it would be later anyway."""
        self._leap_to = timestamp

    def mine(self) -> None:
        """Append an empty block."""
        self._append(self.next_state(), None)

    def send(self, raw: bytes) -> bytes:
        """Mine a signed transaction and answer its hash. A revert is mined too, as on any chain.

        Raises RefusedByNode when it does not enter the chain: malformed, wrong nonce, too little money.
        """
        try:
            transaction = self._builder.decode(raw)
            transaction.validate()
            sender = transaction.sender
        except (RLPException, PyEVMError, ValidationError, ValueError, KeyError, TypeError) as problem:
            raise RefusedByNode(f"invalid transaction: {problem}") from None
        if self._store.entry(transaction.hash) is not None:
            raise RefusedByNode("already known")
        state = self.next_state()
        self._admit(state, transaction, sender)
        try:
            computation = state.apply_transaction(transaction)
        except ValidationError as problem:
            raise RefusedByNode(f"invalid transaction: {problem}") from None
        self._append(state, (transaction, computation))
        return bytes(transaction.hash)

    def call(self, request: CallRequest, at: Block | None = None) -> Outcome:
        """Run a message and keep nothing. `at` None runs it in the next block, else in the context of that block."""
        state = self.next_state() if at is None else self.state_at(at)
        intrinsic = self._intrinsic_gas(request)
        if request.gas < intrinsic:
            return Outcome(False, b"", intrinsic, "intrinsic gas too low")
        sender = Address(request.sender)
        if state.get_balance(sender) < request.value:
            return Outcome(False, b"", intrinsic, "insufficient funds for gas * price + value")
        nonce = state.get_nonce(sender)
        to = Address(request.to or b"")
        message: Any = Message(
            gas=request.gas - intrinsic,
            to=to,
            sender=sender,
            value=request.value,
            data=b"" if request.to is None else request.data,
            code=request.data if request.to is None else state.get_code(to),
            create_address=generate_contract_address(sender, nonce) if request.to is None else None,  # type: ignore[arg-type]
        )
        state.increment_nonce(sender)
        state.mark_address_warm(sender)
        state.mark_address_warm(message.storage_address)
        context = state.get_transaction_context_class()(gas_price=0, origin=sender)
        run = LocalComputation.apply_create_message if request.to is None else LocalComputation.apply_message
        computation: ComputationAPI = run(state, message, context)
        gas = request.gas - computation.get_gas_remaining()
        return Outcome(not computation.is_error, bytes(computation.output), gas, _error_text(computation))

    def estimate(self, request: CallRequest) -> Outcome:
        """The call's outcome with `gas` enough to send it with.

        One run says what is used; a second one proves that a limit slightly above it suffices, which may fail
        since a callee gets only 63/64 of what is left (EIP-150). Only then is it searched for.
        """
        outcome = self.call(request)
        if not outcome.succeeded:
            return outcome
        low, high = outcome.gas, request.gas
        guess = low + low // 50
        while low < high:
            trial = self.call(msgspec.structs.replace(request, gas=min(guess, high)))
            if trial.succeeded:
                return Outcome(True, outcome.data, min(guess, high))
            low, guess = guess, guess * 3 // 2
        return Outcome(True, outcome.data, high)

    def revert_to(self, number: int) -> None:
        """Forget every block above `number`, for tests."""
        block = self._store.block_by_number(number)
        if block is None:
            raise RefusedByNode(f"no block {number}")
        self._store.truncate(number)
        self.head, self._leap_to = block, 0

    def next_state(self) -> StateAPI:
        """The state in which the next transaction runs; what is done to it is not kept."""
        return self._state(self.head.number + 1, self.next_timestamp, self.head)

    def state_at(self, block: Block) -> StateAPI:
        """The state after a block, in that block's context."""
        return self._state(block.number, block.timestamp, block)

    def _state(self, number: int, timestamp: int, parent: Block) -> StateAPI:
        context = ExecutionContext(
            coinbase=ZERO_ADDRESS,
            timestamp=timestamp,
            block_number=BlockNumber(number),
            difficulty=0,
            mix_hash=_mix_hash(parent.hash),
            gas_limit=BLOCK_GAS_LIMIT,
            prev_hashes=(Hash32(found) for found in self._store.hashes_before(number)),
            chain_id=self.chain_id,
            base_fee_per_gas=BASE_FEE_WEI,
        )
        return LocalState(self._db, context, Hash32(parent.state_root))

    def _admit(self, state: StateAPI, transaction: SignedTransactionAPI, sender: Address) -> None:
        nonce = state.get_nonce(sender)
        if transaction.nonce != nonce:
            side = "low" if transaction.nonce < nonce else "high"
            raise RefusedByNode(f"nonce too {side}: next nonce {nonce}, tx nonce {transaction.nonce}")
        if transaction.gas > BLOCK_GAS_LIMIT:
            raise RefusedByNode("exceeds block gas limit")
        if transaction.gas < transaction.intrinsic_gas:
            raise RefusedByNode("intrinsic gas too low")
        if transaction.max_fee_per_gas < BASE_FEE_WEI:
            raise RefusedByNode("max fee per gas less than block base fee")
        if getattr(transaction, "chain_id", self.chain_id) not in (None, self.chain_id):
            raise RefusedByNode("invalid chain id for signer")
        have, want = state.get_balance(sender), transaction.gas * transaction.max_fee_per_gas + transaction.value
        if have < want:
            raise RefusedByNode(f"insufficient funds for gas * price + value: have {have} want {want}")

    def _intrinsic_gas(self, request: CallRequest) -> int:
        unsigned = self._builder.new_unsigned_dynamic_fee_transaction(
            chain_id=self.chain_id,
            nonce=0,
            max_priority_fee_per_gas=0,
            max_fee_per_gas=0,
            gas=request.gas,
            to=Address(request.to or b""),
            value=request.value,
            data=request.data,
            access_list=(),
        )
        gas: int = unsigned.intrinsic_gas
        return gas

    def _append(self, state: StateAPI, done: tuple[SignedTransactionAPI, ComputationAPI] | None) -> None:
        timestamp = self.next_timestamp
        state.persist()
        header = _header(self.head, timestamp, state.state_root)
        entries: Iterable[Entry] = ()
        if done is not None:
            transaction, computation = done
            receipt = ShanghaiVM.make_receipt(header, transaction, computation, state)
            header = header.copy(
                transaction_root=make_trie_root_and_nodes((transaction,))[0],
                receipt_root=make_trie_root_and_nodes((receipt,))[0],
                bloom=int(receipt.bloom),
                gas_used=receipt.gas_used,
            )
            body = transaction_body(transaction, header, self.chain_id)
            entries = [Entry(transaction.hash, body, receipt_body(transaction, computation, receipt, header))]
        block = Block(header.block_number, header.hash, timestamp, header.state_root, block_body(header))
        self._store.save(block, entries)
        self.head, self._leap_to = block, 0


def _header(parent: Block, timestamp: int, state_root: Hash32) -> BlockHeaderAPI:
    return ShanghaiBlockHeader(
        difficulty=0,
        block_number=BlockNumber(parent.number + 1),
        gas_limit=BLOCK_GAS_LIMIT,
        timestamp=timestamp,
        parent_hash=Hash32(parent.hash),
        state_root=state_root,
        mix_hash=_mix_hash(parent.hash),
        nonce=b"\0" * 8,
        base_fee_per_gas=BASE_FEE_WEI,
    )


def _mix_hash(parent_hash: bytes) -> Hash32:
    """PREVRANDAO: different in each block, the same in each run, and no source of chance for anybody."""
    return Hash32(keccak(b"unwrapped-dao/local/prevrandao" + parent_hash))


def _error_text(computation: ComputationAPI) -> str:
    if not computation.is_error:
        return ""
    if isinstance(computation.error, Revert):
        return "execution reverted"
    return f"{type(computation.error).__name__}: {computation.error}" if isinstance(computation.error, VMError) else ""
