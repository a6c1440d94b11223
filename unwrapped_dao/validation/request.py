"""What a member asks of a validator, and what comes back; the same in process and over a wire.

The request holds the member's full records and the data key: it travels over an encrypted channel only, and to
the validators whom the member chose only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, runtime_checkable

from ..crypto.keys import DataKey
from .attestation import AttestationContent


@dataclass(frozen=True, slots=True)
class ConsentProof:
    """The member's signature over the consent receipt; what else that says follows from the request.

    `validators` are all whom the member chose to show this contribution to, `signed_at` is in s.
    """

    validators: tuple[str, ...]
    signed_at: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class AttestationRequest:
    """One contribution before a validator. `open_envelope` gives a fresh stream of the envelope at each call."""

    member: str
    scope: str
    scope_id: bytes
    epoch: int
    version: int
    content: bytes
    expiry: int
    dek: DataKey
    open_envelope: Callable[[], BinaryIO] = field(repr=False)
    records_bytes: bytes = field(repr=False)
    consent: ConsentProof


@dataclass(frozen=True, slots=True)
class Attestation:
    """A validator's signature (64 bytes, EIP-2098) over exactly this content."""

    content: AttestationContent
    validator: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """Contributions of one pool that one validator attested one by one, to be attested as a batch: the same items, in
    ascending order of member number, under one signature that holds until `expiry` (s).
    """

    attested: tuple[Attestation, ...]
    expiry: int


@runtime_checkable
class BatchAttester(Protocol):
    """A validator as a relayer reaches it."""

    @property
    def address(self) -> str:
        """The validator's account."""
        ...

    def attest_batch(self, request: BatchRequest) -> bytes:
        """Sign the batch (64 bytes, EIP-2098). Raises AttestationError for an item it did not attest itself."""
        ...


@runtime_checkable
class Attester(Protocol):
    """A validator as a member reaches it."""

    @property
    def address(self) -> str:
        """The validator's account."""
        ...

    @property
    def name(self) -> str:
        """What messages call it: its address, and its URL if it has one."""
        ...

    def attest(self, request: AttestationRequest) -> Attestation:
        """Check and sign. Raises AttestationError or NotAllowedError with the reasons of a refusal."""
        ...
