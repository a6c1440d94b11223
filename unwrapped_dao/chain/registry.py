"""The typed client of `ContributionRegistry`: scopes, validators, contributions, pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from ..errors import NotFoundError
from ..kinds.protocols import Scope
from .batch import BatchItem, ContributionSkipReason, Skipped, halves
from .contract import Contract, merged
from .outbox import Receipt
from .signer import Signer

Point = tuple[int, int]


class PoolState(IntEnum):
    """As `IContributionRegistry.PoolState`."""

    NONE = 0
    OPEN = 1
    ANNOUNCED = 2
    CLOSED = 3
    SEALED = 4


@dataclass(frozen=True, slots=True)
class Pool:
    """One (scope, epoch). Times in seconds; `members` is n, 0 until sealed; `height` is H of the key tree."""

    id: int
    scope_id: bytes
    epoch: int
    index: int
    generation: int
    members: int
    max_weight: int
    opened_at: int
    seals_at: int
    height: int
    attestations: int
    voted_seal: bool
    state: PoolState


@dataclass(frozen=True, slots=True)
class Record:
    """What is contributed: version, weight, and three digests of 32 bytes."""

    version: int
    weight: int
    content: bytes
    fingerprint: bytes
    report: bytes

    def as_tuple(self) -> tuple[int, int, bytes, bytes, bytes]:
        return (self.version, self.weight, self.content, self.fingerprint, self.report)


NO_RECORD = Record(0, 0, bytes(32), bytes(32), bytes(32))


@dataclass(frozen=True, slots=True)
class LiveContribution:
    """A contribution that stands in a pool, as its last event says."""

    member: str
    number: int
    record: Record


@dataclass(frozen=True, slots=True)
class ScopeDefinition:
    """What a scope's id hashes."""

    schema_digest: bytes
    purposes: tuple[bytes, ...]
    base_terms_digest: bytes

    @classmethod
    def of(cls, scope: Scope) -> ScopeDefinition:
        """A scope of some kind as the registry is told of it."""
        return cls(scope.schema_digest, tuple(sorted(scope.purpose_digests.values())), scope.base_terms_digest)

    def as_tuple(self) -> tuple[bytes, list[bytes], bytes]:
        return (self.schema_digest, list(self.purposes), self.base_terms_digest)


def pool_id(scope_id: bytes, epoch: int) -> int:
    """keccak256(abi.encode(scopeId, epoch)); the id of its contribution tokens as well."""
    return int.from_bytes(keccak(encode(["bytes32", "uint64"], [scope_id, epoch])), "big")


