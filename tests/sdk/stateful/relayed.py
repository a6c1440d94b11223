"""What is relayed: signed requests of several members in one call, where a bad one is skipped and sinks no other."""

from __future__ import annotations

from typing import Any

from tests.sdk.stateful import model as m
from tests.sdk.stateful.evm import Remote
from tests.sdk.stateful.members import Members
from tests.sdk.stateful.model import Record
from tests.sdk.stateful.scene import one_member, pick
from tests.sdk.stateful.walk import Several, action
from tests.sdk.stateful.world import FAR, MAX_WEIGHT

# The contracts' enums of reasons, in order.
MEMBERSHIP = ("Expired", "SignatureInvalid", "AlreadyJoined", "NotAMember", "JoinsExhausted")
OPT_OUT = ("Expired", "SignerNotAMember", "NotAContributor", "Repeated")
BALLOT = ("SupportInvalid", "SignerWithoutVote", "Repeated")
CONTRIBUTION = (
    "NotAMember",
    "MemberHasLeft",
    "NumberNotAscending",
    "LeafOutOfRange",
    "WeightOutOfRange",
    "RecordMismatch",
    "VersionWrong",
    "FingerprintUsed",
    "ConsentExpired",
    "ConsentInvalid",
)
JOIN, LEAVE = (f"{verb}(address member,uint16 joins,uint64 expiry)" for verb in ("Join", "Leave"))
some = Several(one_member, 1, 5)
odd = range(6)
"""0: the first request is signed by another; 1: it has expired; 2: it comes again at the end."""


