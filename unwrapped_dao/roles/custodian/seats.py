"""Which generations an account has a seat in, and its share of each: kept encrypted, checked when it is used."""

from __future__ import annotations

from ...chain.collective import Collective
from ...chain.committee import Generation
from ...crypto.bn254 import P2, G2Point
from ...crypto.committee import Board
from ...crypto.hashing import abi_words, keccak256
from ...crypto.keys import SecretScalar
from ...crypto.vault import Vault
from ...errors import NotAllowedError, NotFoundError, UntrustedDataError
from .duties import Seat


class Seats:
    """One account's seats and shares."""

    def __init__(self, collective: Collective, address: str, vault: Vault) -> None:
        self._collective = collective
        self._address = address
        self._vault = vault
        self._open: dict[int, SecretScalar] = {}

    def seat(self, generation: Generation) -> Seat | None:
        """This account's place in a generation, None if it has none."""
        for index, custodian in enumerate(generation.custodians, 1):
            if custodian.lower() == self._address.lower():
                return Seat(index, len(generation.custodians), generation.threshold)
        return None

    def require(self, generation: Generation) -> Seat:
        """Raises NotAllowedError for an account without a seat."""
        seat = self.seat(generation)
        if seat is None:
            raise NotAllowedError(
                f"{self._address} is no custodian of committee key {generation.number} ({generation.shape}).",
                hint=f"Use the account of one of its custodians: {', '.join(generation.custodians)}.",
            )
        return seat

    def has_share(self, generation: Generation) -> bool:
        """Whether a share of this generation is kept here."""
        return self.seat(generation) is not None and self._vault.has(self.name(generation.number))

    def share(self, generation: Generation) -> SecretScalar:
        """x_j, compared with Y_j on the chain. Raises NotFoundError if it is not kept here or is another one."""
        if generation.number not in self._open:
            seat = self.require(generation)
            secret = self._vault.get(self.name(generation.number))
            if self.public_shares(generation)[seat.index] != P2 * secret.to_secret_int():
                raise NotFoundError(
                    f"The share kept here is not that of committee key {generation.number}.",
                    hint="Restore the right backup with `unwrapped-dao custodian restore`.",
                )
            self._open[generation.number] = secret
        return self._open[generation.number]

    def keep(self, generation: int, secret: SecretScalar) -> None:
        """Keep a share; durable when this returns. What is there already stays."""
        if not self._vault.has(self.name(generation)):
            self._vault.put(self.name(generation), secret)

    def drop(self, generation: Generation) -> bool:
        """Delete a share; whether there was one."""
        there = self.has_share(generation)
        self._open.pop(generation.number, None)
        self._vault.drop(self.name(generation.number))
        return there

    def kept_or_made(self, generation: int) -> SecretScalar:
        """The secret under this generation's name; a fresh one is kept first if there is none."""
        if not self._vault.has(self.name(generation)):
            self.keep(generation, SecretScalar.generate())
        return self._vault.get(self.name(generation))

    def public_shares(self, generation: Generation) -> dict[int, G2Point]:
        """Y_j by index, checked to be points of the subgroup and to be those that the contract checked."""
        if len(generation.custodians) == 1:
            return {1: G2Point.from_words(generation.y)}
        keys = self._collective.committee.board.share_keys(generation.number).share_keys
        if keccak256(abi_words(*(word for key in keys for word in key))) != generation.share_keys_hash:
            raise UntrustedDataError(
                f"The node tells other share keys than those of committee key {generation.number}."
            )
        return {index: G2Point.from_words(words) for index, words in enumerate(keys, 1)}

    def board(self, generation: int) -> Board:
        """What proofs and heartbeats of a generation bind."""
        return Board.of(self._collective.client.chain_id, self._collective.committee.address, generation)

    def name(self, generation: int) -> str:
        """Of the keyfile."""
        return share_name(self._collective.committee.address, generation, self._address)


def share_name(committee: str, generation: int, custodian: str) -> str:
    """What a share is kept under: by committee, generation and account, so that custodians may share a workspace."""
    return f"custodian-{committee.lower()}-{generation}-{custodian.lower()}"
