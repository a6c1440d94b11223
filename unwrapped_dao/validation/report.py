"""The score report: what the validators found, in integers and sentences, the same from each of them."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import rfc8785
from pydantic import BaseModel, ConfigDict

from ..kinds.protocols import CheckResult, Kind


class Report(BaseModel):
    """Scores in parts per million. `weight` is 0 when refused, and `reasons` says why; no value of a record is in it.

    `code_digest` names the code that made it (hex): two reports compare only under equal code.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    scope: str
    authenticity: int
    ownership: int
    quality: int
    uniqueness: int
    score: int
    worth: int
    weight: int
    refused: bool
    reasons: tuple[str, ...]
    checks: tuple[CheckResult, ...]
    code_digest: str

    def canonical_bytes(self) -> bytes:
        """RFC 8785 JSON of the report."""
        return rfc8785.dumps(self.model_dump(mode="json"))

    def digest(self, salt: bytes) -> bytes:
        """What goes on-chain: HMAC-SHA256 under a salt, so that nobody can guess scores from it."""
        return hmac.new(salt, b"unwrapped-dao/report/v1\0" + self.canonical_bytes(), hashlib.sha256).digest()


def code_digest(kind: Kind) -> str:
    """SHA-256 (hex) over the names and texts of the modules that score: this package, `kinds` and the kind's own."""
    own = type(kind).__module__.rpartition(".")[0] or type(kind).__module__
    return _digest_of(tuple(sorted({__package__, "unwrapped_dao.kinds", own})))


@lru_cache(maxsize=8)
def _digest_of(packages: tuple[str, ...]) -> str:
    state = hashlib.sha256(b"unwrapped-dao/code/v1\0")
    for package in packages:
        root = files(package)
        texts = sorted(_texts(root, "", deep=package != "unwrapped_dao.kinds"))
        for name, text in texts:
            for part in (package.encode(), name.encode(), text):
                state.update(len(part).to_bytes(8, "big") + part)
    return state.hexdigest()


def _texts(folder: Traversable, prefix: str, *, deep: bool) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for item in folder.iterdir():
        if item.name.endswith(".py") and item.is_file():
            # Line ends differ between a checkout and a wheel; the code does not.
            found.append((prefix + item.name, item.read_bytes().replace(b"\r\n", b"\n")))
        elif deep and item.is_dir() and item.name != "__pycache__":
            found += _texts(item, f"{prefix}{item.name}/", deep=True)
    return found
