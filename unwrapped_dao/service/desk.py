"""One sealed request in, one sealed answer out: the validator's work without any HTTP.

A data key and records are in memory only, and only while their request is worked on; an envelope is ciphertext and may
touch the disk. One request at a time: what a validator needs in memory is one request's worth.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..crypto.keys import DataKey
from ..crypto.sealed_request import EncryptionKey, OpenedRequest, Recipient
from ..errors import (
    IndexUnavailableError,
    InputError,
    NotAllowedError,
    SealedRequestError,
    TemporaryError,
    UntrustedDataError,
    UnwrappedError,
)
from ..roles.holdings import Holding
from ..roles.validator import Validator
from ..validation.attestation import AttestationContent
from ..validation.request import Attestation, AttestationRequest, BatchRequest, ConsentProof
from .answers import AnswerBook, request_digest
from .audit import AuditLog, Event
from .limits import Limits, Quota
from .wire import (
    Answer,
    AttestAsk,
    Attested,
    BatchAsk,
    BatchAttested,
    BatchedItem,
    ForgetAsk,
    Forgotten,
    Held,
    HeldAsk,
    HeldItem,
    Refused,
    decode_ask,
    decode_items,
    encode,
)

DAY_S = 86_400.0
MAX_BATCH_BYTES = 1 << 20
_PREFIX = ".envelope-"
_SAME_REQUEST = 3
"""Verdicts a day on one refused request: who goes on after a kill may be allowed by then."""
_ASK_ANEW = "Contribute again; a new request is looked at."


class Desk:
    """Works on requests one after the other. `folder` is for ciphertext that is being received."""

    def __init__(
        self,
        validator: Validator,
        key: EncryptionKey,
        recipient: Recipient,
        answers: AnswerBook,
        audit: AuditLog,
        folder: Path,
        limits: Limits,
        known_scope: Callable[[str], bool],
    ) -> None:
        self._validator = validator
        self._key = key
        self._recipient = recipient
        self._answers = answers
        self._audit = audit
        self._folder = folder
        self._limits = limits
        self._known_scope = known_scope
        self._verdicts = Quota(limits.per_member, DAY_S)
        self._same = Quota(_SAME_REQUEST, DAY_S)
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{_PREFIX}*"):  # of a killed predecessor
            left.unlink(missing_ok=True)

    def handle(self, body: BinaryIO) -> bytes:
        """The sealed answer. Raises SealedRequestError where none can be sealed, as no key is known to seal it with."""
        try:
            opened = OpenedRequest(body, self._key, self._recipient)
        except SealedRequestError:
            self._audit.write("unreadable")
            raise
        return opened.answer_key.seal(encode(self._answer(opened)))

    def _answer(self, opened: OpenedRequest) -> Answer:
        scope, epoch = "", 0
        try:
            ask = decode_ask(opened.manifest)
            if isinstance(ask, AttestAsk):
                scope, epoch = (ask.scope, ask.epoch) if self._known_scope(ask.scope) else ("", 0)
                event, answer = self._attest(ask, opened)
            elif isinstance(ask, BatchAsk):
                event, answer = self._attest_batch(ask, opened)
            else:
                with self._envelope(opened):
                    event, answer = self._data(ask)
        except (NotAllowedError, UntrustedDataError, InputError, TemporaryError) as problem:
            event, answer = _refusal(problem)
        except (sqlite3.OperationalError, OSError):  # a full disk, say
            event, answer = "failed", _refusal(TemporaryError(""))[1]
        except Exception:
            self._audit.write("failed", scope=scope, epoch=epoch)
            raise
        self._audit.write(event, scope=scope, epoch=epoch)
        return answer

    def _attest(self, ask: AttestAsk, opened: OpenedRequest) -> tuple[Event, Answer]:
        if opened.records_length + opened.envelope_length > self._limits.max_request_bytes:
            raise InputError("The request is larger than this validator takes.")
        wait_s = self._verdicts.wait_s(ask.member.lower())
        if wait_s:
            return "limited", Refused(
                "later",
                f"This member had {self._limits.per_member} verdicts within a day.",
                f"Come back in {wait_s / 3600:.1f} hours.",
            )
        records = opened.read_records()
        with self._envelope(opened) as path:
            digest = request_digest(ask, records)
            if (known := self._answers.find(digest)) is not None:
                return "repeated", known
            request = AttestationRequest(
                member=ask.member,
                scope=ask.scope,
                scope_id=bytes.fromhex(ask.scope_id),
                epoch=ask.epoch,
                version=ask.version,
                content=bytes.fromhex(ask.content),
                expiry=ask.expiry,
                dek=DataKey(bytes.fromhex(ask.dek)),
                open_envelope=lambda: path.open("rb"),
                records_bytes=records,
                consent=ConsentProof(ask.validators, ask.signed_at, bytes.fromhex(ask.signature)),
            )
            if self._same.wait_s(digest.hex()):
                return "limited", Refused("later", "This very request was refused several times today.", _ASK_ANEW)
            try:
                attestation = self._validator.attest(request)
            except NotAllowedError:
                # The consent was good, so the member asked this once. Anybody can send the same bytes again.
                if not self._same.level(digest.hex()):
                    self._verdicts.take(ask.member.lower())
                self._same.take(digest.hex())
                raise
            self._verdicts.take(ask.member.lower())
            content = attestation.content
            answer = Attested(
                content.weight, content.fingerprint.hex(), content.report.hex(), attestation.signature.hex()
            )
            self._answers.keep(digest, answer, ask.expiry)  # before it leaves
            return "attested", answer

    def _attest_batch(self, ask: BatchAsk, opened: OpenedRequest) -> tuple[Event, Answer]:
        if opened.records_length > MAX_BATCH_BYTES:
            raise InputError("A batch has at most 500 contributions.")
        items = decode_items(opened.read_records())
        with self._envelope(opened):  # nothing is signed before the last chunk was read
            scope_id = bytes.fromhex(ask.scope_id)
            attested = tuple(_attestation(item, scope_id, ask.epoch, self._validator.address) for item in items)
            signature = self._validator.attest_batch(BatchRequest(attested, ask.expiry))
        return "batched", BatchAttested(signature.hex())

    def _data(self, ask: HeldAsk | ForgetAsk) -> tuple[Event, Answer]:
        signature = bytes.fromhex(ask.signature)
        if isinstance(ask, HeldAsk):
            return "held", Held(_items(self._validator.held(ask.member, ask.expiry, signature)))
        erased, kept = self._validator.forget(ask.member, ask.expiry, signature)
        return "forgotten", Forgotten(_items(erased), _items(kept))

    @contextmanager
    def _envelope(self, opened: OpenedRequest) -> Iterator[Path]:
        """The request's envelope in a file of its own, once the request was read to its end."""
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=_PREFIX)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                opened.copy_envelope(file)
            yield path
        finally:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def _attestation(item: BatchedItem, scope_id: bytes, epoch: int, validator: str) -> Attestation:
    content = AttestationContent(
        member=item.member,
        scope_id=scope_id,
        epoch=epoch,
        version=item.version,
        content=bytes.fromhex(item.content),
        weight=item.weight,
        fingerprint=bytes.fromhex(item.fingerprint),
        report=bytes.fromhex(item.report),
        expiry=item.expiry,
    )
    return Attestation(content, validator, bytes.fromhex(item.signature))


def _items(holdings: list[Holding]) -> tuple[HeldItem, ...]:
    return tuple(
        HeldItem(h.what, h.scope_id.hex(), h.epoch, h.version, h.digest.hex() if h.what == "envelope" else "", h.why)
        for h in holdings
    )


def _refusal(problem: UnwrappedError) -> tuple[Event, Refused]:
    if isinstance(problem, IndexUnavailableError):
        return "no_index", Refused(
            "later",
            "The validator cannot reach the index that the validators share, and attests nothing without it.",
            "Try again in a few minutes, or name another validator.",
        )
    if isinstance(problem, TemporaryError):
        # Its words may name this machine's paths and nodes.
        return "later", Refused("later", "The validator cannot check this just now.", "Try again in a few minutes.")
    if isinstance(problem, NotAllowedError):
        return "refused", Refused("refused", problem.message, problem.hint)
    return "unfit", Refused("unfit", problem.message, problem.hint)
