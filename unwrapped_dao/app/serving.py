"""A validator as a service: the role with its keys and files, and the housekeeping that a running server owes.

Not here: HTTP (service/server.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .. import kinds
from ..chain.collective import Collective
from ..chain.pinned import settled
from ..chain.registry import Pool, PoolState
from ..chain.signer import Signer
from ..crypto.sealed_request import EncryptionKey, Recipient
from ..errors import TemporaryError, UnwrappedError
from ..roles.validator import Validator
from ..service.answers import AnswerBook
from ..service.audit import AuditLog, Event
from ..service.desk import Desk
from ..service.keys import VALIDITY_S, make_record
from ..service.limits import Limits
from ..service.wire import KeyRecord
from ..storage.interfaces import ContentStore


class ValidatorService:
    """What `service.server.Server` runs. `folder` is this validator's own; `store` is made when a pool is published."""

    def __init__(
        self,
        collective: Collective,
        account: Signer,
        validator: Validator,
        key: EncryptionKey,
        folder: Path,
        limits: Limits,
        store: Callable[[], ContentStore],
        finality: str = "finalized",
    ) -> None:
        self._collective = collective
        self._account = account
        self._validator = validator
        self._key = key
        self._limits = limits
        self._store = store
        self._finality = finality
        self._answers = AnswerBook(folder / "answers.sqlite")
        self.audit = AuditLog(folder / "audit.jsonl")
        names = frozenset(kinds.scopes())
        registry = collective.registry.address
        recipient = Recipient.of(collective.client.chain_id, registry, str(account.address))
        self._desk = Desk(
            validator, key, recipient, self._answers, self.audit, folder / "incoming", limits, names.__contains__
        )
        self._record: KeyRecord | None = None
        self._published: set[int] = set()
        self._cleaned: set[int] = set()
        self._next_block = collective.deployment.block_number

    def handle(self, body: BinaryIO) -> bytes:
        """The sealed answer. Raises SealedRequestError."""
        return self._desk.handle(body)

    def record(self) -> KeyRecord:
        """The encryption key's record, signed anew when half of its time is over."""
        try:
            due = self._record is None or self._record.expiry - self._collective.client.now() < VALIDITY_S // 2
            if due:
                self._record = make_record(
                    self._collective, self._account, self._key.public, self._limits.max_request_bytes
                )
        except UnwrappedError:
            if self._record is None:
                raise
        assert self._record is not None
        return self._record

    def index_problem(self) -> TemporaryError | None:
        """Why nothing can be attested just now, if the shared index is the reason."""
        try:
            self._validator.require_index()
        except TemporaryError as problem:
            return problem
        return None

    def sweep(self) -> None:
        """Publish what was sealed, erase what is not in it or was withdrawn, forget expired answers. Raises nothing."""
        for duty in (self._publish, self._release, self._clean, self._forget_answers):
            try:
                duty()
            except UnwrappedError:
                self.audit.write("failed")  # and again at the next sweep

    def _publish(self) -> None:
        """The live envelopes of sealed pools; due also while the index is away."""
        kept = {pool.id for pool in self._validator.kept_pools()}
        for pool in self._sealed():
            if pool.id in kept and pool.id not in self._published:
                published = self._validator.publish(pool, self._store()).published
                self._write("published", pool, len(published))
                self._published.add(pool.id)

    def _release(self) -> None:
        """What was replaced or withdrawn since the last look, and is final."""
        final = settled(self._collective.client, self._finality)
        if final.number < self._next_block:
            return
        released = self._validator.release(self._next_block, final)
        for pool in self._collective.registry.pools() if released else ():
            if pool.id in released:
                self._write("released", pool, released[pool.id])
        self._next_block = final.number + 1

    def _clean(self) -> None:
        """The fingerprints of what is not in a sealed pool."""
        for pool in self._sealed():
            if pool.id not in self._cleaned:
                if erased := self._validator.clean(pool):
                    self._write("cleaned", pool, erased)
                self._cleaned.add(pool.id)

    def _forget_answers(self) -> None:
        self._answers.drop_expired(self._collective.client.now())

    def _sealed(self) -> list[Pool]:
        return [pool for pool in self._collective.registry.pools() if pool.state is PoolState.SEALED]

    def _write(self, event: Event, pool: Pool, count: int) -> None:
        scope = kinds.scope_of(pool.scope_id)
        self.audit.write(event, scope=scope.name if scope else "", epoch=pool.epoch, count=count)

    def close(self) -> None:
        """Close the files."""
        self._answers.close()
