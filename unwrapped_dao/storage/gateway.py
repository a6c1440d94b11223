"""A public gateway, used without trust: raw blocks over HTTP, each bounded, timed and re-hashed.

Asks for `/ipfs/CID?format=raw` (the trustless gateway specification of the IPFS project). One `Gateway` is one address;
give several to `sources.Sources`, which names and passes over the slow and the lying ones. Read-only.
"""

from __future__ import annotations

from typing import BinaryIO
from urllib.parse import SplitResult, urljoin, urlsplit

from ..errors import NotFoundError, SettingsError, StorageUnavailableError
from .cid import CID
from .http_exchange import HttpExchange
from .reader import block_cids, check_block, open_content
from .unixfs import MAX_BLOCK_SIZE

_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 3


class Gateway:
    """A `ContentReader` on one gateway.

    `timeout_s` bounds each answer as a whole, however slowly its bytes drip.
    """

    def __init__(self, url: str, *, timeout_s: float = 30) -> None:
        self._base = _http_url(url.rstrip("/"))
        self.name = f"The gateway {self._base.geturl()}"
        self._http = HttpExchange(self.name, timeout_s=timeout_s)

    def block(self, cid: CID) -> bytes:
        url = urlsplit(f"{self._base.geturl()}/ipfs/{cid}?format=raw")
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self._http.ask("GET", url, limit=MAX_BLOCK_SIZE, accept="application/vnd.ipld.raw")
            if answer.status == 200:
                return check_block(cid, answer.body, self.name)
            if answer.status in (404, 410):
                raise NotFoundError(f"{self.name} does not have {cid}.")
            if answer.status not in _REDIRECTS or not answer.location:
                raise StorageUnavailableError(f"{self.name} answered {answer.status} when asked for {cid}.")
            url = self._redirected(url, answer.location)
        raise StorageUnavailableError(f"{self.name} sent us on more than {_MAX_REDIRECTS} times.")

    def fetch(self, cid: CID, *, max_bytes: int | None = None) -> BinaryIO:
        return open_content(self.block, cid, max_bytes=max_bytes)

    def has(self, cid: CID) -> bool:
        """Whether it serves every block; a gateway has no cheaper way to say so than giving them."""
        try:
            for below in block_cids(self, cid):
                self.block(below)
        except NotFoundError:
            return False
        return True

    def close(self) -> None:
        """End the kept connections."""
        self._http.close()

    def _redirected(self, url: SplitResult, location: str) -> SplitResult:
        try:
            target = urlsplit(urljoin(url.geturl(), location))
            safe = target.scheme in ("http", "https") and bool(target.hostname) and target.port != 0
        except ValueError:
            safe = False
        if not safe or (url.scheme == "https" and target.scheme == "http"):
            raise StorageUnavailableError(f"{self.name} sent us on to an address that is not safe to follow.")
        return target


def _http_url(url: str) -> SplitResult:
    try:
        parsed = urlsplit(url)
        usable = parsed.scheme in ("http", "https") and bool(parsed.hostname) and parsed.port != 0
    except ValueError:
        usable = False
    if not usable or parsed.query or parsed.fragment or parsed.username or parsed.password:
        raise SettingsError(
            "The address of the gateway is no plain http or https URL.",
            hint="Give a gateway as https://host or http://127.0.0.1:8080, without user, query or fragment.",
        )
    return parsed
