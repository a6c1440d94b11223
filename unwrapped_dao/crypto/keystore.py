"""Secrets at rest: 32-byte secrets in Ethereum's keyfile format (Web3 Secret Storage, version 3).

scrypt gives 32 bytes: the first 16 encrypt with AES-128-CTR, the others authenticate by Keccak-256. Any tool that reads
version 3 opens the file. That MAC covers the ciphertext alone: a changed IV would silently give another secret. So our
files carry a `binding` over everything else as well, and one that says its kind is not read without; other tools ignore
both.
Files are written whole or not at all, readable by their owner alone, and never over another.
"""

from __future__ import annotations

import hmac
import json
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from .. import disk
from ..errors import InputError, PassphraseError, UntrustedDataError
from .hashing import keccak256
from .keys import SecretScalar


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """scrypt's parameters (RFC 7914); memory is 128·n·r bytes."""

    n: int
    r: int
    p: int


#: OWASP Password Storage Cheat Sheet (2023): N = 2^17, r = 8, p = 1; 128 MiB, about 0.4 s.
OWASP_SCRYPT = ScryptCost(1 << 17, 8, 1)
#: go-ethereum's LightScryptN and LightScryptP: 4 MiB. For test keys that guard nothing.
GETH_LIGHT_SCRYPT = ScryptCost(1 << 12, 8, 6)
#: A keyfile from a stranger may not ask for more than 512 MiB or minutes of work.
_MAX_SCRYPT_MEMORY = 512 * 1024 * 1024
_MAX_SCRYPT_R = 64
_MAX_SCRYPT_P = 16
_BINDING_LABEL = b"unwrapped-dao/keyfile/v1"
_MAX_KEYFILE_LENGTH = 16 * 1024


def encrypt(
    secret: bytes, passphrase: str, *, kind: str, public: str = "", address: str = "", cost: ScryptCost = OWASP_SCRYPT
) -> dict[str, Any]:
    """The keyfile of a 32-byte secret as a JSON-ready dictionary.

    kind: what the secret is, e.g. "buyer-key"; public: its public key in hex; address: of an Ethereum account, as other
    wallets look for it (20 bytes in hex, no 0x). Raises InputError for another length.
    """
    if len(secret) != 32:
        raise InputError("A keyfile holds a secret of 32 bytes.")
    if not passphrase:
        raise InputError("An empty passphrase protects nothing.", hint="Choose a passphrase of several words.")
    salt, iv = secrets.token_bytes(32), secrets.token_bytes(16)
    key = _derive(passphrase, salt, cost)
    ciphertext = _aes_ctr(key[:16], iv, secret)
    keyfile = {
        "version": 3,
        "id": str(uuid.uuid4()),
        "kind": kind,
        "public": public,
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": iv.hex()},
            "ciphertext": ciphertext.hex(),
            "kdf": "scrypt",
            "kdfparams": {"dklen": 32, "n": cost.n, "r": cost.r, "p": cost.p, "salt": salt.hex()},
            "mac": keccak256(key[16:] + ciphertext).hex(),
        },
    }
    if address:
        keyfile["address"] = address
    return {**keyfile, "binding": _binding(key, keyfile)}


def decrypt(keyfile: dict[str, Any], passphrase: str, *, kind: str | None = None) -> bytes:
    """The 32-byte secret. Raises PassphraseError for a wrong passphrase, UntrustedDataError for a damaged keyfile,
    InputError for a keyfile of another kind."""
    if kind is not None and keyfile.get("kind") != kind:
        raise InputError(
            f"This keyfile does not hold a {kind}.", hint="Give the keyfile that was made for this purpose."
        )
    try:
        crypto = keyfile["crypto"]
        params = crypto["kdfparams"]
        if keyfile["version"] != 3 or crypto["cipher"] != "aes-128-ctr" or crypto["kdf"] != "scrypt":
            raise UntrustedDataError("The keyfile uses a format that this program does not read.")
        if type(params["dklen"]) is not int or params["dklen"] != 32:
            raise UntrustedDataError("The keyfile's key derivation has an unexpected length.")
        cost = ScryptCost(params["n"], params["r"], params["p"])
        salt, iv = bytes.fromhex(params["salt"]), bytes.fromhex(crypto["cipherparams"]["iv"])
        ciphertext, mac = bytes.fromhex(crypto["ciphertext"]), bytes.fromhex(crypto["mac"])
    except (KeyError, TypeError, ValueError):
        raise UntrustedDataError("The keyfile is damaged or is no keyfile.", hint="Restore it from a backup.") from None
    # Ethereum's Python library writes the counter as a number: one file in 256 lacks its leading bytes of zero.
    iv = iv.rjust(16, b"\0")
    if len(ciphertext) != 32 or len(iv) != 16:
        raise UntrustedDataError("The keyfile is damaged or is no keyfile.", hint="Restore it from a backup.")
    key = _derive(passphrase, salt, cost)
    if not hmac.compare_digest(keccak256(key[16:] + ciphertext), mac):
        raise PassphraseError("The passphrase does not open this keyfile.")
    rest = {name: value for name, value in keyfile.items() if name != "binding"}
    # Only a file of another program comes without it, and says no kind.
    if ("binding" in keyfile or "kind" in keyfile) and keyfile.get("binding") != _binding(key, rest):
        raise UntrustedDataError("The keyfile was altered.", hint="Restore it from a backup.")
    return _aes_ctr(key[:16], iv, ciphertext)


