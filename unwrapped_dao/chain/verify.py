"""Is this collective what it says? Compared with the contracts that ship with this package, down to the constructors.

Deployed code says what a contract does from now on, not what its constructor wrote into its storage. So the
transactions that created the contracts are read back: Genesis only creates from the init codes it was planned with, and
each must be the shipped creation code with arguments. From those arguments come the parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from ..errors import NotFoundError, UntrustedDataError, UnwrappedError
from . import artifacts
from .client import ChainClient
from .collective import Collective
from .contract import Contract
from .deploy import ORDER, SIBLINGS, create_address, windows
from .deployments import Deployment
from .profiles import PROFILES

_CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was compared, as a sentence that is true if `ok`."""

    ok: bool
    claim: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found. `arguments` are the constructors', by contract; `profile` is dev, live or custom.

    `deployment` is there only if everything is as it should be.
    """

    genesis: str
    findings: tuple[Finding, ...]
    arguments: Mapping[str, Mapping[str, Any]]
    profile: str
    deployment: Deployment | None

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)

    @property
    def differences(self) -> list[str]:
        """What is not as it should be."""
        return [finding.claim for finding in self.findings if not finding.ok]


def verify(client: ChainClient, address: str, *, first_block: int = 0) -> Verification:
    """Compare the collective at a Genesis or governor address with this package.

    `first_block`: the search for its creation begins there. Raises NotFoundError where no contract is.
    """
    code = client.code(address)
    if not code:
        raise NotFoundError(
            f"There is no contract at {address} on chain {client.chain_id}.",
            hint="Check the address, and that the RPC is the chain the collective is on.",
        )
    genesis = address if artifacts.load("Genesis").matches(code) else _creator(client, address, first_block)
    if genesis is None:
        claim = f"{address} is a Genesis of this package, or was created by one"
        return Verification(address, (Finding(False, claim),), {}, _CUSTOM, None)
    addresses = {name: create_address(genesis, i) for i, name in enumerate(ORDER, start=1)}
    findings = list(_genesis_findings(client, genesis, address, addresses))
    findings += _code_findings(client, addresses)
    created = _creations(client, genesis, first_block)
    arguments: dict[str, dict[str, Any]] = {}
    for step, (name, expected) in enumerate(addresses.items()):
        found = created.get(step)
        given = _arguments(name, found[1]) if found and found[0].lower() == expected.lower() else None
        findings.append(
            Finding(given is not None, f"{name} was created by Genesis from the shipped code, its constructor included")
        )
        if given is not None:
            arguments[name] = given
            findings += _sibling_findings(name, given, addresses)
    profile = _profile(arguments)
    ok = all(finding.ok for finding in findings)
    block = min((found[2] for found in created.values()), default=0)
    deployment = _deployment(client, genesis, addresses, arguments, profile, block) if ok else None
    return Verification(genesis, tuple(findings), arguments, profile, deployment)


def unlike_shipped(collective: Collective) -> list[str]:
    """The contracts of a collective whose code is not the one that this package ships, by name."""
    code, addresses = collective.client.code, collective.deployment.addresses
    return [name for name, address in addresses.items() if not artifacts.load(name).matches(code(address))]


@contextmanager
def told_by_other_code(collective: Collective) -> Iterator[None]:
    """If what contracts said cannot be used, and they are not those that ship with this package, say that instead.

    Raises UntrustedDataError then; else what was raised.
    """
    try:
        yield
    except UnwrappedError as problem:
        others = unlike_shipped(collective)
        if not others:
            raise
        raise UntrustedDataError(
            f"{', '.join(others)} of this collective: other code than this package ships, so what it says is not "
            f"understood here ({problem.message.rstrip('.')}).",
            hint="`unwrapped-dao collective verify` tells what differs; use the version of this package that the "
            "collective was deployed with.",
        ) from problem


def _genesis_findings(client: ChainClient, genesis: str, asked: str, addresses: Mapping[str, str]) -> Iterator[Finding]:
    contract = Contract(client, artifacts.abi("Genesis"), genesis)
    yield Finding(
        artifacts.load("Genesis").matches(client.code(genesis)), f"Genesis at {genesis} runs the shipped code"
    )
    step, steps = contract.call("step"), contract.call("steps")
    yield Finding(step == steps == len(ORDER), f"Genesis made all {len(ORDER)} contracts and can do nothing any more")
    if asked.lower() != genesis.lower():
        governor = addresses["DataGovernor"]
        yield Finding(asked.lower() == governor.lower(), f"{asked} is the governor of the collective at {genesis}")


def _code_findings(client: ChainClient, addresses: Mapping[str, str]) -> Iterator[Finding]:
    """Deployed code, and the addresses that constructors wrote into it."""
    for name, address in addresses.items():
        artifact, code = artifacts.load(name), client.code(address)
        matches = artifact.matches(code)
        yield Finding(matches, f"{name} at {address} runs the shipped code")
        if not matches:
            continue
        for place, value in artifact.immutable_values(code).items():
            short = place.rsplit(".", 1)[1].strip("_")
            if short == "cachedThis":
                yield Finding(value[-20:].hex() == address[2:].lower(), f"{name} signs for its own address")
            elif short in SIBLINGS:
                expected = addresses[SIBLINGS[short]]
                yield Finding(
                    value[-20:].hex() == expected[2:].lower(), f"{name} relies on this collective's {SIBLINGS[short]}"
                )


def _creator(client: ChainClient, address: str, first_block: int) -> str | None:
    """The Genesis that says it created this address, if it is one of ours."""
    abi = artifacts.abi("Genesis")
    topics = abi.indexed_topics("Created", {"created": address})
    for page in client.log_pages(topics=topics, first=first_block):
        for log in page.logs:
            if artifacts.load("Genesis").matches(client.code(log["address"])):
                event = abi.decode_log(log)
                return event.contract if event else None
    return None


def _creations(client: ChainClient, genesis: str, first_block: int) -> dict[int, tuple[str, bytes, int]]:
    """step -> (created address, init code, block), from the transactions that called Genesis."""
    contract = Contract(client, artifacts.abi("Genesis"), genesis, first_block=first_block)
    found = {}
    for event in contract.events("Created"):
        transaction = client.request("eth_getTransactionByHash", [event.transaction_hash])
        if transaction is None or str(transaction.get("to")).lower() != genesis.lower():
            continue  # an event from the constructor of a false Genesis, or from a call that cannot be read back
        decoded = contract.abi.decode_call(bytes.fromhex(transaction["input"][2:]))
        if decoded is None or decoded[0] != "create":
            continue
        init_code = bytes(decoded[1]["initCode"])
        if keccak(init_code) == contract.call("plan", event["step"]):
            found[int(event["step"])] = (str(event["created"]), init_code, event.block_number)
    return found


def _arguments(name: str, init_code: bytes) -> dict[str, Any] | None:
    """Constructor arguments by name without underscores, structs opened; None if the code before them is another."""
    creation = bytes.fromhex(artifacts.load(name).bytecode[2:])
    if not init_code.startswith(creation):
        return None
    decoded = artifacts.abi(name).decode_constructor(init_code[len(creation) :])
    if decoded is None:
        return None
    flat: dict[str, Any] = {}
    for key, value in decoded.items():
        flat.update(value if isinstance(value, dict) else {key: value})
    return {key.strip("_"): value for key, value in flat.items()}


def _sibling_findings(name: str, given: Mapping[str, Any], addresses: Mapping[str, str]) -> Iterator[Finding]:
    for key, value in given.items():
        if key in SIBLINGS:
            claim = f"{name} was given this collective's {SIBLINGS[key]}"
            yield Finding(str(value).lower() == addresses[SIBLINGS[key]].lower(), claim)


def _profile(arguments: Mapping[str, Mapping[str, Any]]) -> str:
    """Which shipped profile the windows are, exactly."""
    given: dict[str, Any] = {}
    for values in arguments.values():
        given |= values
    for name, profile in PROFILES.items():
        if all(given.get(key) == value for key, value in windows(profile).items()):
            return name
    return _CUSTOM


def _deployment(
    client: ChainClient,
    genesis: str,
    addresses: Mapping[str, str],
    arguments: Mapping[str, Mapping[str, Any]],
    profile: str,
    block: int,
) -> Deployment:
    """A record of the collective, for a workspace that joins it."""
    return Deployment(
        name=str(arguments["DataGovernor"]["name"]),
        profile="live" if profile == "live" else "dev",  # whatever is not exactly live gets the louder words
        chain_id=client.chain_id,
        block_number=block,
        block_hash=client.block_hash(block) or "",
        genesis=genesis,
        addresses=dict(addresses),
        parameters={key: _plain(value) for values in arguments.values() for key, value in values.items()},
    )


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
