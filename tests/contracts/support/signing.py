"""Member and validator keys, EIP-712 messages, and 64-byte signatures, as a wallet would make them.

Hashing is eth_account's, apart from the contracts and from the package, so that a wrong type string shows.
The keys are test values.
"""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

# Order of secp256k1.
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

Fields = tuple[tuple[str, str], ...]

JOIN: Fields = (("member", "address"), ("joins", "uint16"), ("expiry", "uint64"))
LEAVE: Fields = JOIN
DELEGATION: Fields = (("delegatee", "address"), ("nonce", "uint256"), ("expiry", "uint256"))
CONSENT: Fields = (
    ("scopeId", "bytes32"),
    ("epoch", "uint64"),
    ("version", "uint32"),
    ("content", "bytes32"),
    ("expiry", "uint64"),
)
WITHDRAWAL: Fields = (("scopeId", "bytes32"), ("epoch", "uint64"), ("version", "uint32"), ("expiry", "uint64"))
CONTRIBUTION: Fields = (
    ("member", "address"),
    ("scopeId", "bytes32"),
    ("epoch", "uint64"),
    ("version", "uint32"),
    ("content", "bytes32"),
    ("weight", "uint32"),
    ("fingerprint", "bytes32"),
    ("report", "bytes32"),
    ("expiry", "uint64"),
)


CONTRIBUTIONS: Fields = (("itemsHash", "bytes32"), ("expiry", "uint64"))
BALLOT: Fields = (("proposalId", "uint256"), ("support", "uint8"))
OPT_OUT: Fields = (("target", "bytes32"), ("expiry", "uint64"))


def key(name: str) -> LocalAccount:
    """The same key for the same name."""
    return Account.from_key(keccak(text=f"unwrapped-dao test key {name}"))


def domain(name: str, chain_id: int, contract: str) -> dict[str, Any]:
    return {"name": name, "version": "1", "chainId": chain_id, "verifyingContract": contract}


def sign(signer: LocalAccount, on: dict[str, Any], primary: str, fields: Fields, *values: Any) -> tuple[int, int, int]:
    """(v, r, s) over an EIP-712 message whose fields are given in order."""
    types = {primary: [{"name": name, "type": kind} for name, kind in fields]}
    message = {name: value for (name, _), value in zip(fields, values, strict=True)}
    signed = signer.sign_message(encode_typed_data(on, types, message))
    return signed.v, signed.r, signed.s


def compact(v: int, r: int, s: int) -> bytes:
    """ERC-2098."""
    return r.to_bytes(32, "big") + ((v - 27) << 255 | s).to_bytes(32, "big")


def halves(signature: bytes) -> tuple[bytes, bytes]:
    """r and vs of a 64-byte signature, as batches take them."""
    return signature[:32], signature[32:]


def mirrored(v: int, r: int, s: int) -> bytes:
    """The same signature in its malleable form, high s and the other parity, as far as 64 bytes can say it."""
    return r.to_bytes(32, "big") + ((28 - v) << 255 | (N - s)).to_bytes(32, "big")
