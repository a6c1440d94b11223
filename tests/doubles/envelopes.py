"""Envelopes that an honest writer would never make: every byte is well formed but what the caller bends."""

from __future__ import annotations

import io
import struct

from unwrapped_dao.crypto.bn254 import P2, G2Point, hash_to_g1, pairing
from unwrapped_dao.crypto.capsule import Capsule, seal_capsule, wrap_for_node
from unwrapped_dao.crypto.hashing import header_mac, payload_key
from unwrapped_dao.crypto.header import Compression, EnvelopeContext, padme, prefix_bytes
from unwrapped_dao.crypto.keys import DataKey
from unwrapped_dao.crypto.stream import StreamWriter
from unwrapped_dao.crypto.tree import path


def preamble(stored: int, plain: int) -> bytes:
    """The two lengths that the plaintext begins with, in bytes."""
    return struct.pack(">QQ", stored, plain)


def craft(
    context: EnvelopeContext,
    committee_key: G2Point,
    plaintext: bytes,
    *,
    dek: DataKey,
    salt: bytes,
    compression: Compression = Compression.NONE,
    padded_length: int | None = None,
    free_r: int | None = None,
) -> bytes:
    """An envelope around any plaintext (preamble and content); `free_r` is an exponent not made from the data key."""
    padded_length = padded_length or padme(len(plaintext))
    ctx = prefix_bytes(context, compression, padded_length, salt)
    pool, number, height = context.pool, context.member_number, context.tree_height
    capsule = seal_capsule(dek, ctx, pool, number, height, committee_key)
    if free_r:
        r_bytes = (P2 * free_r).to_bytes()
        ids = [pool.node_id(node) for node in path(number, height)]
        wraps = (wrap_for_node(dek, ctx, r_bytes, i, pairing(hash_to_g1(i) * free_r, committee_key)) for i in ids)
        capsule = Capsule(r_bytes, tuple(wraps))
    mac = header_mac(dek.to_secret_bytes(), salt, ctx, capsule.to_bytes())
    sink = io.BytesIO()
    sink.write(ctx + capsule.to_bytes() + mac)
    writer = StreamWriter(payload_key(dek.to_secret_bytes(), salt, ctx), sink, padded_length)
    writer.write(plaintext + bytes(padded_length - len(plaintext)))
    writer.close()
    return sink.getvalue()
