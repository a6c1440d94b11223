"""The identifiers of scopes: what the registry computes on-chain, computed here from the same bytes
(docs/spec/rows.md).
"""

from __future__ import annotations

from collections.abc import Iterable

import rfc8785
from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as the EVM has it (the padding before FIPS 202)."""
    return keccak.new(digest_bits=256, data=data).digest()


SCOPE_TAG = keccak256(b"unwrapped-dao/scope/v1")


def purpose_digest(name: str) -> bytes:
    """The on-chain name of a purpose: keccak256 of its UTF-8 bytes."""
    return keccak256(name.encode("utf-8"))


def terms_digest(text: str) -> bytes:
    """keccak256 of the exact bytes of a terms text."""
    return keccak256(text.encode("utf-8"))


def schema_digest(document: dict[str, object]) -> bytes:
    """keccak256 of the RFC 8785 JSON that names schema, projection and versions."""
    return keccak256(rfc8785.dumps(document))  # type: ignore[arg-type]


def scope_id(schema: bytes, purposes: Iterable[bytes], base_terms: bytes) -> bytes:
    """keccak256(abi.encode(TAG, bytes32 schema, bytes32[] purposes ascending, bytes32 base terms))."""
    listed = sorted(set(purposes))
    # abi.encode: four head words (the dynamic array as its offset, 4 * 32), then its length and items.
    head = SCOPE_TAG + schema + (128).to_bytes(32, "big") + base_terms
    return keccak256(head + len(listed).to_bytes(32, "big") + b"".join(listed))
