"""What a validator holds about one member, and what of it may be erased.

Erased at once: ciphertext that is no live version, and fingerprints that can no longer become live; what was replaced
or withdrawn goes without being asked, once the chain calls it final. Kept: what protects
other members (the fingerprints of what is in a sealed pool, whose exact ones are on-chain anyway), and what the member
can still have recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..chain.collective import Collective
from ..chain.registry import Pool, PoolState
from ..storage.pending import PendingEnvelopes
from ..validation import FingerprintIndex

_SEALED_FINGERPRINT = "it recognises copies of what is in a sealed pool; the exact fingerprint is on-chain for ever"
_SEALED_ENVELOPE = "it is in a sealed pool: its ciphertext is published, and the sale needs it"
_LIVE = "it is your live contribution: withdraw it first (`unwrapped-dao member withdraw`)"
_RECORDABLE = (
    "its attestation can still be recorded; it is erased when the pool is sealed, or once you contributed anew"
)


@dataclass(frozen=True, slots=True)
class Holding:
    """One fingerprint (with its sketch) or one envelope. `why` is empty if it may be erased."""

    what: Literal["fingerprint", "envelope"]
    scope_id: bytes
    epoch: int
    version: int
    digest: bytes
    """Of a fingerprint: itself. Of an envelope: its content."""
    why: str = ""


class Holdings:
    """What one validator has: the index that it shares, and the envelopes that it keeps."""

    def __init__(self, collective: Collective, index: FingerprintIndex, pending: PendingEnvelopes) -> None:
        self._collective = collective
        self._index = index
        self._pending = pending

    def of(self, member: str) -> list[Holding]:
        """Everything about this member, each with the reason why it has to stay, if it has."""
        pools = {pool.id: pool for pool in self._collective.registry.pools()}
        by_place = {(pool.scope_id, pool.epoch): pool for pool in pools.values()}
        found = []
        for held in self._index.held(member):
            pool = by_place.get((held.scope_id, held.epoch))
            holding = Holding("fingerprint", held.scope_id, held.epoch, held.version, held.fingerprint)
            found.append(self._judged(holding, pool, member))
        for content in self._pending.contents():
            note = self._pending.note(content)
            if note is not None and note.member.lower() == member.lower():
                pool = pools.get(int(note.pool_id, 16))
                scope_id, epoch = (pool.scope_id, pool.epoch) if pool else (bytes(32), 0)
                holding = Holding("envelope", scope_id, epoch, note.version, content)
                found.append(self._judged(holding, pool, member))
        return found

    def erase(self, member: str) -> tuple[list[Holding], list[Holding]]:
        """(erased, kept). Again changes nothing."""
        erased, kept = [], []
        for holding in self.of(member):
            if holding.why:
                kept.append(holding)
                continue
            if holding.what == "envelope":
                self._pending.discard(holding.digest)
            else:
                self._index.forget(
                    scope_id=holding.scope_id, epoch=holding.epoch, member=member, fingerprint=holding.digest
                )
            erased.append(holding)
        return erased, kept

    def release(self, pool: Pool, members: Mapping[str, int]) -> int:
        """Before the seal: erase what these members (numbers by address) replaced or withdrew, without being asked.

        How many fingerprints and envelopes that were. Sketches first, so that a kill in between loses no envelope that
        tells of them.
        """
        live = {c.member.lower(): c.record for c in self._collective.registry.contributions(pool)}
        erased, stale = 0, {}
        for member, number in members.items():
            record = live.get(member.lower())
            version = record.version if record else self._collective.registry.withdrawn_version(pool, number)
            stale[member.lower()] = (version, record)
            for held in self._index.held(member):
                if (held.scope_id, held.epoch) != (pool.scope_id, pool.epoch) or held.version > version:
                    continue
                if record is None or held.fingerprint != record.fingerprint:
                    erased += self._index.forget(
                        scope_id=pool.scope_id, epoch=pool.epoch, member=member, fingerprint=held.fingerprint
                    )
        for content in list(self._pending.contents()) if stale else []:
            note = self._pending.note(content)
            if note is None or int(note.pool_id, 16) != pool.id or note.member.lower() not in stale:
                continue
            version, record = stale[note.member.lower()]
            if note.version <= version and (record is None or content != record.content):
                self._pending.discard(content)
                erased += 1
        return erased

    def clean(self, pool: Pool) -> int:
        """After the seal: erase every fingerprint of this pool that is not in it, without being asked; how many."""
        if pool.state is not PoolState.SEALED:
            return 0
        live = self._collective.registry.contributions(pool)
        pairs = [(contribution.member, contribution.record.fingerprint) for contribution in live]
        return self._index.keep_only(scope_id=pool.scope_id, epoch=pool.epoch, live=pairs)

    def _judged(self, holding: Holding, pool: Pool | None, member: str) -> Holding:
        if pool is None:
            return holding
        registry = self._collective.registry
        live = registry.contribution_of(pool, member)
        sealed = pool.state is PoolState.SEALED
        if live is not None and holding.digest in (live.record.fingerprint, live.record.content):
            if not sealed:
                return replace(holding, why=_LIVE)
            return replace(holding, why=_SEALED_ENVELOPE if holding.what == "envelope" else _SEALED_FINGERPRINT)
        if holding.what == "fingerprint" and pool.state in (PoolState.OPEN, PoolState.ANNOUNCED):
            known = self._collective.membership.member(member)
            if known is not None and holding.version >= registry.next_version(pool, member, known.number):
                return replace(holding, why=_RECORDABLE)
        return holding
