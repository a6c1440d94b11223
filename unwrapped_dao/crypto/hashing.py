"""Every hash of the cryptography, each with its domain tag and its name (docs/spec/).

`abi_words` is abi.encode of static types: each value one 32-byte big-endian word.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from Crypto.Hash import keccak
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import InputError
from .field import R

SUITE: Final = 1  # BN254-KECCAK256-SVDW

HASH_TO_G1_DST: Final = b"UNWRAPPED-DAO-V1-BN254G1_XMD:KECCAK-256_SVDW_RO_"
_CAPSULE_SCALAR_DST: Final = b"unwrapped-dao/capsule-scalar/v1"
_BLINDING_DST: Final = b"unwrapped-dao/share-blinding/v1"
_SCHNORR_NONCE_DST: Final = b"unwrapped-dao/schnorr-nonce/v1"
_KEM_SALT: Final = b"unwrapped-dao/kem/v1"
_PAYLOAD_INFO: Final = b"unwrapped-dao/payload/v1"
_HEADER_MAC_INFO: Final = b"unwrapped-dao/header-mac/v1"
_DKG_SECRET_DST: Final = b"unwrapped-dao/dkg-secret/v1"
_BATCH_DST: Final = b"unwrapped-dao/batch-weight/v1"


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as in Ethereum (not SHA3-256)."""
    return keccak.new(digest_bits=256, data=data).digest()


_NODE_TAG: Final = keccak256(b"unwrapped-dao/node/v1")
_HEARTBEAT_TAG: Final = keccak256(b"unwrapped-dao/heartbeat/v1")
_COMMITTEE_POK_TAG: Final = keccak256(b"unwrapped-dao/committee-pok/v1")
_DKG_ENCRYPTION_KEY_TAG: Final = keccak256(b"unwrapped-dao/dkg-encryption-key/v1")
_DKG_DEAL_TAG: Final = keccak256(b"unwrapped-dao/dkg-deal/v1")
_DKG_EPHEMERAL_TAG: Final = keccak256(b"unwrapped-dao/dkg-ephemeral/v1")
_DKG_SHARE_TAG: Final = keccak256(b"unwrapped-dao/dkg-share/v1")
_DKG_COMPLAINT_TAG: Final = keccak256(b"unwrapped-dao/dkg-complaint/v1")


def abi_words(*values: int | bytes) -> bytes:
    """abi.encode of static values: integers as uint256, bytes of up to 32 right-aligned (addresses) or full words."""
    words = []
    for value in values:
        raw = value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")
        if len(raw) != 32:
            raise InputError("A value to be hashed does not fit a 32-byte word.")
        words.append(raw)
    return b"".join(words)


