"""The one deploy plan: every address and init code of a collective, known before the first transaction.

A `Genesis` contract creates the others by its own CREATE nonces. Each constructor parameter is bound by its name: to
a sibling's address (`registry`, `market`, …) or to a genesis parameter, so that the plan cannot silently disagree with
a contract. The embedded chain, the command line and the Brownie scripts all run this plan; a killed deployment goes on
from `Genesis.step()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import rlp  # type: ignore[import-untyped]
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ..errors import InputError, NotAllowedError
from . import artifacts
from .abi import Abi
from .contract import creation_code
from .profiles import DEV, Profile
from .registry import ScopeDefinition

ORDER: Final = (
    "MembershipToken",
    "ContributionToken",
    "KeyCommittee",
    "RevenueSplitter",
    "ContributionRegistry",
    "DataMarket",
    "DataTimelock",
    "DataGovernor",
)
"""What Genesis creates, in this order."""

SIBLINGS: Final[dict[str, str]] = {
    "membership": "MembershipToken",
    "token": "ContributionToken",
    "contributionToken": "ContributionToken",
    "committee": "KeyCommittee",
    "splitter": "RevenueSplitter",
    "registry": "ContributionRegistry",
    "market": "DataMarket",
    "timelock": "DataTimelock",
    "governor": "DataGovernor",
}
"""Parameter names that mean a sibling's address."""


class GenesisParameters(BaseModel):
    """What a founder decides. Fees in basis points; currencies as addresses, the zero address for ETH."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(min_length=1, max_length=64)
    dao_uri: str = Field(default="", max_length=2_000, description="ERC-4824: where to reach the collective")
    validators: tuple[str, ...]
    attestations: int = Field(ge=1)
    custodians: tuple[str, ...]
    threshold: int = Field(ge=1)
    scopes: tuple[ScopeDefinition, ...]
    currencies: tuple[str, ...]
    treasury_bps: int = Field(default=200, ge=0, le=1_000)
    operators_bps: int = Field(default=300, ge=0, le=1_000)
    profile: Profile = DEV

    def as_json(self) -> dict[str, JsonValue]:
        """For the deployment record: bytes as 0x-hex."""

        def plain(value: Any) -> JsonValue:
            if isinstance(value, bytes):
                return f"0x{value.hex()}"
            if isinstance(value, Mapping):
                return {key: plain(item) for key, item in value.items()}
            if isinstance(value, list | tuple):
                return [plain(item) for item in value]
            assert isinstance(value, str | int)
            return value

        return {name: plain(value) for name, value in self.named().items()}

    def named(self) -> dict[str, Any]:
        """Every genesis parameter by the name that constructors give it."""
        return windows(self.profile) | {
            "name": self.name,
            "daoURI": self.dao_uri,
            "uri": "",
            "validators": list(self.validators),
            "attestationsRequired": self.attestations,
            "custodians": list(self.custodians),
            "threshold": self.threshold,
            "scopes": [
                {"schemaDigest": s.schema_digest, "purposes": list(s.purposes), "baseTermsDigest": s.base_terms_digest}
                for s in self.scopes
            ],
            "currencies": list(self.currencies),
            "treasuryBps": self.treasury_bps,
            "operatorsBps": self.operators_bps,
        }


def windows(profile: Profile) -> dict[str, int]:
    """A profile by the names that constructors give its values."""
    p = profile
    return {
        "settling": p.settling,
        "votingDelay": p.voting_delay,
        "votingPeriod": p.voting_period,
        "delay": p.timelock_delay,
        "optOutWindow": p.opt_out_window,
        "minAge": p.min_age,
        "minWeight": p.min_weight,
        "notice": p.notice,
        "deliveryWindow": p.delivery_window,
        "shortestDelivery": p.min_delivery_window,
        "longestDelivery": p.max_delivery_window,
        "grace": p.grace,
        "shortestGrace": p.min_grace,
        "longestGrace": p.max_grace,
        "minimumActive": p.minimum_active,
        "quorumPercent": p.quorum_percent,
        "quorumFloor": p.quorum_floor,
        "maxExcluded": p.max_excluded,
        "dailyCap": p.daily_cap,
        "height": p.tree_height,
        "maxWeight": p.max_weight,
        "dkgPhase": p.dkg_phase,
    }


def create_address(creator: str, nonce: int) -> str:
    """The address of a contract made by CREATE: keccak256(rlp([creator, nonce])), Yellow Paper (86)."""
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(creator[2:]), nonce]))[12:])


@dataclass(frozen=True)
class DeployPlan:
    """Everything a deployment will send, fixed before it begins."""

    genesis: str
    addresses: Mapping[str, str]
    init_codes: tuple[bytes, ...]

    @classmethod
    def make(cls, parameters: GenesisParameters, deployer: str, nonce: int) -> DeployPlan:
        """The plan for a deployer whose next transaction has this nonce."""
        genesis = create_address(deployer, nonce)
        addresses = {name: create_address(genesis, i) for i, name in enumerate(ORDER, start=1)}
        values = parameters.named() | {short: addresses[name] for short, name in SIBLINGS.items()}
        codes = tuple(
            creation_code(artifacts.load(name), *_bound(name, artifacts.load(name).abi, values)) for name in ORDER
        )
        return cls(genesis, addresses, codes)

    @property
    def genesis_code(self) -> bytes:
        """Init code of Genesis itself: it commits to the hash of every other."""
        hashes = [keccak(code) for code in self.init_codes]
        return creation_code(artifacts.load("Genesis"), self.genesis, hashes)

    @property
    def step_calls(self) -> Iterator[tuple[str, bytes]]:
        """(contract, calldata of Genesis.create) for each step."""
        abi = Abi(artifacts.load("Genesis").abi)
        for name, code in zip(ORDER, self.init_codes, strict=True):
            yield name, abi.encode_call("create", [code])


class Sender(Protocol):
    """What a plan needs of an account on some chain: the SDK's client, or a Brownie account."""

    @property
    def address(self) -> str: ...

    def nonce(self) -> int: ...

    def code(self, address: str) -> bytes: ...

    def read(self, address: str, data: bytes) -> bytes: ...

    def send(self, to: str | None, data: bytes) -> None: ...


