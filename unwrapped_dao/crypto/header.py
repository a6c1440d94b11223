"""The envelope's header: what it binds, its bytes, and the check of its form (docs/spec/envelope.md section 3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from ..errors import EnvelopeError, InputError
from .capsule import Capsule, capsule_length
from .hashing import SUITE
from .stream import Source, read_up_to, sealed_length
from .tree import MAX_TREE_HEIGHT, PoolId

MAGIC = b"UNWRAPD"
VERSION = 1
SALT_LENGTH = 32
MAC_LENGTH = 32
#: Bytes before the content inside the payload: two uint64 lengths.
PREAMBLE_LENGTH = 16
#: Bound on the padded length, so that no arithmetic on a hostile header overflows a reader in another language.
MAX_PADDED_LENGTH = 1 << 48

# magic 7s, version, suite, compression, height: B each; member number, epoch: Q; chain id 32s; registry 20s; scope 32s;
# padded length Q; salt 32s. Big-endian without gaps: 151 bytes.
_PREFIX = struct.Struct(">7sBBBBQQ32s20s32sQ32s")
PREFIX_LENGTH = _PREFIX.size


class Compression(IntEnum):
    """How the content is stored inside the payload."""

    NONE = 0
    DEFLATE = 1  # RFC 1951, raw


def padme(length: int) -> int:
    """The Padmé length ≥ `length`: at most 12% more, log log bits leaked (Nikitin et al., PURBs, 2019, algorithm 1)."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    kept = exponent.bit_length()
    mask = (1 << max(exponent - kept, 0)) - 1
    return (length + mask) & ~mask


@dataclass(frozen=True, slots=True)
class EnvelopeContext:
    """Whose contribution to which pool an envelope is. Raises InputError for a member number outside the tree."""

    pool: PoolId
    member_number: int
    tree_height: int

    def __post_init__(self) -> None:
        if not 0 <= self.tree_height <= MAX_TREE_HEIGHT:
            raise InputError(f"A tree height lies between 0 and {MAX_TREE_HEIGHT}, not {self.tree_height}.")
        if not 0 <= self.member_number < 1 << self.tree_height:
            raise InputError(f"Member number {self.member_number} does not fit a tree of height {self.tree_height}.")


@dataclass(frozen=True, slots=True)
class Header:
    """Everything before the payload; readable without a key, authentic only once `open` has checked it."""

    context: EnvelopeContext
    compression: Compression
    padded_length: int
    salt: bytes
    capsule: Capsule
    mac: bytes

    @property
    def prefix(self) -> bytes:
        """The bytes before the capsule: the `ctx` of every derivation."""
        return prefix_bytes(self.context, self.compression, self.padded_length, self.salt)

    def to_bytes(self) -> bytes:
        return self.prefix + self.capsule.to_bytes() + self.mac

    @property
    def length(self) -> int:
        """Bytes of the header; the payload starts here."""
        return PREFIX_LENGTH + capsule_length(self.context.tree_height) + MAC_LENGTH

    @property
    def envelope_length(self) -> int:
        """Bytes of the whole envelope."""
        return self.length + sealed_length(self.padded_length)

    @classmethod
    def read(cls, source: Source) -> Self:
        """From the start of an envelope; leaves the source at the payload.

        Raises EnvelopeError of kind `malformed`, `version` or `truncated`.
        """
        prefix = read_up_to(source, PREFIX_LENGTH)
        if not prefix.startswith(MAGIC):
            raise EnvelopeError("These bytes are no envelope.")
        if len(prefix) > len(MAGIC) and prefix[len(MAGIC)] != VERSION:
            raise EnvelopeError(
                f"The envelope has format version {prefix[len(MAGIC)]}; this program reads version {VERSION}.",
                kind="version",
                hint="Update unwrapped-dao and try again.",
            )
        if len(prefix) < PREFIX_LENGTH:
            raise EnvelopeError("The envelope's header is cut short.", kind="truncated")
        _, _, suite, compression, height, member, epoch, *rest = _PREFIX.unpack(prefix)
        chain_id, registry, scope, padded, salt = rest
        if suite != SUITE:
            raise EnvelopeError(
                f"The envelope uses suite {suite}; this program knows suite {SUITE}.",
                kind="version",
                hint="Update unwrapped-dao and try again.",
            )
        if compression not in list(Compression):
            raise EnvelopeError(f"The envelope names an unknown compression ({compression}).")
        if not PREAMBLE_LENGTH <= padded <= MAX_PADDED_LENGTH or padme(padded) != padded:
            raise EnvelopeError("The envelope's padded length is not one that padding gives.")
        try:
            pool = PoolId(int.from_bytes(chain_id, "big"), registry, scope, epoch, suite)
            context = EnvelopeContext(pool, member, height)
        except InputError as error:
            raise EnvelopeError(f"The envelope's header is malformed. {error.message}") from error
        tail = read_up_to(source, capsule_length(height) + MAC_LENGTH)
        if len(tail) < capsule_length(height) + MAC_LENGTH:
            raise EnvelopeError("The envelope's header is cut short.", kind="truncated")
        capsule = Capsule.from_bytes(tail[:-MAC_LENGTH], height)
        return cls(context, Compression(compression), padded, salt, capsule, tail[-MAC_LENGTH:])


def prefix_bytes(context: EnvelopeContext, compression: Compression, padded_length: int, salt: bytes) -> bytes:
    """The 151 header bytes before the capsule."""
    pool = context.pool
    return _PREFIX.pack(
        MAGIC,
        VERSION,
        pool.suite,
        compression,
        context.tree_height,
        context.member_number,
        pool.epoch,
        pool.chain_id.to_bytes(32, "big"),
        pool.registry,
        pool.scope,
        padded_length,
        salt,
    )
