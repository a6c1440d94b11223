"""What people sign off-chain: EIP-712 messages of the collective, as 64-byte EIP-2098 signatures with low s.

Each message is a frozen value whose fields stand in the order of its type. A signature is valid for one contract on
one chain, since the domain names both; `read_domain` asks the contract (EIP-5267), so that nothing is guessed.

Sources: EIP-712, EIP-2098, EIP-2 (low s), EIP-5267; the type strings stand in contracts/interfaces/.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_hash.auto import keccak
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.exceptions import ValidationError

from ..errors import AttestationError, InputError, NotFoundError
from .abi import Abi, require_exact_length
from .client import ChainClient
from .signer import Signer

LENGTH = 64
SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_ALL_FOUR_FIELDS = 0b01111


class Domain(msgspec.Struct, frozen=True):
    """Where a signature is valid."""

    name: str
    version: str
    chain_id: int
    verifying_contract: str

    def separator(self) -> bytes:
        """EIP-712's domainSeparator."""
        words = (
            keccak(_DOMAIN_TYPE.encode()),
            keccak(self.name.encode()),
            keccak(self.version.encode()),
            self.chain_id,
            self.verifying_contract,
        )
        return bytes(keccak(encode(["bytes32", "bytes32", "bytes32", "uint256", "address"], words)))


class Message(msgspec.Struct, frozen=True):
    """Base of everything that is signed. The fields of a subclass are those of TYPE, in order."""

    TYPE: ClassVar[str]

    def struct_hash(self) -> bytes:
        """EIP-712's hashStruct. Raises InputError when a value does not fit its type."""
        types, values = [kind for kind, _ in self.fields()], msgspec.structs.astuple(self)
        try:
            pairs = [_word(kind, value) for kind, value in zip(types, values, strict=True)]
            words = encode(
                ["bytes32", *(kind for kind, _ in pairs)], [keccak(self.TYPE.encode()), *(v for _, v in pairs)]
            )
        except (EncodingError, ValueError, TypeError, OverflowError):
            raise InputError(f"A value does not fit {self.TYPE}.") from None
        return bytes(keccak(words))

    @classmethod
    def fields(cls) -> list[tuple[str, str]]:
        """(type, name) in order."""
        inside = cls.TYPE[cls.TYPE.index("(") + 1 : -1]
        return [(kind, name) for kind, name in (field.split(" ") for field in inside.split(","))]


class Consent(Message, frozen=True):
    """A member lets anyone record this version of their contribution. Domain: ContributionRegistry."""

    TYPE: ClassVar[str] = "Consent(bytes32 scopeId,uint64 epoch,uint32 version,bytes32 content,uint64 expiry)"
    scope_id: bytes
    epoch: int
    version: int
    content: bytes
    expiry: int


class Contribution(Message, frozen=True):
    """A validator attests a contribution, weight and report included. Domain: ContributionRegistry."""

    TYPE: ClassVar[str] = (
        "Contribution(address member,bytes32 scopeId,uint64 epoch,uint32 version,bytes32 content,uint32 weight,"
        "bytes32 fingerprint,bytes32 report,uint64 expiry)"
    )
    member: str
    scope_id: bytes
    epoch: int
    version: int
    content: bytes
    weight: int
    fingerprint: bytes
    report: bytes
    expiry: int


class Contributions(Message, frozen=True):
    """A validator attests a relayed batch by the hash of its items. Domain: ContributionRegistry."""

    TYPE: ClassVar[str] = "Contributions(bytes32 itemsHash,uint64 expiry)"
    items_hash: bytes
    expiry: int


class Withdrawal(Message, frozen=True):
    """A member lets anyone withdraw this live version. Domain: ContributionRegistry."""

    TYPE: ClassVar[str] = "Withdrawal(bytes32 scopeId,uint64 epoch,uint32 version,uint64 expiry)"
    scope_id: bytes
    epoch: int
    version: int
    expiry: int


class Join(Message, frozen=True):
    """An address joins; `joins` is its present counter, so it works once. Domain: MembershipToken."""

    TYPE: ClassVar[str] = "Join(address member,uint16 joins,uint64 expiry)"
    member: str
    joins: int
    expiry: int


class Leave(Message, frozen=True):
    """A member leaves; `joins` is its present counter, so it never ends a later membership. Domain: MembershipToken."""

    TYPE: ClassVar[str] = "Leave(address member,uint16 joins,uint64 expiry)"
    member: str
    joins: int
    expiry: int


class OptOut(Message, frozen=True):
    """A member opts out of one sale or listing. Domain: DataMarket."""

    TYPE: ClassVar[str] = "OptOut(bytes32 target,uint64 expiry)"
    target: bytes
    expiry: int


class Ballot(Message, frozen=True):
    """A member votes: 0 against, 1 for, 2 abstain. No nonce: the bitmap counts it once. Domain: DataGovernor."""

    TYPE: ClassVar[str] = "Ballot(uint256 proposalId,uint8 support)"
    proposal_id: int
    support: int


class ConsentReceipt(Message, frozen=True):
    """What a member agreed to before its data left its machine; no contract reads it. Domain: ContributionRegistry.

    `rows` and `records` are SHA-256 of the bytes that buyers may see and that `validators` see.
    """

    TYPE: ClassVar[str] = (
        "ConsentReceipt(address member,bytes32 scopeId,bytes32[] purposes,bytes32 baseTerms,uint64 epoch,"
        "uint32 version,bytes32 content,bytes32 rows,bytes32 records,address[] validators,uint64 signedAt,"
        "uint64 expiry)"
    )
    member: str
    scope_id: bytes
    purposes: tuple[bytes, ...]
    base_terms: bytes
    epoch: int
    version: int
    content: bytes
    rows: bytes
    records: bytes
    validators: tuple[str, ...]
    signed_at: int
    expiry: int


