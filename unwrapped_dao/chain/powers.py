"""Every power that anybody holds over a collective, and its parameters as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.crypto import keccak

from . import artifacts
from .abi import signature
from .collective import Collective
from .committee import Generation, GenerationState
from .contract import Contract, merged
from .erc20 import ETH

_ANYBODY = "0x0000000000000000000000000000000000000000"
_ROLES = {
    keccak(text="PROPOSER_ROLE"): "schedule what was voted",
    keccak(text="EXECUTOR_ROLE"): "execute what was scheduled, once its delay is over",
    keccak(text="CANCELLER_ROLE"): "cancel what was voted",
    bytes(32): "give and take roles on the timelock",
}
CODE: Final[dict[str, tuple[str, ...]]] = {
    "ContributionRegistry": (
        "ContributionToken.setWeight",
        "ContributionToken.setWeights",
        "MembershipToken.contributionAdded",
        "MembershipToken.contributionRemoved",
        "MembershipToken.contributionsAdded",
        "MembershipToken.markExcluded",
    ),
    "DataMarket": (
        "MembershipToken.markAllExcluded",
        "MembershipToken.markExcluded",
        "RevenueSplitter.escrow",
        "RevenueSplitter.refund",
        "RevenueSplitter.settle",
    ),
}
"""What contracts alone may tell each other, by their own code, which nobody can change."""


@dataclass(frozen=True, slots=True)
class Power:
    """`holder` may `may`. `expected` is False for a power that nobody should hold."""

    holder: str
    may: str
    expected: bool = True


def powers(collective: Collective) -> list[Power]:
    """Who may do what: timelock roles, votes, custodians, validators, contracts. Others are all alike."""
    return [
        *_timelock(collective),
        *_unheld(collective),
        Power("A vote of the members", "call " + ", ".join(allowed_calls(collective)) + ", and nothing else"),
        *_custodians(collective),
        *_validators(collective),
        *(Power(f"{name}, by its code", "call " + ", ".join(calls)) for name, calls in CODE.items()),
    ]


def allowed_calls(collective: Collective) -> list[str]:
    """Contract.function of everything a proposal may call."""
    governor = _contract(collective, "DataGovernor")
    found = []
    for name, address in collective.deployment.addresses.items():
        abi = artifacts.abi(name)
        for entry in abi.functions():
            if entry["stateMutability"] in ("view", "pure"):
                continue
            if governor.call("isCallAllowed", address, abi.selector(signature(entry))):
                found.append(f"{name}.{entry['name']}")
    return sorted(found)


def parameters(collective: Collective) -> dict[str, Any]:
    """What a vote can change, as it is now; what it cannot change is in the constructors' arguments."""
    governor, registry = _contract(collective, "DataGovernor"), _contract(collective, "ContributionRegistry")
    delivery, grace = collective.market.windows()
    treasury, operators = collective.splitter.fees()
    return {
        "name": governor.call("name"),
        "dao_uri": collective.governor.dao_uri(),
        "voting_delay_s": governor.call("votingDelay"),
        "voting_period_s": governor.call("votingPeriod"),
        "delivery_window_s": delivery,
        "grace_s": grace,
        "treasury_bps": treasury,
        "operators_bps": operators,
        "attestations": collective.registry.attestations_required(),
        "max_weight": registry.call("maxWeight"),
        "currencies": list(collective.splitter.currencies()),
        "members_ever": collective.membership.members_ever(),
        "active_members": collective.membership.active_members(),
    }


def warnings(collective: Collective) -> list[str]:
    """What everybody should hear before they join, contribute or buy: loud sentences, most serious first."""
    said = []
    alone = [g for g in generations(collective) if g.one_can_read and g.state is not GenerationState.GIVEN_UP]
    for generation in alone:
        who = "its custodian" if len(generation.custodians) == 1 else "each of its custodians"
        said.append(
            f"ONE KEY KEEPER CAN READ: committee key {generation.number} is {generation.shape}, so {who} alone could "
            "open every envelope under it. See docs/limits.md."
        )
    if collective.deployment.profile == "dev":
        said.append(
            "THIS IS A DEV COLLECTIVE: its windows are seconds, so nobody has time to opt out. For rehearsals only, "
            "never for real data. See docs/limits.md."
        )
    return said


def is_test_dollar(collective: Collective, currency: str) -> bool:
    """Whether a currency is the token that anybody may mint."""
    if currency.lower() == ETH:
        return False
    return artifacts.load("TestDollar").matches(collective.client.code(currency))


def _timelock(collective: Collective) -> Iterator[Power]:
    timelock = _contract(collective, "DataTimelock")
    held: dict[tuple[bytes, str], None] = {}
    for event in merged(timelock, ("RoleGranted", "RoleRevoked")):
        key = (bytes(event["role"]), str(event["account"]))
        if event.name == "RoleGranted":
            held[key] = None
        else:
            held.pop(key, None)
    governor = collective.governor.address.lower()
    for role, account in held:
        proposer = role == keccak(text="PROPOSER_ROLE") and account.lower() == governor
        executor = role == keccak(text="EXECUTOR_ROLE") and account == _ANYBODY
        holder = "Anybody" if account == _ANYBODY else "The governor" if account.lower() == governor else account
        yield Power(holder, _ROLES.get(role, f"act in role 0x{role.hex()}"), proposer or executor)


def _unheld(collective: Collective) -> Iterator[Power]:
    held = {power.may for power in _timelock(collective)}
    for role in (keccak(text="CANCELLER_ROLE"), bytes(32)):
        if _ROLES[role] not in held:
            yield Power("Nobody", _ROLES[role])


def _custodians(collective: Collective) -> Iterator[Power]:
    for generation in generations(collective):
        if generation.state is GenerationState.GIVEN_UP:
            continue  # never had a key
        alone = "alone" if generation.one_can_read else f"with {generation.threshold - 1} more of them"
        may = f"open every envelope under committee key {generation.number}, {alone} ({generation.shape})"
        yield from (Power(custodian, may) for custodian in generation.custodians)


def generations(collective: Collective) -> list[Generation]:
    """Every generation of the committee's key, oldest first."""
    found: list[Generation] = []
    while (generation := collective.committee.generation(len(found) + 1)).state is not GenerationState.NONE:
        found.append(generation)
    return found


def _validators(collective: Collective) -> Iterator[Power]:
    needed = collective.registry.attestations_required()
    validators = collective.registry.validators()
    for validator in validators:
        yield Power(validator, f"attest contributions ({needed} of {len(validators)} needed), and sees what it attests")


def _contract(collective: Collective, name: str) -> Contract:
    deployment = collective.deployment
    return Contract(
        collective.client, artifacts.abi(name), deployment.address(name), first_block=deployment.block_number
    )
