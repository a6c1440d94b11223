"""What is said over the wire, as values: manifests of requests, bodies of answers, the record of a key, problems.

Field by field as in docs/spec/sealed-request.md; the OpenAPI document is made from these types.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from ..errors import UntrustedDataError

PROBLEM = "application/problem+json"
# The lengths are not idle: `$` also stands before a last line break.
Address = Annotated[str, Meta(pattern="^0x[0-9a-fA-F]{40}$", max_length=42)]
Hex32 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64, description="32 bytes in lower-case hex")]
Hex64 = Annotated[
    str, Meta(pattern="^[0-9a-f]{128}$", max_length=128, description="64 bytes in lower-case hex (EIP-2098)")
]
Uint = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
Weight = Annotated[int, Meta(ge=1, le=(1 << 32) - 1)]
Words = Annotated[str, Meta(max_length=4_000)]


class AttestAsk(Struct, tag_field="ask", tag="attest", frozen=True, forbid_unknown_fields=True):
    """Attest this contribution; records and envelope follow the manifest."""

    member: Address
    scope: Annotated[str, Meta(min_length=1, max_length=100)]
    scope_id: Hex32
    epoch: Uint
    version: Uint
    content: Hex32
    expiry: Uint
    dek: Hex32
    validators: Annotated[tuple[Address, ...], Meta(max_length=100)]
    signed_at: Uint
    signature: Hex64

    def __repr__(self) -> str:
        return "<AttestAsk: secret>"


class HeldAsk(Struct, tag_field="ask", tag="held", frozen=True, forbid_unknown_fields=True):
    """What do you hold about me?"""

    member: Address
    expiry: Uint
    signature: Hex64


class ForgetAsk(Struct, tag_field="ask", tag="forget", frozen=True, forbid_unknown_fields=True):
    """Erase what you may, and say what you must keep and why."""

    member: Address
    expiry: Uint
    signature: Hex64


class BatchAsk(Struct, tag_field="ask", tag="batch", frozen=True, forbid_unknown_fields=True):
    """Sign what you attested one by one as a batch, until `expiry`; a JSON array of BatchedItem follows as the records.

    Anybody may ask: it says nothing that was not attested.
    """

    scope_id: Hex32
    epoch: Uint
    expiry: Uint


class BatchedItem(Struct, frozen=True, forbid_unknown_fields=True):
    """One contribution, in ascending order of member number, with the signature that this validator gave it."""

    member: Address
    version: Uint
    content: Hex32
    weight: Weight
    fingerprint: Hex32
    report: Hex32
    expiry: Uint
    signature: Hex64


Items = Annotated[tuple[BatchedItem, ...], Meta(min_length=1, max_length=500)]
Ask = AttestAsk | HeldAsk | ForgetAsk | BatchAsk


class Attested(Struct, tag_field="outcome", tag="attested", frozen=True):
    """The rest of the attested content is what was asked for."""

    weight: Weight
    fingerprint: Hex32
    report: Hex32
    signature: Hex64


class BatchAttested(Struct, tag_field="outcome", tag="batch-attested", frozen=True):
    """The signature over EIP-712 `Contributions` of what was asked for."""

    signature: Hex64


class Refused(Struct, tag_field="outcome", tag="refused", frozen=True):
    """The rules or the data say no; `unfit` the parts do not fit together; `later` ask again."""

    why: Literal["refused", "unfit", "later"]
    message: Words
    hint: Words


class HeldItem(Struct, frozen=True):
    """One thing that a validator holds about a member. `why` is empty unless it has to stay."""

    what: Literal["fingerprint", "envelope"]
    scope_id: Hex32
    epoch: Uint
    version: Uint
    content: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$", max_length=64)] = ""
    why: Words = ""


class Held(Struct, tag_field="outcome", tag="held", frozen=True):
    """Everything held."""

    items: tuple[HeldItem, ...]


class Forgotten(Struct, tag_field="outcome", tag="forgotten", frozen=True):
    """What was erased, and what stays and why."""

    removed: tuple[HeldItem, ...]
    kept: tuple[HeldItem, ...]


Answer = Attested | BatchAttested | Refused | Held | Forgotten


class KeyRecord(Struct, frozen=True):
    """A validator's encryption key, signed by its account (EIP-712 `EncryptionKey`, the registry's domain)."""

    chain_id: Uint
    registry: Address
    validator: Address
    key: Hex32
    expiry: Uint
    signature: Hex64
    max_request_bytes: Uint


class Problem(Struct, frozen=True, omit_defaults=True):
    """RFC 9457. Says nothing about a request's content: that is only in sealed answers."""

    title: str
    status: int
    kind: str = ""


_Known = TypeVar("_Known")


def encode(value: Ask | Answer | KeyRecord | Problem | tuple[BatchedItem, ...]) -> bytes:
    """As JSON."""
    return msgspec.json.encode(value)


def decode_ask(data: bytes) -> Ask:
    """A manifest. Raises UntrustedDataError."""
    return _decode(data, Ask, "The request's manifest")  # type: ignore[arg-type]


def decode_items(data: bytes) -> tuple[BatchedItem, ...]:
    """What follows a BatchAsk. Raises UntrustedDataError."""
    return _decode(data, Items, "The batch")


def decode_answer(data: bytes) -> Answer:
    """An answer's body. Raises UntrustedDataError."""
    return _decode(data, Answer, "The answer")  # type: ignore[arg-type]


def decode_record(data: bytes) -> KeyRecord:
    """A key's record, not verified yet. Raises UntrustedDataError."""
    return _decode(data, KeyRecord, "The record of the encryption key")


def _decode(data: bytes, kind: type[_Known], what: str) -> _Known:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # msgspec's own words may quote what was sent.
        raise UntrustedDataError(f"{what} is not as specified.") from None