class EncryptionKey(Message, frozen=True):
    """A validator vouches for the key that members seal to; no contract reads it. Domain: ContributionRegistry."""

    TYPE: ClassVar[str] = "EncryptionKey(address validator,bytes32 key,uint64 expiry)"
    validator: str
    key: bytes
    expiry: int


class DataRequest(Message, frozen=True):
    """A member asks a validator what it holds, or to erase what it may; no contract reads it.

    Domain: ContributionRegistry.
    """

    TYPE: ClassVar[str] = "DataRequest(address member,address validator,bool erase,uint64 expiry)"
    member: str
    validator: str
    erase: bool
    expiry: int


class IndexEntry(Message, frozen=True):
    """A validator stands for an entry of the index log by the head that it makes; no contract reads it.

    Domain: ContributionRegistry.
    """

    TYPE: ClassVar[str] = "IndexEntry(bytes32 head)"
    head: bytes


class IndexQuery(Message, frozen=True):
    """A validator asks the index log for what follows a position; no contract reads it.

    Domain: ContributionRegistry.
    """

    TYPE: ClassVar[str] = "IndexQuery(address validator,uint64 position,bytes32 head,uint64 expiry)"
    validator: str
    position: int
    head: bytes
    expiry: int


def digest(domain: Domain, message: Message) -> bytes:
    """The 32 bytes that are signed."""
    return bytes(keccak(b"\x19\x01" + domain.separator() + message.struct_hash()))


def sign(signer: Signer, domain: Domain, message: Message) -> bytes:
    """A 64-byte signature: r, then s with the parity of y in its top bit (EIP-2098)."""
    signed = signer.unsafe_sign_hash(digest(domain, message))
    parity, s = int(signed.v) - 27, int(signed.s)
    if s > SECP256K1_N // 2:  # a device may not normalise; both signatures are the same one
        s, parity = SECP256K1_N - s, 1 - parity
    return int(signed.r).to_bytes(32, "big") + (parity << 255 | s).to_bytes(32, "big")


def recover(domain: Domain, message: Message, signature: bytes) -> str:
    """Who signed. Raises AttestationError for what no contract accepts: wrong length, high s, no such point."""
    if len(signature) != LENGTH:
        raise AttestationError(f"A signature has {LENGTH} bytes, this one {len(signature)}.")
    packed = int.from_bytes(signature[32:], "big")
    parity, r, s = packed >> 255, int.from_bytes(signature[:32], "big"), packed & ((1 << 255) - 1)
    if s > SECP256K1_N // 2:
        raise AttestationError("The signature is in its malleable form (high s).")
    try:
        found = Signature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(digest(domain, message))
    except (BadSignature, ValidationError):
        raise AttestationError("The signature is of no key.") from None
    return to_checksum_address(found.to_canonical_address())


def require_signed_by(expected: str, domain: Domain, message: Message, signature: bytes) -> None:
    """Raises AttestationError unless `expected` signed exactly this."""
    found = recover(domain, message, signature)
    if found.lower() != expected.lower():
        raise AttestationError(f"The signature is not {expected}'s: over these bytes it is {found}'s.")


def typed_data(domain: Domain, message: Message) -> dict[str, Any]:
    """The same as JSON for a wallet's eth_signTypedData_v4."""
    fields = message.fields()
    values = dict(zip((name for _, name in fields), msgspec.structs.astuple(message), strict=True))
    primary = message.TYPE[: message.TYPE.index("(")]
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            primary: [{"name": name, "type": kind} for kind, name in fields],
        },
        "primaryType": primary,
        "domain": {
            "name": domain.name,
            "version": domain.version,
            "chainId": domain.chain_id,
            "verifyingContract": domain.verifying_contract,
        },
        "message": {name: _plain(value) for name, value in values.items()},
    }


def _word(kind: str, value: Any) -> tuple[str, Any]:
    """(type, value) of the word that stands for a field; an array's is the hash of its elements' words."""
    element, array, _ = kind.partition("[]")
    for each in value if array else [value]:
        require_exact_length(element, each)
    if not array:
        return kind, value
    return "bytes32", keccak(b"".join(encode([element], [each]) for each in value))


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return "0x" + value.hex() if isinstance(value, bytes) else value


_EIP5267 = Abi(
    [
        {
            "type": "function",
            "name": "eip712Domain",
            "inputs": [],
            "outputs": [
                {"name": "fields", "type": "bytes1"},
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
                {"name": "salt", "type": "bytes32"},
                {"name": "extensions", "type": "uint256[]"},
            ],
        }
    ]
)


def read_domain(client: ChainClient, address: str) -> Domain:
    """The domain a contract verifies under. Raises NotFoundError where none is, AttestationError for a foreign one."""
    output = client.call(address, _EIP5267.encode_call("eip712Domain", ()))
    if not output:
        raise NotFoundError(f"There is no contract at {address} that says its EIP-712 domain.")
    fields, name, version, chain_id, contract, _, extensions = _EIP5267.decode_result("eip712Domain", output)
    if fields[0] != _ALL_FOUR_FIELDS or extensions or contract.lower() != address.lower():
        raise AttestationError(f"The contract at {address} verifies signatures for something else than itself.")
    if chain_id != client.chain_id:
        raise AttestationError(f"The contract at {address} says chain {chain_id}, the node says {client.chain_id}.")
    return Domain(name, version, chain_id, contract)
