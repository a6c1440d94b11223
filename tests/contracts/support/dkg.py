"""A key generation on the board, step by step, by the package's cryptography: contract and package must agree.

Every secret follows from the ceremony's name, so a test can replace any message before it is sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eth_hash.auto import keccak

from unwrapped_dao.crypto import dkg
from unwrapped_dao.crypto.bn254 import P1, G1Point, R
from unwrapped_dao.crypto.committee import Board
from unwrapped_dao.crypto.complaint import Complaint
from unwrapped_dao.crypto.dkg import Dealing, VerifiedDeal
from unwrapped_dao.crypto.feldman import PublicPolynomial
from unwrapped_dao.crypto.keys import SecretScalar

NO_PHASE, REGISTER, COMMIT, DEAL, COMPLAIN, FINISH, STALLED = range(7)
PHASE = 600


def secret(label: str) -> SecretScalar:
    return SecretScalar(1 + int.from_bytes(keccak(label.encode()), "big") % (R - 1))


class Ceremony:
    """One generation: `custodians` receive; they deal too, or `source` (a finished ceremony) does."""

    def __init__(
        self,
        committee: Any,
        chain_id: int,
        generation: int,
        custodians: list[Any],
        threshold: int,
        *,
        source: Ceremony | None = None,
    ) -> None:
        self.committee, self.generation, self.threshold, self.source = committee, generation, threshold, source
        self.custodians = dict(enumerate(custodians, 1))
        self.dealers = self.custodians if source is None else source.custodians
        self.board = Board.of(chain_id, committee.address, generation)
        name = f"{chain_id} {committee.address} {generation}"
        self.keys = {j: secret(f"{name} key {j}") for j in self.custodians}
        self.public = {j: P1 * key.to_secret_int() for j, key in self.keys.items()}
        self.dealings = {i: self._dealing(i, secret(f"{name} seed {i}")) for i in self.dealers}
        self.spent: dict[tuple[str, Any], int] = {}

    def _dealing(self, dealer: int, seed: SecretScalar) -> Dealing:
        own = self.source.secrets[dealer] if self.source else None
        return dkg.make_deal(self.board, dealer, seed, threshold=self.threshold, receivers=self.public, own_share=own)

    def deal_of(self, dealer: int, **changes: Any) -> Dealing:
        """The dealer's deal with some parts of it replaced, as what it commits to and deals from now on."""
        dealing = self.dealings[dealer]
        self.dealings[dealer] = replace(dealing, deal=replace(dealing.deal, **changes))
        return self.dealings[dealer]

    def corrupt(self, dealer: int, index: int, share: int | None = None) -> None:
        """Deal to one receiver another share than its own: by default, off by one bit of the ciphertext."""
        shares = list(self.dealings[dealer].deal.shares)
        if share is None:
            shares[index - 1] ^= 1
        else:
            verified = VerifiedDeal(self.board, dealer, self.dealings[dealer].deal)
            own = verified.decrypt(index, self.shared(dealer, index))
            shares[index - 1] ^= own ^ share
        self.deal_of(dealer, shares=tuple(shares))

    def shared(self, dealer: int, index: int) -> G1Point:
        return self.dealings[dealer].deal.E * self.keys[index].to_secret_int()

    # --- transactions ----------------------------------------------------------------------------------------------

    def _did(self, tx: Any) -> Any:
        self.spent[tx.fn_name, str(tx.sender)] = tx.gas_used
        return tx

    def key_proof(self, index: int) -> tuple[Any, Any, int]:
        proof = dkg.prove_encryption_key(self.keys[index], self.board, index)
        return self.public[index].words, proof.T.words, proof.s

    def register(self, *indices: int) -> None:
        for j in indices or self.custodians:
            sender = {"from": self.custodians[j]}
            self._did(self.committee.registerKey(self.generation, *self.key_proof(j), sender))

    def commitment(self, dealer: int) -> bytes:
        dealing = self.dealings[dealer]
        return dealing.deal.commitment(self.board, dealer, dealing.salt)

    def commit(self, *dealers: int) -> None:
        for i in dealers or self.dealers:
            self._did(self.committee.commitDeal(self.generation, self.commitment(i), {"from": self.dealers[i]}))

    def opening(self, dealer: int) -> tuple[Any, ...]:
        """(generation, salt, deal, polynomial), as `deal` takes them."""
        dealing = self.dealings[dealer]
        polynomial = self.source.polynomial().words if self.source else ()
        return self.generation, dealing.salt, dealing.deal.words, polynomial

    def deal(self, *dealers: int) -> Any:
        tx = None
        for i in dealers or self.dealers:
            tx = self._did(self.committee.deal(*self.opening(i), {"from": self.dealers[i]}))
        return tx

    def complaint(self, dealer: int, index: int) -> tuple[Any, ...]:
        """What `complain` takes, by a receiver that does not look whether its share is right."""
        verified = VerifiedDeal(self.board, dealer, self.dealings[dealer].deal)
        complaint = _complaint(verified, index, self.keys[index])
        dealing = self.dealings[dealer]
        proof = (complaint.K.words, complaint.Z.words, complaint.c, complaint.s)
        return (self.generation, dealer, dealing.salt, dealing.deal.words, *proof)

    # --- results ---------------------------------------------------------------------------------------------------

    def counted(self) -> list[int]:
        """Dealers that count, by the contract's view of who dealt and was not convicted."""
        *_, dealt, convicted, _ = self.committee.formation(self.generation)
        good = [i for i in self.dealers if (dealt & ~convicted) >> (i - 1) & 1]
        return good if self.source is None else good[: self.source.threshold]

    def verified(self) -> list[VerifiedDeal]:
        return [VerifiedDeal(self.board, i, self.dealings[i].deal) for i in self.counted()]

    def polynomial(self) -> PublicPolynomial:
        return self._polynomial if hasattr(self, "_polynomial") else self._sum()

    def _sum(self) -> PublicPolynomial:
        return dkg.public_polynomial(self.verified(), resharing=self.source is not None)

    def solve(self) -> None:
        """Every custodian's x_j and Y_j, from what was dealt."""
        verified = self.verified()
        resharing = self.source is not None
        self.secrets = {
            j: dkg.share_secret([v.open(j, key) for v in verified], resharing=resharing) for j, key in self.keys.items()
        }
        self._polynomial = self._sum()
        self.share_keys = {j: dkg.share_key(j, x) for j, x in self.secrets.items()}
        verified_keys = [key.verify(self._polynomial) for key in list(self.share_keys.values())[: self.threshold]]
        self.keys_public = dkg.complete_share_keys(verified_keys, self.threshold, len(self.custodians))

    def publish(self, *indices: int) -> None:
        for j in indices or self.custodians:
            words = self.share_keys[j].Y.words
            self._did(self.committee.publishShareKey(self.generation, words, {"from": self.custodians[j]}))

    def result(self) -> tuple[Any, ...]:
        """(generation, C, openings, Y, shareKeys), as `finish` takes them."""
        counted = self.counted()
        points = [word for i in counted for word in self.dealings[i].deal.commitments.words]
        openings = [(self.dealings[i].salt, self.dealings[i].deal.sealed_digest) for i in counted]
        public = self.keys_public
        return self.generation, points, openings, public.Y.words, [key.words for key in public.share_keys]

    def finish(self, sender: Any) -> Any:
        return self._did(self.committee.finish(*self.result(), {"from": sender}))

    def run(self, sender: Any) -> None:
        """The whole generation, nothing going wrong."""
        self.register()
        self.commit()
        self.deal()
        self.solve()
        self.publish()
        self.finish(sender)


def _complaint(verified: VerifiedDeal, index: int, key: SecretScalar) -> Complaint:
    from unwrapped_dao.crypto import complaint as module

    k = key.to_secret_int()
    public, shared, nonce = P1 * k, verified.deal.E * k, secret(f"nonce {verified.dealer} {index}").to_secret_int()
    c = module._challenge(verified, index, public, shared, P1 * nonce, verified.deal.E * nonce)
    return Complaint(index, public, shared, c, (nonce + c * k) % R)
