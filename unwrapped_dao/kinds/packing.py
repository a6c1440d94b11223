"""What a member sends to its validators for one scope: the canonical records and, for a scope that randomises,
its coins.

The coins let a validator recompute the randomised rows; buyers never see them, or the randomness would protect nothing.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ..errors import UntrustedDataError
from .protocols import Kind, Scope

COINS_BYTES: Final = 32
_TAIL = re.compile(rb"#coins ([0-9a-f]{64})\n\Z")
_TAIL_BYTES: Final = len("#coins \n") + 2 * COINS_BYTES


def pack_records(kind: Kind, scope: Scope, records: Any, coins: bytes) -> bytes:
    """The bytes for the validators."""
    data = kind.encode_records(records)
    return data + b"#coins " + coins.hex().encode() + b"\n" if scope.randomised else data


def unpack_records(kind: Kind, scope: Scope, data: bytes) -> tuple[Any, bytes]:
    """Records and coins; raises `UntrustedDataError` for bytes that `pack_records` would not give."""
    if not scope.randomised:
        return kind.decode_records(data), b""
    found = _TAIL.fullmatch(data[-_TAIL_BYTES:])
    if found is None:
        raise UntrustedDataError(f"The records for the scope {scope.name!r} come without the coins of its randomness.")
    return kind.decode_records(data[:-_TAIL_BYTES]), bytes.fromhex(found[1].decode())
