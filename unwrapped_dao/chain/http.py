"""A node behind an http(s) URL. The only importer of web3, whose HTTP provider carries the bytes.

web3's own layers above the provider are left out: they word the same refusal differently for each node and
version, while refusals.py does it once (checked with web3 7.16 and 8.0).
"""

from __future__ import annotations

import logging
import math
import time
from email.utils import parsedate_to_datetime
from typing import Any

from requests.exceptions import HTTPError, SSLError
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from ..errors import RpcUnavailableError, SettingsError
from ..settings import without_secrets
from .bounds import bounded_session
from .transport import RpcError

ATTEMPTS = 3
PAUSE_S = 0.2
LIMITED_ATTEMPTS = 5
MOST_PAUSE_S = 20
"""Longer than this no rate limit is waited for: then whoever asked says so, and comes back later."""
_ONCE = ("eth_sendTransaction", "eth_sendRawTransaction")
_TOO_MANY = 429  # RFC 6585, section 4; some nodes give it as the JSON-RPC code
_LIMIT_WORDS = ("rate limit", "request rate", "too many requests", "compute units", "capacity", "throughput")
"""How nodes say it in an answer. EIP-1474's code for it, -32005, also means that a call has too many results."""

# Both write whole URLs at DEBUG, and a provider's URL often contains an API key.
for _name in ("web3", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.INFO)

_sleep = time.sleep


class HttpTransport:
    """JSON-RPC over HTTP. A request that got no answer is repeated, except the two sorts that may not be.

    One that the node did not look at, because there were too many, is repeated whatever it is.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        shown = without_secrets(url)
        if shown is None:
            raise SettingsError("The RPC address is no http or https URL.", hint="Give one like http://127.0.0.1:8545.")
        self._shown = shown
        self._provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout_s},
            session=bounded_session(timeout_s),
            exception_retry_configuration=None,
        )

    @property
    def flat_gas_limit(self) -> int | None:
        """None: gas costs money here, so it is estimated."""
        return None

    def request(self, method: str, params: list[Any]) -> Any:
        """The result; raises RpcError or RpcUnavailableError."""
        for attempt in range(LIMITED_ATTEMPTS):
            try:
                answer = self._answered(method, params)
                error = _error(answer)
                if error is None:
                    return answer["result"]
                if not _is_limit(error):
                    raise error
                asked_for = None
            except _Limited as limited:
                asked_for = limited.retry_after_s
            pause = 2**attempt if asked_for is None else asked_for
            if attempt + 1 < LIMITED_ATTEMPTS and pause <= MOST_PAUSE_S:
                _sleep(pause)
            else:
                break
        raise RpcUnavailableError(
            f"The chain's RPC at {self._shown} says that it gets too many requests.",
            hint="Try again later, or use a node that allows more; nothing was sent.",
        )

    def _answered(self, method: str, params: list[Any]) -> dict[str, Any]:
        """A JSON-RPC answer with a result or an error. Raises _Limited, RpcUnavailableError."""
        # Moving the clock twice would move it twice, and a node asked twice to send may; all else may be repeated.
        attempts = 1 if method.startswith("evm_") or method in _ONCE else ATTEMPTS
        for attempt in range(attempts):
            try:
                answer: Any = self._provider.make_request(RPCEndpoint(method), params)
            # requests' errors are OSErrors; an answer that is no JSON is a ValueError, one of no shape a Web3Exception.
            except (OSError, ValueError, Web3Exception) as problem:
                if isinstance(problem, SSLError):
                    raise RpcUnavailableError(
                        f"The chain's RPC at {self._shown} does not speak TLS, or its certificate is not accepted.",
                        hint="If it is your own node, name it with http://; nothing was sent.",
                    ) from problem
                if (told := _told(problem)) is not None:
                    return told
                if attempt + 1 == attempts:
                    message = f"The chain's RPC at {self._shown} does not answer {method}."
                    raise RpcUnavailableError(message) from problem
                _sleep(PAUSE_S * 2**attempt)
                continue
            if isinstance(answer, dict) and (answer.get("error") is not None or "result" in answer):
                return answer
            raise RpcUnavailableError(f"The chain's RPC at {self._shown} answered {method} with something else.")
        raise AssertionError("an attempt ends in an answer or an error")

    def close(self) -> None:
        """Connections are closed when idle; there is nothing to do."""

    def __repr__(self) -> str:
        return f"<HttpTransport {self._shown}>"


class _Limited(Exception):  # noqa: N818 (a wait, not a failure; it leaves this module as one)
    """Too many requests; the node was not asked."""

    def __init__(self, retry_after_s: int | None) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


def _told(problem: Exception) -> dict[str, Any] | None:
    """The JSON-RPC error that came with a bad status, if one did. Raises _Limited."""
    response = problem.response if isinstance(problem, HTTPError) else None
    if response is None:
        return None
    if response.status_code == _TOO_MANY:
        raise _Limited(_seconds(response.headers.get("Retry-After", "")))
    try:
        found = response.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("error") is not None else None


def _seconds(retry_after: str) -> int | None:
    """RFC 9110, section 10.2.3: a number of seconds or a date. None for what is neither, or past."""
    if retry_after.isascii() and retry_after.isdigit():
        return int(retry_after[:9])  # int() refuses very many digits
    try:
        left = math.ceil(parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
    return left if left > 0 else None


def _error(answer: dict[str, Any]) -> RpcError | None:
    error = answer.get("error")
    if error is None:
        return None
    if not isinstance(error, dict):
        error = {"message": str(error)}
    code = error.get("code")
    return RpcError(code if isinstance(code, int) else 0, str(error.get("message") or ""), error.get("data"))


def _is_limit(error: RpcError) -> bool:
    text = error.message.lower()
    return error.code == _TOO_MANY or ("revert" not in text and any(words in text for words in _LIMIT_WORDS))
