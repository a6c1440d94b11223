"""The record that vouches for a validator's encryption key: made by its account, verified by members."""

from __future__ import annotations

from ..chain import eip712
from ..chain.collective import Collective
from ..chain.signer import Signer
from ..errors import AttestationError, ValidatorUnavailableError
from .wire import KeyRecord

VALIDITY_S = 7 * 86_400
"""A key that was replaced, and stolen later, is of use for at most a week."""


def make_record(collective: Collective, account: Signer, public_key: bytes, max_request_bytes: int) -> KeyRecord:
    """Signed now, valid for a week of the chain's time."""
    expiry = collective.client.now() + VALIDITY_S
    message = eip712.EncryptionKey(account.address, public_key, expiry)
    signature = eip712.sign(account, _domain(collective), message)
    return KeyRecord(
        chain_id=collective.client.chain_id,
        registry=collective.registry.address,
        validator=str(account.address),
        key=public_key.hex(),
        expiry=expiry,
        signature=signature.hex(),
        max_request_bytes=max_request_bytes,
    )


def verify_record(collective: Collective, record: KeyRecord) -> None:
    """Raises AttestationError unless a current validator of this collective vouches for the key now.

    An expired record is a ValidatorUnavailableError: its validator is asleep, not a liar.
    """
    if record.chain_id != collective.client.chain_id or record.registry.lower() != collective.registry.address.lower():
        raise AttestationError(
            "It serves another collective, or the same one on another chain.",
            hint="Check its URL, and the collective of this workspace.",
        )
    message = eip712.EncryptionKey(record.validator, bytes.fromhex(record.key), record.expiry)
    try:
        eip712.require_signed_by(record.validator, _domain(collective), message, bytes.fromhex(record.signature))
    except AttestationError:
        raise AttestationError(
            f"Its encryption key is not vouched for by {record.validator}: somebody may sit in between.",
            hint="Send it nothing; ask the validator for its URL on another way, and tell the collective.",
        ) from None
    if not collective.registry.is_validator(record.validator):
        raise AttestationError(
            f"{record.validator} is no current validator of this collective.",
            hint="See who is with `unwrapped-dao validator status`.",
        )
    if record.expiry <= collective.client.now():
        raise ValidatorUnavailableError(
            "Its encryption key's record has expired.", hint="Try again in a minute; a running validator renews it."
        )


def _domain(collective: Collective) -> eip712.Domain:
    return eip712.read_domain(collective.client, collective.registry.address)
