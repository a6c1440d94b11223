"""Members' signed requests, as small JSON files that travel to a relayer.

A request is an EIP-712 message and its signature; the file also names the chain and the contract, so that a relayer
sees at once that it is of another collective. Nothing in it is secret, and nothing in it is believed: `verified` is
the only door to `VerifiedRequest`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from ..errors import AttestationError, InputError, UntrustedDataError
from . import eip712
from .collective import Collective
from .signer import Signer

FORMAT: Final = "unwrapped-dao/request/1"
LARGEST_FILE = 65_536

Sort = Literal["join", "leave", "ballot", "opt-out", "contribution", "withdrawal"]

MESSAGES: dict[Sort, type[eip712.Message]] = {
    "join": eip712.Join,
    "leave": eip712.Leave,
    "ballot": eip712.Ballot,
    "opt-out": eip712.OptOut,
    "contribution": eip712.Consent,
    "withdrawal": eip712.Withdrawal,
}


class Attested(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What validators found of a contribution, and their signatures by address. `expiry` is the signatures'."""

    weight: int
    fingerprint: str
    report: str
    expiry: int
    signatures: dict[str, str]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file. `fields` are those of the message, in order: integers as decimal text, bytes as 0x-hex."""

    format: Literal["unwrapped-dao/request/1"]
    sort: Sort
    chain_id: int
    contract: str
    member: str
    fields: dict[str, str]
    signature: str
    attested: Attested | None = None
    """Of a contribution, whose message is the member's consent."""


@dataclass(frozen=True, slots=True)
class VerifiedRequest:
    """A request whose signature is its member's, for this collective."""

    sort: Sort
    member: str
    message: eip712.Message
    signature: bytes
    contribution: eip712.Contribution | None = None
    attestations: dict[str, bytes] = field(default_factory=dict)
    """Of a contribution: what validators signed, and their signatures by address, each verified."""


def address_of(collective: Collective, sort: Sort) -> str:
    """The contract that takes requests of this sort."""
    places = {
        "join": collective.membership.address,
        "leave": collective.membership.address,
        "ballot": collective.governor.address,
        "opt-out": collective.market.address,
        "contribution": collective.registry.address,
        "withdrawal": collective.registry.address,
    }
    return places[sort]


def signed(
    collective: Collective, signer: Signer, sort: Sort, message: eip712.Message, attested: Attested | None = None
) -> Request:
    """A member's request, signed."""
    contract = address_of(collective, sort)
    domain = eip712.read_domain(collective.client, contract)
    values = zip(message.fields(), msgspec.structs.astuple(message), strict=True)
    return Request(
        format=FORMAT,
        sort=sort,
        chain_id=domain.chain_id,
        contract=contract,
        member=str(signer.address),
        fields={name: _text(value) for (_, name), value in values},
        signature="0x" + eip712.sign(signer, domain, message).hex(),
        attested=attested,
    )


def write(request: Request, path: Path) -> None:
    """The file of a request."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(request), indent=2) + b"\n")


def read(path: Path) -> Request:
    """A request from somebody's file. Raises UntrustedDataError for what is none."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.") from None
    if len(raw) > LARGEST_FILE:
        raise UntrustedDataError(f"{path} is too large to be a request.")
    try:
        return msgspec.json.decode(raw, type=Request)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UntrustedDataError(
            f"{path} is no signed request.", hint=f"A request is one of: {', '.join(get_args(Sort))}."
        ) from None


def verified(collective: Collective, request: Request) -> VerifiedRequest:
    """The message, once the signature is found to be the member's. Raises AttestationError, UntrustedDataError."""
    contract = address_of(collective, request.sort)
    if request.chain_id != collective.client.chain_id or request.contract.lower() != contract.lower():
        raise AttestationError(
            f"The {request.sort} of {request.member} is for another collective or chain.",
            hint="Relay it with the workspace of that collective.",
        )
    kind = MESSAGES[request.sort]
    try:
        values = [_value(solidity, request.fields[name]) for solidity, name in kind.fields()]
        signature = bytes.fromhex(request.signature.removeprefix("0x"))
    except (KeyError, ValueError):
        raise UntrustedDataError(f"The {request.sort} of {request.member} is malformed.") from None
    message = kind(*values)
    if len(request.fields) != len(values) or getattr(message, "member", request.member) != request.member:
        raise UntrustedDataError(f"The {request.sort} of {request.member} is malformed.")
    try:
        domain = eip712.read_domain(collective.client, contract)
        eip712.require_signed_by(request.member, domain, message, signature)
    except InputError:  # a value beyond its type
        raise UntrustedDataError(f"The {request.sort} of {request.member} is malformed.") from None
    if not isinstance(message, eip712.Consent):
        return VerifiedRequest(request.sort, request.member, message, signature)
    contribution, attestations = _attested(domain, request, message)
    return VerifiedRequest(request.sort, request.member, message, signature, contribution, attestations)


def _attested(
    domain: eip712.Domain, request: Request, consent: eip712.Consent
) -> tuple[eip712.Contribution, dict[str, bytes]]:
    """What validators signed of a contribution; each signature is found to be of the address that it stands under."""
    found = request.attested
    if found is None:
        raise UntrustedDataError(f"The contribution of {request.member} says nothing of its attestations.")
    try:
        contribution = eip712.Contribution(
            request.member,
            consent.scope_id,
            consent.epoch,
            consent.version,
            consent.content,
            found.weight,
            bytes.fromhex(found.fingerprint.removeprefix("0x")),
            bytes.fromhex(found.report.removeprefix("0x")),
            found.expiry,
        )
        signatures = {who: bytes.fromhex(text.removeprefix("0x")) for who, text in found.signatures.items()}
        for who, signature in signatures.items():
            eip712.require_signed_by(who, domain, contribution, signature)
    except (ValueError, InputError):
        raise UntrustedDataError(f"The contribution of {request.member} is malformed.") from None
    return contribution, signatures


def _text(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def _value(solidity: str, text: str) -> object:
    if solidity.startswith("bytes"):
        return bytes.fromhex(text.removeprefix("0x"))
    return text if solidity == "address" else int(text)
