"""The typed client of `KeyCommittee`: key generations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ..errors import NotFoundError
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


@dataclass(frozen=True, slots=True)
class Generation:
    """One committee key. X is affine G1, Y is G2 as EIP-197 words (x.im, x.re, y.im, y.re)."""

    number: int
    state: GenerationState
    threshold: int
    custodians: tuple[str, ...]
    x: tuple[int, int]
    y: tuple[int, int, int, int]

    @property
    def shape(self) -> str:
        """For people: "1-of-1"."""
        return f"{self.threshold}-of-{len(self.custodians)}"

    @property
    def one_can_read(self) -> bool:
        """Whether a single custodian could open every envelope."""
        return self.threshold == 1


class Committee:
    """Verbs and reads of the committee."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.address = contract.address

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

    def generation(self, number: int) -> Generation:
        """One generation."""
        state, threshold, _, _, x, y = self._contract.call("generation", number).values()
        custodians = tuple(str(c) for c in self._contract.call("custodiansOf", number))
        return Generation(number, GenerationState(state), threshold, custodians, tuple(x), tuple(y))
