"""Who pays for a rehearsal on a running node: an account of the node's own, or that of a keyfile.

A development node (Ganache, Anvil) signs for accounts that it made itself. One of them hands an account of this
process what the rehearsal needs; on any other node a keyfile's account does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from ..chain.client import ChainClient
from ..chain.fees import ether_text
from ..crypto import keystore
from ..errors import InputError, NotAllowedError, RpcUnavailableError, UntrustedDataError, UnwrappedError

GAS_TO_DEPLOY = 60_000_000
GAS_EACH = 5_000_000
"""For one participant of one sale; the dearest use a fifth of it."""
PRICE_MARGIN = 3
"""A transaction must be able to pay twice the base fee of its block."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_KEYFILE_HINT = "Give the keyfile of an account with ether: --payer FILE, and its passphrase in UNWRAPPED_PASSPHRASE."


@dataclass(frozen=True, slots=True)
class Payer:
    """An account with ether for a rehearsal, and how much of it each participant gets, in wei."""

    account: LocalAccount
    gas_money_wei: int


def open_keyfile(path: Path, passphrase: str) -> LocalAccount:
    """The account in an Ethereum keyfile (version 3) of any wallet. Raises InputError, PassphraseError."""
    if not path.is_file():
        raise InputError(f"There is no keyfile {path}.", hint="Name the file that the wallet exported.")
    account: LocalAccount = Account.from_key(keystore.load(path, passphrase))
    said = str(keystore.read(path).get("address", "")).removeprefix("0x")
    if said and said.lower() != account.address[2:].lower():
        raise UntrustedDataError(f"The keyfile {path} holds another account's key than it says.")
    return account


def find_payer(client: ChainClient, participants: int, account: LocalAccount | None = None) -> Payer:
    """`account`, or one made here and paid by the node's richest account.

    What the participants have left in the end is lost with their keys. Raises NotAllowedError for too little ether,
    and where the node signs for no account or the account is locked.
    """
    price = int(client.request("eth_gasPrice"), 16) * PRICE_MARGIN
    each = GAS_EACH * price
    needed = GAS_TO_DEPLOY * price + participants * each
    if account is not None:
        _require(client.balance(account.address), needed, f"The account {account.address} of the keyfile")
        return Payer(account, each)
    richest, balance = richest_of_node(client)
    # The node's own account pays for this transfer besides.
    _require(balance, needed + price * 21_000, f"{richest}, the richest account that the node signs for,")
    made: LocalAccount = Account.create()
    try:
        client.send_from_node(richest, made.address, needed)
    except UnwrappedError as refused:
        raise NotAllowedError(
            f"The node does not send from its account {richest}, which may be locked: {refused.message}",
            hint=f"Unlock it at the node. {_KEYFILE_HINT}",
        ) from refused
    return Payer(made, each)


def richest_of_node(client: ChainClient) -> tuple[str, int]:
    """Of the accounts that the node signs for itself: (address, wei). Raises NotAllowedError if there is none."""
    try:
        listed: Any = client.request("eth_accounts")
    except RpcUnavailableError:
        listed = []  # public nodes do not have the method
    owned = [to_checksum_address(a) for a in listed if isinstance(a, str) and _ADDRESS.fullmatch(a)]
    if not owned:
        raise NotAllowedError("The node signs for no account of its own, so nobody pays.", hint=_KEYFILE_HINT)
    balances = {address: client.balance(address) for address in owned}
    richest = max(balances, key=lambda address: balances[address])
    return str(richest), balances[richest]


def _require(balance: int, needed: int, whose: str) -> None:
    if balance < needed:
        raise NotAllowedError(
            f"{whose} has {ether_text(balance)}, and {ether_text(needed)} are needed.",
            hint="Send it ether at the node, or give another account with --payer FILE.",
        )
