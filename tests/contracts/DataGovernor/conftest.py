"""A governor over a real membership and timelock. What votes may call are recorders; the registry is an account."""

from __future__ import annotations

from typing import Any

import pytest
from brownie import project
from eth_utils import keccak

from tests.contracts.support import signing

SETTLING = 100
VOTING_DELAY = 10
VOTING_PERIOD = 1_000
DELAY = 500
QUORUM_PERCENT = 20
QUORUM_FLOOR = 3
MINIMUM_ACTIVE = 4

PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
AGAINST, FOR, ABSTAIN = range(3)
BALLOT = (("proposalId", "uint256"), ("support", "uint8"))


class Parliament:
    """What the tests do again and again."""

    def __init__(self, deploy: Any, accounts: Any, clock: Any, **changes: Any) -> None:
        self.accounts, self.clock = accounts, clock
        self.registrar = accounts[19]
        (self.project,) = project.get_loaded_projects()
        self.market, self.registry, self.committee, self.splitter = (deploy("CallRecorder") for _ in range(4))
        self.membership = deploy("MembershipToken", self.registrar, self.market, SETTLING)
        creator = accounts[0]
        governor = creator.get_deployment_address(creator.nonce + 1)
        self.timelock = deploy("DataTimelock", DELAY, governor, self.membership, MINIMUM_ACTIVE)
        settings = {
            "name": "Listeners",
            "daoURI": "https://example.invalid/dao.json",
            "membership": self.membership.address,
            "timelock": self.timelock.address,
            "market": self.market.address,
            "registry": self.registry.address,
            "committee": self.committee.address,
            "splitter": self.splitter.address,
            "votingDelay": VOTING_DELAY,
            "votingPeriod": VOTING_PERIOD,
            "optOutWindow": DELAY,
            "quorumPercent": QUORUM_PERCENT,
            "quorumFloor": QUORUM_FLOOR,
            "minimumActive": MINIMUM_ACTIVE,
        } | changes
        self.governor = deploy("DataGovernor", tuple(settings.values()))
        assert self.governor.address == governor
        self.domain = signing.domain("unwrapped-dao governor", 1337, governor)

    def activate(self, *members: Any) -> None:
        """Make members active, and wait until they may vote."""
        for member in members:
            self.membership.join({"from": member})
            self.membership.contributionAdded(member, {"from": self.registrar})
        self.clock.advance(SETTLING + 1)

    def call(self, contract: str, signature: str, arguments: str = "") -> tuple[Any, str]:
        """(target, calldata) of a call to one of the recorders, or to the governor itself."""
        return getattr(self, contract), "0x" + keccak(text=signature)[:4].hex() + arguments

    def propose(self, *calls: tuple[Any, str], by: int = 0, text: str = "proposal", values: Any = None) -> int:
        tx = self.governor.propose(
            [target for target, _ in calls],
            values or [0] * len(calls),
            [data for _, data in calls],
            text,
            {"from": self.accounts[by]},
        )
        return int(tx.events["ProposalCreated"]["proposalId"])

    def open(self, *calls: tuple[Any, str], **kwargs: Any) -> int:
        """Propose, and wait until ballots are taken."""
        proposal = self.propose(*(calls or (self.anything,)), **kwargs)
        self.clock.advance(VOTING_DELAY + 1)
        return proposal

    @property
    def anything(self) -> tuple[Any, str]:
        return self.call("splitter", "setFees(uint16,uint16)", "00" * 64)

    def vote(self, proposal: int, support: int, *voters: int) -> None:
        for voter in voters:
            self.governor.castVote(proposal, support, {"from": self.accounts[voter]})

    def close(self) -> None:
        self.clock.advance(VOTING_PERIOD + 1)

    def arguments(self, *calls: tuple[Any, str], text: str = "proposal") -> tuple[Any, ...]:
        targets, data = [target for target, _ in calls], [data for _, data in calls]
        return targets, [0] * len(calls), data, keccak(text=text)

    def pass_(self, *calls: tuple[Any, str], text: str = "proposal") -> int:
        """Propose, vote with the first four members, queue, and wait out the timelock."""
        proposal = self.open(*calls, text=text)
        self.vote(proposal, FOR, 0, 1, 2, 3)
        self.close()
        self.governor.queue(*self.arguments(*calls, text=text))
        self.clock.advance(DELAY)
        return proposal

    def execute(self, *calls: tuple[Any, str], text: str = "proposal", **tx: Any) -> Any:
        return self.governor.execute(*self.arguments(*calls, text=text), {"from": self.accounts[9]} | tx)

    def ballot(self, signer: Any, proposal: int, support: int, domain: Any = None) -> bytes:
        return signing.compact(*signing.sign(signer, domain or self.domain, "Ballot", BALLOT, proposal, support))


@pytest.fixture(scope="module")
def house(deploy, accounts, clock):
    return Parliament(deploy, accounts, clock)


@pytest.fixture
def members(house, accounts):
    """Accounts 0 to 5 may vote."""
    house.activate(*accounts[:6])
    return accounts[:6]


@pytest.fixture(scope="session")
def parliament():
    """The class, for tests that deploy with other settings."""
    return Parliament
