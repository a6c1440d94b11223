"""The typed client of `KeyCommittee`: key generations, and what custodians say of a sale.

Not here: the board on which several custodians form a key (board).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ..errors import NotFoundError
from .board import CommitteeBoard, indices
from .contract import Contract
from .outbox import Receipt
from .signer import Signer

WEEK_S = 604_800


class GenerationState(IntEnum):
    """As `IKeyCommittee.GenerationState`."""

    NONE = 0
    FORMING = 1
    ACTIVE = 2
    RETIRED = 3
    GIVEN_UP = 4


@dataclass(frozen=True, slots=True)
class Generation:
    """One committee key. X is affine G1, Y is G2 as EIP-197 words (x.im, x.re, y.im, y.re); zeros while there is none.

    `source`: 0, or the generation whose key this one reshares. The hashes are keccak256 of the words of A_k and of Y_j
    (`CommitteeBoard.share_keys` gives the lists).
    """

    number: int
    state: GenerationState
    threshold: int
    custodians: tuple[str, ...]
    x: tuple[int, int]
    y: tuple[int, int, int, int]
    active_at: int = 0
    source: int = 0
    polynomial_hash: bytes = bytes(32)
    share_keys_hash: bytes = bytes(32)

    @property
    def shape(self) -> str:
        """For people: "1-of-1"."""
        return f"{self.threshold}-of-{len(self.custodians)}"

    @property
    def one_can_read(self) -> bool:
        """Whether a single custodian could open every envelope."""
        return self.threshold == 1


@dataclass(frozen=True, slots=True)
class Readiness:
    """A custodian's READY of one sale, and where it was mined."""

    generation: int
    sale_id: bytes
    index: int
    block_number: int


@dataclass(frozen=True, slots=True)
class PostedShares:
    """Key shares of consecutive cover nodes as a custodian posted them: not yet believed. Points are affine G1."""

    generation: int
    sale_id: bytes
    index: int
    first_node: int
    c1: tuple[tuple[int, int], ...]
    c2: tuple[tuple[int, int], ...]
    block_number: int


class Committee:
    """Verbs and reads of the committee."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.address = contract.address
        self.board = CommitteeBoard(contract)

    def post_key(
        self,
        custodian: Signer,
        generation: int,
        x: tuple[int, int],
        y: tuple[int, int, int, int],
        proof: tuple[tuple[int, int], int],
    ) -> Receipt:
        """Post the key of a 1-of-1 generation with its proof of knowledge (T, s)."""
        commitment, response = proof
        return self._contract.send(custodian, "postKey", generation, list(x), list(y), list(commitment), response)

    def current(self) -> Generation:
        """The generation that new epochs use. Raises NotFoundError if none is active."""
        number = int(self._contract.call("currentGeneration"))
        if number == 0:
            raise NotFoundError(
                "The committee has no active key yet.", hint="A custodian runs `unwrapped-dao custodian setup` first."
            )
        return self.generation(number)

    def generation(self, number: int, *, block: int | None = None) -> Generation:
        """One generation; of a given up one, what it was to be."""
        found = self._contract.call("generation", number, block=block)
        custodians = tuple(str(c) for c in self._contract.call("custodiansOf", number, block=block))
        return Generation(
            number,
            GenerationState(found["state"]),
            found["threshold"],
            custodians,
            tuple(found["X"]),
            tuple(found["Y"]),
            found["activeAt"],
            found["source"],
            found["polynomialHash"],
            found["shareKeysHash"],
        )

    def of_same_key(self, number: int, *, block: int | None = None) -> tuple[Generation, ...]:
        """Every generation that holds this one's key, oldest first: itself, and those of its resharings."""
        key = self.generation(number, block=block).y
        found: list[Generation] = []
        counter = 1
        while (generation := self.generation(counter, block=block)).state is not GenerationState.NONE:
            if any(generation.y) and generation.y == key:
                found.append(generation)
            counter += 1
        return tuple(found)

    def serving(self, number: int, *, block: int | None = None) -> int:
        """The latest generation with the same key: serves and is paid for sales approved from now on; 0 if retired."""
        return int(self._contract.call("servingGeneration", number, block=block))

    # --- what custodians say of a sale -----------------------------------------------------------------------------

    def ready(self, custodian: Signer, generation: int, sale_id: bytes) -> Receipt:
        """Say that this custodian can serve the sale, once."""
        return self._contract.send(custodian, "ready", generation, sale_id)

    def ready_of(self, generation: int, sale_id: bytes, *, block: int | None = None) -> frozenset[int]:
        """Indices of the custodians that have said READY, whenever that was."""
        return indices(int(self._contract.call("readyOf", generation, sale_id, block=block)))

    def readies(
        self, generation: int, sale_id: bytes, *, first: int | None = None, last: int | None = None
    ) -> Iterator[Readiness]:
        """The READY events of one sale, oldest first."""
        for event in self._contract.events("Ready", first=first, last=last, generation=generation, saleId=sale_id):
            yield Readiness(generation, sale_id, event["index"], event.block_number)

    def post_shares(
        self,
        custodian: Signer,
        generation: int,
        sale_id: bytes,
        first_node: int,
        c1: Sequence[tuple[int, int]],
        c2: Sequence[tuple[int, int]],
    ) -> Receipt:
        """Post shares of the cover's nodes first_node, first_node + 1, … into the event log."""
        return self._contract.send(
            custodian, "postShares", generation, sale_id, first_node, [list(p) for p in c1], [list(p) for p in c2]
        )

    def posted_shares(
        self, generation: int, sale_id: bytes, *, first: int | None = None, last: int | None = None
    ) -> Iterator[PostedShares]:
        """Everything posted for one sale, oldest first. Nothing about it was checked but who posted it."""
        for event in self._contract.events(
            "SharesPosted", first=first, last=last, generation=generation, saleId=sale_id
        ):
            yield PostedShares(
                generation,
                sale_id,
                event["index"],
                event["firstNode"],
                tuple(tuple(p) for p in event["C1"]),
                tuple(tuple(p) for p in event["C2"]),
                event.block_number,
            )
