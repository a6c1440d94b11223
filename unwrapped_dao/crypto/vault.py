"""Where a role keeps its named BN254 secrets: in memory, or in encrypted keyfiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from .. import disk
from ..errors import NotFoundError
from . import keystore
from .keys import SecretScalar


class Vault(Protocol):
    """Named secrets. A name is written once."""

    def unlock(self) -> None:
        """Show that secrets can be kept, before anything is begun that needs one. Raises PassphraseError."""
        ...

    def put(self, name: str, secret: SecretScalar) -> None:
        """Keep a secret; durable when this returns."""
        ...

    def get(self, name: str) -> SecretScalar:
        """Raises NotFoundError for an unknown name."""
        ...

    def has(self, name: str) -> bool: ...

    def drop(self, name: str) -> None:
        """Delete a secret; nothing happens if it is not there."""
        ...


class MemoryVault:
    """For one process: nothing is written anywhere."""

    def __init__(self) -> None:
        self._secrets: dict[str, SecretScalar] = {}

    def unlock(self) -> None:
        """Nothing is locked."""

    def put(self, name: str, secret: SecretScalar) -> None:
        self._secrets[name] = secret

    def get(self, name: str) -> SecretScalar:
        if name not in self._secrets:
            raise NotFoundError(f"There is no key {name!r} here.")
        return self._secrets[name]

    def has(self, name: str) -> bool:
        return name in self._secrets

    def drop(self, name: str) -> None:
        self._secrets.pop(name, None)


class KeyfileVault:
    """One keyfile per secret in a folder. `passphrase` is asked when it is needed, not before."""

    def __init__(self, folder: Path, passphrase: Callable[[], str], *, kind: str) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._kind = kind

    def unlock(self) -> None:
        self._passphrase()

    def put(self, name: str, secret: SecretScalar) -> None:
        keystore.save(self._path(name), secret, self._passphrase(), kind=self._kind)

    def get(self, name: str) -> SecretScalar:
        if not self.has(name):
            raise NotFoundError(
                f"There is no keyfile {name!r} in {self._folder}.",
                hint="Use the workspace in which the key was made, or restore its backup.",
            )
        return keystore.load_scalar(self._path(name), self._passphrase(), kind=self._kind)

    def has(self, name: str) -> bool:
        return self._path(name).is_file()

    def drop(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)
        if self._folder.is_dir():
            disk.sync_folder(self._folder)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
