"""Validators behind URLs, as a member reaches them. Nothing that comes back is believed before it is checked.

`reach` fetches and verifies each validator's key; a `RemoteValidator` then attests like one in this process.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO, cast
from urllib.parse import SplitResult

from ..chain.collective import Collective
from ..chain.signer import Signer
from ..crypto import sealed_request
from ..crypto.sealed_request import MAX_ANSWER_LENGTH, Recipient
from ..errors import (
    AttestationError,
    InputError,
    NotAllowedError,
    SealedRequestError,
    StorageUnavailableError,
    UntrustedDataError,
    UnwrappedError,
    ValidatorUnavailableError,
)
from ..roles.holdings import Holding
from ..roles.own_data import data_request
from ..storage.http_exchange import Answer as HttpAnswer
from ..storage.http_exchange import HttpExchange
from ..validation.attestation import AttestationContent
from ..validation.request import Attestation, AttestationRequest, BatchRequest
from .keys import verify_record
from .openapi import SEALED_ANSWER, SEALED_REQUEST
from .urls import parse, shown
from .wire import (
    Answer,
    Ask,
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
    KeyRecord,
    Refused,
    decode_answer,
    decode_record,
    encode,
)

RECORD_TIMEOUT_S = 10.0
TIMEOUT_S = 180.0
_RECORD_LIMIT = 64 * 1024
_SPOOL_IN_MEMORY = 8 << 20
_ATTEMPTS = 4
_LONGEST_PAUSE_S = 15


@dataclass(frozen=True, slots=True)
class Reached:
    """Validators whose keys are verified, and (URL, why not) of the others."""

    validators: tuple[RemoteValidator, ...]
    unreached: tuple[tuple[str, UnwrappedError], ...]


def reach(urls: Sequence[str], collective: Collective, *, timeout_s: float = TIMEOUT_S) -> Reached:
    """Fetch and verify the key of each validator. Sends nothing of a member. Raises InputError for what is no URL."""
    parts = [parse(url) for url in urls]
    with ThreadPoolExecutor(max_workers=max(1, min(8, len(parts)))) as pool:
        fetched = list(pool.map(_fetch, parts))
    validators: list[RemoteValidator] = []
    unreached: list[tuple[str, UnwrappedError]] = []
    for url, found in zip(parts, fetched, strict=True):
        name = shown(url)
        try:
            if isinstance(found, UnwrappedError):
                raise found
            verify_record(collective, found)
            twice = [v.url for v in validators if v.address.lower() == found.validator.lower()]
            if twice:
                raise AttestationError(f"It is the same validator as {twice[0]}.", hint="Name each validator once.")
            validators.append(RemoteValidator(url, found, timeout_s=timeout_s))
        except UnwrappedError as problem:
            unreached.append((name, problem))
    return Reached(tuple(validators), tuple(unreached))


class RemoteValidator:
    """An `Attester` behind a URL, whose key was verified. Safe for several threads."""

    def __init__(self, url: SplitResult, record: KeyRecord, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._record = record
        self._timeout_s = timeout_s
        self._recipient = Recipient.of(record.chain_id, record.registry, record.validator)

    def __repr__(self) -> str:
        return f"<RemoteValidator {self.name}>"

    @property
    def url(self) -> str:
        """Without what may be secret in it."""
        return shown(self._url)

    @property
    def address(self) -> str:
        """The account that vouches for the key."""
        return self._record.validator

    @property
    def name(self) -> str:
        """As messages call it."""
        return f"{self.url} ({self.address})"

    @property
    def record(self) -> KeyRecord:
        """The verified record."""
        return self._record

    def attest(self, request: AttestationRequest) -> Attestation:
        """As `Attester.attest`; ValidatorUnavailableError too. The signature is for the caller to check."""
        ask = AttestAsk(
            member=request.member,
            scope=request.scope,
            scope_id=request.scope_id.hex(),
            epoch=request.epoch,
            version=request.version,
            content=request.content.hex(),
            expiry=request.expiry,
            dek=request.dek.to_secret_bytes().hex(),
            validators=request.consent.validators,
            signed_at=request.consent.signed_at,
            signature=request.consent.signature.hex(),
        )
        with request.open_envelope() as envelope:
            answer = self._put(ask, records=request.records_bytes, envelope=envelope)
        if not isinstance(answer, Attested):
            raise AttestationError("It answered something else than it was asked.", hint=_TELL)
        content = AttestationContent.answering(
            request,
            weight=answer.weight,
            fingerprint=bytes.fromhex(answer.fingerprint),
            report=bytes.fromhex(answer.report),
        )
        return Attestation(content, self.address, bytes.fromhex(answer.signature))

    def attest_batch(self, request: BatchRequest) -> bytes:
        """As `BatchAttester.attest_batch`; ValidatorUnavailableError too. The signature is for the caller to check."""
        first = request.attested[0].content
        ask = BatchAsk(first.scope_id.hex(), first.epoch, request.expiry)
        answer = self._put(ask, records=encode(tuple(_item(one) for one in request.attested)))
        if not isinstance(answer, BatchAttested):
            raise AttestationError("It answered something else than it was asked.", hint=_TELL)
        return bytes.fromhex(answer.signature)

    def held(self, account: Signer, collective: Collective) -> list[Holding]:
        """What it holds about this member, as it says."""
        expiry, signature = data_request(account, collective, self.address, erase=False)
        answer = self._put(HeldAsk(str(account.address), expiry, signature.hex()))
        if not isinstance(answer, Held):
            raise AttestationError("It answered something else than it was asked.", hint=_TELL)
        return [_holding(item) for item in answer.items]

    def forget(self, account: Signer, collective: Collective) -> tuple[list[Holding], list[Holding]]:
        """Have it erase what may be erased: (erased, kept), as it says."""
        expiry, signature = data_request(account, collective, self.address, erase=True)
        answer = self._put(ForgetAsk(str(account.address), expiry, signature.hex()))
        if not isinstance(answer, Forgotten):
            raise AttestationError("It answered something else than it was asked.", hint=_TELL)
        return [_holding(item) for item in answer.removed], [_holding(item) for item in answer.kept]

    def _put(self, ask: Ask, *, records: bytes = b"", envelope: BinaryIO | None = None) -> Answer:
        """The opened answer; a refusal is raised."""
        manifest = encode(ask)
        length = envelope.seek(0, 2) if envelope is not None else 0
        if envelope is not None:
            envelope.seek(0)
        if sealed_request.total_length(len(manifest), len(records), length) > self._record.max_request_bytes:
            raise InputError(
                f"This contribution is larger than the {self._record.max_request_bytes >> 20} MiB it takes.",
                hint="Name a validator that takes more, or contribute less at once.",
            )
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY) as spool:  # what spills over is sealed already
            key = sealed_request.seal(
                spool,
                bytes.fromhex(self._record.key),
                self._recipient,
                manifest,
                records=records,
                envelope=envelope,
                envelope_length=length,
            )
            body = self._post(cast(BinaryIO, spool))
        try:
            answer = decode_answer(key.open(body))
        except SealedRequestError:
            raise AttestationError(
                "Its answer was altered, belongs to another request, or is not its own.", hint=_TELL
            ) from None
        except UntrustedDataError as problem:
            raise AttestationError(problem.message, hint=_TELL) from None
        if isinstance(answer, Refused):
            errors: dict[str, type[UnwrappedError]] = {"refused": NotAllowedError, "later": ValidatorUnavailableError}
            raise errors.get(answer.why, AttestationError)(_one_line(answer.message), hint=_one_line(answer.hint))
        return answer

    def _post(self, body: BinaryIO) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        url = self._url._replace(path=self._url.path.rstrip("/") + "/v1/requests")
        for _ in range(_ATTEMPTS):
            left_s = deadline - time.monotonic()
            answer = _asked(url, "POST", max(0.001, left_s), MAX_ANSWER_LENGTH, body)
            if answer.status == 200:
                if len(answer.body) > MAX_ANSWER_LENGTH or answer.headers.get("content-type") != SEALED_ANSWER:
                    raise AttestationError("It gave no answer to a sealed request.", hint=_TELL)
                return answer.body
            pause_s = _retry_after(answer)
            if pause_s is None or time.monotonic() + pause_s > deadline:
                break
            time.sleep(pause_s)
        raise ValidatorUnavailableError(
            f"It does not take the request now (HTTP status {answer.status}).",
            hint="Try again later, or name another validator.",
        )


_TELL = "Tell the collective, and name another validator"


def _fetch(url: SplitResult) -> KeyRecord | UnwrappedError:
    try:
        answer = _asked(
            url._replace(path=url.path.rstrip("/") + "/v1/validator"), "GET", RECORD_TIMEOUT_S, _RECORD_LIMIT
        )
        if answer.status != 200:
            return ValidatorUnavailableError(f"It gives no key (HTTP status {answer.status}).", hint="Check the URL.")
        return decode_record(answer.body)
    except UnwrappedError as problem:
        return problem


def _asked(url: SplitResult, method: str, timeout_s: float, limit: int, body: BinaryIO | None = None) -> HttpAnswer:
    exchange = HttpExchange("It", timeout_s=timeout_s)
    try:
        return exchange.ask(method, url, limit=limit, body=body, content_type=SEALED_REQUEST)
    except StorageUnavailableError as problem:
        raise ValidatorUnavailableError(
            problem.message, hint="Check that it is running and reachable, or name another validator."
        ) from problem
    finally:
        exchange.close()


def _retry_after(answer: HttpAnswer) -> float | None:
    """Seconds to pause before another attempt, None if another makes no sense."""
    if answer.status not in (429, 503):
        return None
    told = answer.headers.get("retry-after", "1")
    if not told.isdecimal():
        return 1
    return min(int(told), _LONGEST_PAUSE_S) if len(told) < 6 else _LONGEST_PAUSE_S  # int() refuses very many digits


def _item(one: Attestation) -> BatchedItem:
    content = one.content
    return BatchedItem(
        member=content.member,
        version=content.version,
        content=content.content.hex(),
        weight=content.weight,
        fingerprint=content.fingerprint.hex(),
        report=content.report.hex(),
        expiry=content.expiry,
        signature=one.signature.hex(),
    )


def _holding(item: HeldItem) -> Holding:
    scope_id, digest = bytes.fromhex(item.scope_id), bytes.fromhex(item.content)
    return Holding(item.what, scope_id, item.epoch, item.version, digest, _one_line(item.why))


def _one_line(text: str) -> str:
    """A stranger's words, safe for a terminal."""
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()[:600]
