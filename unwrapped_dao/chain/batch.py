"""Relayed batches: what goes into them, and why the contracts passed an item by.

A batch never sinks for one item: each contract skips what is bad with an event. `Skipped` is such an event in words.

Source: contracts/interfaces/ (the structs and `…SkipReason` enums of the same names).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from eth_abi.abi import encode
from eth_utils.crypto import keccak

if TYPE_CHECKING:
    from .registry import Record


class ContributionSkipReason(IntEnum):
    """As `IContributionRegistry.ContributionSkipReason`."""

    NOT_A_MEMBER = 0
    MEMBER_HAS_LEFT = 1
    NUMBER_NOT_ASCENDING = 2
    LEAF_OUT_OF_RANGE = 3
    WEIGHT_OUT_OF_RANGE = 4
    RECORD_MISMATCH = 5
    VERSION_WRONG = 6
    FINGERPRINT_USED = 7
    CONSENT_EXPIRED = 8
    CONSENT_INVALID = 9


class MembershipSkipReason(IntEnum):
    """As `IMembershipToken.MembershipSkipReason`."""

    EXPIRED = 0
    SIGNATURE_INVALID = 1
    ALREADY_JOINED = 2
    NOT_A_MEMBER = 3
    JOINS_EXHAUSTED = 4


class BallotSkipReason(IntEnum):
    """As `IDataGovernor.BallotSkipReason`."""

    SUPPORT_INVALID = 0
    SIGNER_WITHOUT_VOTE = 1
    REPEATED = 2


class OptOutSkipReason(IntEnum):
    """As `IDataMarket.OptOutSkipReason`."""

    EXPIRED = 0
    SIGNER_NOT_A_MEMBER = 1
    NOT_A_CONTRIBUTOR = 2
    REPEATED = 3


SkipReason = ContributionSkipReason | MembershipSkipReason | BallotSkipReason | OptOutSkipReason

_SENTENCES: dict[SkipReason, str] = {
    ContributionSkipReason.NOT_A_MEMBER: "they are not a member",
    ContributionSkipReason.MEMBER_HAS_LEFT: "they have left",
    ContributionSkipReason.NUMBER_NOT_ASCENDING: "the batch is not in order of member number, or names a member twice",
    ContributionSkipReason.LEAF_OUT_OF_RANGE: "the pool's key tree has no leaf for their number",
    ContributionSkipReason.WEIGHT_OUT_OF_RANGE: "the weight is more than this pool allows, or nothing",
    ContributionSkipReason.RECORD_MISMATCH: "their live contribution is another than the one named",
    ContributionSkipReason.VERSION_WRONG: "the version is not the next one",
    ContributionSkipReason.FINGERPRINT_USED: "the same data was contributed before",
    ContributionSkipReason.CONSENT_EXPIRED: "the consent has expired",
    ContributionSkipReason.CONSENT_INVALID: "the consent is not signed by them",
    MembershipSkipReason.EXPIRED: "the request has expired",
    MembershipSkipReason.SIGNATURE_INVALID: "the request is not signed by them, or was used before",
    MembershipSkipReason.ALREADY_JOINED: "they are a member already",
    MembershipSkipReason.NOT_A_MEMBER: "they are not a member",
    MembershipSkipReason.JOINS_EXHAUSTED: "they joined too often",
    BallotSkipReason.SUPPORT_INVALID: "the ballot says neither for, against nor abstain",
    BallotSkipReason.SIGNER_WITHOUT_VOTE: "its signer has no vote on this proposal",
    BallotSkipReason.REPEATED: "they had voted already",
    OptOutSkipReason.EXPIRED: "the request has expired",
    OptOutSkipReason.SIGNER_NOT_A_MEMBER: "its signer is not a member",
    OptOutSkipReason.NOT_A_CONTRIBUTOR: "they did not contribute to this pool",
    OptOutSkipReason.REPEATED: "they had opted out already",
}


@dataclass(frozen=True, slots=True)
class Skipped:
    """One item that a batch passed by; `who` is the member it names, or whoever signed it."""

    who: str
    reason: SkipReason

    @property
    def sentence(self) -> str:
        return f"{self.who} was skipped: {_SENTENCES[self.reason]}"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A member's signed request to join or to leave."""

    member: str
    expiry: int
    signature: bytes

    def as_tuple(self) -> tuple[object, ...]:
        return (self.member, self.expiry, *halves(self.signature))


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One contribution of a batch. `live` is the record that it replaces; it is not part of what validators sign."""

    member: str
    record: Record
    consent_expiry: int
    consent: bytes
    live: Record | None = None


def items_hash(scope_id: bytes, epoch: int, items: Sequence[tuple[str, Record]]) -> bytes:
    """keccak256(abi.encode(scopeId, epoch, items)): what `Contributions` names."""
    shape = ["bytes32", "uint64", "(address,(uint32,uint32,bytes32,bytes32,bytes32))[]"]
    values = [(member, record.as_tuple()) for member, record in items]
    return bytes(keccak(encode(shape, [scope_id, epoch, values])))


def halves(signature: bytes) -> tuple[bytes, bytes]:
    """r and vs of a 64-byte signature."""
    return signature[:32], signature[32:]
