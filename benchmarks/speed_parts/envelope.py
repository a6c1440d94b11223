"""An envelope of 1 GiB, file to file, against one-shot AES-256-GCM of `cryptography`: processor time and memory.

One-shot is one call of the cipher over the same GiB in memory, which takes 2 GiB of it; most of its time goes into
getting that memory. So two more figures stand beside it, without a promise: the cipher alone, on one MiB that never
leaves the processor's cache, and the envelope with nothing to read from a disk and nothing to write to one.
"""

from __future__ import annotations

import io
import secrets
import tempfile
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.speed_parts.clock import cpu_seconds, peak_megabytes
from unwrapped_dao.crypto import envelope
from unwrapped_dao.crypto.committee import CommitteeKey
from unwrapped_dao.crypto.envelope import EnvelopeContext, SealedEnvelope
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.tree import PoolId

GIB = 1 << 30
MIB = 1 << 20
ROUNDS = 3
LEAST_RATIO, MOST_MEGABYTES = 0.5, 150


def measure() -> dict[str, Any]:
    pool = PoolId.of(1337, "0x" + "11" * 20, bytes(32), 1)
    context, key = EnvelopeContext(pool, 5, 20), CommitteeKey.of(SecretScalar.generate()).Y
    with tempfile.TemporaryFile() as content, tempfile.TemporaryFile() as file:
        piece = secrets.token_bytes(1 << 20)
        for _ in range(GIB >> 20):
            content.write(piece)

        def seal() -> SealedEnvelope:
            _rewind(content, file)
            return envelope.seal(content, file, context=context, committee_key=key)

        sealing = cpu_seconds(seal, ROUNDS)
        dek = seal().dek

        def read() -> None:
            _rewind(content, file)
            envelope.open_with_dek(file, content, dek)

        opening = cpu_seconds(read, ROUNDS)
    unstored = cpu_seconds(lambda: envelope.seal(Zeros(GIB), Nowhere(), context=context, committee_key=key), ROUNDS)
    peak = peak_megabytes()  # before the one-shot encryption takes its memory
    cached, one_shot = _cipher(MIB, 5), _cipher(GIB, ROUNDS)
    return {
        "gib": 1,
        "seal_mb_per_cpu_second": int(GIB / 1e6 / sealing),
        "open_mb_per_cpu_second": int(GIB / 1e6 / opening),
        "one_shot_mb_per_cpu_second": int(GIB / 1e6 / one_shot),
        "seal_ratio": round(one_shot / sealing, 2),
        "open_ratio": round(one_shot / opening, 2),
        "peak_megabytes": peak,
        "cached_cipher_mb_per_cpu_second": int(GIB / 1e6 / cached),
        "unstored_seal_mb_per_cpu_second": int(GIB / 1e6 / unstored),
    }


class Zeros(io.RawIOBase):
    """A seekable content of zeros that takes no memory."""

    def __init__(self, length: int) -> None:
        self._length, self._at = length, 0

    def read(self, size: int = -1) -> bytes:
        size = self._length - self._at if size < 0 else min(size, self._length - self._at)
        self._at += size
        return bytes(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._length)[whence]
        return self._at

    def tell(self) -> int:
        return self._at


class Nowhere:
    """A sink that forgets."""

    def write(self, data: bytes) -> int:
        return len(data)


def _rewind(*files: BinaryIO) -> None:
    for file in files:
        file.seek(0)


def _cipher(size: int, rounds: int) -> float:
    """Seconds of the bare cipher for 1 GiB in calls of this size."""
    cipher, nonce, content = AESGCM(bytes(32)), bytes(12), bytes(size)

    def encrypt() -> None:
        for _ in range(GIB // size):
            cipher.encrypt(nonce, content, None)

    return cpu_seconds(encrypt, rounds)


def missed(figures: dict[str, Any]) -> list[str]:
    ratios = {name: figures[name] for name in ("seal_ratio", "open_ratio")}
    low = [f"{name} is {ratio}, under {LEAST_RATIO}" for name, ratio in ratios.items() if ratio < LEAST_RATIO]
    peak = figures["peak_megabytes"]
    return low + ([f"peak_megabytes is {peak}, over {MOST_MEGABYTES}"] if peak > MOST_MEGABYTES else [])
