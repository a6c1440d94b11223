"""Keyed bottom-k MinHash: a few hundred hashes that tell how much of one set is in another, and nothing else.

Of each bucket (a month, say) the k smallest keyed 64-bit hashes are kept. Below the smaller of two sketches' largest
hashes both are complete, so the share of common hashes there estimates containment without bias (Bar-Yossef et al.,
"Counting distinct elements in a data stream", 2002; Broder, "On the resemblance and containment of documents", 1997).
Sketches of a union are the smallest of both. Buckets of at most k elements compare exactly.
"""

from __future__ import annotations

import hashlib
import heapq
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..kinds.protocols import PPM, TIMELESS_BUCKETS
from .fingerprint import FingerprintKey

K: Final = 128
"""Hashes a bucket; the error of one bucket's containment is at most 1 / (2 * sqrt(k)), 4.4%, and averages out."""
K_TIMELESS: Final = 1_024
"""Timeless buckets hold a whole history, of which a forger may use a small part."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`size` distinct elements, of which `hashes` are the smallest, ascending."""

    size: int
    hashes: tuple[int, ...]

    @property
    def ceiling(self) -> int:
        """Up to this hash the bucket is complete."""
        return self.hashes[-1] if len(self.hashes) < self.size else (1 << 64) - 1

    def to_bytes(self) -> bytes:
        """The hashes, 8 bytes each, big-endian."""
        packed = array("Q", self.hashes)
        packed.byteswap() if _LITTLE else None
        return packed.tobytes()

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Bucket:
        """The inverse of `to_bytes`."""
        packed = array("Q", data)
        packed.byteswap() if _LITTLE else None
        return cls(size, tuple(packed))


_LITTLE: Final = array("Q", [1]).tobytes()[0] == 1


def bucket_tag(key: FingerprintKey, name: str) -> int:
    """How the index names a bucket: not by its month."""
    digest = hashlib.blake2b(name.encode(), digest_size=7, key=key.trace_key(), person=b"bucket").digest()
    return int.from_bytes(digest, "big")


@dataclass(frozen=True, slots=True)
class Sketch:
    """Buckets by their keyed tag; `names` maps tags to bucket names where they are known (for one's own records)."""

    buckets: Mapping[int, Bucket]
    names: Mapping[int, str]

    @classmethod
    def of(cls, key: FingerprintKey, traces: Mapping[str, Sequence[bytes]]) -> Sketch:
        """The sketch of a kind's traces; independent of their order."""
        secret = key.trace_key()
        blake2b = hashlib.blake2b
        buckets, names = {}, {}
        for name in sorted(traces):
            k = K_TIMELESS if name in TIMELESS_BUCKETS else K
            # Hashes sort as bytes as they would as big-endian numbers.
            hashes = {blake2b(element, digest_size=8, key=secret).digest() for element in traces[name]}
            tag = bucket_tag(key, name)
            buckets[tag] = Bucket(len(hashes), tuple(int.from_bytes(h, "big") for h in heapq.nsmallest(k, hashes)))
            names[tag] = name
        return cls(buckets, names)

    @property
    def size(self) -> int:
        """Elements over all buckets."""
        return sum(bucket.size for bucket in self.buckets.values())


def contained_ppm(part: Bucket, whole: Bucket) -> int:
    """Estimated share of `part`'s elements that are in `whole`, in parts per million."""
    ceiling = min(part.ceiling, whole.ceiling)
    looked = [h for h in part.hashes if h <= ceiling]
    if not looked:
        return 0
    known = set(whole.hashes)
    return sum(1 for h in looked if h in known) * PPM // len(looked)


def union(buckets: Iterable[Bucket]) -> Bucket:
    """The sketch of the union. `size` becomes an upper bound, which is what novelty needs."""
    parts = list(buckets)
    hashes = sorted({h for bucket in parts for h in bucket.hashes})
    ceiling = min(bucket.ceiling for bucket in parts)
    complete = tuple(h for h in hashes if h <= ceiling)
    return Bucket(sum(bucket.size for bucket in parts) if complete != tuple(hashes) else len(hashes), complete)
