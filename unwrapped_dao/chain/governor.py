"""The typed client of `DataGovernor`: proposals and ballots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from eth_utils.crypto import keccak

from ..errors import NotFoundError
from .batch import BallotSkipReason, Skipped, halves
from .contract import Contract
from .membership import Member
from .outbox import Receipt
from .signer import Signer

Support = Literal["against", "for", "abstain"]
SUPPORT: dict[Support, int] = {"against": 0, "for": 1, "abstain": 2}


class ProposalState(IntEnum):
    """As OpenZeppelin's `IGovernor.ProposalState`."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7


@dataclass(frozen=True, slots=True)
class Action:
    """One call that a proposal executes."""

    target: str
    calldata: bytes


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as its creation event tells it. Votes run from `vote_start` (exclusive) to `vote_end`, in seconds."""

    id: int
    proposer: str
    actions: tuple[Action, ...]
    vote_start: int
    vote_end: int
    description: str

    @property
    def call(self) -> tuple[list[str], list[int], list[bytes], bytes]:
        """targets, values, calldatas and description hash: how queue and execute name a proposal."""
        return (
            [action.target for action in self.actions],
            [0] * len(self.actions),
            [action.calldata for action in self.actions],
            keccak(text=self.description),
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes so far."""

    against: int
    in_favour: int
    abstain: int


def ballots_of_batch(packed: bytes) -> list[tuple[int, int, int]]:
    """What `BallotsCounted` lists: (member number, support, votes) in 9 bytes each."""
    each = (packed[at : at + 9] for at in range(0, len(packed), 9))
    return [(int.from_bytes(one[:4], "big"), one[4], int.from_bytes(one[5:], "big")) for one in each]


class Governor:
    """Verbs and reads of the governor."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.address = contract.address

    def propose(self, member: Signer, actions: Sequence[Action], description: str) -> int:
        """Create a proposal and return its id."""
        receipt = self._contract.send(
            member,
            "propose",
            [action.target for action in actions],
            [0] * len(actions),
            [action.calldata for action in actions],
            description,
        )
        return int(self._contract.events_in(receipt, "ProposalCreated")[0]["proposalId"])

    def vote(self, member: Signer, proposal_id: int, support: Support) -> Receipt:
        """Cast a ballot, once."""
        return self._contract.send(member, "castVote", proposal_id, SUPPORT[support])

    def vote_batch(self, sender: Signer, proposal_id: int, ballots: Sequence[tuple[int, bytes]]) -> Receipt:
        """Count ballots, (support, signature) each, that members signed; what was skipped: `skipped`."""
        signed = [(support, *halves(signature)) for support, signature in ballots]
        return self._contract.send(sender, "castVoteBatch", proposal_id, signed)

    def skipped(self, receipt: Receipt) -> list[Skipped]:
        """What a batch passed by."""
        events = self._contract.events_in(receipt, "BallotSkipped")
        return [Skipped(e["signer"], BallotSkipReason(e["reason"])) for e in events]

    def queue(self, sender: Signer, proposal: Proposal) -> Receipt:
        """Start the timelock of a proposal that passed."""
        return self._contract.send(sender, "queue", *proposal.call)

    def execute(self, sender: Signer, proposal: Proposal) -> Receipt:
        """Execute a queued proposal once its timelock is over."""
        return self._contract.send(sender, "execute", *proposal.call)

    def proposals(self) -> list[Proposal]:
        """Every proposal, oldest first."""
        return [
            Proposal(
                id=event["proposalId"],
                proposer=event["proposer"],
                actions=tuple(
                    Action(target, bytes(data))
                    for target, data in zip(event["targets"], event["calldatas"], strict=True)
                ),
                vote_start=event["voteStart"],
                vote_end=event["voteEnd"],
                description=event["description"],
            )
            for event in self._contract.events("ProposalCreated")
        ]

    def proposal(self, proposal_id: int) -> Proposal:
        """One proposal. Raises NotFoundError."""
        for proposal in self.proposals():
            if proposal.id == proposal_id:
                return proposal
        raise NotFoundError(f"There is no proposal {proposal_id}.", hint="See `unwrapped-dao proposal list`.")

    def state(self, proposal_id: int) -> ProposalState:
        return ProposalState(self._contract.call("state", proposal_id))

    def tally(self, proposal_id: int) -> Tally:
        against, in_favour, abstain = self._contract.call("proposalVotes", proposal_id)
        return Tally(against, in_favour, abstain)

    def has_voted(self, proposal_id: int, member: str) -> bool:
        return bool(self._contract.call("hasVoted", proposal_id, member))

    def ballot_of(self, proposal_id: int, member: Member) -> Support | None:
        """How a member voted, None if it did not; by whatever way the ballot came."""
        cast = {
            event["support"]
            for event in self._contract.events("VoteCast", voter=member.address)
            if event["proposalId"] == proposal_id
        }
        for event in self._contract.events("BallotsCounted", proposalId=proposal_id):
            cast |= {support for number, support, _ in ballots_of_batch(event["ballots"]) if number == member.number}
        return next((word for word, number in SUPPORT.items() if number in cast), None)

    def eta(self, proposal_id: int) -> int:
        """Second from which a queued proposal can be executed; 0 if not queued."""
        return int(self._contract.call("proposalEta", proposal_id))

    def quorum(self, timestamp: int) -> int:
        """Votes (for and abstain) that a proposal with this snapshot needs."""
        return int(self._contract.call("quorum", timestamp))

    def dao_uri(self) -> str:
        return str(self._contract.call("daoURI"))
