"""Complaints: a receiver shows Z = k·E, and anybody sees what it was dealt. The contract judges by the same steps.

log_P1 K = log_E Z is shown by equality of two discrete logarithms (Chaum, Pedersen 1992), so no key in G2 is needed.
A wrong complaint costs its author its own share of that dealer, which becomes public.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ..errors import DealError
from . import hashing
from .bn254 import P1, G1Point, R
from .dkg import VerifiedDeal
from .keys import SecretScalar


@dataclass(frozen=True, slots=True)
class Complaint:
    """By receiver `index` against a deal: its key K, Z = k·E, and the proof (c, s)."""

    index: int
    K: G1Point
    Z: G1Point
    c: int
    s: int

    def verify(self, verified: VerifiedDeal, registered: G1Point) -> None:
        """Raises DealError unless the complaint is proven and the share is wrong: then the dealer is convicted."""
        if registered != self.K or self.Z.is_infinity or not (0 <= self.c < R and 0 <= self.s < R):
            raise DealError(f"The complaint of custodian {self.index} is malformed, or under another key.")
        t_key = P1 * self.s - self.K * self.c
        t_shared = verified.deal.E * self.s - self.Z * self.c
        if _challenge(verified, self.index, self.K, self.Z, t_key, t_shared) != self.c:
            raise DealError(f"The complaint of custodian {self.index} does not prove what it shows.")
        if verified.fits(self.index, verified.decrypt(self.index, self.Z)):
            raise DealError(f"The complaint of custodian {self.index} is unfounded: its share is right.")


def complain(verified: VerifiedDeal, index: int, secret: SecretScalar) -> Complaint:
    """Show what this receiver was dealt. Only for a share that `VerifiedDeal.open` refused: Z makes it public.

    Raises DealError if the share is right.
    """
    k = secret.to_secret_int()
    key, shared = P1 * k, verified.deal.E * k
    if verified.fits(index, verified.decrypt(index, shared)):
        raise DealError(f"The share of dealer {verified.dealer} is right; a complaint would only make it public.")
    nonce = hashing.schnorr_nonce(secret.to_secret_bytes(), secrets.token_bytes(32), shared.to_bytes())
    c = _challenge(verified, index, key, shared, P1 * nonce, verified.deal.E * nonce)
    return Complaint(index, key, shared, c, (nonce + c * k) % R)


def _challenge(
    verified: VerifiedDeal, index: int, key: G1Point, shared: G1Point, t_key: G1Point, t_shared: G1Point
) -> int:
    board = verified.board
    points = (verified.deal.E, key, shared, t_key, t_shared)
    return hashing.dkg_complaint_challenge(
        board.chain_id, board.committee, board.generation, verified.dealer, index, [point.words for point in points]
    )
