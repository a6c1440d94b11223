"""The content of an attestation: exactly the fields of EIP-712 `Contribution` (chain/eip712.py). Signed elsewhere."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Bytes32 = Annotated[bytes, Field(min_length=32, max_length=32)]
Uint32 = Annotated[int, Field(ge=0, lt=1 << 32)]
Uint64 = Annotated[int, Field(ge=0, lt=1 << 64)]


class AttestationContent(BaseModel):
    """What m validators must sign alike for one contribution. `member` is a 0x address, `expiry` a unix time in s."""

    model_config = ConfigDict(frozen=True, strict=True)

    member: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
    scope_id: Bytes32
    epoch: Uint64
    version: Uint32
    content: Bytes32
    weight: Annotated[int, Field(ge=1, lt=1 << 32)]
    fingerprint: Bytes32
    report: Bytes32
    expiry: Uint64
