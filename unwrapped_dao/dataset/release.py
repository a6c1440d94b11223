"""What is known about a release besides its rows: where it comes from, what was agreed, and when."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_PSEUDONYM = b"unwrapped-dao/pseudonym/v1\0"


class Release(BaseModel):
    """One delivery of one pool to one buyer. Hex fields start with 0x; `date` is the day of the sale, YYYY-MM-DD.

    `salt` (16 bytes or more, not public) makes this release's pseudonyms: the same salt gives the same dataset.
    """

    model_config = ConfigDict(frozen=True)

    collective: str
    chain_id: Annotated[int, Field(ge=1)]
    epoch: Annotated[int, Field(ge=0)]
    sale_id: str
    purpose: str
    terms_digest: str
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    excluded: Annotated[int, Field(ge=0)] = 0
    validators: str = "m of n validators chosen by each member"
    salt: bytes = Field(min_length=16, repr=False, exclude=True)

    def pseudonym(self, leaf: int) -> str:
        """The member's name in this release: 16 hex digits that say nothing without the salt."""
        return hmac.new(self.salt, _PSEUDONYM + leaf.to_bytes(8, "big"), hashlib.sha256).hexdigest()[:16]
