"""The key that a collective's validators share, and every hash made under it; each has its own domain tag.

Without the key nobody can test whether a certain history was contributed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from ..crypto.keys import SecretBytes

_EXACT: Final = b"unwrapped-dao/fingerprint/v1"
_TRACE: Final = b"unwrapped-dao/trace/v1"
_SALT: Final = b"unwrapped-dao/report-salt/v1"
_MEMBER: Final = b"unwrapped-dao/index-member/v1"
_CHECK: Final = b"unwrapped-dao/key-check/v1"
_LOG: Final = b"unwrapped-dao/index-log/v1"


class FingerprintKey(SecretBytes):
    """32 secret bytes, the same for all validators of a collective: made by the first, brought to the others."""

    __slots__ = ()
    called = "A fingerprint key"

    def mac(self, tag: bytes, parts: Iterable[bytes]) -> bytes:
        """HMAC-SHA256 over a tag and parts; callers pass one of this module's tags."""
        state = hmac.new(self._raw, tag + b"\0", hashlib.sha256)
        for part in parts:
            state.update(part)
        return state.digest()

    def trace_key(self) -> bytes:
        """The key under which trace elements are hashed."""
        return self.mac(_TRACE, ())

    def report_salt(self, content: bytes) -> bytes:
        """The salt of the report on one envelope: the same for all validators, unknown to everybody else."""
        return self.mac(_SALT, (content,))

    def check_value(self) -> str:
        """Eight digits by which two validators tell each other that they have the same key."""
        return self.mac(_CHECK, ())[:4].hex()

    def log_key(self) -> bytes:
        """The key under which the bodies of the index log are encrypted."""
        return self.mac(_LOG, ())

    def member_tag(self, member: str) -> bytes:
        """How the index names a member: not by address."""
        return self.mac(_MEMBER, (member.lower().encode(),))[:16]


def fingerprint(key: FingerprintKey, kind: str, identity: Iterable[bytes]) -> bytes:
    """The exact-duplicate nullifier of a canonical dataset: 32 bytes, whoever sends it and in whatever
    order.
    """

    def parts() -> Iterable[bytes]:
        yield kind.encode() + b"\0"
        yield from identity

    return key.mac(_EXACT, parts())
