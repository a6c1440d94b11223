"""The accounts of a workspace: Ethereum keyfiles (version 3), one per name, opened only when something is signed.

A keyfile of any other wallet can be put into the folder under a name of one's choice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..crypto import keystore
from ..crypto.keystore import OWASP_SCRYPT, ScryptCost
from ..errors import InputError, NotFoundError, UntrustedDataError

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

KIND = "account"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class KeyfileSigner:
    """A Signer whose key stays in its file until the first signature, and then in this process only."""

    def __init__(self, name: str, address: str, unlock: Callable[[], LocalAccount]) -> None:
        self.name = name
        self.address = address
        self._unlock = unlock
        self._account: LocalAccount | None = None

    def __repr__(self) -> str:
        return f"<KeyfileSigner {self.name} {self.address}>"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("an account's key is not pickled")

    def unlock(self) -> None:
        """Open the keyfile now, which proves the passphrase. Raises PassphraseError."""
        self._opened()

    def sign_transaction(self, transaction_dict: dict[str, Any]) -> Any:
        return self._opened().sign_transaction(transaction_dict)

    def unsafe_sign_hash(self, message_hash: Any) -> Any:
        return self._opened().unsafe_sign_hash(message_hash)

    def _opened(self) -> LocalAccount:
        if self._account is None:
            self._account = self._unlock()
        return self._account


class Accounts:
    """The folder. `passphrase(new)` gives what opens the keyfiles; `new` tells that it will protect a new one."""

    def __init__(self, folder: Path, passphrase: Callable[[bool], str]) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._signers: dict[str, KeyfileSigner] = {}

    def names(self) -> list[str]:
        """Every account's name."""
        return sorted(path.stem for path in self._folder.glob("*.json") if _NAME.fullmatch(path.stem))

    def has(self, name: str) -> bool:
        return self._path(name).is_file()

    def address(self, name: str) -> str:
        """The checksummed address, without opening the keyfile."""
        from eth_utils.address import to_checksum_address

        if not self.has(name):
            here = ", ".join(self.names()) or "none yet"
            raise NotFoundError(
                f"There is no account {name!r} in this workspace.",
                hint=f"Name one that is here ({here}), with --as for the account that acts; another's by its address; "
                f"or make it: `unwrapped-dao account new {name}`.",
            )
        found = str(keystore.read(self._path(name)).get("address", "")).removeprefix("0x")
        if not _ADDRESS.fullmatch(f"0x{found}"):
            raise UntrustedDataError(f"The keyfile {self._path(name)} names no address.")
        return str(to_checksum_address(f"0x{found}"))

    def address_of(self, name_or_address: str) -> str:
        """The address of an account here, or the address itself. Raises InputError for one that was mistyped."""
        from eth_utils.address import is_checksum_address, to_checksum_address

        if _ADDRESS.fullmatch(name_or_address):
            digits = name_or_address[2:]
            if not digits.islower() and not digits.isupper() and not is_checksum_address(name_or_address):
                raise InputError(
                    f"{name_or_address} is no address: its capital and small letters are a checksum, and it is wrong.",
                    hint="A character differs from the original; copy it whole, do not type it.",
                )
            return str(to_checksum_address(name_or_address))
        if name_or_address.lower().startswith("0x"):
            raise InputError(
                f"{name_or_address!r} is no address.",
                hint="An address is 0x and 40 hexadecimal digits; copy it whole.",
            )
        return self.address(name_or_address)

    def payee(self, name_or_address: str) -> str:
        """As `address_of`, for who is paid from now on: an address has to carry its checksum (ERC-55)."""
        from eth_utils.address import is_checksum_address

        address = self.address_of(name_or_address)
        if _ADDRESS.fullmatch(name_or_address) and not is_checksum_address(name_or_address):
            raise InputError(
                f"{name_or_address} has no checksum: a mistyped character would go unnoticed, and the money be lost.",
                hint="Copy the address from the wallet that holds its key: with the capital letters that it shows.",
            )
        return address

    def named(self) -> dict[str, str]:
        """Name by address, for showing addresses of this workspace with their names."""
        return {self.address(name): name for name in self.names()}

    def new(self, name: str, *, cost: ScryptCost = OWASP_SCRYPT) -> str:
        """Make an account and return its address. Its private key is in the keyfile and nowhere else."""
        from eth_account import Account

        path = self._path(name)
        account: LocalAccount = Account.create()
        keystore.save(
            path,
            bytes(account.key),
            self._passphrase(True),
            kind=KIND,
            address=account.address[2:].lower(),
            cost=cost,
        )
        return str(account.address)

    def signer(self, name: str) -> KeyfileSigner:
        """Who signs as this account. The keyfile is opened at the first signature."""
        if name not in self._signers:
            self._signers[name] = KeyfileSigner(name, self.address(name), lambda: self._open(name))
        return self._signers[name]

    def _open(self, name: str) -> LocalAccount:
        from eth_account import Account

        account: LocalAccount = Account.from_key(keystore.load(self._path(name), self._passphrase(False)))
        if account.address != self.address(name):
            raise UntrustedDataError(
                f"The keyfile of {name!r} holds another account's key than it says.", hint="Restore it from a backup."
            )
        return account

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{name!r} cannot be an account's name.",
                hint="Use up to 32 small letters, digits and hyphens, such as `member` or `checker-1`.",
            )
        return self._folder / f"{name}.json"
