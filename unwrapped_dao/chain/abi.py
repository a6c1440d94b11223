"""A contract's ABI: calls, results, errors and events, by name and with their facts named.

Values: addresses are checksummed 0x-strings, bytes are bytes, numbers are int (a float or a bool is refused),
a struct is a dict by field name. A struct may be given as dict, or as an object with those attributes, or as a
tuple in order. A function with several results answers a tuple in order.

Source: the Contract ABI Specification of the Solidity documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from ..errors import InputError, RpcUnavailableError

Entry = Mapping[str, Any]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded log. `facts` by parameter name; an indexed string, bytes or struct is its 32-byte hash."""

    name: str
    facts: dict[str, Any]
    contract: str
    block_number: int
    log_index: int
    transaction_hash: str

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]


class Abi:
    """The functions, events and errors of one contract, or of several together."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._functions: dict[str, list[Entry]] = {}
        self._events: dict[bytes, Entry] = {}
        self._event_topics: dict[str, bytes] = {}
        self._errors: dict[bytes, Entry] = {}
        self._constructor: Entry = {"inputs": []}
        for entry in entries:
            kind = entry["type"]
            if kind == "function":
                self._functions.setdefault(entry["name"], []).append(entry)
            elif kind == "event" and not entry.get("anonymous"):
                topic = keccak(signature(entry).encode())
                self._events[topic] = entry
                self._event_topics[entry["name"]] = topic
            elif kind == "error":
                self._errors[keccak(signature(entry).encode())[:4]] = entry
            elif kind == "constructor":
                self._constructor = entry

    def has(self, name: str) -> bool:
        """Whether there is a function of this name or signature."""
        return name.split("(", 1)[0] in self._functions

    def selector(self, name: str) -> bytes:
        """The 4 bytes that name a function in calldata. Overloads need the whole signature as `name`."""
        return keccak(signature(self._function(name)).encode())[:4]

    def functions(self) -> list[Entry]:
        """Every function, as the ABI describes it."""
        return [entry for entries in self._functions.values() for entry in entries]

    def encode_call(self, name: str, args: Sequence[Any]) -> bytes:
        """Calldata. Raises InputError when an argument does not fit its type."""
        entry = self._function(name)
        return self.selector(name) + _encode(entry["name"], entry["inputs"], args)

    def encode_constructor(self, args: Sequence[Any]) -> bytes:
        """What is appended to the creation code."""
        return _encode("constructor", self._constructor["inputs"], args)

    def decode_constructor(self, data: bytes) -> dict[str, Any] | None:
        """Arguments by name of what is appended to the creation code; None for malformed bytes."""
        return _try_decode(self._constructor["inputs"], data)

    def decode_call(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """(function, arguments by name) of calldata; None for an unknown selector or malformed arguments."""
        for entries in self._functions.values():
            for entry in entries:
                if keccak(signature(entry).encode())[:4] == data[:4]:
                    values = _try_decode(entry["inputs"], data[4:])
                    return None if values is None else (entry["name"], values)
        return None

    def decode_result(self, name: str, data: bytes) -> Any:
        """What a call answered. Raises RpcUnavailableError when the bytes are no such answer."""
        outputs = self._function(name)["outputs"]
        if not outputs:
            return None
        values = _try_decode(outputs, data)
        if values is None:
            raise RpcUnavailableError(
                f"{name} answered {len(data)} bytes that are not its result.",
                hint="Check that the address is this contract's, on this chain.",
            )
        return next(iter(values.values())) if len(outputs) == 1 else tuple(values.values())

    def decode_error(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """(error, facts by name) of revert data; None if unknown here."""
        entry = self._errors.get(data[:4])
        facts = None if entry is None else _try_decode(entry["inputs"], data[4:])
        return None if entry is None or facts is None else (entry["name"], facts)

    def topic(self, event: str) -> bytes:
        """Topic 0 of an event."""
        return self._event_topics[event]

    def indexed_topics(self, event: str, facts: Mapping[str, Any]) -> list[str | None]:
        """The topics that a log filter for this event with these indexed facts has."""
        entry = self._events[self.topic(event)]
        indexed = [field for field in entry["inputs"] if field["indexed"]]
        unknown = set(facts) - {field["name"] for field in indexed}
        if unknown:
            raise InputError(f"{event} has no indexed field {', '.join(sorted(unknown))}.")
        topics: list[str | None] = ["0x" + self.topic(event).hex()]
        for field in indexed:
            value = facts.get(field["name"])
            topics.append(None if value is None else "0x" + _encode(event, [field], [value]).hex())
        while topics[-1] is None:
            topics.pop()
        return topics

    def decode_log(self, log: Mapping[str, Any]) -> Event | None:
        """A log as JSON-RPC gives it; None if its event is unknown here or its bytes do not fit."""
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        entry = self._events.get(topics[0]) if topics else None
        if entry is None:
            return None
        indexed = [field for field in entry["inputs"] if field["indexed"]]
        plain = [field for field in entry["inputs"] if not field["indexed"]]
        values = _try_decode(plain, bytes.fromhex(log["data"][2:]))
        if values is None or len(indexed) != len(topics) - 1:
            return None
        for field, topic in zip(indexed, topics[1:], strict=True):
            decoded = {field["name"]: topic} if _is_hashed(field) else _try_decode([field], topic)
            if decoded is None:
                return None
            values.update(decoded)
        return Event(
            name=entry["name"],
            facts={field["name"]: values[field["name"]] for field in entry["inputs"]},
            contract=to_checksum_address(log["address"]),
            block_number=int(log["blockNumber"], 16),
            log_index=int(log["logIndex"], 16),
            transaction_hash=log["transactionHash"],
        )

    def _function(self, name: str) -> Entry:
        found = self._functions.get(name.split("(", 1)[0], [])
        if "(" in name:
            found = [entry for entry in found if signature(entry) == name]
        if len(found) != 1:
            raise KeyError(f"{name} names {len(found)} functions")
        return found[0]


def signature(entry: Entry) -> str:
    """The canonical form, e.g. transfer(address,uint256)."""
    return f"{entry['name']}({','.join(_type(field) for field in entry['inputs'])})"


def require_exact_length(kind: str, value: Any) -> None:
    """Raises ValueError for a bytes32 of 31 bytes and the like, which eth_abi would silently fill up with zeros."""
    width = kind.removeprefix("bytes")
    if kind.startswith("bytes") and width.isdigit() and len(value) != int(width):
        raise ValueError(f"{kind} of {len(value)} bytes")


def _type(field: Entry) -> str:
    kind: str = field["type"]
    if kind.startswith("tuple"):
        return f"({','.join(_type(part) for part in field['components'])}){kind[5:]}"
    return kind


def _is_hashed(field: Entry) -> bool:
    kind: str = field["type"]
    return kind in ("string", "bytes") or kind.startswith("tuple") or kind.endswith("]")


def _encode(what: str, fields: Sequence[Entry], args: Sequence[Any]) -> bytes:
    if len(args) != len(fields):
        raise InputError(f"{what} takes {len(fields)} arguments, {len(args)} were given.")
    given = [_encodable(what, field, value) for field, value in zip(fields, args, strict=True)]
    return encode([_type(field) for field in fields], given)


def _encodable(what: str, field: Entry, value: Any) -> Any:
    try:
        given = _given(field, value)
        encode([_type(field)], [given])
    except (EncodingError, KeyError, AttributeError, TypeError, ValueError, OverflowError):
        # `from None` and no value: the library's message quotes it, and it could be a secret given by mistake.
        raise InputError(f"{what}: {field['name'] or 'an argument'} does not fit {_type(field)}.") from None
    return given


def _given(field: Entry, value: Any) -> Any:
    kind: str = field["type"]
    if kind.endswith("]"):
        inner = {**field, "type": kind[: kind.rindex("[")]}
        return [_given(inner, each) for each in value]
    if kind != "tuple":
        require_exact_length(kind, value)
        return value
    parts = field["components"]
    if isinstance(value, Mapping):
        return tuple(_given(part, value[part["name"]]) for part in parts)
    if isinstance(value, Sequence):
        return tuple(_given(part, each) for part, each in zip(parts, value, strict=True))
    return tuple(_given(part, getattr(value, part["name"])) for part in parts)


def _try_decode(fields: Sequence[Entry], data: bytes) -> dict[str, Any] | None:
    try:
        values = decode([_type(field) for field in fields], data)
    except (DecodingError, ValueError, OverflowError):
        return None
    # Results are often nameless; their place names them then.
    return {
        field["name"] or str(place): _named(field, value)
        for place, (field, value) in enumerate(zip(fields, values, strict=True))
    }


def _named(field: Entry, value: Any) -> Any:
    kind: str = field["type"]
    if kind.endswith("]"):
        inner = {**field, "type": kind[: kind.rindex("[")]}
        return [_named(inner, each) for each in value]
    if kind == "tuple":
        return {part["name"]: _named(part, each) for part, each in zip(field["components"], value, strict=True)}
    if kind == "address":
        return to_checksum_address(value)
    return value
