"""The life of a committee's board: keys formed, reshared, retired, given up, in any order and by anybody, against a
plain model of `ICommitteeBoard`'s table.

Every message is a real one. A model's generation holds what was dealt, so it knows each share, and a dealer may deal
one receiver a wrong one. Most steps are what is due next, so that walks get far; others come from anybody at any time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations

from tests.sdk.stateful.evm import Answer, Evm, Remote
from tests.sdk.stateful.walk import action, invariant
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.abi import Abi
from unwrapped_dao.chain.board import Phase
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.committee import GenerationState as State
from unwrapped_dao.chain.contract import create
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.crypto import complaint as complaints
from unwrapped_dao.crypto import dkg, shamir
from unwrapped_dao.crypto.bn254 import P1, P2, R
from unwrapped_dao.crypto.committee import Board, CommitteeKey, prove_possession
from unwrapped_dao.crypto.dkg import Dealing, VerifiedDeal
from unwrapped_dao.crypto.feldman import PublicPolynomial
from unwrapped_dao.crypto.keys import SecretScalar

LENGTH = 100
PEOPLE = [f"0x{i + 1:02x}" + "00" * 18 + "01" for i in range(6)]
TIMELOCK = "0x" + "ee" * 20
TIMED = (Phase.REGISTER, Phase.COMMIT, Phase.DEAL, Phase.COMPLAIN)
NO_KEY = (0, 0, 0, 0)


@dataclass
class Generation:
    """What the model knows of one generation. Sets are indices from 1; `wrong` are (dealer, receiver)."""

    number: int
    threshold: int
    custodians: list[str]
    source: Generation | None
    state: State = State.FORMING
    phase: Phase = Phase.REGISTER
    since: int = 0
    registered: set[int] = field(default_factory=set)
    committed: set[int] = field(default_factory=set)
    dealt: set[int] = field(default_factory=set)
    convicted: set[int] = field(default_factory=set)
    published: set[int] = field(default_factory=set)
    wrong: set[tuple[int, int]] = field(default_factory=set)
    keys: dict[int, SecretScalar] = field(default_factory=dict)
    dealings: dict[int, Dealing] = field(default_factory=dict)
    shares: dict[int, SecretScalar] = field(default_factory=dict)
    polynomial: PublicPolynomial | None = None
    y: tuple[int, int, int, int] = NO_KEY

    @property
    def alone(self) -> bool:
        return self.source is None and len(self.custodians) == 1

    @property
    def origin(self) -> Generation:
        return self if self.source is None else self.source.origin

    @property
    def dealers(self) -> list[str]:
        return self.custodians if self.source is None else self.source.custodians

    @property
    def needed(self) -> int:
        return len(self.custodians) if self.source is None else self.source.threshold

    def enough(self) -> bool:
        if self.phase is Phase.REGISTER:
            return len(self.registered) == len(self.custodians)
        if self.phase is Phase.COMMIT:
            return len(self.committed) >= self.needed
        return len(self.dealt - self.convicted) >= self.needed

    def roll(self, now: int) -> None:
        """Bring the phase to the time, by the table."""
        while self.phase in TIMED:
            over = now > self.since + LENGTH
            if (over or self.convicted) and not self.enough():
                self.phase = Phase.STALLED
            elif over:
                self.phase, self.since = Phase(self.phase + 1), self.since + LENGTH
            else:
                return

    def enter(self, phase: Phase, now: int) -> None:
        self.phase, self.since = phase, now


@cache
def _machine() -> tuple[Evm, str]:
    with LocalChain.in_memory(genesis_time=1_800_000_000) as chain:
        made, _ = create(
            ChainClient(chain), chain.faucet, artifacts.load("KeyCommittee"), TIMELOCK, PEOPLE[:3], 2, LENGTH
        )
        evm = Evm(chain)
    evm.keep("board")
    return evm, made.address


class BoardLife:
    """A walk: six people, a timelock, and a clock."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.evm, address = _machine()
        self.evm.fork("board")
        self.committee = Remote(self.evm, Abi(artifacts.load("KeyCommittee").abi), address)
        self.generations: list[Generation] = [Generation(1, 2, PEOPLE[:3], None)]
        self.generations[0].since = self.evm.now - 1
        self.current: Generation | None = None
        self.serving: dict[int, Generation] = {}
        self._seed = random.Random(7)

    def begin(self, source: random.Random) -> None:
        since = self.committee.call("formation", 1)["until"] - LENGTH
        self.generations[0].since = since
        self._seed = random.Random(source.random())

    def end_of_story(self) -> None:
        """Nothing more to compare."""

    # --- helpers ---------------------------------------------------------------------------------------------------

    @property
    def newest(self) -> Generation:
        self.generations[-1].roll(self.evm.now)
        return self.generations[-1]

    def _board(self, g: Generation) -> Board:
        return Board.of(self.evm.chain_id, self.committee.address, g.number)

    def _scalar(self) -> SecretScalar:
        return SecretScalar(self._seed.randrange(1, R))

    def _say(self, sentence: str, answer: Answer, expected: str | None) -> bool:
        self.story.append(f"{sentence}: {answer.error or 'done'}")
        assert answer.error == expected, f"{answer.error}{answer.facts} instead of {expected}"
        return answer.ok

    def _refusal(self, who: str, among: list[str], done: set[int], *phases: Phase) -> str | None:
        if self.newest.phase not in phases or self.newest.state is not State.FORMING:
            return "PhaseWrong"
        if who not in among:
            return "CommitteeCallerRefused"
        return "StepRepeated" if among.index(who) + 1 in done else None

    def _index(self, who: str, among: list[str]) -> int:
        return among.index(who) + 1 if who in among else 1

    # --- by vote ---------------------------------------------------------------------------------------------------

    @action(1, people=range(2**6), threshold=range(0, 5), voted=(True, True, True, False))
    def form(self, people: int, threshold: int, voted: bool) -> None:
        self._form("form", people, threshold, voted, None)

    @action(1, people=range(2**6), threshold=range(1, 4), source=range(8))
    def reshare(self, people: int, threshold: int, source: int) -> None:
        self._form("reshare", people, threshold, True, self.generations[source % len(self.generations)])

    def _form(self, verb: str, people: int, threshold: int, voted: bool, source: Generation | None) -> None:
        chosen = [who for i, who in enumerate(PEOPLE) if people >> i & 1]
        expected = None
        if not voted:
            expected = "CommitteeCallerRefused"
        elif source is not None and self._state(source) is not State.ACTIVE:
            expected = "GenerationStateWrong"
        elif not 1 <= threshold <= len(chosen):
            expected = "CommitteeShapeInvalid"
        arguments = ([source.number] if source else []) + [chosen, threshold]
        answer = self.committee.send(TIMELOCK if voted else PEOPLE[0], verb, *arguments)
        if self._say(f"{verb} {threshold} of {len(chosen)}", answer, expected):
            if self.newest.state is State.FORMING:
                self.newest.state = State.GIVEN_UP
            self._begin(chosen, threshold, source)

    def _begin(self, chosen: list[str], threshold: int, source: Generation | None) -> None:
        made = Generation(len(self.generations) + 1, threshold, chosen, source)
        made.enter(Phase.NONE if made.alone else Phase.REGISTER, self.evm.now)
        self.generations.append(made)

    @action(1, which=range(8))
    def retire(self, which: int) -> None:
        g = self.generations[which % len(self.generations)]
        expected = None if self._state(g) is State.ACTIVE else "GenerationStateWrong"
        if self._say(f"retire {g.number}", self.committee.send(TIMELOCK, "retire", g.number), expected):
            g.origin.state = State.RETIRED
            if self.current is not None and self.current.origin is g.origin:
                self.current = None

    # --- what is due -----------------------------------------------------------------------------------------------

    @action(150, turn=range(12), cheats=(0, 0, 0, 0, 0, 0, 1, 2))
    def go_on(self, turn: int, cheats: int) -> None:
        """Somebody of whom it is expected does the next step."""
        g = self.newest
        if g.state is not State.FORMING:
            return self._begin_anew(turn)
        if g.alone:
            return self.post_key(g.custodians[0])
        accusable = sorted((i, j) for i, j in g.wrong if i in g.dealt - g.convicted)
        if g.phase is Phase.COMPLAIN and accusable:
            dealer, receiver = accusable[turn % len(accusable)]
            return self.complain(g.custodians[receiver - 1], dealer)
        if g.phase is Phase.COMPLAIN and not turn:
            return self.complain(g.custodians[0], 1)  # most often without a reason
        if g.phase is Phase.STALLED:
            return self.restart(PEOPLE[turn % 6])
        if g.phase is Phase.FINISH and g.source is not None and self._state(g.source) is not State.ACTIVE and turn % 2:
            return self._begin_anew(0)  # it cannot finish any more
        if g.phase is Phase.FINISH:
            return self.finish(PEOPLE[turn % 6])
        among, done = {
            Phase.REGISTER: (g.custodians, g.registered),
            Phase.COMMIT: (g.dealers, g.committed),
            Phase.DEAL: ([who for i, who in enumerate(g.dealers, 1) if i in g.committed], set[int]()),
            Phase.COMPLAIN: (g.custodians, g.published),
        }[g.phase]
        done = g.dealt if g.phase is Phase.DEAL else done
        left = [who for who in among if self._index(who, g.dealers if among is not g.custodians else among) not in done]
        who = left[turn % len(left)]
        if g.phase is Phase.COMMIT:
            return self.commit(who, cheats)
        return {Phase.REGISTER: self.register, Phase.DEAL: self.deal, Phase.COMPLAIN: self.publish}[g.phase](who)

    def _begin_anew(self, turn: int) -> None:
        people = (turn * 29 + len(self.generations) * 11) % 62 + 1
        threshold = 1 + turn % min(3, people.bit_count())
        active = [g for g in self.generations if self._state(g) is State.ACTIVE]  # earlier keys are reshared as well
        if active and turn % 4:
            return self.reshare(people, threshold, active[turn % len(active)].number - 1)
        return self.form(people, threshold, True)

    # --- steps -----------------------------------------------------------------------------------------------------

    @action(4, who=PEOPLE)
    def register(self, who: str) -> None:
        g = self.newest
        expected = self._refusal(who, g.custodians, g.registered, Phase.REGISTER)
        index, key = self._index(who, g.custodians), self._scalar()
        proof = dkg.prove_encryption_key(key, self._board(g), index)
        words = (P1 * key.to_secret_int()).words
        answer = self.committee.send(who, "registerKey", g.number, list(words), list(proof.T.words), proof.s)
        if self._say(f"custodian {index} of {g.number} registers", answer, expected):
            g.keys[index] = key
            g.registered.add(index)
            if len(g.registered) == len(g.custodians):
                g.enter(Phase.COMMIT, self.evm.now)

    @action(4, who=PEOPLE, cheats=(0, 0, 0, 0, 1, 2))
    def commit(self, who: str, cheats: int) -> None:
        """`cheats`: the receiver that gets a wrong share."""
        g = self.newest
        expected = self._refusal(who, g.dealers, g.committed, Phase.COMMIT)
        dealer = self._index(who, g.dealers)
        if expected is not None:
            self._say("commits", self.committee.send(who, "commitDeal", g.number, b"\x01" * 32), expected)
            return
        public = {j: P1 * key.to_secret_int() for j, key in g.keys.items()}
        own = g.source.shares[dealer] if g.source else None
        made = dkg.make_deal(
            self._board(g), dealer, self._scalar(), threshold=g.threshold, receivers=public, own_share=own
        )
        if 1 <= cheats <= len(g.custodians):
            shares = list(made.deal.shares)
            shares[cheats - 1] ^= 1
            made = replace(made, deal=replace(made.deal, shares=tuple(shares)))
            g.wrong.add((dealer, cheats))
        commitment = made.deal.commitment(self._board(g), dealer, made.salt)
        self._say(f"dealer {dealer} commits", self.committee.send(who, "commitDeal", g.number, commitment), None)
        g.dealings[dealer] = made
        g.committed.add(dealer)
        if len(g.committed) == len(g.dealers):
            g.enter(Phase.DEAL, self.evm.now)

    @action(4, who=PEOPLE)
    def deal(self, who: str) -> None:
        g = self.newest
        expected = self._refusal(who, g.dealers, g.dealt, Phase.DEAL)
        dealer = self._index(who, g.dealers)
        if expected is None and dealer not in g.committed:
            expected = "DealNotCommitted"
        made = g.dealings.get(dealer) or next(iter(g.dealings.values()), None)
        words = made.deal.words if made else (((1, 2),), (1, 2), (1, 2), 1, (1,))
        polynomial = g.source.polynomial.words if g.source and g.source.polynomial else ()
        salt = made.salt if made else bytes(32)
        answer = self.committee.send(who, "deal", g.number, salt, words, [list(point) for point in polynomial])
        if self._say(f"dealer {dealer} deals", answer, expected):
            g.dealt.add(dealer)
            if g.dealt == g.committed:
                g.enter(Phase.COMPLAIN, self.evm.now)

    @action(6, who=PEOPLE, dealer=range(1, 5))
    def complain(self, who: str, dealer: int) -> None:
        g = self.newest
        expected = self._refusal(who, g.custodians, set(), Phase.COMPLAIN)
        index = self._index(who, g.custodians)
        if expected is None and dealer not in g.dealt - g.convicted:
            expected = "DealerNotAccused"
        if expected is None and (dealer, index) not in g.wrong:
            expected = "ComplaintUnfounded"
        if dealer not in g.dealings or index not in g.keys:
            return
        made = g.dealings[dealer]
        key, shared, proof = _complaint(VerifiedDeal(self._board(g), dealer, made.deal), index, g.keys[index])
        arguments = (g.number, dealer, made.salt, made.deal.words, key, shared, *proof)
        if self._say(f"{index} complains of {dealer}", self.committee.send(who, "complain", *arguments), expected):
            g.convicted.add(dealer)
            g.published.clear()

    @action(4, who=PEOPLE)
    def publish(self, who: str) -> None:
        g = self.newest
        expected = self._refusal(who, g.custodians, g.published, Phase.COMPLAIN, Phase.FINISH)
        index = self._index(who, g.custodians)
        answer = self.committee.send(who, "publishShareKey", g.number, list(P2.words))
        if self._say(f"{index} publishes", answer, expected):
            g.published.add(index)
            if len(g.published) == len(g.custodians):
                g.phase = Phase.FINISH

    @action(3, who=PEOPLE)
    def finish(self, who: str) -> None:
        g = self.newest
        counted = sorted(g.dealt - g.convicted)[: g.needed]
        if g.phase is not Phase.FINISH or g.state is not State.FORMING:
            answer = self.committee.send(who, "finish", g.number, [[1, 2]], [[bytes(32)] * 2], NO_KEY, [NO_KEY])
            self._say("finishes", answer, "PhaseWrong")
            return
        verified = [VerifiedDeal(self._board(g), i, g.dealings[i].deal) for i in counted]
        weights = shamir.lagrange_at_zero(counted) if g.source else dict.fromkeys(counted, 1)
        polynomial = dkg.public_polynomial(verified, resharing=g.source is not None)
        shares = {j: self._share(g, j, weights) for j in sorted(g.keys)}
        keys = [(P2 * share.to_secret_int()).words for share in shares.values()]
        x = shamir.combine({j: shares[j] for j in list(shares)[: g.threshold]}).to_secret_int()
        y = (P2 * x).words
        points = [list(point) for i in counted for point in g.dealings[i].deal.commitments.words]
        openings = [[g.dealings[i].salt, g.dealings[i].deal.sealed_digest] for i in counted]
        expected = None
        if g.source is not None and self._state(g.source) is not State.ACTIVE:
            expected = "GenerationStateWrong"
        answer = self.committee.send(who, "finish", g.number, points, openings, list(y), keys)
        if self._say(f"{g.number} finishes", answer, expected):
            for quorum in combinations(shares, g.threshold):
                assert (P2 * shamir.combine({j: shares[j] for j in quorum}).to_secret_int()).words == y
            assert g.source is None or y == g.source.y
            self._activate(g, shares, polynomial, y)

    def _share(self, g: Generation, index: int, weights: dict[int, int]) -> SecretScalar:
        """What the receiver got; a wrong share that nobody complained of is put right here."""
        total = 0
        for dealer, weight in weights.items():
            deal = VerifiedDeal(self._board(g), dealer, g.dealings[dealer].deal)
            share = deal.decrypt(index, deal.deal.E * g.keys[index].to_secret_int())
            total += weight * (share ^ ((dealer, index) in g.wrong))
        return SecretScalar(total % R)

    @action(2, who=PEOPLE)
    def post_key(self, who: str) -> None:
        g = self.newest
        secret = self._scalar()
        key, proof = CommitteeKey.of(secret), prove_possession(secret, self._board(g))
        expected = None
        if g.state is not State.FORMING:
            expected = "GenerationStateWrong"
        elif not g.alone:
            expected = "CommitteeShapeInvalid"
        elif who not in g.custodians:
            expected = "CommitteeCallerRefused"
        arguments = (list(key.X.words), list(key.Y.words), list(proof.T.words), proof.s)
        answer = self.committee.send(who, "postKey", g.number, *arguments)
        if self._say(f"{g.number} is posted", answer, expected):
            self._activate(g, {1: secret}, PublicPolynomial((key.X,)), key.Y.words)

    def _activate(
        self, g: Generation, shares: dict[int, SecretScalar], polynomial: PublicPolynomial, y: tuple[int, int, int, int]
    ) -> None:
        g.state, g.phase, g.shares, g.polynomial, g.y = State.ACTIVE, Phase.NONE, shares, polynomial, y
        if g.source is None or (self.current is not None and self.current.origin is g.origin):
            self.current = g  # a resharing changes who holds a key, not which key is new epochs'
        if g.source is not None:
            self.serving[g.origin.number] = g

    @action(2, who=PEOPLE)
    def restart(self, who: str) -> None:
        g = self.newest
        expected = None if g.phase is Phase.STALLED and g.state is State.FORMING else "PhaseWrong"
        answer = self.committee.send(who, "restart", g.number)
        if not self._say(f"{g.number} is restarted", answer, expected):
            return
        everyone = set(range(1, len(g.custodians) + 1))
        out = everyone - g.registered
        if not out and g.source is None:
            out = everyone - g.committed or everyone - g.dealt or g.convicted
        g.state = State.GIVEN_UP
        left = [who for j, who in enumerate(g.custodians, 1) if j not in out]
        lives = g.source is None or self._state(g.source) is State.ACTIVE
        begun = bool(out) and len(left) >= g.threshold and lives
        assert self.committee.results("restart", answer) == (g.number + 1 if begun else 0)
        if begun:
            self._begin(left, g.threshold, g.source)

    @action(12, seconds=(1, 1, LENGTH // 2, LENGTH + 1, 3 * LENGTH))
    def wait(self, seconds: int) -> None:
        self.evm.advance(seconds)
        self.story.append(f"{seconds} s pass")

    # --- after every step ------------------------------------------------------------------------------------------

    def _state(self, g: Generation) -> State:
        return g.origin.state if g.state is State.ACTIVE else g.state

    @invariant
    def every_generation_is_as_the_model_says(self) -> None:
        assert self.committee.call("currentGeneration") == (self.current.number if self.current else 0)
        for g in self.generations[-4:]:
            found = self.committee.call("generation", g.number)
            source = g.source.number if g.source else 0
            assert (found["state"], found["source"]) == (self._state(g), source)
            assert (tuple(found["Y"]), found["threshold"]) == (g.y, g.threshold)
            if g.polynomial is not None:
                assert found["polynomialHash"] == g.polynomial.digest
            active = self._state(g) is State.ACTIVE
            serving = self.serving.get(g.origin.number, g) if active else None
            assert self.committee.call("servingGeneration", g.number) == (serving.number if serving else 0)
            assert [who.lower() for who in self.committee.call("custodiansOf", g.number)] == g.custodians
        assert self.committee.call("generation", len(self.generations) + 1)["state"] == State.NONE

    @invariant
    def the_forming_one_is_where_the_clock_has_brought_it(self) -> None:
        g = self.newest
        found = self.committee.call("formation", g.number)
        phase = g.phase if g.state is State.FORMING else Phase.NONE
        assert found["phase"] == phase
        assert found["until"] == (g.since + LENGTH if phase in TIMED else 0)
        for name in ("registered", "committed", "dealt", "convicted", "published"):
            assert found[name] == sum(1 << (i - 1) for i in getattr(g, name)), name

    @invariant
    def one_generation_forms_at_a_time(self) -> None:
        assert all(g.state is not State.FORMING for g in self.generations[:-1])


def _complaint(
    verified: VerifiedDeal, index: int, secret: SecretScalar
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """(K, Z, (c, s)) with a right proof, whether or not there is a reason to complain."""
    k, nonce = secret.to_secret_int(), 12_345
    key, shared = P1 * k, verified.deal.E * k
    c = complaints._challenge(verified, index, key, shared, P1 * nonce, verified.deal.E * nonce)
    return key.words, shared.words, (c, (nonce + c * k) % R)
