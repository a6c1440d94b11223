"""What members do: join, leave, contribute, withdraw, vote."""

from __future__ import annotations

from typing import Any

from eth_utils import keccak

from tests.sdk.stateful import model as m
from tests.sdk.stateful.model import Pool, Record
from tests.sdk.stateful.scene import Scene, flip, one_member, pick, rarely
from tests.sdk.stateful.walk import action
from tests.sdk.stateful.world import ETH, FAR, MAX_WEIGHT, MEMBERS, NOTICE, account

NOBODY = (0, 0, bytes(32), bytes(32), bytes(32))


class Members(Scene):
    # --- members ---------------------------------------------------------------------------------------------------

    @action(3, member=one_member)
    def join(self, member: int) -> None:
        self.tick()
        refusal = self.model.join(member)
        answer = self.w.membership.send(self.w.members[member], "join")
        self.expect(answer, refusal, f"member {member} joins")

    @action(2, member=one_member)
    def leave(self, member: int) -> None:
        self.tick()
        refusal = self.model.leave(member)
        self.expect(self.w.membership.send(self.w.members[member], "leave"), refusal, f"member {member} leaves")

    @action(2, member=one_member, to=one_member)
    def delegate(self, member: int, to: int) -> None:
        self.tick()
        refusal = self.model.delegate(member, to)
        answer = self.w.membership.send(self.w.members[member], "delegate", self.w.members[to])
        self.expect(answer, refusal, f"member {member} gives its vote to member {to}")

    def set_payout(self, member: int, cleared: bool) -> None:
        self.tick()
        name = f"wallet of {member}"
        refusal = None if member in self.model.members else "MemberUnknown"
        if refusal is None:
            self.model.members[member].payout = None if cleared else name
        to = ETH if cleared else account(name)
        answer = self.w.membership.send(self.w.members[member], "setPayoutAddress", to)
        self.expect(answer, refusal, f"member {member} is paid at {'home' if cleared else name}")

    # --- contributions ---------------------------------------------------------------------------------------------

    def open_epoch(self, scope: int) -> None:
        self.tick()
        week, heartbeat = self.w.heartbeat()
        refusal, pool = self.model.open_epoch(scope)
        answer = self.w.registry.send(self.w.stranger, "openEpoch", self.w.scopes[scope], week, heartbeat)
        self.expect(answer, refusal, f"anyone opens pool {pool}")

    @action(6, member=one_member, choice=pick, weight=range(MAX_WEIGHT + 2), odd=range(16), stolen=rarely)
    def contribute(self, member: int, choice: int, weight: int, odd: int, stolen: bool) -> None:
        """Usually what is right: the next version over the live record. `odd` 14: a wrong version, 15: a false one."""
        self.tick()
        pool = self.pool(choice, sealed=False)
        state, number = self.model.pools[pool], self.model.number(member)
        have = state.live.get(number) if number is not None else None
        version = (state.versions.get(number, 0) if number is not None else 0) + (2 if odd == 14 else 1)
        owner = (member + 1) % MEMBERS if stolen else member
        record = Record(version, weight, f"data of {owner}, {pool[1] if odd % 2 else 'again'}")
        live = None if odd == 15 else have
        words = self.words(pool, member, record)
        given = self.records.get(pool, {}).get(number, NOBODY) if live and number is not None else NOBODY
        attestations = self.w.attest(member, *pool, words)
        target = (self.w.members[member], self.w.scopes[pool[0]], pool[1])
        refusal = self.model.contribute(member, pool, record, live)
        answer = self.w.registry.send(
            self.w.members[member], "contribute", target, words, given, FAR, attestations, 0, b""
        )
        self.expect(answer, refusal, f"member {member} contributes {record.fingerprint!r}, weight {weight}, to {pool}")
        if refusal is None:
            assert number is not None
            self.records.setdefault(pool, {})[number] = words
            self.envelopes.setdefault(pool, {})[number] = self.w.seal_envelope(number, *pool, version)

    def words(self, pool: Pool, member: int, record: Record) -> tuple[Any, ...]:
        content = keccak(text=f"envelope of {member} in {pool}, version {record.version}")
        return (record.version, record.weight, content, keccak(text=record.fingerprint), keccak(text="report"))

    @action(5, member=one_member, choice=pick, sealed=flip, odd=rarely)
    def withdraw(self, member: int, choice: int, sealed: bool, odd: bool) -> None:
        self.tick()
        pool = self.pool(choice, sealed=sealed)
        number = self.model.number(member)
        have = self.model.pools[pool].live.get(number) if number is not None else None
        words = self.records.get(pool, {}).get(number, NOBODY) if number is not None else NOBODY
        if odd and have is not None:  # the record, but for its weight
            words, have = (words[0], words[1] + 1, *words[2:]), Record(have.version, have.weight + 1, have.fingerprint)
        refusal = self.model.withdraw(member, pool, have)
        target = (self.w.members[member], self.w.scopes[pool[0]], pool[1])
        answer = self.w.registry.send(self.w.members[member], "withdraw", target, words, 0, b"")
        self.expect(answer, refusal, f"member {member} withdraws from {pool}")

    def announce(self, choice: int, voted: bool) -> None:
        self.tick()
        pool = self.pool(choice, sealed=False)
        refusal = self.model.announce(pool, voted)
        target = (self.w.scopes[pool[0]], pool[1])
        if voted:
            answer = self.w.registry.send(self.w.timelock.address, "announceSealByVote", *target)
        else:
            answer = self.w.registry.send(self.w.stranger, "announceSeal", *target)
        self.expect(answer, refusal, f"the seal of {pool} is announced by {'vote' if voted else 'anyone'}")

    def seal(self, choice: int) -> None:
        self.tick()
        pool = self.pool(choice, sealed=False)
        refusal = self.model.seal(pool)
        answer = self.w.registry.send(self.w.stranger, "seal", self.w.scopes[pool[0]], pool[1])
        self.expect(answer, refusal, f"anyone seals {pool}")

    @action(3, seconds=[1, 5, NOTICE, 40, 90, 200])
    def wait(self, seconds: int) -> None:
        self.tick(seconds)
        self.tell(f"{seconds} seconds pass")

    @action(4, choice=pick, what=["open", "announce", "vote", "wait and seal", "seal"])
    def move_pool(self, choice: int, what: str) -> None:
        if what == "open":
            self.open_epoch(choice % 2)
        elif what in ("announce", "vote"):
            self.announce(choice, what == "vote")
        else:
            if what == "wait and seal":
                self.wait(NOTICE)
            self.seal(choice)

    # --- a real vote, on fees --------------------------------------------------------------------------------------

    @action(2, member=one_member, treasury=range(1001))
    def propose(self, member: int, treasury: int) -> None:
        """A proposal to change the fees, with the governor itself; one vote is needed."""
        self.tick()
        active = [i for i in self.model.members if self.model.votes(i, self.w.evm.now - 1)]
        refusal = None if member in active else "GovernorInsufficientProposerVotes"
        call = self.w.splitter.abi.encode_call("setFees", [treasury, 0])
        text = f"fees {len(self.story)}"
        answer = self.w.governor.send(self.w.members[member], "propose", [self.w.splitter.address], [0], [call], text)
        self.expect(answer, refusal, f"member {member} proposes fees of {treasury} basis points")
        if refusal is None:
            snapshot = self.w.evm.now + 1
            self.model.proposals.append(m.Proposal((treasury, 0), snapshot, snapshot + 60))
            self.proposals.append(self.w.governor.results("propose", answer))
            self.arguments[self.proposals[-1]] = ([self.w.splitter.address], [0], [call], keccak(text=text))

    @action(3, when=lambda self: self.model.proposals, member=one_member, choice=pick, support=range(3))
    def vote(self, member: int, choice: int, support: int) -> None:
        """Invariant 8: counted once, by what the member held at the snapshot."""
        self.tick()
        at = self.proposal(choice)
        proposal, number = self.model.proposals[at], self.model.number(member)
        votes = self.model.votes(member, proposal.snapshot) if self.w.evm.now > proposal.snapshot else 0
        if not proposal.snapshot < self.w.evm.now <= proposal.deadline:
            refusal = "GovernorUnexpectedProposalState"
        elif votes == 0:
            refusal = "VoterWithoutVote"
        elif number in proposal.voted:
            refusal = "BallotRepeated"
        else:
            refusal = None
            proposal.tally[support] += votes
            proposal.voted.add(number)  # type: ignore[arg-type]
        answer = self.w.governor.send(self.w.members[member], "castVote", self.proposals[at], support)
        self.expect(answer, refusal, f"member {member} casts {support} on proposal {at} with {votes} votes")
        assert tuple(self.w.governor.call("proposalVotes", self.proposals[at])) == tuple(proposal.tally)

    @action(1, when=lambda self: any(not p.executed for p in self.model.proposals), choice=pick)
    def carry_out(self, choice: int) -> None:
        """Queue and execute, after all waiting; only what won is carried out."""
        waiting = [i for i, p in enumerate(self.model.proposals) if not p.executed]
        at = waiting[choice % len(waiting)]
        proposal = self.model.proposals[at]
        self.tick(max(1, proposal.deadline + 1 - self.w.evm.now))
        supply = self.w.membership.call("getPastTotalSupply", proposal.snapshot)
        against, inside, abstain = proposal.tally
        won = inside > against and inside + abstain >= self.model.quorum(supply)
        arguments = self.arguments[self.proposals[at]]
        queued = self.w.governor.send(self.w.stranger, "queue", *arguments)
        self.expect(queued, None if won else "GovernorUnexpectedProposalState", f"proposal {at} is queued")
        proposal.executed = True
        if not won:
            return
        self.tick(31)
        active = sum(self.model.is_active(member) for member in self.model.members)
        refusal = None if active >= 3 else "ActiveMembersTooFew"
        done = self.w.governor.send(self.w.stranger, "execute", *arguments)
        self.expect(done, refusal, f"proposal {at} is executed: fees {proposal.fees}")
        if refusal is None:
            self.model.fees = proposal.fees
