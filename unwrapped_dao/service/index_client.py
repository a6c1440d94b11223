"""The index log behind a URL, as a validator reaches it. Answers are believed only as far as they can be checked."""

from __future__ import annotations

import io
from collections.abc import Sequence
from urllib.parse import SplitResult

import msgspec

from ..chain import eip712
from ..chain.collective import Collective
from ..chain.signer import Signer
from ..errors import AttestationError, IndexUnavailableError, StorageUnavailableError, UntrustedDataError
from ..storage.http_exchange import Answer, HttpExchange
from ..validation.log import TELL, Entry
from .index_host import INDEX_LOG, LONGEST_QUERY_S, MAX_REQUEST, PAGE_BYTES, Query
from .urls import shown
from .wire import Problem

TIMEOUT_S = 30.0
_ATTEMPTS = 3


class IndexClient:
    """A `LogHost` for one validator. Asks again where an answer was lost: every question may be repeated."""

    def __init__(self, url: SplitResult, collective: Collective, account: Signer, *, timeout_s: float = TIMEOUT_S):
        self._url = url
        self._collective = collective
        self._account = account
        self._domain = eip712.read_domain(collective.client, collective.registry.address)
        self._writers: set[str] = set()
        self._exchange = HttpExchange("The index that the validators share", timeout_s=timeout_s)

    def __repr__(self) -> str:
        return f"<IndexClient {shown(self._url)}>"

    def sign(self, head: bytes) -> bytes:
        """This validator's signature over a head."""
        return eip712.sign(self._account, self._domain, eip712.IndexEntry(head))

    def verify(self, writer: str, head: bytes, signature: bytes) -> None:
        """Raises AttestationError unless the writer signed this head, and is or was a validator.

        What is freed has no body to prove who wrote it: a host could go on with such entries for ever.
        """
        eip712.require_signed_by(writer, self._domain, eip712.IndexEntry(head), signature)
        if writer.lower() not in self._writers:
            self._writers = {address.lower() for address in self._collective.registry.validators_ever()}
            if writer.lower() not in self._writers:
                raise AttestationError(f"{writer} never was a validator of this collective.")

    def entries(self, after: int, head: bytes) -> Sequence[Entry]:
        """As `LogHost`."""
        address, expiry = str(self._account.address), self._collective.client.now() + LONGEST_QUERY_S
        message = eip712.IndexQuery(address, after, head, expiry)
        query = Query(address, after, head, expiry, eip712.sign(self._account, self._domain, message))
        answer = self._ask("/v1/index/entries", msgspec.msgpack.encode(query), 2 * PAGE_BYTES + MAX_REQUEST)
        if answer.status == 409:
            raise UntrustedDataError(
                f"The host of the index shows another history than before (this copy ends at entry {after}).", hint=TELL
            )
        self._require(answer, 200)
        try:
            return msgspec.msgpack.decode(answer.body, type=tuple[Entry, ...])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise UntrustedDataError("The host of the index gave no entries.", hint=TELL) from None

    def append(self, entry: Entry) -> bool:
        """As `LogHost`."""
        answer = self._ask("/v1/index/append", msgspec.msgpack.encode(entry), 65_536)
        if answer.status == 409 and _kind(answer) == "taken":
            return False
        self._require(answer, 200)
        return True

    def close(self) -> None:
        """End the connection."""
        self._exchange.close()

    def _ask(self, path: str, body: bytes, limit: int) -> Answer:
        url = self._url._replace(path=self._url.path.rstrip("/") + path)
        for attempt in range(_ATTEMPTS):
            try:
                return self._exchange.ask("POST", url, limit=limit, body=io.BytesIO(body), content_type=INDEX_LOG)
            except StorageUnavailableError as problem:
                if attempt == _ATTEMPTS - 1:
                    raise IndexUnavailableError(problem.message) from problem
        raise AssertionError

    def _require(self, answer: Answer, status: int) -> None:
        if answer.status == 403:
            raise IndexUnavailableError(
                f"The host of the index does not take {self._account.address} for a current validator.",
                hint="Check `validator status`, and that the host follows the same chain.",
            )
        if answer.status != status or answer.headers.get("content-type") != INDEX_LOG:
            raise IndexUnavailableError(f"The host of the index does not answer (HTTP status {answer.status}).")


def _kind(answer: Answer) -> str:
    try:
        return msgspec.json.decode(answer.body, type=Problem).kind
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
