"""The typed client of the committee's board (`ICommitteeBoard`): how several custodians form or reshare a key.

Values are words as the contract takes them; crypto/dkg gives them their meaning. Specification: docs/spec/dkg.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ..errors import NotFoundError
from .contract import Contract
from .outbox import Receipt
from .signer import Signer

G1Words = tuple[int, int]
G2Words = tuple[int, int, int, int]


class Phase(IntEnum):
    """As `ICommitteeBoard.Phase`."""

    NONE = 0
    REGISTER = 1
    COMMIT = 2
    DEAL = 3
    COMPLAIN = 4
    FINISH = 5
    STALLED = 6


@dataclass(frozen=True, slots=True)
class Formation:
    """How far a forming generation has come. Sets are indices, from 1, of custodians or (committed, dealt, convicted)
    of dealers; `until` is the last second of the phase, 0 if it has none; `source` 0 means a fresh key."""

    phase: Phase
    until: int
    source: int
    registered: frozenset[int]
    committed: frozenset[int]
    dealt: frozenset[int]
    convicted: frozenset[int]
    published: frozenset[int]


@dataclass(frozen=True, slots=True)
class DealWords:
    """As `ICommitteeBoard.Deal`: commitments C, ephemeral E with its proof (T, s), encrypted shares."""

    C: tuple[G1Words, ...]
    E: G1Words
    T: G1Words
    s: int
    shares: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PostedDeal:
    """A deal as it stands on the board."""

    dealer: int
    salt: bytes
    deal: DealWords


@dataclass(frozen=True, slots=True)
class ShareKeys:
    """What a formed generation fixed: A_k in G1 and Y_1..Y_n in G2."""

    polynomial: tuple[G1Words, ...]
    share_keys: tuple[G2Words, ...]


def indices(bits: int) -> frozenset[int]:
    """A set of the contract, bit i - 1 for index i."""
    return frozenset(i + 1 for i in range(bits.bit_length()) if bits >> i & 1)


class CommitteeBoard:
    """Verbs and reads of the board. Each verb is for a custodian's own account, unless it says otherwise."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    # --- by vote ---------------------------------------------------------------------------------------------------

    def form_calldata(self, custodians: Sequence[str], threshold: int) -> bytes:
        """What a proposal for a committee with a fresh key calls."""
        return self._contract.calldata("form", list(custodians), threshold)

    def reshare_calldata(self, source: int, custodians: Sequence[str], threshold: int) -> bytes:
        """What a proposal to share an active generation's key anew calls."""
        return self._contract.calldata("reshare", source, list(custodians), threshold)

    # --- steps -----------------------------------------------------------------------------------------------------

    def register_key(self, custodian: Signer, generation: int, key: G1Words, proof: tuple[G1Words, int]) -> Receipt:
        """Register an encryption key K with its proof of possession (T, s)."""
        return self._contract.send(custodian, "registerKey", generation, list(key), list(proof[0]), proof[1])

    def commit_deal(self, dealer: Signer, generation: int, commitment: bytes) -> Receipt:
        """Commit to a deal."""
        return self._contract.send(dealer, "commitDeal", generation, commitment)

    def deal(
        self, dealer: Signer, generation: int, salt: bytes, deal: DealWords, polynomial: Sequence[G1Words] = ()
    ) -> Receipt:
        """Open the commitment. A resharing passes the source's `ShareKeys.polynomial`."""
        points = [list(point) for point in polynomial]
        return self._contract.send(dealer, "deal", generation, salt, deal, points)

    def complain(
        self,
        custodian: Signer,
        generation: int,
        posted: PostedDeal,
        key: G1Words,
        shared: G1Words,
        proof: tuple[int, int],
    ) -> Receipt:
        """Show that a deal's share for this custodian is wrong: its key K, Z = k·E, and the proof (c, s) of Z."""
        return self._contract.send(
            custodian,
            "complain",
            generation,
            posted.dealer,
            posted.salt,
            posted.deal,
            list(key),
            list(shared),
            *proof,
        )

    def publish_share_key(self, custodian: Signer, generation: int, share_key: G2Words) -> Receipt:
        """Say that all shares were right, and publish Y_j."""
        return self._contract.send(custodian, "publishShareKey", generation, list(share_key))

    def finish(
        self,
        sender: Signer,
        generation: int,
        commitments: Sequence[G1Words],
        openings: Sequence[tuple[bytes, bytes]],
        key: G2Words,
        share_keys: Sequence[G2Words],
    ) -> Receipt:
        """Activate the generation. Anyone may; see ICommitteeBoard.finish for which dealers count."""
        return self._contract.send(
            sender,
            "finish",
            generation,
            [list(point) for point in commitments],
            [list(opening) for opening in openings],
            list(key),
            [list(share_key) for share_key in share_keys],
        )

    def restart(self, sender: Signer, generation: int) -> Receipt:
        """Give up a stalled generation and begin again without who aborted. Anyone may."""
        return self._contract.send(sender, "restart", generation)

    # --- reads -----------------------------------------------------------------------------------------------------

    def formation(self, generation: int, *, block: int | None = None) -> Formation:
        """How far it has come, at the time of the block."""
        found = self._contract.call("formation", generation, block=block)
        sets = (indices(found[name]) for name in ("registered", "committed", "dealt", "convicted", "published"))
        return Formation(Phase(found["phase"]), found["until"], found["source"], *sets)

    def encryption_keys(self, generation: int, *, last: int | None = None) -> dict[int, G1Words]:
        """Every registered key by custodian."""
        events = self._contract.events("EncryptionKeyRegistered", last=last, generation=generation)
        return {event["index"]: tuple(event["K"]) for event in events}

    def commitments(self, generation: int, *, last: int | None = None) -> dict[int, bytes]:
        """Every commitment by dealer."""
        events = self._contract.events("DealCommitted", last=last, generation=generation)
        return {event["dealer"]: event["commitment"] for event in events}

    def deals(self, generation: int, *, last: int | None = None) -> dict[int, PostedDeal]:
        """Every deal by dealer."""
        found = {}
        for event in self._contract.events("DealPosted", last=last, generation=generation):
            deal = event["deal"]
            words = DealWords(
                tuple(tuple(point) for point in deal["C"]),
                tuple(deal["E"]),
                tuple(deal["T"]),
                deal["s"],
                tuple(deal["shares"]),
            )
            found[event["dealer"]] = PostedDeal(event["dealer"], event["salt"], words)
        return found

    def published_share_keys(self, generation: int, *, last: int | None = None) -> dict[int, G2Words]:
        """The latest Y_j that each custodian published: not checked by the contract."""
        events = self._contract.events("ShareKeyPublished", last=last, generation=generation)
        return {event["index"]: tuple(event["Y"]) for event in events}

    def share_keys(self, generation: int, *, last: int | None = None) -> ShareKeys:
        """A_k and Y_j of a formed generation, checked by the contract. Raises NotFoundError while there are none."""
        for event in self._contract.events("ShareKeysFixed", last=last, generation=generation):
            return ShareKeys(
                tuple(tuple(point) for point in event["polynomial"]),
                tuple(tuple(point) for point in event["shareKeys"]),
            )
        raise NotFoundError(
            f"Generation {generation} was not formed on the board.",
            hint="A 1-of-1 generation has one share key, its key itself.",
        )
