"""The only account that has money when an embedded chain begins. Its key is made for this workspace alone.

The keyfile is plain text on purpose and says so: whoever can read it can also edit the chain's file beside it,
and the money exists on no other chain.
"""

from __future__ import annotations

import json
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from ... import disk
from ...errors import SettingsError

LABEL = "Faucet of an embedded development chain. Its money is worth nothing and exists nowhere else."
FAUCET_WEI = 10**9 * 10**18


def new_faucet() -> LocalAccount:
    """A faucet account with a fresh random key."""
    account: LocalAccount = Account.create()
    return account


def save_faucet(path: Path, faucet: LocalAccount, chain_id: int) -> None:
    """Write the labelled keyfile, readable by its owner only."""
    content = {
        "label": LABEL,
        "chain_id": chain_id,
        "address": faucet.address,
        "private_key": "0x" + bytes(faucet.key).hex(),
    }
    disk.sweep(path.parent)  # a writer killed here began a chain that never was
    disk.replace(path, json.dumps(content, indent=1).encode())


def load_faucet(path: Path) -> LocalAccount:
    """Read it back; raises SettingsError when it is missing or damaged."""
    try:
        account: LocalAccount = Account.from_key(json.loads(path.read_text())["private_key"])
    except (OSError, ValueError, KeyError, TypeError):
        # `from None`: the original error could quote the key.
        raise SettingsError(
            f"The faucet's keyfile {path} is missing or damaged.",
            hint="Restore it from a copy, or start over with `unwrapped-dao chain reset`.",
        ) from None
    return account
