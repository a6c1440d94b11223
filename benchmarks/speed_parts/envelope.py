"""An envelope of 1 GiB, file to file, against one-shot AES-256-GCM of `cryptography`: processor time and memory.

The one-shot encryption is given what is best for it: the fastest of several sizes held in memory, with nothing to read
or write. The envelope reads its content, pads it, cuts it into chunks, binds each to its place, and writes it.
"""

from __future__ import annotations

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
ONE_SHOT_SIZES = (1 << 16, 1 << 20, 1 << 26)
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
    peak = peak_megabytes()  # before the one-shot encryption holds its buffers
    one_shot = min(_one_shot(size) for size in ONE_SHOT_SIZES)
    return {
        "gib": 1,
        "seal_mb_per_cpu_second": int(GIB / 1e6 / sealing),
        "open_mb_per_cpu_second": int(GIB / 1e6 / opening),
        "one_shot_mb_per_cpu_second": int(GIB / 1e6 / one_shot),
        "seal_ratio": round(one_shot / sealing, 2),
        "open_ratio": round(one_shot / opening, 2),
        "peak_megabytes": peak,
    }


def _rewind(*files: BinaryIO) -> None:
    for file in files:
        file.seek(0)


def _one_shot(size: int) -> float:
    """Seconds for 1 GiB in pieces of this size."""
    cipher, nonce, content = AESGCM(bytes(32)), bytes(12), bytes(size)

    def encrypt() -> None:
        for _ in range((GIB >> 3) // size):
            cipher.encrypt(nonce, content, None)

    return cpu_seconds(encrypt, 5) * 8


def missed(figures: dict[str, Any]) -> list[str]:
    ratios = {name: figures[name] for name in ("seal_ratio", "open_ratio")}
    low = [f"{name} is {ratio}, under {LEAST_RATIO}" for name, ratio in ratios.items() if ratio < LEAST_RATIO]
    peak = figures["peak_megabytes"]
    return low + ([f"peak_megabytes is {peak}, over {MOST_MEGABYTES}"] if peak > MOST_MEGABYTES else [])