def run(plan: DeployPlan, sender: Sender, progress: Callable[[str, int, int], None]) -> None:
    """Send what is missing of a plan. Run again after a kill it goes on where the chain stands."""
    total = len(plan.init_codes) + 1
    if not sender.code(plan.genesis):
        if create_address(sender.address, sender.nonce()) != plan.genesis:
            raise NotAllowedError(
                "The deployer's account was used since this deployment was planned.",
                hint="Run `unwrapped-dao collective deploy` again: it makes a new plan.",
            )
        progress("Genesis", 0, total)
        sender.send(None, plan.genesis_code)
    done = int.from_bytes(sender.read(plan.genesis, Abi(artifacts.load("Genesis").abi).encode_call("step", [])), "big")
    for step, (name, data) in enumerate(plan.step_calls):
        if step >= done:
            progress(name, step + 1, total)
            sender.send(plan.genesis, data)


def _bound(contract: str, abi: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> list[Any]:
    """Constructor arguments in order, each found by its parameter's name."""
    constructor: Mapping[str, Any] = next((entry for entry in abi if entry["type"] == "constructor"), {"inputs": []})
    return [_value(contract, field, values) for field in constructor["inputs"]]


def _value(contract: str, field: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    name = field["name"].strip("_")
    if field["type"] == "tuple":
        return {part["name"]: _value(contract, part, values) for part in field["components"]}
    if name not in values:
        raise InputError(f"The constructor of {contract} asks for {name!r}, which no genesis parameter is called.")
    return values[name]
