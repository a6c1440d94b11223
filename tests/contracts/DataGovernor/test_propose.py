"""What may be put to a vote: the fixed list, no value, sale approvals alone, by a member with a vote."""

from __future__ import annotations

import pytest
from eth_utils import keccak

ALLOWED = {
    "market": ["approve(bytes32[])", "setWindows(uint32,uint32)"],
    "registry": [
        "registerScope((bytes32,bytes32[],bytes32))",
        "addValidator(address)",
        "removeValidator(address)",
        "setAttestationsRequired(uint8)",
        "setMaxWeight(uint32)",
        "announceSealByVote(bytes32,uint64)",
    ],
    "committee": ["retire(uint32)", "form(address[],uint8)", "reshare(uint32,address[],uint8)"],
    "splitter": ["payTreasury(address,address,uint256)", "setFees(uint16,uint16)", "setCurrency(address,bool)"],
    "governor": ["setDaoURI(string)", "setVotingWindows(uint48,uint32)"],
}
CONTRACTS = {
    "market": "DataMarket",
    "registry": "ContributionRegistry",
    "committee": "KeyCommittee",
    "splitter": "RevenueSplitter",
    "governor": "DataGovernor",
    "timelock": "DataTimelock",
    "membership": "MembershipToken",
}
PAIRS = [(name, signature) for name, signatures in ALLOWED.items() for signature in signatures]


def _selector(signature):
    return "0x" + keccak(text=signature)[:4].hex()


def test_the_list_is_exactly_what_this_file_says(house):
    """Every function of every contract of the collective, and every listed selector at every other address."""
    listed = {(name, _selector(signature)) for name, signature in PAIRS}
    asked = {(name, selector) for name, kind in CONTRACTS.items() for selector in house.project[kind].selectors}
    assert listed <= asked
    asked |= {(name, selector) for name in CONTRACTS for _, selector in listed}
    for name, selector in sorted(asked):
        expected = (name, selector) in listed
        assert house.governor.isCallAllowed(getattr(house, name), selector) == expected, (name, selector)


@pytest.mark.parametrize(("name", "signature"), PAIRS)
def test_every_call_of_the_list_can_be_proposed(house, members, name, signature):
    house.propose(house.call(name, signature, "00" * 32))


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("timelock", "updateDelay(uint256)"),
        ("timelock", "grantRole(bytes32,address)"),
        ("timelock", "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)"),
        ("governor", "relay(address,uint256,bytes)"),
        ("governor", "updateTimelock(address)"),
        ("governor", "propose(address[],uint256[],bytes[],string)"),
        ("splitter", "settle(bytes32,uint256,address,uint64,uint32,uint16,uint16,bool)"),
        ("splitter", "refund(bytes32,address,address)"),
        ("splitter", "escrow(bytes32,address,address,uint96)"),
        ("membership", "markExcluded(address)"),
        ("membership", "contributionAdded(address)"),
        ("market", "setFees(uint16,uint16)"),
        ("splitter", "approve(bytes32[])"),
    ],
)
def test_no_other_call_can_be_proposed(house, members, refused, name, signature):
    target, data = house.call(name, signature, "00" * 32)
    with refused("CallNotAllowed", target.address.lower(), bytes.fromhex(data[2:10])):
        house.propose((target, data))


def test_no_call_without_a_whole_selector_can_be_proposed(house, members, refused):
    selector = _selector("approve(bytes32[])")
    for data in ("0x", selector[:-2]):
        with refused("CallNotAllowed"):
            house.propose((house.market, data))


def test_a_bad_call_cannot_hide_among_good_ones(house, members, refused):
    bad = house.call("timelock", "updateDelay(uint256)", "00" * 32)
    with refused("CallNotAllowed"):
        house.propose(house.anything, bad)
    with refused("GovernorInvalidProposalLength"):
        house.governor.propose([house.splitter], [0], [], "lengths", {"from": members[0]})
    with refused("GovernorInvalidProposalLength"):
        house.governor.propose([], [], [], "nothing", {"from": members[0]})
    with refused("GovernorInvalidProposalLength"):
        house.governor.propose([house.splitter], [0], [house.anything[1], bad[1]], "lengths", {"from": members[0]})


def test_no_ether_can_be_proposed(house, members, refused):
    with refused("CallValueRefused", 1):
        house.propose(house.anything, values=[1])


def test_sale_approvals_are_alone_in_their_proposal(house, members, refused):
    approval = house.call("market", "approve(bytes32[])", "00" * 31 + "20" + "00" * 32)
    for calls in ((approval, house.anything), (house.anything, approval), (approval, approval)):
        with refused("ApprovalNotAlone"):
            house.propose(*calls)
    house.propose(approval)


def test_proposing_needs_one_vote(house, members, accounts, clock, refused):
    with refused("GovernorInsufficientProposerVotes", accounts[9].address.lower(), 0, 1):
        house.propose(house.anything, by=9)
    house.membership.join({"from": accounts[9]})
    house.membership.contributionAdded(accounts[9], {"from": house.registrar})
    with refused("GovernorInsufficientProposerVotes"):
        house.propose(house.anything, by=9)
    house.membership.leave({"from": accounts[0]})
    clock.advance(1)
    with refused("GovernorInsufficientProposerVotes"):
        house.propose(house.anything, by=0)
    house.propose(house.anything, by=1)


def test_the_same_proposal_is_made_once(house, members, refused):
    house.propose(house.anything)
    with refused("GovernorUnexpectedProposalState"):
        house.propose(house.anything, by=1)
    house.propose(house.anything, text="again")
