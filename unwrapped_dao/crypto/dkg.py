"""Key generation without a dealer, and resharing: dealing, opening, verifying, finishing. Bytes: docs/spec/dkg.md.

Every custodian deals a random secret; the committee's is their sum, which nobody knows. A resharing's dealers deal
their own shares instead, and the key stays. The chain is the bulletin board (chain/board).

Trust in the type: Deal -> VerifiedDeal -> DealtShare -> (share_secret) SecretScalar, and ShareKey -> VerifiedShareKey.
Everything a dealer needs follows from one seed, so a dealer that was killed deals the same again.

Not here: complaints (complaint); the key itself, once formed (committee).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from ..errors import DealError, InputError
from . import hashing, shamir
from .bn254 import (
    G2_INFINITY,
    MINUS_P2,
    P1,
    P2,
    G1Point,
    G2Point,
    R,
    pairing_product_is_one,
)
from .committee import Board
from .feldman import Polynomial, PublicPolynomial, combine_shares, weighted_sum, weights_of
from .keys import Secret, SecretScalar

_NO_CHANCE = bytes(32)

DealAsWords = tuple[tuple[tuple[int, int], ...], tuple[int, int], tuple[int, int], int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class SchnorrProof:
    """Knowledge of x behind X = x·P1: s·P1 = T + c·X, c hashed over the context."""

    T: G1Point
    s: int

    def holds(self, public: G1Point, challenge: int) -> bool:
        if public.is_infinity or self.T.is_infinity or not 0 <= self.s < R:
            return False
        return P1 * self.s == self.T + public * challenge


# --- encryption keys --------------------------------------------------------------------------------------------------


def prove_encryption_key(secret: SecretScalar, board: Board, index: int) -> SchnorrProof:
    """Proof of possession of K = k·P1 by one custodian of one generation. k is fresh for each generation.

    The same whenever it is made, as RFC 6979 has it: the nonce follows from k and from all that the challenge binds.
    """
    public = P1 * secret.to_secret_int()
    nonce = hashing.schnorr_nonce(secret.to_secret_bytes(), _NO_CHANCE, _context(board, index))
    t_point = P1 * nonce
    challenge = hashing.dkg_encryption_key_challenge(*_where(board), index, public.words, t_point.words)
    return SchnorrProof(t_point, (nonce + challenge * secret.to_secret_int()) % R)


def verify_encryption_key(key: G1Point, proof: SchnorrProof, board: Board, index: int) -> None:
    """Raises DealError unless the proof is by this custodian, for this board and generation."""
    if not proof.holds(key, hashing.dkg_encryption_key_challenge(*_where(board), index, key.words, proof.T.words)):
        raise DealError(f"The encryption key of custodian {index} comes without a valid proof.")


# --- deals ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deal:
    """What a dealer posts: not yet believed. `shares` are encrypted, receiver 1 first, 256-bit words."""

    commitments: PublicPolynomial
    E: G1Point
    proof: SchnorrProof
    shares: tuple[int, ...]

    @classmethod
    def from_words(
        cls,
        commitments: Sequence[tuple[int, int]],
        ephemeral: tuple[int, int],
        t_words: tuple[int, int],
        s: int,
        shares: Sequence[int],
    ) -> Self:
        """From the words of `ICommitteeBoard.Deal`. Raises PointError for what is no point."""
        proof = SchnorrProof(G1Point.from_words(t_words), s)
        return cls(PublicPolynomial.from_words(commitments), G1Point.from_words(ephemeral), proof, tuple(shares))

    @property
    def words(self) -> DealAsWords:
        """(C, E, T, s, shares) as the contract takes them."""
        return self.commitments.words, self.E.words, self.proof.T.words, self.proof.s, self.shares

    @property
    def sealed_digest(self) -> bytes:
        """keccak256 of the words of E, T, s and the shares: what `finish` needs of a deal besides its commitments."""
        return hashing.keccak256(hashing.abi_words(*self.E.words, *self.proof.T.words, self.proof.s, *self.shares))

    def commitment(self, board: Board, dealer: int, salt: bytes) -> bytes:
        """What the dealer commits to before it sees another deal."""
        return hashing.dkg_deal_commitment(*_where(board), dealer, salt, self.commitments.digest, self.sealed_digest)

    def verify(
        self, board: Board, dealer: int, *, threshold: int, receivers: int, constant: G1Point | None = None
    ) -> VerifiedDeal:
        """Raises DealError for a wrong shape, or an ephemeral that its dealer cannot prove to know.

        constant: of a resharing, the dealer's X_i, which the constant term must be.
        """
        if self.commitments.threshold != threshold or len(self.shares) != receivers:
            raise DealError(f"The deal of dealer {dealer} is for another committee.")
        challenge = hashing.dkg_ephemeral_challenge(*_where(board), dealer, self.E.words, self.proof.T.words)
        if not self.proof.holds(self.E, challenge):
            raise DealError(f"Dealer {dealer} does not prove to know its ephemeral key.")
        if constant is not None and self.commitments.points[0] != constant:
            raise DealError(f"Dealer {dealer} deals another secret than its own share.")
        return VerifiedDeal(board, dealer, self)


@dataclass(frozen=True, slots=True)
class VerifiedDeal:
    """A deal whose public parts fit; each receiver still checks its own share. Made by `Deal.verify` alone."""

    board: Board
    dealer: int
    deal: Deal

    def decrypt(self, index: int, shared: G1Point) -> int:
        """What was dealt to one receiver, given Z = k·E = e·K: a 256-bit word, a scalar if the dealer is honest."""
        if not 1 <= index <= len(self.deal.shares):
            raise InputError(f"Dealer {self.dealer} dealt nothing to custodian {index}.")
        pad = hashing.dkg_share_pad(*_where(self.board), self.dealer, index, self.deal.E.words, shared.words)
        return self.deal.shares[index - 1] ^ int.from_bytes(pad, "big")

    def fits(self, index: int, share: int) -> bool:
        """Whether share = f(index), by the commitments."""
        return share < R and P1 * share == self.deal.commitments.at(index)

    def open(self, index: int, secret: SecretScalar) -> DealtShare:
        """The receiver's own share. Raises DealError if it is wrong: then it complains."""
        share = self.decrypt(index, self.deal.E * secret.to_secret_int())
        if not self.fits(index, share):
            raise DealError(
                f"The share that dealer {self.dealer} dealt to custodian {index} does not fit its commitments.",
                hint="Complain on the board before the phase ends; the contract judges.",
            )
        return DealtShare(self, index, share)


