"""Which sales were ever approved, read from the final chain; of two nodes that tell different ones neither is believed.

A sale that its node does not show would be missed without a word: nothing on the chain counts approvals. So a witness
is asked too. All blocks are read at the start and once an hour, in case a node left something out in passing; in
between only the newest, since a collective's chain may be years long.
"""

from __future__ import annotations

from ...chain.collective import Collective
from ...errors import UntrustedDataError

WHOLE_S = 3_600
OVERLAP_BLOCKS = 100
"""Read again each time: some nodes show a new block a moment before its logs."""


class Approvals:
    """What was read so far."""

    def __init__(self) -> None:
        self._found: dict[bytes, None] = {}
        self._read_until = 0
        self._whole_at: int | None = None

    def read(self, final: Collective, witness: Collective | None) -> list[bytes]:
        """Ids of all approved sales up to the block of `final`, oldest first; closed ones too.

        Raises UntrustedDataError if the witness, at the same block, knows another list.
        """
        now, newest = final.client.now(), final.client.block_number()
        whole = self._whole_at is None or now - self._whole_at >= WHOLE_S
        first = None if whole else max(0, self._read_until - OVERLAP_BLOCKS)
        told = final.market.approved(first=first)
        if witness is not None and (odd := set(told) ^ set(witness.market.approved(first=first))):
            raise UntrustedDataError(
                f"The two nodes differ about whether sale 0x{min(odd).hex()[:12]}… was approved.",
                hint="Find out which of them leaves events out; nothing was done on either's word.",
            )
        self._found |= dict.fromkeys(told)
        self._read_until = newest
        if whole:
            self._whole_at = now
        return list(self._found)
