"""A membership, its token and its registry, wired as Genesis would, with validators whose keys the test holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from tests.contracts.support import signing

SETTLING = 100
MIN_AGE = 1_000
MIN_WEIGHT = 100
NOTICE = 500
DAILY_CAP = 50
HEIGHT = 20
MAX_WEIGHT = 1_000
FAR = 2**40
EMPTY = b""

RESEARCH = keccak(text="research")
TRAINING = keccak(text="ai-training")
PURPOSES = sorted([RESEARCH, TRAINING])

NONE, OPEN, ANNOUNCED, CLOSED, SEALED = range(5)


@dataclass(frozen=True)
class Record:
    """IContributionRegistry.Record, with values that differ by `seed`."""

    version: int
    weight: int
    content: bytes
    fingerprint: bytes
    report: bytes

    @classmethod
    def of(cls, seed: str, version: int = 1, weight: int = 40) -> Record:
        return cls(
            version,
            weight,
            keccak(text=f"content {seed} {version}"),
            keccak(text=f"fingerprint {seed}"),
            keccak(text=f"report {seed} {version}"),
        )

    def tuple(self) -> tuple[Any, ...]:
        return (self.version, self.weight, self.content, self.fingerprint, self.report)


@dataclass(frozen=True)
class Item:
    """One item of a batch and its consent."""

    member: str
    record: Record
    expiry: int
    live: int
    consent: bytes


NO_RECORD = Record(0, 0, b"\0" * 32, b"\0" * 32, b"\0" * 32)


def scope_definition(name: str) -> tuple[bytes, list[bytes], bytes]:
    return (keccak(text=f"schema of {name}"), PURPOSES, keccak(text=f"terms of {name}"))


def scope_id(definition: tuple[bytes, list[bytes], bytes]) -> bytes:
    """IContributionRegistry's, computed apart from the contract."""
    tag = keccak(text="unwrapped-dao/scope/v1")
    return keccak(encode(["bytes32", "bytes32", "bytes32[]", "bytes32"], [tag, *definition]))


def pool_id(scope: bytes, epoch: int) -> int:
    return int.from_bytes(keccak(encode(["bytes32", "uint64"], [scope, epoch])), "big")


