"""A node behind an http(s) URL. The only importer of web3, whose HTTP provider carries the bytes.

web3's own layers above the provider are left out: they word the same refusal differently for each node and
version, while refusals.py does it once (checked with web3 7.16 and 8.0).
"""

from __future__ import annotations

import logging
import time
from typing import Any

from requests.exceptions import SSLError
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from ..errors import RpcUnavailableError, SettingsError
from ..settings import without_secrets
from .transport import RpcError

ATTEMPTS = 3
PAUSE_S = 0.2
_ONCE = ("eth_sendTransaction", "eth_sendRawTransaction")

# Both write whole URLs at DEBUG, and a provider's URL often contains an API key.
for _name in ("web3", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.INFO)


class HttpTransport:
    """JSON-RPC over HTTP. A request that got no answer is repeated, except the two sorts that may not be."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        shown = without_secrets(url)
        if shown is None:
            raise SettingsError("The RPC address is no http or https URL.", hint="Give one like http://127.0.0.1:8545.")
        self._shown = shown
        self._provider = HTTPProvider(url, request_kwargs={"timeout": timeout_s}, exception_retry_configuration=None)

    @property
    def flat_gas_limit(self) -> int | None:
        """None: gas costs money here, so it is estimated."""
        return None

    def request(self, method: str, params: list[Any]) -> Any:
        """The result; raises RpcError or RpcUnavailableError."""
        # Moving the clock twice would move it twice, and a node asked twice to send may; all else may be repeated.
        attempts = 1 if method.startswith("evm_") or method in _ONCE else ATTEMPTS
        for attempt in range(attempts):
            try:
                answer: Any = self._provider.make_request(RPCEndpoint(method), params)
                break
            # requests' errors are OSErrors; an answer that is no JSON is a ValueError, one of no shape a Web3Exception.
            except (OSError, ValueError, Web3Exception) as problem:
                if isinstance(problem, SSLError):
                    raise RpcUnavailableError(
                        f"The chain's RPC at {self._shown} does not speak TLS, or its certificate is not accepted.",
                        hint="If it is your own node, name it with http://; nothing was sent.",
                    ) from problem
                if attempt + 1 == attempts:
                    message = f"The chain's RPC at {self._shown} does not answer {method}."
                    raise RpcUnavailableError(message) from problem
                time.sleep(PAUSE_S * 2**attempt)
        if not isinstance(answer, dict):
            raise RpcUnavailableError(f"The chain's RPC at {self._shown} answered {method} with something else.")
        error = answer.get("error")
        if error is not None:
            if not isinstance(error, dict):
                error = {"message": str(error)}
            raise RpcError(int(error.get("code", 0)), str(error.get("message", "")), error.get("data"))
        if "result" not in answer:
            raise RpcUnavailableError(f"The chain's RPC at {self._shown} gave no result for {method}.")
        return answer["result"]

    def close(self) -> None:
        """Connections are closed when idle; there is nothing to do."""

    def __repr__(self) -> str:
        return f"<HttpTransport {self._shown}>"