def save(
    path: Path,
    secret: SecretScalar | bytes,
    passphrase: str,
    *,
    kind: str,
    public: str = "",
    address: str = "",
    cost: ScryptCost = OWASP_SCRYPT,
) -> None:
    """Write a new keyfile, mode 0600. Raises InputError if the path exists: a keyfile is never overwritten."""
    raw = secret.to_secret_bytes() if isinstance(secret, SecretScalar) else secret
    if path.exists():
        raise _exists(path)
    write(path, encrypt(raw, passphrase, kind=kind, public=public, address=address, cost=cost))


def write(path: Path, keyfile: dict[str, Any]) -> None:
    """Write a keyfile that is encrypted already, mode 0600, on the disk when this returns. Raises as `save`.

    The very same file again changes nothing: who was killed after writing it runs the command again.
    """
    content = (json.dumps(keyfile, indent=2) + "\n").encode("ascii")
    if not disk.create(path, content) and not (path.is_file() and path.read_bytes() == content):
        raise _exists(path)


def _exists(path: Path) -> InputError:
    return InputError(f"{path} exists, and a keyfile is never overwritten.", hint="Choose another name.")


def read(path: Path) -> dict[str, Any]:
    """A keyfile's JSON, still encrypted. Raises InputError if there is none, UntrustedDataError if it is no keyfile."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_KEYFILE_LENGTH + 1)
        keyfile = json.loads(raw) if len(raw) <= _MAX_KEYFILE_LENGTH else None
    except OSError as error:
        raise InputError(f"The keyfile {path} cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError):
        keyfile = None
    if not isinstance(keyfile, dict):
        raise UntrustedDataError(f"{path} is damaged or is no keyfile.", hint="Restore it from a backup.")
    return keyfile


def load(path: Path, passphrase: str, *, kind: str | None = None) -> bytes:
    """The 32-byte secret in a keyfile. Raises as `read` and `decrypt`."""
    return decrypt(read(path), passphrase, kind=kind)


def load_scalar(path: Path, passphrase: str, *, kind: str) -> SecretScalar:
    """A BN254 secret in a keyfile. Raises as `load`, and PointError if the secret is no scalar."""
    return SecretScalar.from_secret_bytes(load(path, passphrase, kind=kind))


def _derive(passphrase: str, salt: bytes, cost: ScryptCost) -> bytes:
    sizes = (cost.n, cost.r, cost.p)
    if not all(type(size) is int and size > 0 for size in sizes) or cost.n < 2 or cost.n & (cost.n - 1):
        raise UntrustedDataError("The keyfile's scrypt parameters are invalid.")
    if 128 * cost.n * cost.r > _MAX_SCRYPT_MEMORY or cost.r > _MAX_SCRYPT_R or cost.p > _MAX_SCRYPT_P:
        raise UntrustedDataError("The keyfile asks for more memory than a keyfile may.")
    try:
        secret = passphrase.encode("utf-8")
    except UnicodeEncodeError:  # it would carry the passphrase along
        secret = b""
    if not secret:
        raise InputError(
            "A passphrase is text in UTF-8, at least a character.", hint="Give it in a file of that encoding."
        )
    return Scrypt(salt, 32, cost.n, cost.r, cost.p).derive(secret)


def _binding(key: bytes, keyfile: dict[str, Any]) -> str:
    """HMAC-SHA256 over the keyfile, so that neither IV nor notes can be changed."""
    text = json.dumps(keyfile, sort_keys=True, separators=(",", ":")).encode()
    return hmac.digest(key[16:], _BINDING_LABEL + text, "sha256").hex()


def _aes_ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return cipher.update(data) + cipher.finalize()