class DealtShare(Secret):
    """f(j) of one dealer, checked against its commitments. Made by `VerifiedDeal.open` alone."""

    __slots__ = ("_value", "index", "verified")

    def __init__(self, verified: VerifiedDeal, index: int, value: int) -> None:
        self.verified, self.index, self._value = verified, index, value

    def to_secret_bytes(self) -> bytes:
        return self._value.to_bytes(32, "big")

    def to_secret_int(self) -> int:
        """For arithmetic inside this package."""
        return self._value


@dataclass(frozen=True, slots=True)
class Dealing:
    """A dealer's deal and the salt of its commitment; nothing secret is left in it once it is posted."""

    deal: Deal
    salt: bytes = field(repr=False)


def make_deal(
    board: Board,
    dealer: int,
    seed: SecretScalar,
    *,
    threshold: int,
    receivers: Mapping[int, G1Point],
    own_share: SecretScalar | None = None,
) -> Dealing:
    """Deal to the encryption keys of receivers 1..n. The same inputs give the same deal.

    seed: fresh for each generation. own_share: of a resharing, the dealer's x_i; else the dealt secret is random.
    """
    if sorted(receivers) != list(range(1, len(receivers) + 1)) or not 1 <= threshold <= len(receivers):
        raise InputError("A deal goes to receivers 1..n, with a threshold between 1 and n.")

    def drawn(label: bytes, number: int = 0) -> SecretScalar:
        context = _context(board, dealer) + label + number.to_bytes(4, "big")
        return SecretScalar(hashing.dkg_secret(seed.to_secret_bytes(), context))

    coefficients = [drawn(b"coefficient", k) for k in range(threshold)]
    if own_share is not None:
        coefficients[0] = own_share
    polynomial = Polynomial(coefficients)
    ephemeral, nonce = drawn(b"ephemeral"), drawn(b"nonce")
    e_point, t_point = P1 * ephemeral.to_secret_int(), P1 * nonce.to_secret_int()
    challenge = hashing.dkg_ephemeral_challenge(*_where(board), dealer, e_point.words, t_point.words)
    proof = SchnorrProof(t_point, (nonce.to_secret_int() + challenge * ephemeral.to_secret_int()) % R)
    shares = []
    for index in range(1, len(receivers) + 1):
        shared = receivers[index] * ephemeral.to_secret_int()
        pad = hashing.dkg_share_pad(*_where(board), dealer, index, e_point.words, shared.words)
        shares.append(polynomial.share(index) ^ int.from_bytes(pad, "big"))
    return Dealing(Deal(polynomial.commit(), e_point, proof, tuple(shares)), drawn(b"salt").to_secret_bytes())