class Relayed(Members):
    """Each batch is told to the model request by request: together they do what each alone would."""

    @action(2, members=some, odd=odd)
    def join_batch(self, members: list[int], odd: int) -> None:
        self._membership_batch("join", JOIN, members, odd)

    @action(1, members=some, odd=odd)
    def leave_batch(self, members: list[int], odd: int) -> None:
        self._membership_batch("leave", LEAVE, members, odd)

    def _membership_batch(self, verb: str, text: str, members: list[int], odd: int) -> None:
        self.tick()
        asked = [*members, members[0]] if odd == 2 else members
        requests, expected = [], []
        joins = {member: self.w.membership.call("memberOf", self.w.members[member])["joins"] for member in members}
        for place, member in enumerate(asked):
            signer = self.w.wallets[(member + 1) % len(self.w.wallets) if (odd, place) == (0, 0) else member]
            expiry = self.w.evm.now - 1 if (odd, place) == (1, 0) else FAR
            r, vs = self.w.sign(signer, self.w.membership, text, self.w.members[member], joins[member], expiry)
            requests.append((self.w.members[member], expiry, r, vs))
            present = member in self.model.members and not self.model.members[member].left
            if (verb == "join") == present:
                expected.append("AlreadyJoined" if present else "NotAMember")
            elif place == 0 and odd < 2:
                expected.append("Expired" if odd else "SignatureInvalid")
            else:
                assert getattr(self.model, verb)(member) is None
        answer = self.w.membership.send(self.w.stranger, f"{verb}Batch", requests)
        self.expect(answer, None, f"a relayer lets members {asked} {verb}, skipping {expected}")
        assert self._reasons(self.w.membership, answer, f"{verb.title()}Skipped", MEMBERSHIP) == expected
        assert self.w.membership.results(f"{verb}Batch", answer) == len(asked) - len(expected)

    @action(3, choice=pick, members=some, weight=range(MAX_WEIGHT + 2), odd=odd)
    def contribute_batch(self, choice: int, members: list[int], weight: int, odd: int) -> None:
        """In ascending order of number, but for `odd` 3; `odd` 4: the first two bring the same data."""
        self.tick()
        pool = self.pool(choice, sealed=False)
        state = self.model.pools[pool]
        order = sorted(
            members, key=lambda member: self.model.members[member].number if member in self.model.members else 99
        )
        asked = order[::-1] if odd == 3 else [*order, order[0]] if odd == 2 else order
        items, consents, lives, expected, recorded = [], [], [], [], []
        open_ = self.model._meets(pool) in (m.OPEN, m.ANNOUNCED)
        before = -1
        stated = {n: (state.versions.get(n, 0), state.live.get(n)) for n in range(len(self.model.members))}
        for place, member in enumerate(asked):
            number = self.model.number(member)
            version, live = stated.get(-1 if number is None else number, (0, None))
            owner = asked[0] if odd == 4 and place == 1 else member
            record = Record(version + 1, min(weight + place, MAX_WEIGHT + 1), f"batched data of {owner}, {choice % 2}")
            words = self.words(pool, member, record)
            replaces = 0
            if live is not None:
                lives.append(self.records[pool][number])  # type: ignore[index]
                replaces = len(lives)
            forged, late = (odd, place) == (0, 0), (odd, place) == (1, 0)
            expiry = self.w.evm.now - 1 if late else FAR
            signer = self.w.wallets[(member + 1) % len(self.w.wallets) if forged else member]
            consent = "Consent(bytes32 scopeId,uint64 epoch,uint32 version,bytes32 content,uint64 expiry)"
            signed = (self.w.scopes[pool[0]], pool[1], record.version, words[2], expiry)
            items.append((self.w.members[member], words))
            consents.append((expiry, replaces, *self.w.sign(signer, self.w.registry, consent, *signed)))
            if not open_:
                continue
            reason = self._judged(member, pool, record, live, before, bad=forged or late)
            if reason is None and (forged or late):
                reason = "ConsentInvalid" if forged else "ConsentExpired"
            if reason is not None:
                expected.append(reason)
                continue
            assert number is not None
            before = number
            recorded.append((number, words, record.version))
        attestations = self.w.attest_batch(*pool, items)
        arguments = (self.w.scopes[pool[0]], pool[1], items, consents, lives, FAR, attestations)
        answer = self.w.registry.send(self.w.stranger, "contributeBatch", *arguments)
        what = f"a relayer brings contributions of {asked} to {pool}, weights from {weight}, skipping {expected}"
        self.expect(answer, None if open_ else "PoolNotOpen", what)
        if not open_:
            return
        self.model._record_closing(pool)
        assert self._reasons(self.w.registry, answer, "ContributionSkipped", CONTRIBUTION) == expected
        assert self.w.registry.results("contributeBatch", answer) == len(recorded)
        for number, words, version in recorded:
            self.records.setdefault(pool, {})[number] = words
            self.envelopes.setdefault(pool, {})[number] = self.w.seal_envelope(number, *pool, version)

    def _judged(
        self, member: int, pool: m.Pool, record: Record, live: Record | None, before: int, bad: bool
    ) -> str | None:
        """As the model judges; it is only asked where consent is bad, which is the last thing that is looked at."""
        if not bad:
            return self.model.judge(member, pool, record, live, before)
        asked = self.model.copy()
        return asked.judge(member, pool, record, live, before)

    @action(3, when=lambda self: self.model.sales, choice=pick, members=some, odd=odd)
    def opt_out_batch(self, choice: int, members: list[int], odd: int) -> None:
        """Whoever signed is marked as one who has refused something, contributor or not; claims then look."""
        self.tick()
        index = self.sale(choice, m.OFFERED)
        sale = self.model.sales[index]
        asked = [*members, members[0]] if odd == 2 else members
        offered = sale.state == m.OFFERED
        signed, expected = [], []
        for place, member in enumerate(asked):
            expiry = self.w.evm.now - 1 if (odd, place) == (1, 0) else FAR
            text = "OptOut(bytes32 target,uint64 expiry)"
            signed.append((expiry, *self.w.sign(self.w.wallets[member], self.w.market, text, self.ids[index], expiry)))
            if not offered:
                continue
            if expiry != FAR:
                expected.append("Expired")
                continue
            refusal = self.model.opt_out(member, sale)
            if member in self.model.members:
                self.model.flagged.add(self.model.members[member].number)
            if refusal is not None:
                names = {"MemberUnknown": "SignerNotAMember", "AlreadyOptedOut": "Repeated"}
                expected.append(names.get(refusal, refusal))
        answer = self.w.market.send(self.w.stranger, "optOutBatch", self.ids[index], signed)
        what = f"a relayer opts {asked} out of sale {index}, skipping {expected}"
        self.expect(answer, None if offered else "SaleStateWrong", what)
        if offered:
            assert self._reasons(self.w.market, answer, "OptOutSkipped", OPT_OUT) == expected
            assert self.w.market.results("optOutBatch", answer) == len(asked) - len(expected)

    @action(2, when=lambda self: self.model.proposals, choice=pick, members=some, support=range(4), odd=odd)
    def vote_batch(self, choice: int, members: list[int], support: int, odd: int) -> None:
        self.tick()
        at = self.proposal(choice)
        proposal = self.model.proposals[at]
        asked = [*members, members[0]] if odd == 2 else members
        active = proposal.snapshot < self.w.evm.now <= proposal.deadline
        signed, expected = [], []
        for member in asked:
            text = "Ballot(uint256 proposalId,uint8 support)"
            values = self.w.sign(self.w.wallets[member], self.w.governor, text, self.proposals[at], support)
            signed.append((support, *values))
            votes, number = self.model.votes(member, proposal.snapshot) if active else 0, self.model.number(member)
            if support > 2:
                expected.append("SupportInvalid")
            elif not votes:
                expected.append("SignerWithoutVote")
            elif number in proposal.voted:
                expected.append("Repeated")
            else:
                proposal.tally[support] += votes
                proposal.voted.add(number)  # type: ignore[arg-type]
        answer = self.w.governor.send(self.w.stranger, "castVoteBatch", self.proposals[at], signed)
        what = f"a relayer casts {support} of {asked} on proposal {at}, skipping {expected if active else 'all'}"
        self.expect(answer, None if active else "GovernorUnexpectedProposalState", what)
        if active:
            assert self._reasons(self.w.governor, answer, "BallotSkipped", BALLOT) == expected
        assert tuple(self.w.governor.call("proposalVotes", self.proposals[at])) == tuple(proposal.tally)

    def _reasons(self, contract: Remote, answer: Any, event: str, names: tuple[str, ...]) -> list[str]:
        return [names[facts["reason"]] for facts in contract.events(answer, event)]
