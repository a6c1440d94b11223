"""The content of an attestation: exactly the fields of EIP-712 `Contribution` (chain/eip712.py). Signed elsewhere."""

from __future__ import annotations

from typing import Annotated, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field

Bytes32 = Annotated[bytes, Field(min_length=32, max_length=32)]
Uint32 = Annotated[int, Field(ge=0, lt=1 << 32)]
Uint64 = Annotated[int, Field(ge=0, lt=1 << 64)]


class Asked(Protocol):
    """What an attestation was asked for: which version of whose contribution to which pool, and until when (s)."""

    @property
    def member(self) -> str: ...
    @property
    def scope_id(self) -> bytes: ...
    @property
    def epoch(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def content(self) -> bytes: ...
    @property
    def expiry(self) -> int: ...


_ASKED = ("member", "scope_id", "epoch", "version", "content", "expiry")


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

    @classmethod
    def answering(cls, asked: Asked, *, weight: int, fingerprint: bytes, report: bytes) -> Self:
        """What was asked, and what was found."""
        same = {name: getattr(asked, name) for name in _ASKED}
        return cls(**same, weight=weight, fingerprint=fingerprint, report=report)

    def answers(self, asked: Asked) -> bool:
        """Whether it is about what was asked, and nothing else."""
        return all(getattr(self, name) == getattr(asked, name) for name in _ASKED)
