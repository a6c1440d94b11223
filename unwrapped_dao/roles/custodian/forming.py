"""One key that is forming: a custodian's part in it, and what was posted, believed only once it is verified."""

from __future__ import annotations

from dataclasses import dataclass

from ...chain.board import CommitteeBoard, Formation, PostedDeal
from ...chain.committee import Generation
from ...crypto import dkg
from ...crypto.bn254 import G1Point, G2Point
from ...crypto.committee import Board
from ...crypto.dkg import Deal, ShareKey, VerifiedDeal
from ...crypto.feldman import PublicPolynomial
from ...errors import DealError, PointError, UntrustedDataError


@dataclass(frozen=True, slots=True)
class Part:
    """Where this custodian stands in one forming key. `dealer` and `receiver` are its indices, 0 for none."""

    generation: Generation
    formation: Formation
    source: Generation | None
    dealer: int
    receiver: int

    @property
    def dealers(self) -> Generation:
        """The generation whose custodians deal."""
        return self.source or self.generation


class Posted:
    """What stands on the chain's `board` for one key. `name` is what its proofs bind."""

    def __init__(self, board: CommitteeBoard, name: Board, part: Part) -> None:
        self._board = board
        self._name = name
        self._part = part

    def deals(self) -> dict[int, PostedDeal]:
        """The deals of dealers that were not convicted, by dealer."""
        found = self._board.deals(self._part.generation.number)
        return {i: found[i] for i in sorted(found) if i not in self._part.formation.convicted}

    def verified(self, posted: PostedDeal) -> VerifiedDeal:
        """Raises DealError for a deal that does not keep to what it says of itself."""
        constant = self.source_polynomial().at(posted.dealer) if self._part.source is not None else None
        words = posted.deal
        return Deal.from_words(words.C, words.E, words.T, words.s, words.shares).verify(
            self._name,
            posted.dealer,
            threshold=self._part.generation.threshold,
            receivers=len(self._part.generation.custodians),
            constant=constant,
        )

    def counting(self) -> list[tuple[PostedDeal, VerifiedDeal]]:
        """The deals that the key is made of: of a fresh one all, of a resharing the first t of the source."""
        deals = list(self.deals().values())
        if self._part.source is not None:
            deals = deals[: self._part.source.threshold]
        return [(posted, self.verified(posted)) for posted in deals]

    def source_polynomial(self) -> PublicPolynomial:
        """A_k of the key that is reshared, held against its hash on the chain."""
        assert self._part.source is not None
        if len(self._part.source.custodians) == 1:
            return PublicPolynomial((G1Point.from_words(self._part.source.x),))
        found = PublicPolynomial.from_words(self._board.share_keys(self._part.source.number).polynomial)
        if found.digest != self._part.source.polynomial_hash:
            raise UntrustedDataError(f"The node tells another polynomial than that of key {self._part.source.number}.")
        return found

    def share_keys(self) -> dict[int, dkg.VerifiedShareKey]:
        """The published share keys that are right."""
        polynomial = dkg.public_polynomial(
            [verified for _, verified in self.counting()], resharing=self._part.source is not None
        )
        found = {}
        for index, words in self._board.published_share_keys(self._part.generation.number).items():
            if index not in self._part.formation.published:
                continue  # said before a conviction, and to be said again
            try:
                found[index] = ShareKey(index, G2Point.from_words(words)).verify(polynomial)
            except (DealError, PointError):
                continue
        return found
