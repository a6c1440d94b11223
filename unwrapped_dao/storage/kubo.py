"""One's own IPFS node: Kubo, through its RPC. The only importer of ipfshttpclient, which is loaded on first use.

Nothing the node says is believed: what it gives is fetched block by block and re-hashed here, what it was
given must get the CID computed here, and a pin counts once the node lists it. Its RPC can do anything with
the node, so it belongs on 127.0.0.1 or behind a tunnel, never on the open network.

Everything an `add` may vary is passed explicitly, so the node's own `Import.*` settings change nothing.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from ..errors import (
    ContentMismatchError,
    InputError,
    NotFoundError,
    SettingsError,
    StorageUnavailableError,
    UnwrappedError,
)
from .cid import CID, CidBuilder, Readable
from .http_exchange import HttpExchange
from .reader import check_block, open_content
from .unixfs import CHUNK_SIZE, MAX_BLOCK_SIZE, MAX_LINKS

RPC_PORT = 5001  # Kubo's default
_MULTIADDR = re.compile(r"/(ip4|ip6|dns|dns4|dns6)/([^/]+)/tcp/(\d+)(?:/(https?))?")
_MISSING = ("not found", "could not find")  # "block was not found locally (offline): ipld: could not find ..."


class KuboStore:
    """A `ContentStore` on a Kubo node.

    `url` is http://host:port or a multiaddr; `timeout_s` is how long silence may last.
    """

    def __init__(self, url: str, *, timeout_s: float = 60) -> None:
        self._url = url
        self._address, self._rpc = _address(url)
        self.name = f"The IPFS node at {self._rpc}"
        self._timeout_s = timeout_s
        self._http = HttpExchange(self.name, timeout_s=timeout_s)
        self._connected: Any = None  # an ipfshttpclient.Client; the package has no type information

    def __reduce__(self) -> tuple[Any, ...]:
        return _connect, (self._url, self._timeout_s)  # another process makes connections of its own

    def publish(self, file: Readable, *, pin: bool = True) -> CID:
        tee = _Tee(file)
        try:
            with self._asking("add content"):
                answer = self._client.add(
                    tee,
                    pin=pin,
                    raw_leaves=True,
                    cid_version=1,
                    chunker=f"size-{CHUNK_SIZE}",
                    opts={"hash": "sha2-256", "max-file-links": MAX_LINKS, "inline": "false"},
                )
                said = str(answer["Hash"])
        except StorageUnavailableError:
            if tee.error is not None:  # the file could not be read; that is not the node's doing
                raise tee.error from None
            raise
        if not tee.ended:
            raise StorageUnavailableError(f"{self.name} answered before it had been sent the whole content.")
        cid = tee.builder.finish()
        if said != str(cid):
            raise ContentMismatchError(
                f"{self.name} stored {said[:80]!r} where {cid} was sent.",
                hint="Use another node: this one altered the content, or cut it in another way than it was asked to.",
            )
        if pin:
            self._check_pinned(cid)
        return cid

    def fetch(self, cid: CID, *, max_bytes: int | None = None) -> BinaryIO:
        return open_content(self.block, cid, max_bytes=max_bytes)

    def block(self, cid: CID) -> bytes:
        # ipfshttpclient reads an answer to its end before it gives any of it, however long that is; hence not by it
        url = urlsplit(f"{self._rpc}/api/v0/block/get?arg={cid}")
        answer = self._http.ask("POST", url, limit=MAX_BLOCK_SIZE)
        if answer.status == 200:
            return check_block(cid, answer.body, self.name)
        reason = answer.body[:300].decode("utf-8", "replace")
        if any(words in reason for words in _MISSING):
            raise NotFoundError(f"{self.name} does not have {cid}.")
        raise StorageUnavailableError(f"{self.name} answered {answer.status} when asked for {cid}: {reason}")

    def has(self, cid: CID) -> bool:
        """Whether the node says it holds all of it, without asking its peers."""
        try:
            with self._asking(f"say whether it has {cid}", missing=cid):
                options = {"with-local": "true"}
                stat = self._client.files.stat(f"/ipfs/{cid}", opts=options, offline=True)
                return bool(stat["Local"])
        except NotFoundError:
            return False

    def pin(self, cid: CID) -> None:
        with self._asking(f"pin {cid}", missing=cid):
            self._client.pin.add(str(cid), recursive=True)
        self._check_pinned(cid)

    def unpin(self, cid: CID) -> None:
        if self._is_pinned(cid):
            with self._asking(f"unpin {cid}"):
                self._client.pin.rm(str(cid), recursive=True)

    def pins(self) -> frozenset[CID]:
        """The recursive pins that are content of this layout; whatever else the node pins is its owner's."""
        found = set()
        with self._asking("list its pins"):
            for text in self._client.pin.ls(type="recursive")["Keys"] or ():
                try:
                    found.add(CID.parse(text))
                except InputError:
                    continue
        return frozenset(found)

    def version(self) -> str:
        """The node's software and version, for people to read."""
        with self._asking("say its version"):
            return str(self._client.version()["Version"])

    def close(self) -> None:
        """End the kept connections."""
        self._http.close()
        if self._connected is not None:
            self._connected.close()
            self._connected = None

    @property
    def _client(self) -> Any:
        if self._connected is None:
            try:
                import ipfshttpclient  # type: ignore[import-untyped]  # ships no types
            except ImportError:
                raise SettingsError(
                    "Talking to an IPFS node needs the package ipfshttpclient.",
                    hint="Install it with `pip install 'unwrapped-dao[chain]'`.",
                ) from None
            warnings.filterwarnings("ignore", "The 'strict' parameter", FutureWarning)  # its every connection says so
            # Client, not connect(): connect() refuses every daemon from 0.8 on, and today's are far beyond
            self._connected = ipfshttpclient.Client(
                self._address,
                session=True,
                chunk_size=CHUNK_SIZE,
                timeout=(self._timeout_s, self._timeout_s),
            )
        return self._connected

    def _is_pinned(self, cid: CID) -> bool:
        try:
            with self._asking(f"say whether it pins {cid}"):
                return str(cid) in self._client.pin.ls(str(cid), type="recursive")["Keys"]
        except StorageUnavailableError as error:
            if "not pinned" in error.message:
                return False
            raise

    def _check_pinned(self, cid: CID) -> None:
        if not self._is_pinned(cid):
            raise StorageUnavailableError(
                f"{self.name} said it pinned {cid}, but does not list the pin.",
                hint="The content is not kept there; use another node, or look at this one's log and disk.",
            )

    @contextmanager
    def _asking(self, what: str, *, missing: CID | None = None) -> Iterator[None]:
        """Turn whatever the client raises into the package's errors; a node can provoke nearly anything in it."""
        try:
            yield
        except UnwrappedError:
            raise
        except Exception as error:
            reason = str(error).strip() or type(error).__name__
            if missing is not None and any(words in reason for words in _MISSING):
                raise NotFoundError(f"{self.name} does not have {missing}.") from error
            if "Timeout" in type(error).__name__ or "timed out" in reason:
                reason = f"no answer within {self._timeout_s:g} seconds"
            elif "Connection refused" in reason:
                reason = "nothing listens there"
            elif "403" in reason or "401" in reason:
                reason = "its RPC asks for an authorization (API.Authorizations), and this program has none to send"
            elif "404" in reason and "/api/v0/" in reason:
                reason = f"that is no RPC of a Kubo node; by default it is at port {RPC_PORT}, and 8080 is the gateway"
            raise StorageUnavailableError(f"{self.name} did not {what}: {reason[:300]}.") from error


