"""The keyfiles of a workspace's validators: the fingerprint key that all share, and each one's encryption key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..crypto import keystore
from ..crypto.keystore import ScryptCost
from ..crypto.sealed_request import EncryptionKey
from ..errors import NotAllowedError, NotFoundError
from ..validation import FingerprintKey

FINGERPRINT_KEY = "fingerprint-key"
ENCRYPTION_KEY = "encryption-key"


class ValidatorKeys:
    """`passphrase(new)` gives what opens the keyfiles; `cost` is that of deriving an encryption key's."""

    def __init__(self, folder: Path, passphrase: Callable[[bool], str], cost: ScryptCost) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._cost = cost
        self._shared = folder / f"{FINGERPRINT_KEY}.json"

    # --- what all validators share ---------------------------------------------------------------------------------

    def has_fingerprint_key(self) -> bool:
        """Whether it is in this workspace."""
        return self._shared.is_file()

    def fingerprint_key(self) -> FingerprintKey:
        """The key that the validators share. Raises NotFoundError before `validator setup`."""
        if not self.has_fingerprint_key():
            raise NotFoundError(
                "The validators' shared fingerprint key is not in this workspace.",
                hint="Make it with `validator setup`, or take it from another validator (`validator take-key`).",
            )
        return FingerprintKey(keystore.load(self._shared, self._passphrase(False), kind=FINGERPRINT_KEY))

    def make_fingerprint_key(self) -> bool:
        """Make the shared key unless it is here; whether it was made now."""
        if self.has_fingerprint_key():
            return False
        self._keep_fingerprint_key(FingerprintKey.generate())
        return True

    def take_fingerprint_key(self, key: FingerprintKey) -> bool:
        """Keep another validator's shared key; whether it is new here. Raises NotAllowedError if another is here."""
        if not self.has_fingerprint_key():
            self._keep_fingerprint_key(key)
            return True
        if self.fingerprint_key().check_value() != key.check_value():
            raise NotAllowedError(
                "Another shared key is here already, and an index may rest on it.",
                hint="Use a workspace without one (`validator setup NAME --joining`), or move keys/ away.",
            )
        return False

    def _keep_fingerprint_key(self, key: FingerprintKey) -> None:
        keystore.save(self._shared, key.to_secret_bytes(), self._passphrase(True), kind=FINGERPRINT_KEY)

    # --- what is a validator's own ---------------------------------------------------------------------------------

    def encryption_key(self, address: str) -> EncryptionKey:
        """The key with which a validator opens what is sealed to it. Raises NotFoundError before `validator setup`."""
        path = self._own(address)
        if not path.is_file():
            raise NotFoundError(
                f"The encryption key of {address} is not in this workspace.",
                hint="Make it with `unwrapped-dao validator setup NAME`.",
            )
        return EncryptionKey(keystore.load(path, self._passphrase(False), kind=ENCRYPTION_KEY))

    def public_encryption_key(self, address: str) -> str:
        """What members seal to, in hex, without opening the keyfile; empty before `validator setup`."""
        path = self._own(address)
        return str(keystore.read(path).get("public", "")) if path.is_file() else ""

    def make_encryption_key(self, address: str) -> bool:
        """Make a validator's encryption key unless it is here; whether it was made now."""
        path = self._own(address)
        if path.is_file():
            return False
        key = EncryptionKey.generate()
        secret, public = key.to_secret_bytes(), key.public.hex()
        keystore.save(path, secret, self._passphrase(True), kind=ENCRYPTION_KEY, public=public, cost=self._cost)
        return True

    def _own(self, address: str) -> Path:
        return self._folder / f"{ENCRYPTION_KEY}-{address.lower()}.json"
