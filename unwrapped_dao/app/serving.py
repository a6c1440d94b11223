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
from ..service.audit import AuditLog
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
        self._done: set[int] = set()
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
        try:
            self._answers.drop_expired(self._collective.client.now())
            self._release()
            kept = {pool.id for pool in self._validator.kept_pools()}
            for pool in self._collective.registry.pools():
                if pool.state is PoolState.SEALED and pool.id not in self._done:
                    self._close(pool, publish=pool.id in kept)
        except UnwrappedError:
            self.audit.write("failed")  # and again at the next sweep

    def _release(self) -> None:
        """What was replaced or withdrawn since the last look, and is final."""
        final = settled(self._collective.client, self._finality)
        if final.number < self._next_block:
            return
        for pool_id, count in self._validator.release(self._next_block, final).items():
            pool = next(p for p in self._collective.registry.pools() if p.id == pool_id)
            scope = kinds.scope_of(pool.scope_id)
            self.audit.write("released", scope=scope.name if scope else "", epoch=pool.epoch, count=count)
        self._next_block = final.number + 1

    def _close(self, pool: Pool, *, publish: bool) -> None:
        scope = kinds.scope_of(pool.scope_id)
        name = scope.name if scope else ""
        if publish:
            published = self._validator.publish(pool, self._store()).published
            self.audit.write("published", scope=name, epoch=pool.epoch, count=len(published))
        erased = self._validator.clean(pool)
        if erased:
            self.audit.write("cleaned", scope=name, epoch=pool.epoch, count=erased)
        self._done.add(pool.id)

    def close(self) -> None:
        """Close the files."""
        self._answers.close()