class Registry:
    """Verbs and reads of the registry."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.address = contract.address

    # --- contributions ---------------------------------------------------------------------------------------------

    def contribute(
        self,
        sender: Signer,
        *,
        member: str,
        scope_id: bytes,
        epoch: int,
        record: Record,
        live: Record,
        expiry: int,
        attestations: bytes,
        consent_expiry: int = 0,
        consent: bytes = b"",
    ) -> Receipt:
        """Record or replace a contribution; `live` is the record that is replaced, or NO_RECORD."""
        target = (member, scope_id, epoch)
        return self._contract.send(
            sender,
            "contribute",
            target,
            record.as_tuple(),
            live.as_tuple(),
            expiry,
            attestations,
            consent_expiry,
            consent,
        )

    def contribute_batch(
        self,
        sender: Signer,
        *,
        scope_id: bytes,
        epoch: int,
        items: Sequence[BatchItem],
        expiry: int,
        attestations: bytes,
    ) -> Receipt:
        """Record many members' contributions, in order of member number; what was skipped: `skipped`."""
        lives = [item.live for item in items if item.live is not None]
        place = {id(live): n for n, live in enumerate(lives, start=1)}
        consents = [(i.consent_expiry, place.get(id(i.live), 0), *halves(i.consent)) for i in items]
        return self._contract.send(
            sender,
            "contributeBatch",
            scope_id,
            epoch,
            [(item.member, item.record.as_tuple()) for item in items],
            consents,
            [live.as_tuple() for live in lives],
            expiry,
            attestations,
        )

    def skipped(self, receipt: Receipt) -> list[Skipped]:
        """What a batch passed by."""
        events = self._contract.events_in(receipt, "ContributionSkipped")
        return [Skipped(e["member"], ContributionSkipReason(e["reason"])) for e in events]

    def withdraw(self, member: Signer, scope_id: bytes, epoch: int, live: Record) -> Receipt:
        """Burn before sealing; be excluded from all later approvals afterwards."""
        return self.withdraw_signed(member, str(member.address), scope_id, epoch, live, 0, b"")

    def withdraw_signed(
        self,
        sender: Signer,
        member: str,
        scope_id: bytes,
        epoch: int,
        live: Record,
        consent_expiry: int,
        consent: bytes,
    ) -> Receipt:
        """The same for a member whose EIP-712 `Withdrawal` of this live version is `consent`; `sender` pays."""
        target = (member, scope_id, epoch)
        return self._contract.send(sender, "withdraw", target, live.as_tuple(), consent_expiry, consent)

    def contributions(self, pool: Pool, *, member: str | None = None) -> list[LiveContribution]:
        """Every live contribution of a pool (or one member's) by member number, replayed from the events."""
        filters: dict[str, Any] = {"poolId": pool.id} | ({"member": member} if member else {})
        live: dict[int, LiveContribution] = {}
        for event in merged(self._contract, ("ContributionRecorded", "ContributionWithdrawn"), **filters):
            number = event["number"]
            if event.name == "ContributionWithdrawn":
                live.pop(number, None)
                continue
            a = event.facts
            record = Record(a["version"], a["weight"], a["content"], a["fingerprint"], a["report"])
            live[number] = LiveContribution(a["member"], number, record)
        return [live[number] for number in sorted(live)]

    def recorded(self, pool: Pool, member: str) -> list[Record]:
        """Every version that one member ever recorded in a pool, oldest first: also those replaced or withdrawn."""
        events = self._contract.events("ContributionRecorded", poolId=pool.id, member=member)
        facts = [event.facts for event in events]
        return [Record(a["version"], a["weight"], a["content"], a["fingerprint"], a["report"]) for a in facts]

    def contribution_of(self, pool: Pool, member: str) -> LiveContribution | None:
        """One member's live contribution to a pool."""
        return next(iter(self.contributions(pool, member=member)), None)

    def next_version(self, pool: Pool, member: str, number: int) -> int:
        """The version that the next contribution of this member must carry."""
        live = self.contribution_of(pool, member)
        if live is not None:
            return live.record.version + 1
        return self.withdrawn_version(pool, number) + 1

    def withdrawn_version(self, pool: Pool, number: int) -> int:
        """The version at which a member without a live contribution stands; 0 if it never withdrew one."""
        return int(self._contract.call("withdrawnVersion", pool.id, number))

    def superseded(self, first: int, last: int) -> dict[int, dict[str, int]]:
        """Who replaced or withdrew a contribution in these blocks: member number by address, by pool id."""
        found: dict[int, dict[str, int]] = {}
        for name in ("ContributionRecorded", "ContributionWithdrawn"):
            for event in self._contract.events(name, first=first, last=last):
                if name == "ContributionWithdrawn" or event["version"] > 1:
                    found.setdefault(event["poolId"], {})[event["member"]] = event["number"]
        return found

    def fingerprint_owner(self, scope_id: bytes, fingerprint: bytes) -> int | None:
        """The member number that holds a fingerprint, None if it is free."""
        used, number = self._contract.call("fingerprintOf", scope_id, fingerprint)
        return number if used else None

    # --- pools -----------------------------------------------------------------------------------------------------

    def open_epoch(self, sender: Signer, scope_id: bytes, week: int, heartbeat: Point) -> Receipt:
        """Open the next epoch of a scope with a recent heartbeat of the current generation."""
        return self._contract.send(sender, "openEpoch", scope_id, week, list(heartbeat))

    def announce_seal(self, sender: Signer, pool: Pool) -> Receipt:
        """Announce the seal once the pool is old and heavy enough."""
        return self._contract.send(sender, "announceSeal", pool.scope_id, pool.epoch)

    def seal(self, sender: Signer, pool: Pool) -> Receipt:
        """Record the seal of a closed pool."""
        return self._contract.send(sender, "seal", pool.scope_id, pool.epoch)

    def latest_epoch(self, scope_id: bytes) -> int:
        """The newest epoch of a scope, 0 if none was opened."""
        return int(self._contract.call("latestEpoch", scope_id))

    def pool(self, scope_id: bytes, epoch: int) -> Pool:
        """One pool. Raises NotFoundError if that epoch was never opened."""
        identifier = pool_id(scope_id, epoch)
        index, generation, members, max_weight, opened, seals, height, m, voted, _ = self._contract.call(
            "pool", identifier
        ).values()
        if index == 0:
            raise NotFoundError(f"No pool was opened for epoch {epoch} of this scope.")
        state = PoolState(self._contract.call("stateOf", identifier))
        return Pool(
            identifier, scope_id, epoch, index, generation, members, max_weight, opened, seals, height, m, voted, state
        )

    def current_pool(self, scope_id: bytes) -> Pool:
        """The newest pool of a scope. Raises NotFoundError if none was opened."""
        epoch = self.latest_epoch(scope_id)
        if epoch == 0:
            raise NotFoundError(
                "No epoch of this scope was opened yet.", hint="Open one with `unwrapped-dao pool open`."
            )
        return self.pool(scope_id, epoch)

    def pools(self) -> list[Pool]:
        """Every pool, in order of opening."""
        events = self._contract.events("EpochOpened")
        return [self.pool(event["scopeId"], event["epoch"]) for event in events]

    def withdrawal_ordinal(self, pool: Pool, number: int) -> int:
        """The place of a member's withdrawal after sealing; 0 for none."""
        return int(self._contract.call("withdrawalOrdinal", pool.id, number))

    def withdrawn_leaves(self, pool: Pool) -> dict[int, int]:
        """Member number -> ordinal of everybody who withdrew after sealing."""
        events = self._contract.events("PoolWithdrawal", poolId=pool.id)
        return {event["number"]: event["ordinal"] for event in events}

    # --- scopes and validators -------------------------------------------------------------------------------------

    def scopes(self) -> dict[bytes, ScopeDefinition]:
        """Every registered scope by id."""
        return {
            e["scopeId"]: ScopeDefinition(e["schemaDigest"], tuple(e["purposes"]), e["baseTermsDigest"])
            for e in self._contract.events("ScopeRegistered")
        }

    def validators(self) -> tuple[str, ...]:
        """The current validators, in order of admission."""
        current: dict[str, None] = {}
        for event in merged(self._contract, ("ValidatorAdded", "ValidatorRemoved")):
            if event.name == "ValidatorAdded":
                current[event["validator"]] = None
            else:
                current.pop(event["validator"], None)
        return tuple(current)

    def validators_ever(self) -> frozenset[str]:
        """Everybody who is or was a validator."""
        return frozenset(event["validator"] for event in self._contract.events("ValidatorAdded"))

    def attestations_required(self) -> int:
        """m for pools that open from now on."""
        return int(self._contract.call("attestationsRequired"))

    def is_validator(self, address: str) -> bool:
        return bool(self._contract.call("isValidator", address))


def join_attestations(signatures: Sequence[tuple[str, bytes]]) -> bytes:
    """(validator address, 64-byte signature) pairs as the registry wants them: ascending by address, end to end."""
    return b"".join(signature for _, signature in sorted(signatures, key=lambda pair: int(pair[0], 16)))
