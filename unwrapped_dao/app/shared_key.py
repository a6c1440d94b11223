"""The validators' shared key on its way from one workspace to another: sealed to the other validator's encryption key.

The file is a sealed request (docs/spec/sealed-request.md) whose manifest is {"ask":"shared-key"} and whose records are
the key: only the named validator of this collective opens it, whatever way it takes.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from ..chain.collective import Collective
from ..crypto import sealed_request
from ..crypto.sealed_request import EncryptionKey, OpenedRequest, Recipient
from ..errors import InputError, SealedRequestError, UntrustedDataError
from ..validation import FingerprintKey

_MANIFEST: Final = b'{"ask":"shared-key"}'
_LONGEST: Final = 4_096


def seal_to(collective: Collective, key: FingerprintKey, address: str, encryption_key: str) -> bytes:
    """The file for the validator at `address`, whose encryption key in hex is this. Raises InputError."""
    try:
        public = bytes.fromhex(encryption_key)
        sink = io.BytesIO()
        sealed_request.seal(sink, public, _recipient(collective, address), _MANIFEST, records=key.to_secret_bytes())
    except (ValueError, SealedRequestError):
        raise InputError(
            f"{encryption_key[:80]!r} is no encryption key.",
            hint='It is what `validator setup` prints on the other machine after "members seal to".',
        ) from None
    return sink.getvalue()


def open_sealed(collective: Collective, path: Path, address: str, encryption_key: EncryptionKey) -> FingerprintKey:
    """The key in such a file. Raises InputError for no file, UntrustedDataError for what is not sealed to this one."""
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST)
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror or problem}.") from problem
    try:
        opened = OpenedRequest(io.BytesIO(data), encryption_key, _recipient(collective, address))
        secret = opened.read_records()
        opened.copy_envelope(io.BytesIO())
    except SealedRequestError as problem:
        raise UntrustedDataError(
            f"{path.name} is no shared key sealed to this validator.",
            hint="Ask for it anew: `validator share-key` needs this validator's address and present encryption key.",
        ) from problem
    if opened.manifest != _MANIFEST or len(secret) != 32:
        raise UntrustedDataError(f"{path.name} holds something else than a shared key.")
    return FingerprintKey(secret)


def _recipient(collective: Collective, address: str) -> Recipient:
    return Recipient.of(collective.client.chain_id, collective.registry.address, address)