class _Tee:
    """Computes the CID of what passes by on its way to the node."""

    def __init__(self, file: Readable) -> None:
        self.builder = CidBuilder()
        self.error: BaseException | None = None
        self.ended = False
        self._file = file

    def read(self, size: int = CHUNK_SIZE) -> bytes:
        try:
            data = self._file.read(size)
        except BaseException as error:
            self.error = error
            raise
        self.builder.update(data)
        self.ended = not data
        return data


def _address(url: str) -> tuple[str, str]:
    """(multiaddr for ipfshttpclient, URL) of a node's RPC."""
    hint = "Give the node's RPC as http://127.0.0.1:5001 or as a multiaddr such as /ip4/127.0.0.1/tcp/5001."
    if multiaddr := _MULTIADDR.fullmatch(url):
        kind, host, port, scheme = multiaddr.groups()
        url = f"{scheme or 'http'}://{f'[{host}]' if kind == 'ip6' else host}:{port}"
    try:
        parsed = urlsplit(url)
        host, port = parsed.hostname, parsed.port or RPC_PORT
    except ValueError:
        raise SettingsError("The address of the IPFS node is no URL.", hint=hint) from None
    if parsed.username or parsed.password:
        raise SettingsError(
            "The address of the IPFS node holds a password, which others on this machine could read.",
            hint="Reach the node through a tunnel, for example `ssh -L 5001:127.0.0.1:5001 host`, and name that.",
        )
    if parsed.scheme not in ("http", "https") or not host or parsed.path.rstrip("/") not in ("", "/api/v0"):
        raise SettingsError(f"{url!r} is no address of an IPFS node.", hint=hint)
    kind = "ip6" if ":" in host else "ip4" if host.replace(".", "").isdigit() else "dns"
    shown = f"[{host}]" if kind == "ip6" else host
    return f"/{kind}/{host}/tcp/{port}/{parsed.scheme}", f"{parsed.scheme}://{shown}:{port}"


def _connect(url: str, timeout_s: float) -> KuboStore:
    return KuboStore(url, timeout_s=timeout_s)