class Collective:
    """`validators` are keys in ascending order of address; the timelock is a plain account of the test's."""

    def __init__(self, deploy: Callable[..., Any], accounts: Any, **changes: Any) -> None:
        self.accounts = accounts
        self.market = accounts[8]
        self.timelock = accounts[9]
        self.stranger = accounts[7]
        self.validators = sorted((signing.key(f"validator {i}") for i in range(3)), key=lambda k: int(k.address, 16))
        self.definition = scope_definition("artist-preferences")
        self.scope = scope_id(self.definition)
        self.committee = deploy("HeartbeatCommittee")

        sender = accounts[0]
        membership, token, registry = (sender.get_deployment_address(sender.nonce + i) for i in range(3))
        self.deployment = {
            "membership": membership,
            "token": token,
            "committee": self.committee.address,
            "timelock": self.timelock.address,
            "validators": [v.address for v in self.validators],
            "attestationsRequired": 2,
            "maxWeight": MAX_WEIGHT,
            "height": HEIGHT,
            "minAge": MIN_AGE,
            "minWeight": MIN_WEIGHT,
            "notice": NOTICE,
            "dailyCap": DAILY_CAP,
            "scopes": [self.definition],
        } | changes
        self.membership = deploy("MembershipToken", registry, self.market, SETTLING)
        self.token = deploy("ContributionToken", registry, membership, "https://example.invalid/{id}")
        self.registry = deploy("ContributionRegistry", tuple(self.deployment.values()))
        assert self.registry.address == registry
        self.domain = signing.domain("unwrapped-dao registry", 1337, registry)

    def join(self, *members: Any) -> None:
        for member in members:
            self.membership.join({"from": member})

    def heartbeat(self, clock: Any, generation: int = 1) -> tuple[int, list[int]]:
        week = clock.now() // 604_800
        return week, [week, generation]

    def open_epoch(self, clock: Any, scope: bytes | None = None) -> int:
        """Pool id."""
        tx = self.registry.openEpoch(scope or self.scope, *self.heartbeat(clock), {"from": self.stranger})
        return int(tx.events["EpochOpened"]["poolId"])

    def attest(
        self,
        member: Any,
        record: Record,
        *,
        epoch: int = 1,
        scope: bytes | None = None,
        expiry: int = FAR,
        signers: Sequence[LocalAccount] | None = None,
        domain: dict[str, Any] | None = None,
    ) -> bytes:
        """Signatures of the first two validators, or of `signers` in the order given."""
        version, weight, content, fingerprint, report = record.tuple()
        where = (str(member), scope or self.scope, epoch)
        values = (*where, version, content, weight, fingerprint, report, expiry)
        return b"".join(
            signing.compact(*signing.sign(s, domain or self.domain, "Contribution", signing.CONTRIBUTION, *values))
            for s in (signers if signers is not None else self.validators[:2])
        )

    def consent(self, signer: LocalAccount, record: Record, *, epoch: int = 1, expiry: int = FAR) -> bytes:
        values = (self.scope, epoch, record.version, record.content, expiry)
        return signing.compact(*signing.sign(signer, self.domain, "Consent", signing.CONSENT, *values))

    def withdrawal(self, signer: LocalAccount, version: int, *, epoch: int = 1, expiry: int = FAR) -> bytes:
        values = (self.scope, epoch, version, expiry)
        return signing.compact(*signing.sign(signer, self.domain, "Withdrawal", signing.WITHDRAWAL, *values))

    def contribute(
        self,
        member: Any,
        record: Record,
        live: Record = NO_RECORD,
        *,
        epoch: int = 1,
        scope: bytes | None = None,
        expiry: int = FAR,
        attestations: bytes | None = None,
        sender: Any = None,
        consent_expiry: int = 0,
        consent: bytes = EMPTY,
    ) -> Any:
        if attestations is None:
            attestations = self.attest(member, record, epoch=epoch, scope=scope, expiry=expiry)
        target = (str(member), scope or self.scope, epoch)
        arguments = (target, record.tuple(), live.tuple(), expiry, attestations, consent_expiry, consent)
        return self.registry.contribute(*arguments, {"from": sender or member})

    # --- batches ---------------------------------------------------------------------------------------------------

    def item(self, signer: LocalAccount, record: Record, *, live: int = 0, **how: Any) -> Item:
        """What a relayer has of a member: the record and the consent to it; `live` is 1 + a position in `lives`."""
        return Item(signer.address, record, how.get("expiry", FAR), live, self.consent(signer, record, **how))

    def items_hash(self, items: Sequence[Item], *, epoch: int = 1, scope: bytes | None = None) -> bytes:
        """IContributionRegistry's, computed apart from the contract."""
        shape = ["bytes32", "uint64", "(address,(uint32,uint32,bytes32,bytes32,bytes32))[]"]
        return keccak(encode(shape, [scope or self.scope, epoch, [(i.member, i.record.tuple()) for i in items]]))

    def attest_batch(
        self,
        items: Sequence[Item],
        *,
        epoch: int = 1,
        expiry: int = FAR,
        signers: Sequence[LocalAccount] | None = None,
        domain: dict[str, Any] | None = None,
    ) -> bytes:
        """Signatures of the first two validators, or of `signers` in the order given."""
        values = (self.items_hash(items, epoch=epoch), expiry)
        return b"".join(
            signing.compact(*signing.sign(s, domain or self.domain, "Contributions", signing.CONTRIBUTIONS, *values))
            for s in (signers if signers is not None else self.validators[:2])
        )

    def contribute_batch(
        self,
        items: Sequence[Item],
        lives: Sequence[Record] = (),
        *,
        epoch: int = 1,
        expiry: int = FAR,
        attestations: bytes | None = None,
    ) -> Any:
        """Relayed by a stranger."""
        if attestations is None:
            attestations = self.attest_batch(items, epoch=epoch, expiry=expiry)
        return self.registry.contributeBatch(
            self.scope,
            epoch,
            [(item.member, item.record.tuple()) for item in items],
            [(item.expiry, item.live, *signing.halves(item.consent)) for item in items],
            [live.tuple() for live in lives],
            expiry,
            attestations,
            {"from": self.stranger},
        )

    def withdraw(
        self,
        member: Any,
        live: Record,
        *,
        epoch: int = 1,
        sender: Any = None,
        consent_expiry: int = 0,
        consent: bytes = EMPTY,
    ) -> Any:
        target = (str(member), self.scope, epoch)
        return self.registry.withdraw(target, live.tuple(), consent_expiry, consent, {"from": sender or member})

    def state(self, pool: int) -> int:
        return int(self.registry.stateOf(pool))


def close(collective: Collective, clock: Any, pool: int, epoch: int = 1) -> None:
    """Announce (by vote if too light) and wait until the clock has closed the pool."""
    if collective.token.totalSupply(pool) >= MIN_WEIGHT:
        clock.advance(MIN_AGE)
        collective.registry.announceSeal(collective.scope, epoch, {"from": collective.stranger})
    else:
        collective.registry.announceSealByVote(collective.scope, epoch, {"from": collective.timelock})
    clock.advance(NOTICE + 1)


def seal(collective: Collective, clock: Any, pool: int, epoch: int = 1) -> Any:
    close(collective, clock, pool, epoch)
    return collective.registry.seal(collective.scope, epoch, {"from": collective.stranger})
