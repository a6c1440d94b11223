"""Forming or resharing a committee key, as one custodian does it: look at the phase, do what it asks, look again.

All that a custodian contributes follows from one seed, which is in the encrypted keystore before anything is sent. So a
custodian that is killed at any point says the same again, and nothing has to be remembered but what the chain shows.
What others sent is opened only once it is final; complaints are made, and shares checked, without being asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from ...chain.board import DealWords, Phase, PostedDeal
from ...chain.collective import Collective
from ...chain.committee import Generation, GenerationState
from ...chain.noting import about
from ...chain.powers import generations
from ...chain.signer import Signer
from ...crypto import dkg, hashing
from ...crypto.bn254 import P1, G1Point
from ...crypto.committee import CommitteeKey, prove_possession
from ...crypto.complaint import complain
from ...crypto.dkg import DealtShare, VerifiedDeal
from ...crypto.keys import SecretScalar
from ...crypto.vault import Vault
from ...errors import ContractRefusedError, DealError
from .finality import Finality
from .forming import Part, Posted
from .seats import Seats
from .subjects import key_subject

_OVERTAKEN = ("PhaseWrong", "StepRepeated", "GenerationStateWrong", "DealerNotAccused")
"""Refusals that say that somebody else was quicker, or that the phase ended meanwhile."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a key is, for one custodian: what it `did` just now, and one sentence on what is waited for."""

    generation: int
    phase: str
    sentence: str
    did: tuple[str, ...]
    active: bool
    holds_share: bool
    over: bool
    """Nothing is left to do for this custodian."""


@dataclass(frozen=True, slots=True)
class _Said:
    phase: str
    sentence: str
    over: bool = False


_Next = tuple[Callable[[], None] | None, _Said]
"""What to do now, None for nothing; and what is said of it."""


