"""EIP-712 messages: equal to eth_account's encoding, to the type strings of the contracts, and to nobody else's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_account.signers.local import LocalAccount
from hypothesis import given
from hypothesis import strategies as st

from unwrapped_dao.chain import eip712
from unwrapped_dao.errors import AttestationError, InputError

ROOT = Path(__file__).parents[3]
DOMAIN = eip712.Domain("unwrapped-dao registry", "1", 0x756E, "0x" + "11" * 20)
SIGNER: LocalAccount = Account.from_key("0x" + "07" * 32)
WORD = [bytes([n]) * 32 for n in range(6)]
MESSAGES: list[eip712.Message] = [
    eip712.Consent(WORD[1], 1, 2, WORD[2], 99),
    eip712.Contribution(SIGNER.address, WORD[1], 1, 2, WORD[2], 5, WORD[3], WORD[4], 99),
    eip712.Contributions(WORD[1], 9),
    eip712.Withdrawal(WORD[1], 1, 2, 3),
    eip712.Join(SIGNER.address, 0, 9),
    eip712.OptOut(WORD[5], 9),
    eip712.Ballot(2**255, 1),
    eip712.ConsentReceipt(
        SIGNER.address, WORD[1], (WORD[2], WORD[3]), WORD[4], 1, 2, WORD[5], WORD[0], WORD[1], (SIGNER.address,), 7, 99
    ),
    eip712.ConsentReceipt(SIGNER.address, WORD[1], (), WORD[4], 1, 2, WORD[5], WORD[0], WORD[1], (), 7, 99),
    eip712.EncryptionKey(SIGNER.address, WORD[1], 99),
    eip712.DataRequest(SIGNER.address, SIGNER.address, True, 99),
    eip712.IndexEntry(WORD[1]),
    eip712.IndexQuery(SIGNER.address, 7, WORD[1], 99),
]


def _name(message: eip712.Message) -> str:
    return type(message).__name__


@pytest.mark.parametrize("message", MESSAGES, ids=_name)
def test_the_digest_is_eip_712s(message: eip712.Message) -> None:
    signable = encode_typed_data(full_message=eip712.typed_data(DOMAIN, message))
    assert _hash_eip191_message(signable) == eip712.digest(DOMAIN, message)


@pytest.mark.parametrize("message", MESSAGES, ids=_name)
def test_a_type_string_that_a_contract_has_is_exactly_ours(message: eip712.Message) -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "contracts").glob("*.sol"))
    found = re.findall(rf'"({_name(message)}\([^"]*\))"', sources)
    assert set(found) <= {message.TYPE}
    if isinstance(message, (eip712.Consent, eip712.Contribution, eip712.Join, eip712.Withdrawal, eip712.OptOut)):
        assert found, "a contract verifies this message"


@pytest.mark.parametrize("message", MESSAGES, ids=_name)
def test_a_signature_has_64_bytes_and_names_its_signer(message: eip712.Message) -> None:
    signature = eip712.sign(SIGNER, DOMAIN, message)
    assert len(signature) == 64
    assert eip712.recover(DOMAIN, message, signature) == SIGNER.address
    eip712.require_signed_by(SIGNER.address.lower(), DOMAIN, message, signature)


@pytest.mark.parametrize(
    "elsewhere",
    [
        msgspec.structs.replace(DOMAIN, chain_id=1),
        msgspec.structs.replace(DOMAIN, verifying_contract="0x" + "12" * 20),
        msgspec.structs.replace(DOMAIN, version="2"),
        msgspec.structs.replace(DOMAIN, name="unwrapped-dao market"),
    ],
)
def test_a_signature_is_valid_for_one_contract_on_one_chain(elsewhere: eip712.Domain) -> None:
    signature = eip712.sign(SIGNER, DOMAIN, MESSAGES[0])
    with pytest.raises(AttestationError):
        eip712.require_signed_by(SIGNER.address, elsewhere, MESSAGES[0], signature)


@pytest.mark.parametrize("message", MESSAGES, ids=_name)
def test_changing_any_field_changes_who_signed(message: eip712.Message) -> None:
    signature = eip712.sign(SIGNER, DOMAIN, message)
    for field in message.__struct_fields__:
        value = getattr(message, field)
        other: Any = {
            int: lambda v: v + 1,
            bool: lambda v: not v,
            bytes: lambda v: b"\xee" * 32,
            str: lambda v: "0x" + "99" * 20,
            tuple: lambda v: v[1:] or (*v, *v),
        }[type(value)](value)
        if other == value:  # an empty array
            other = ("0x" + "99" * 20,) if field == "validators" else (b"\xee" * 32,)
        with pytest.raises(AttestationError):
            changed = msgspec.structs.replace(message, **{field: other})
            eip712.require_signed_by(SIGNER.address, DOMAIN, changed, signature)


def test_a_device_that_does_not_normalise_still_gives_low_s() -> None:
    class Raw:
        address = SIGNER.address

        def sign_transaction(self, transaction_dict: dict[str, Any]) -> Any:
            raise NotImplementedError

        def unsafe_sign_hash(self, message_hash: Any) -> Any:
            signed = SIGNER.unsafe_sign_hash(message_hash)
            return type("High", (), {"r": signed.r, "s": eip712.SECP256K1_N - signed.s, "v": 55 - signed.v})

    assert eip712.sign(Raw(), DOMAIN, MESSAGES[0]) == eip712.sign(SIGNER, DOMAIN, MESSAGES[0])


def test_the_malleable_twin_is_refused() -> None:
    signature = eip712.sign(SIGNER, DOMAIN, MESSAGES[0])
    packed = int.from_bytes(signature[32:], "big")
    parity, s = packed >> 255, packed & ((1 << 255) - 1)
    twin = signature[:32] + ((1 - parity) << 255 | (eip712.SECP256K1_N - s) & ((1 << 255) - 1)).to_bytes(32, "big")
    with pytest.raises(AttestationError):
        eip712.require_signed_by(SIGNER.address, DOMAIN, MESSAGES[0], twin)


@given(st.binary(max_size=130) | st.binary(min_size=64, max_size=64))
def test_foreign_signatures_are_refused_and_never_crash(signature: bytes) -> None:
    with pytest.raises(AttestationError):
        eip712.require_signed_by(SIGNER.address, DOMAIN, MESSAGES[0], signature)


@pytest.mark.parametrize(
    "message",
    [
        eip712.Consent(b"short", 1, 2, WORD[2], 99),
        eip712.Consent(WORD[1] + b"\x00", 1, 2, WORD[2], 99),
        eip712.Consent(WORD[1], 1 << 64, 2, WORD[2], 99),
        eip712.Join("nobody", 1, 2),
        eip712.OptOut(WORD[1], -1),
    ],
)
def test_values_that_do_not_fit_are_not_signed(message: eip712.Message) -> None:
    with pytest.raises(InputError):
        eip712.sign(SIGNER, DOMAIN, message)