# --- finish -----------------------------------------------------------------------------------------------------------


def share_secret(shares: Sequence[DealtShare], *, resharing: bool = False) -> SecretScalar:
    """x_j from one share of every dealer that counts: all of a fresh generation, t of the old ones of a resharing.

    Raises InputError for shares of several receivers or boards, or two of one dealer.
    """
    if not shares or len({(share.index, share.verified.board) for share in shares}) != 1:
        raise InputError("The shares to be combined are one custodian's, of one generation.")
    by_dealer = {share.verified.dealer: share.to_secret_int() for share in shares}
    if len(by_dealer) != len(shares):
        raise InputError("One dealer's share was given twice.")
    return combine_shares(by_dealer, weights_of(list(by_dealer), resharing=resharing))


def public_polynomial(deals: Sequence[VerifiedDeal], *, resharing: bool = False) -> PublicPolynomial:
    """A_k of the generation, from the deals that count: X = A_0, X_j = Σ j^k·A_k."""
    terms = {deal.dealer: deal.deal.commitments for deal in deals}
    if len(terms) != len(deals) or not deals:
        raise InputError("A generation's polynomial is the sum of one deal of each dealer.")
    return weighted_sum(terms, weights_of(list(terms), resharing=resharing))


@dataclass(frozen=True, slots=True)
class ShareKey:
    """Y_j = x_j·P2 as its custodian published it: not yet believed."""

    index: int
    Y: G2Point

    def verify(self, polynomial: PublicPolynomial) -> VerifiedShareKey:
        """Raises DealError unless e(X_j, P2) = e(P1, Y_j)."""
        x_point = polynomial.at(self.index)
        if self.Y.is_infinity or not pairing_product_is_one([(x_point, MINUS_P2), (P1, self.Y)]):
            raise DealError(f"The share key that custodian {self.index} published is not that of its share.")
        return VerifiedShareKey(self.index, self.Y)


@dataclass(frozen=True, slots=True)
class VerifiedShareKey:
    """A Y_j that fits the commitments; made by `ShareKey.verify` alone."""

    index: int
    Y: G2Point


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The key and every share's: what `finish` takes."""

    Y: G2Point
    share_keys: tuple[G2Point, ...]

    @property
    def digest(self) -> bytes:
        """keccak256 of the words of Y_1..Y_n, as the contract stores it."""
        return hashing.keccak256(b"".join(key.to_bytes() for key in self.share_keys))


def share_key(index: int, secret: SecretScalar) -> ShareKey:
    """What a custodian publishes of its share."""
    return ShareKey(index, P2 * secret.to_secret_int())


def complete_share_keys(verified: Sequence[VerifiedShareKey], threshold: int, receivers: int) -> PublicKeys:
    """Y and all Y_j from any `threshold` of them, by interpolation in the exponent: silent custodians stop nothing.

    Raises InputError for fewer, or for one custodian twice.
    """
    known = {key.index: key.Y for key in verified}
    if len(known) != len(verified) or len(known) < threshold:
        raise InputError(f"A key of threshold {threshold} needs share keys of as many custodians.")
    base = sorted(known)[:threshold]

    def at(index: int) -> G2Point:
        total = G2_INFINITY
        for j, weight in shamir.lagrange_at(base, index).items():
            total = total + known[j] * weight
        return total

    return PublicKeys(at(0), tuple(known.get(j) or at(j) for j in range(1, receivers + 1)))


def _where(board: Board) -> tuple[int, bytes, int]:
    return board.chain_id, board.committee, board.generation


def _context(board: Board, index: int) -> bytes:
    return hashing.abi_words(*_where(board), index)