class Ceremony:
    """One custodian's part. `seeds` keeps what everything follows from."""

    def __init__(self, collective: Collective, account: Signer, seats: Seats, seeds: Vault, finality: Finality) -> None:
        self._collective = collective
        self._board = collective.committee.board
        self._account = account
        self._seats = seats
        self._seeds = seeds
        self._finality = finality
        self._waited: dict[tuple[int, Phase], int] = {}

    def has_part(self) -> bool:
        """Whether the newest key needs this custodian, or was formed and its share is not kept here yet."""
        newest = generations(self._collective)[-1]
        if newest.state is GenerationState.FORMING:
            part = self._part(newest)
            return bool(part.dealer or part.receiver)
        waits = newest.state is GenerationState.ACTIVE and self._seats.seat(newest) is not None
        return waits and not self._seats.has_share(newest) and self._seeds.has(self.seed_name(newest.number))

    def step(self, *, eager: bool) -> Stand:
        """Do all that is possible now. Raises NotAllowedError for who has no part in the newest key."""
        did: list[str] = []
        while True:
            newest = generations(self._collective)[-1]
            action, stand = self._next(newest, eager)
            if action is None or (did and did[-1] == stand.sentence):
                return Stand(
                    newest.number,
                    stand.phase,
                    stand.sentence,
                    tuple(did),
                    newest.state is GenerationState.ACTIVE,
                    self._seats.has_share(newest),
                    stand.over,
                )
            try:
                with about(self._collective.client, key_subject(newest.number)):
                    action()
            except ContractRefusedError as refused:
                if refused.error not in _OVERTAKEN:
                    raise
            did.append(stand.sentence)

    # --- what comes next -------------------------------------------------------------------------------------------

    def _next(self, newest: Generation, eager: bool) -> _Next:
        if newest.state is not GenerationState.FORMING:
            return self._after(newest)
        part = self._part(newest)
        if not part.dealer and not part.receiver:
            self._seats.require(newest)
        if len(newest.custodians) == 1 and part.source is None:
            return lambda: self._post_alone(newest), _Said("alone", f"posted committee key {newest.number} (1-of-1)")
        if part.formation.phase is Phase.NONE:  # state and phase are two looks at a chain that goes on
            return None, _Said("ended", f"Committee key {newest.number} has just ended forming; it is looked at again")
        return {
            Phase.REGISTER: self._register,
            Phase.COMMIT: self._commit,
            Phase.DEAL: self._deal,
            Phase.COMPLAIN: self._complain,
            Phase.FINISH: self._finish,
            Phase.STALLED: self._restart,
        }[part.formation.phase](part, eager)

    def _after(self, newest: Generation) -> _Next:
        """A key that is not forming: keep the share, if it is this custodian's and not kept yet."""
        number, state = newest.number, newest.state.name.lower().replace("_", " ")
        if self._dealt_only(newest):
            return None, _Said(
                state, f"Committee key {number} ({newest.shape}) is {state}; this account has no share of it", over=True
            )
        seat = self._seats.require(newest)
        if (
            newest.state is GenerationState.ACTIVE
            and not self._seats.has_share(newest)
            and self._seeds.has(self.seed_name(number))
        ):
            return (
                lambda: self._seats.keep(number, self._secret(self._part(newest))),
                _Said("formed", f"kept its share of committee key {number}"),
            )
        kept = "your share is kept" if self._seats.has_share(newest) else "your share is NOT here"
        return None, _Said(
            state, f"Committee key {number} ({newest.shape}) is {state}; {kept} (custodian {seat.index})", over=True
        )

    def _dealt_only(self, newest: Generation) -> bool:
        """Whether the key was shared anew by a set that this account is of, to others."""
        if not newest.source or self._seats.seat(newest) is not None:
            return False
        return self._seats.seat(self._collective.committee.generation(newest.source)) is not None

    def _register(self, part: Part, eager: bool) -> _Next:
        index, done = part.receiver, part.formation.registered
        if not index or index in done:
            return None, _waits("register", part, _missing(part.generation, done), "to register")

        def act() -> None:
            board, secret = self._seats.board(part.generation.number), self._encryption_key(part)
            proof = dkg.prove_encryption_key(secret, board, index)
            key = (P1 * secret.to_secret_int()).words
            self._board.register_key(self._account, part.generation.number, key, (proof.T.words, proof.s))

        return act, _Said("register", "registered its encryption key")

    def _commit(self, part: Part, eager: bool) -> _Next:
        done = part.formation.committed
        if not part.dealer or part.dealer in done:
            return None, _waits("commit", part, self._others(_missing(part.dealers, done), part), "to commit")
        if self._final_phase(part) < Phase.COMMIT:
            return None, _waits("commit", part, [], "the encryption keys to be final")

        def act() -> None:
            dealing = self._dealing(part)
            board = self._seats.board(part.generation.number)
            commitment = dealing.deal.commitment(board, part.dealer, dealing.salt)
            self._board.commit_deal(self._account, part.generation.number, commitment)

        return act, _Said("commit", "committed to its deal")

    def _deal(self, part: Part, eager: bool) -> _Next:
        done, committed = part.formation.dealt, part.formation.committed
        if part.dealer not in committed or part.dealer in done:
            missing = _missing(part.dealers, done, among=committed)
            return None, _waits("deal", part, self._others(missing, part), "to deal")
        # A deal that is seen before all commitments stand for good could be answered by another commitment.
        if self._final_phase(part) < Phase.DEAL:
            return None, _waits("deal", part, [], "the commitments to be final")

        def act() -> None:
            dealing = self._dealing(part)
            words = DealWords(*dealing.deal.words)
            polynomial = self._posted(part).source_polynomial().words if part.source is not None else ()
            self._board.deal(self._account, part.generation.number, dealing.salt, words, polynomial)

        return act, _Said("deal", "dealt")

    def _complain(self, part: Part, eager: bool) -> _Next:
        """Check every deal; complain of a wrong one, else publish Y_j."""
        if not part.receiver:
            return None, _waits("complain", part, _missing(part.generation, part.formation.published), "to check")
        if self._final_phase(part) < Phase.COMPLAIN:
            return None, _waits("complain", part, [], "the deals to be final")
        for posted in self._posted(part).deals().values():
            verified = self._posted(part).verified(posted)
            try:
                verified.open(part.receiver, self._encryption_key(part))
            except DealError:
                said = _Said("complain", f"complained of dealer {posted.dealer}")
                return lambda posted=posted, verified=verified: self._accuse(part, posted, verified), said
        if part.receiver not in part.formation.published:
            return lambda: self._publish(part), _Said("complain", "found all its shares right and published Y_j")
        return None, _waits("complain", part, _missing(part.generation, part.formation.published), "to check")

    def _finish(self, part: Part, eager: bool) -> _Next:
        number = part.generation.number
        if part.receiver and part.receiver not in part.formation.published:
            return lambda: self._publish(part), _Said("finish", "found all its shares right and published Y_j")
        published = self._posted(part).share_keys()
        if len(published) < part.generation.threshold:
            others = _missing(part.generation, frozenset(published))
            return None, _waits("finish", part, others, "to publish a right share key")
        rank = sorted(published).index(part.receiver) if part.receiver in published else len(published)
        if not self._my_turn(part, rank, eager):
            return None, _waits("finish", part, [], "another custodian to finish")
        return lambda: self._finish_now(part, published), _Said("finish", f"formed committee key {number}")

    def _restart(self, part: Part, eager: bool) -> _Next:
        number = part.generation.number
        if not self._my_turn(part, (part.receiver or part.dealer) - 1, eager):
            return None, _waits("stalled", part, [], "another custodian to begin again")
        return (
            lambda: void(self._board.restart(self._account, number)),
            _Said("stalled", f"gave up committee key {number}, which stalled"),
        )

    # --- acting ----------------------------------------------------------------------------------------------------

    def _post_alone(self, generation: Generation) -> None:
        """The whole key of a 1-of-1 committee."""
        secret = self._seats.kept_or_made(generation.number)
        key = CommitteeKey.of(secret)
        proof = prove_possession(secret, self._seats.board(generation.number))
        self._collective.committee.post_key(
            self._account, generation.number, key.X.words, key.Y.words, (proof.T.words, proof.s)
        )

    def _accuse(self, part: Part, posted: PostedDeal, verified: VerifiedDeal) -> None:
        made = complain(verified, part.receiver, self._encryption_key(part))
        self._board.complain(
            self._account, part.generation.number, posted, made.K.words, made.Z.words, (made.c, made.s)
        )

    def _publish(self, part: Part) -> None:
        key = dkg.share_key(part.receiver, self._secret(part))
        self._board.publish_share_key(self._account, part.generation.number, key.Y.words)

    def _finish_now(self, part: Part, published: dict[int, dkg.VerifiedShareKey]) -> None:
        counting = self._posted(part).counting()
        receivers = len(part.generation.custodians)
        keys = dkg.complete_share_keys(list(published.values()), part.generation.threshold, receivers)
        self._board.finish(
            self._account,
            part.generation.number,
            [point for _, verified in counting for point in verified.deal.commitments.words],
            [(posted.salt, verified.deal.sealed_digest) for posted, verified in counting],
            keys.Y.words,
            [key.words for key in keys.share_keys],
        )

    # --- secrets ---------------------------------------------------------------------------------------------------

    def seed_name(self, generation: int) -> str:
        """What the seed of a generation is kept under."""
        return self._seats.name(generation).replace("custodian-", "seed-", 1)

    def _seed(self, generation: int) -> SecretScalar:
        """What this custodian's part follows from; made and kept when it is first asked for."""
        name = self.seed_name(generation)
        if not self._seeds.has(name):
            self._seeds.put(name, SecretScalar.generate())
        return self._seeds.get(name)

    def _encryption_key(self, part: Part) -> SecretScalar:
        """k of K = k·P1, fresh for each generation."""
        board, seed = self._seats.board(part.generation.number), self._seed(part.generation.number)
        context = hashing.abi_words(board.chain_id, board.committee, board.generation, part.receiver)
        return SecretScalar(hashing.dkg_secret(seed.to_secret_bytes(), context + b"encryption key"))

    def _dealing(self, part: Part) -> dkg.Dealing:
        """This dealer's deal: the same whenever it is made."""
        number = part.generation.number
        keys = self._board.encryption_keys(number)
        own = self._seats.share(part.source) if part.source is not None else None
        return dkg.make_deal(
            self._seats.board(number),
            part.dealer,
            self._seed(number),
            threshold=part.generation.threshold,
            receivers={index: G1Point.from_words(words) for index, words in keys.items()},
            own_share=own,
        )

    def _secret(self, part: Part) -> SecretScalar:
        """x_j, from the deals on the chain that count."""
        shares: list[DealtShare] = [
            verified.open(part.receiver, self._encryption_key(part)) for _, verified in self._posted(part).counting()
        ]
        return dkg.share_secret(shares, resharing=part.source is not None)

    # --- reading ---------------------------------------------------------------------------------------------------

    def _part(self, generation: Generation) -> Part:
        number = generation.number
        formation = self._board.formation(number)
        source = self._collective.committee.generation(formation.source) if formation.source else None
        receiver = self._seats.seat(generation)
        # Who lost its share of the source has nothing to deal; it may receive a new one all the same.
        deals = source is None or self._seats.has_share(source)
        dealer = (self._seats.seat(source) if source is not None else receiver) if deals else None
        return Part(generation, formation, source, dealer.index if dealer else 0, receiver.index if receiver else 0)

    def _posted(self, part: Part) -> Posted:
        return Posted(self._board, self._seats.board(part.generation.number), part)

    def _final_phase(self, part: Part) -> Phase:
        """The phase that can no longer be undone."""
        final = Collective.at(self._finality.view(), self._collective.deployment)
        return final.committee.board.formation(part.generation.number).phase

    def _others(self, who: list[str], part: Part) -> list[str]:
        """Without this account where it does not deal: it has no old share, or never had one."""
        return who if part.dealer else [address for address in who if address != str(self._account.address)]

    def _my_turn(self, part: Part, rank: int, eager: bool) -> bool:
        """What anybody may do once: the first does it now, each next one a look later, so that rivals are rare."""
        key = (part.generation.number, part.formation.phase)
        looks = self._waited.get(key, 0)
        self._waited[key] = looks + 1
        return eager or looks >= rank


def _missing(generation: Generation, done: frozenset[int], among: frozenset[int] | None = None) -> list[str]:
    wanted = among if among is not None else frozenset(range(1, len(generation.custodians) + 1))
    return [generation.custodians[index - 1] for index in sorted(wanted - done)]


def _waits(phase: str, part: Part, who: list[str], what: str) -> _Said:
    others = f"{', '.join(who)} " if who else ""
    end = dt.datetime.fromtimestamp(part.formation.until, dt.UTC)
    until = f" (until {end:%Y-%m-%d %H:%M:%S} UTC by the chain's clock)" if part.formation.until else ""
    receives = "; this account deals nothing, and receives a share" if part.receiver and not part.dealer else ""
    return _Said(
        phase, f"Committee key {part.generation.number} is forming; waiting for {others}{what}{until}{receives}"
    )


def void(_: object) -> None:
    """Forget a result."""
