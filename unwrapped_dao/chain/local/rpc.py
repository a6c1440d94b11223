"""The part of Ethereum's JSON-RPC that the SDK (and a common wallet) needs, answered by the Engine.

Beside the `eth_` methods: evm_increaseTime, evm_setNextBlockTimestamp, evm_mine, evm_snapshot and evm_revert, as
Ganache and Anvil have them. There are no unlocked accounts: eth_accounts is empty and nothing signs here.

Not here: pending blocks, filters, subscriptions, traces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..transport import RpcError
from .engine import BASE_FEE_WEI, BLOCK_GAS_LIMIT, CallRequest, Engine, Outcome, RefusedByNode
from .store import Block, Store
from .words import data, number

Json = dict[str, Any]

# The name by which a client knows that time can be moved here.
CLIENT_NAME = "unwrapped-dao"

METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
SERVER_ERROR = -32000
EXECUTION_REVERTED = 3


class Rpc:
    """Answer requests on one engine and its store."""

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store
        self._snapshots: list[int] = []
        self._methods: dict[str, Callable[..., Any]] = {
            "web3_clientVersion": lambda: f"{CLIENT_NAME}/py-evm/shanghai",
            "net_version": lambda: str(engine.chain_id),
            "eth_chainId": lambda: number(engine.chain_id),
            "eth_accounts": list,
            "eth_syncing": lambda: False,
            "eth_gasPrice": lambda: number(BASE_FEE_WEI),
            "eth_maxPriorityFeePerGas": lambda: "0x0",
            "eth_blockNumber": lambda: number(engine.head.number),
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getBalance": lambda who, tag="latest": number(self._state(tag).get_balance(_bytes(who))),
            "eth_getTransactionCount": lambda who, tag="latest": number(self._state(tag).get_nonce(_bytes(who))),
            "eth_getCode": lambda who, tag="latest": data(self._state(tag).get_code(_bytes(who))),
            "eth_getStorageAt": self._storage_at,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": lambda raw: data(engine.send(_bytes(raw))),
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getLogs": lambda wanted: list(self._logs(wanted)),
            "evm_increaseTime": self._increase_time,
            "evm_setNextBlockTimestamp": self._set_next_timestamp,
            "evm_mine": self._mine,
            "evm_snapshot": self._snapshot,
            "evm_revert": self._revert,
        }

    def request(self, method: str, params: list[Any]) -> Any:
        """The result of a request; raises RpcError."""
        answer = self._methods.get(method)
        if answer is None:
            raise RpcError(METHOD_NOT_FOUND, f"the method {method} does not exist/is not available")
        try:
            return answer(*params)
        except RefusedByNode as refused:
            raise RpcError(SERVER_ERROR, str(refused)) from None
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as problem:
            # Arguments come from outside; a wrong one is an answer, not a crash.
            raise RpcError(INVALID_PARAMS, f"invalid arguments for {method}: {problem}") from problem

    def _block_at(self, tag: str | Json) -> Block:
        if isinstance(tag, dict):
            found = self._store.block_by_hash(_bytes(tag["blockHash"])) if "blockHash" in tag else None
            return found or self._block_at(tag["blockNumber"])
        if tag in ("latest", "pending", "safe", "finalized"):
            return self._engine.head
        height = 0 if tag == "earliest" else int(tag, 16)
        block = self._store.block_by_number(height)
        if block is None:
            raise RpcError(SERVER_ERROR, f"block {height} not found")
        return block

    def _state(self, tag: str | Json) -> Any:
        return self._engine.state_at(self._block_at(tag))

    def _block_by_number(self, tag: str, full: bool = False) -> Json | None:
        try:
            return self._with_transactions(self._block_at(tag), full)
        except RpcError:
            return None

    def _block_by_hash(self, block_hash: str, full: bool = False) -> Json | None:
        block = self._store.block_by_hash(_bytes(block_hash))
        return None if block is None else self._with_transactions(block, full)

    def _with_transactions(self, block: Block, full: bool) -> Json:
        entries = self._store.entries_of(block.number)
        return {**block.body, "transactions": [entry.body if full else data(entry.hash) for entry in entries]}

    def _storage_at(self, who: str, slot: str, tag: str = "latest") -> str:
        value: int = self._state(tag).get_storage(_bytes(who), int(slot, 16))
        return data(value.to_bytes(32, "big"))

    def _call(self, request: Json, tag: str | Json = "latest") -> str:
        block = self._block_at(tag)
        # "latest" runs in the next block, so that a call sees what a transaction sent now would see.
        at = None if block.number == self._engine.head.number else block
        return data(_or_raise(self._engine.call(_call_request(request), at)).data)

    def _estimate(self, request: Json, _tag: str = "latest") -> str:
        return number(_or_raise(self._engine.estimate(_call_request(request))).gas)

    def _transaction(self, transaction_hash: str) -> Json | None:
        entry = self._store.entry(_bytes(transaction_hash))
        return None if entry is None else entry.body

    def _receipt(self, transaction_hash: str) -> Json | None:
        entry = self._store.entry(_bytes(transaction_hash))
        return None if entry is None else entry.receipt

    def _logs(self, wanted: Json) -> Iterator[Json]:
        if "blockHash" in wanted:
            block = self._store.block_by_hash(_bytes(wanted["blockHash"]))
            if block is None:
                raise RpcError(SERVER_ERROR, "block not found")
            first = last = block.number
        else:
            first = self._height(wanted.get("fromBlock", "latest"))
            last = self._height(wanted.get("toBlock", "latest"))
        topics: list[Any] = [_alternatives(topic) for topic in wanted.get("topics") or []]
        addresses = [_bytes(address) for address in _alternatives(wanted.get("address")) or []]
        first_topics = [_bytes(topic) for topic in (topics[0] if topics else None) or []]
        for log in self._store.logs(first, last, addresses, first_topics):
            have = log["topics"]
            if len(have) >= len(topics) and all(
                any_of is None or topic in any_of for any_of, topic in zip(topics, have, strict=False)
            ):
                yield log

    def _height(self, tag: str) -> int:
        if tag in ("latest", "pending", "safe", "finalized"):
            return self._engine.head.number
        return 0 if tag == "earliest" else int(tag, 16)

    def _increase_time(self, seconds: int | str) -> str:
        by = int(seconds, 16) if isinstance(seconds, str) else int(seconds)
        if by < 0:
            raise ValueError("time does not go back")
        self._engine.leap(self._engine.head.timestamp + by)
        return number(by)

    def _set_next_timestamp(self, timestamp: int | str) -> str:
        when = int(timestamp, 16) if isinstance(timestamp, str) else int(timestamp)
        if when <= self._engine.head.timestamp:
            raise ValueError(f"{when} is not after the latest block at {self._engine.head.timestamp}")
        self._engine.leap(when)
        return number(when)

    def _mine(self, timestamp: int | str | None = None) -> str:
        if timestamp is not None:
            self._set_next_timestamp(timestamp)
        self._engine.mine()
        return "0x0"

    def _snapshot(self) -> str:
        self._snapshots.append(self._engine.head.number)
        return number(len(self._snapshots))

    def _revert(self, snapshot: str) -> bool:
        place = int(snapshot, 16) - 1
        if not 0 <= place < len(self._snapshots):
            return False
        self._engine.revert_to(self._snapshots[place])
        del self._snapshots[place:]
        return True


def _call_request(request: Json) -> CallRequest:
    given = {
        "sender": _bytes(request["from"]) if request.get("from") else None,
        "to": _bytes(request["to"]) if request.get("to") else None,
        "value": int(request["value"], 16) if request.get("value") else None,
        "data": _bytes(request.get("input") or request.get("data") or "0x"),
        "gas": min(int(request["gas"], 16), BLOCK_GAS_LIMIT) if request.get("gas") else None,
    }
    return CallRequest(**{name: value for name, value in given.items() if value is not None})


def _or_raise(outcome: Outcome) -> Outcome:
    if outcome.succeeded:
        return outcome
    if outcome.error == "execution reverted":
        raise RpcError(EXECUTION_REVERTED, outcome.error, data(outcome.data))
    raise RpcError(SERVER_ERROR, outcome.error)


def _bytes(text: str) -> Any:
    if not text.startswith("0x"):
        raise ValueError(f"{text!r} is not 0x-hex")
    return bytes.fromhex(text[2:])


def _alternatives(wanted: str | list[str] | None) -> list[str] | None:
    if wanted is None:
        return None
    return [each.lower() for each in ([wanted] if isinstance(wanted, str) else wanted)]