def expand_message_xmd(message: bytes, dst: bytes, length: int) -> bytes:
    """expand_message_xmd of RFC 9380 section 5.3.1 with Keccak-256 (32-byte output, 136-byte blocks)."""
    if len(dst) > 255 or length > 255 * 32:
        raise InputError("The domain tag or the length is beyond what RFC 9380 allows.")
    dst_prime = dst + bytes([len(dst)])
    b0 = keccak256(bytes(136) + message + length.to_bytes(2, "big") + b"\0" + dst_prime)
    block = keccak256(b0 + b"\x01" + dst_prime)
    out = block
    for i in range(2, -(-length // 32) + 1):
        mixed = (int.from_bytes(b0, "big") ^ int.from_bytes(block, "big")).to_bytes(32, "big")
        block = keccak256(mixed + bytes([i]) + dst_prime)
        out += block
    return out[:length]


def hash_to_scalar(message: bytes, dst: bytes) -> int:
    """One element of Fr: 48 uniform bytes mod r (RFC 9380 section 5.2). Zero with probability 2^-254."""
    return int.from_bytes(expand_message_xmd(message, dst, 48), "big") % R


def node_id(suite: int, chain_id: int, registry: bytes, scope: bytes, epoch: int, height: int, index: int) -> bytes:
    """keccak256 of abi.encode(TAG, uint8 suite, uint256 chainId, address registry, bytes32 scope, uint64 epoch,
    uint8 height, uint64 index)."""
    return keccak256(abi_words(_NODE_TAG, suite, chain_id, registry, scope, epoch, height, index))


def heartbeat_digest(suite: int, chain_id: int, committee: bytes, generation: int, week: int) -> bytes:
    """keccak256(abi.encode(TAG, uint8 suite, uint256 chainId, address committee, uint64 generation, uint64 week))."""
    return keccak256(abi_words(_HEARTBEAT_TAG, suite, chain_id, committee, generation, week))


def committee_pok_challenge(
    chain_id: int,
    committee: bytes,
    generation: int,
    x_words: tuple[int, int],
    y_words: tuple[int, int, int, int],
    t_words: tuple[int, int],
) -> int:
    """keccak256 of abi.encode(TAG, uint256 chainId, address committee, uint64 generation, uint256[2] X, uint256[4] Y,
    uint256[2] T), mod r."""
    preimage = abi_words(_COMMITTEE_POK_TAG, chain_id, committee, generation, *x_words, *y_words, *t_words)
    return int.from_bytes(keccak256(preimage), "big") % R


def dkg_encryption_key_challenge(
    chain_id: int, committee: bytes, generation: int, index: int, key: tuple[int, int], t_words: tuple[int, int]
) -> int:
    """keccak256 of abi.encode(TAG, chainId, committee, generation, index, K, T), mod r."""
    words = abi_words(_DKG_ENCRYPTION_KEY_TAG, chain_id, committee, generation, index, *key, *t_words)
    return int.from_bytes(keccak256(words), "big") % R


def dkg_ephemeral_challenge(
    chain_id: int, committee: bytes, generation: int, dealer: int, ephemeral: tuple[int, int], t_words: tuple[int, int]
) -> int:
    """keccak256 of abi.encode(TAG, chainId, committee, generation, dealer, E, T), mod r."""
    words = abi_words(_DKG_EPHEMERAL_TAG, chain_id, committee, generation, dealer, *ephemeral, *t_words)
    return int.from_bytes(keccak256(words), "big") % R


def dkg_deal_commitment(
    chain_id: int, committee: bytes, generation: int, dealer: int, salt: bytes, commitments: bytes, rest: bytes
) -> bytes:
    """keccak256 of abi.encode(TAG, chainId, committee, generation, dealer, salt, keccak256 of the words of C,
    keccak256 of the words of E, T, s, shares)."""
    return keccak256(abi_words(_DKG_DEAL_TAG, chain_id, committee, generation, dealer, salt, commitments, rest))


def dkg_share_pad(
    chain_id: int,
    committee: bytes,
    generation: int,
    dealer: int,
    receiver: int,
    ephemeral: tuple[int, int],
    shared: tuple[int, int],
) -> bytes:
    """One share's pad: keccak256 of abi.encode(TAG, chainId, committee, generation, dealer, receiver, E, Z)."""
    return keccak256(abi_words(_DKG_SHARE_TAG, chain_id, committee, generation, dealer, receiver, *ephemeral, *shared))


def dkg_complaint_challenge(
    chain_id: int, committee: bytes, generation: int, dealer: int, complainer: int, points: Sequence[tuple[int, int]]
) -> int:
    """keccak256 of abi.encode(TAG, chainId, committee, generation, dealer, complainer, E, K, Z, T1, T2), mod r."""
    words = [word for point in points for word in point]
    preimage = abi_words(_DKG_COMPLAINT_TAG, chain_id, committee, generation, dealer, complainer, *words)
    return int.from_bytes(keccak256(preimage), "big") % R


def dkg_secret(seed: bytes, context: bytes) -> int:
    """One of the secrets of a deal, from the dealer's seed."""
    return hash_to_scalar(seed + context, _DKG_SECRET_DST)


def schnorr_nonce(secret: bytes, fresh: bytes, context: bytes) -> int:
    """A nonce that is safe if either the secret-derived or the fresh randomness is good."""
    return hash_to_scalar(secret + fresh + context, _SCHNORR_NONCE_DST)


def capsule_scalar(dek: bytes, context: bytes) -> int:
    """The capsule's r from the data key and the header bytes before the capsule."""
    return hash_to_scalar(dek + context, _CAPSULE_SCALAR_DST)


def capsule_keys(gt: bytes, node: bytes, r_point: bytes, context: bytes) -> tuple[bytes, bytes]:
    """(kek, commit) of 32 and 16 bytes for one node of a capsule."""
    info = node + r_point + hashlib.sha256(context).digest()
    okm = HKDF(SHA256(), 48, _KEM_SALT, info).derive(gt)
    return okm[:32], okm[32:]


def payload_key(dek: bytes, salt: bytes, context: bytes) -> bytes:
    """The AES-256 key of the payload."""
    return HKDF(SHA256(), 32, salt, _PAYLOAD_INFO + hashlib.sha256(context).digest()).derive(dek)


def header_mac(dek: bytes, salt: bytes, context: bytes, capsule: bytes) -> bytes:
    """HMAC-SHA256 over the whole header under a key of its own."""
    key = HKDF(SHA256(), 32, salt, _HEADER_MAC_INFO + hashlib.sha256(context).digest()).derive(dek)
    return hmac.digest(key, context + capsule, "sha256")


def share_blinding(secret: bytes, chain_id: int, market: bytes, sale_id: bytes, node: bytes, buyer_key: bytes) -> int:
    """u = PRF(secret, chain, market, saleId, node id, B1). A u used for two nodes leaks one key from the other."""
    return hash_to_scalar(secret + abi_words(chain_id, market, sale_id, node) + buyer_key, _BLINDING_DST)


def batch_weights(transcript: bytes, count: int) -> list[int]:
    """128-bit weights of a batched check, hashed from all its inputs; the first is 1."""
    seed = keccak256(_BATCH_DST + transcript)
    rest = (int.from_bytes(keccak256(seed + i.to_bytes(4, "big"))[:16], "big") for i in range(1, count))
    return [1, *rest]
