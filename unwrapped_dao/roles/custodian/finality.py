"""How far back is final: the node's word, held against what it said before and, if there is one, against a witness."""

from __future__ import annotations

import msgspec

from ...chain.client import ChainClient
from ...chain.noting import Notes
from ...chain.pinned import BlockId, PinnedClient, block_id, pinned, settled
from ...errors import TemporaryError, UntrustedDataError

_HIGHEST = "highest-final-block"
_ON_PURPOSE = f"If the chain was taken back on purpose, remove the file {_HIGHEST} under journal/custodian."


class Finality:
    """What a custodian may act on. `tag` is the chain's own: "finalized", or "latest" where nothing is undone.

    `notes` keep the highest block that was final, across runs.
    """

    def __init__(self, client: ChainClient, tag: str, notes: Notes, witness: ChainClient | None = None) -> None:
        self._client = client
        self._tag = tag
        self._notes = notes
        self._witness = witness

    def view(self) -> PinnedClient:
        """A client of the newest final block.

        Raises UntrustedDataError if the node takes back what it called final, calls final what it does not have, or
        differs from the witness; TemporaryError if it is behind what it said before.
        """
        return pinned(self._client, self._block())

    def views(self) -> tuple[PinnedClient, PinnedClient | None]:
        """The same, and the witness at the very same block if there is one. Raises as `view`."""
        block = self._block()
        return pinned(self._client, block), None if self._witness is None else pinned(self._witness, block)

    def _block(self) -> BlockId:
        block = settled(self._client, self._tag)
        if self._witness is not None:
            block = self._agreed(block, self._witness)
        noted = self._notes.get(_HIGHEST)
        known = None if noted is None else msgspec.json.decode(noted, type=BlockId)
        if known is not None:
            self._compare(known, block)
        if known is None or block.number > known.number:
            self._notes.put(_HIGHEST, msgspec.json.encode(block))
        return block

    def _agreed(self, block: BlockId, witness: ChainClient) -> BlockId:
        other = settled(witness, self._tag)
        if other.number < block.number:
            block = block_id(self._client, hex(other.number))
        if witness.block_hash(block.number) != block.hash:
            raise UntrustedDataError(
                f"The two nodes differ about block {block.number}, which both call final.",
                hint="Find out which of them is on the right chain; nothing was done on either's word.",
            )
        return block

    def _compare(self, known: BlockId, block: BlockId) -> None:
        if block.number < known.number:
            raise TemporaryError(
                f"The node calls block {block.number} final; block {known.number} was final before.",
                hint=f"It may be catching up; nothing is done until it is as far as it was. {_ON_PURPOSE}",
            )
        if self._client.block_hash(known.number) != known.hash:
            raise UntrustedDataError(
                f"Block {known.number} was final, and the node now has another in its place.",
                hint=f"Use another node. {_ON_PURPOSE}",
            )
