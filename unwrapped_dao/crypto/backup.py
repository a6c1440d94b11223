"""A backup: several keyfiles in one file, each as encrypted as it was. Whoever has it needs the passphrase too."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError, NotFoundError, UntrustedDataError
from . import keystore

FORMAT = "unwrapped-dao/backup/v1"
_LARGEST = 4 * 1024 * 1024
_HINT = "Use the file that `unwrapped-dao custodian backup` wrote."


def save(path: Path, keyfiles: Sequence[Path], passphrase: str) -> list[str]:
    """Write these keyfiles into `path`, mode 0600; their names. Each is opened first, so that the backup works.

    Raises NotFoundError if there are none, InputError if `path` exists, PassphraseError, UntrustedDataError.
    """
    if not keyfiles:
        raise NotFoundError("There is nothing to back up in this workspace.")
    found: dict[str, Any] = {}
    for keyfile in keyfiles:
        found[keyfile.stem] = keystore.read(keyfile)
        keystore.decrypt(found[keyfile.stem], passphrase)
    keystore.write(path, {"format": FORMAT, "keyfiles": found})
    return sorted(found)


def restore(path: Path, place: Callable[[str, str], Path], passphrase: str) -> list[str]:
    """Put the keyfiles of a backup back where they are missing; the names of those that were put.

    `place(name, kind)` says where. Raises InputError if another secret stands in a place, PassphraseError if one cannot
    be opened, UntrustedDataError for a damaged backup; nothing was written then.
    """
    missing: list[tuple[Path, str, dict[str, Any]]] = []
    for name, keyfile in _read(path).items():
        secret = keystore.decrypt(keyfile, passphrase)
        target = place(name, str(keyfile.get("kind", "")))
        if not target.exists():
            missing.append((target, name, keyfile))
        elif keystore.load(target, passphrase) != secret:
            raise InputError(
                f"{target} holds another secret than the backup.",
                hint="Restore into a workspace of its own, or move that file away first.",
            )
    for target, _, keyfile in missing:
        keystore.write(target, keyfile)
    return [name for _, name, _ in missing]


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        content = json.loads(raw) if len(raw) <= _LARGEST else None
    except OSError as error:
        raise InputError(f"The backup {path} cannot be read ({error.strerror}).", hint=_HINT) from None
    except (ValueError, RecursionError):
        content = None
    keyfiles = content.get("keyfiles") if isinstance(content, dict) and content.get("format") == FORMAT else None
    if not isinstance(keyfiles, dict) or not all(
        isinstance(keyfile, dict) and _is_plain(name) for name, keyfile in keyfiles.items()
    ):
        raise UntrustedDataError(f"{path} is no backup, or is damaged.", hint=_HINT)
    return keyfiles


def _is_plain(name: str) -> bool:
    """A name that stays in its folder."""
    return bool(name) and all(c.isascii() and (c.isalnum() or c == "-") for c in name)
