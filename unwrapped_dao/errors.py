"""Every error of the package, as one tree whose branches say what the reader can do.

UnwrappedError
├── InputError            fix what you gave
│   ├── ExportError           the file is not an export, is damaged, or is unsafe to open
│   │   └── NothingToReadError    it opens, and nothing in it is of this kind
│   ├── SettingsError         an option, a path or the workspace does not fit
│   └── PassphraseError       the passphrase does not open this keyfile
├── TemporaryError        nothing is lost: try again
│   ├── RpcUnavailableError   the chain's RPC does not answer
│   ├── FeeTooLowError        the chain asks for more than is offered, or than may be
│   ├── StorageUnavailableError  the storage node does not answer, or this machine's disk is full
│   ├── ValidatorUnavailableError  a validator's service does not answer
│   ├── IndexUnavailableError  the index that the validators share cannot be reached or trusted
│   └── WorkspaceBusyError    another command holds the workspace
├── UntrustedDataError    do not use these bytes
│   ├── EnvelopeError         the envelope is malformed or was altered
│   ├── CapsuleError          the wrapped data key is malformed, altered, or not for this key
│   ├── SealedRequestError    a sealed request or its answer is malformed, altered, or not for this key
│   ├── PointError            bytes that are no valid curve point or scalar
│   ├── DealError             a dealer, a receiver or a complaint of a key generation does not keep to it
│   ├── DeliveryError         a share or a delivered node key fails its pairing equation
│   ├── RowsError             what an envelope holds are no rows of its scope, or too many
│   ├── AttestationError      a validator's signature does not cover these bytes
│   └── ContentMismatchError  the bytes do not hash to their CID
└── NotAllowedError       the rules say no
    ├── ContractRefusedError  a contract reverted; names the contract's own error
    └── NotFoundError         no such pool, sale, proposal, member or file

Every error carries one sentence of advice in `hint`; the command line and the pages print it.
"""

from __future__ import annotations

from typing import Any, Literal

#: What is wrong with an envelope or a capsule: the classes of docs/spec/envelope.md.
EnvelopeFault = Literal[
    "malformed", "version", "context", "truncated", "trailing", "header", "payload", "padding", "compression"
]
CapsuleFault = Literal["malformed", "node", "commit", "wrap", "randomness"]
#: What is wrong with a sealed request or its answer: the classes of docs/spec/sealed-request.md.
SealedRequestFault = Literal["malformed", "version", "key", "truncated", "trailing", "payload", "padding"]


class UnwrappedError(Exception):
    """Base of every error raised on purpose by this package.

    `message` is one clear sentence; `hint` is one sentence of advice. Neither ever holds a secret.
    """

    default_hint = "Run `unwrapped-dao doctor` to check this machine."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint


class InputError(UnwrappedError):
    """What was given cannot be used; giving something else helps."""

    default_hint = "Check the value and run the command again."


class ExportError(InputError):
    """A member's export file is not an export, is damaged, or is unsafe to open."""

    default_hint = "Give the zip or folder exactly as the service sent it, unopened and unedited."


class NothingToReadError(ExportError):
    """The export opens, and no file in it is of this kind."""


class SettingsError(InputError):
    """An option, a path or the workspace does not fit."""

    default_hint = "See `unwrapped-dao --help` for the options and their defaults."


def missing_package(missing: ModuleNotFoundError) -> SettingsError | None:
    """What to tell of a package that the light install leaves out; None if it is one of this package's own modules."""
    package = (missing.name or "").partition(".")[0]
    if package in ("", __package__):
        return None
    return SettingsError(
        f"This needs the package {package}, which the light install leaves out.",
        hint="Install the rest with `pip install 'unwrapped-dao[all]'`.",
    )


class PassphraseError(InputError):
    """The passphrase does not open this keyfile."""

    default_hint = "Try the passphrase again; without it the keyfile cannot be opened by anybody."


class TemporaryError(UnwrappedError):
    """Nothing is lost; the same call may go through later."""

    default_hint = "Nothing was lost; run the same command again."


class RpcUnavailableError(TemporaryError):
    """The chain's RPC does not answer, or answers nonsense."""

    default_hint = "Check that the node is running and that --rpc names it; nothing was sent twice."


class FeeTooLowError(TemporaryError):
    """A transaction is not mined because the chain asks for a higher fee than is offered, or than may be offered."""

    default_hint = "Run the same command again when the chain asks for less; nothing is sent twice."


class StorageUnavailableError(TemporaryError):
    """The storage node does not answer or dropped the connection, or this machine's disk is full or fails."""

    default_hint = "Check that the IPFS daemon is running and that --ipfs names it, then run the command again."


class ValidatorUnavailableError(TemporaryError):
    """A validator's service does not answer, is too busy, or gave no whole answer."""

    default_hint = "Try again later, or name another validator; nothing was recorded."


class IndexUnavailableError(TemporaryError):
    """The index that a collective's validators share cannot be reached, or shows another history than before."""

    default_hint = "Check that the host of the index runs and that --index names it; nothing was attested without it."


class WorkspaceBusyError(TemporaryError):
    """Another command is using the workspace."""

    default_hint = "Wait for the other command to finish, then run this one again."


class UntrustedDataError(UnwrappedError):
    """These bytes are not what they claim to be; nothing of them was used."""

    default_hint = "Do not use this data; ask its sender for it again."


class EnvelopeError(UntrustedDataError):
    """The envelope is malformed, cut short, or was altered; `kind` says which."""

    def __init__(self, message: str, *, kind: EnvelopeFault = "malformed", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.kind: EnvelopeFault = kind


class CapsuleError(UntrustedDataError):
    """The wrapped data key is malformed, altered, or not for the key that was tried; `kind` says which."""

    def __init__(self, message: str, *, kind: CapsuleFault = "malformed", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.kind: CapsuleFault = kind


class SealedRequestError(UntrustedDataError):
    """A sealed request or answer is malformed, cut short, altered, or sealed to another key; `kind` says which."""

    default_hint = "Ask for the validator's present encryption key and seal the request anew."

    def __init__(self, message: str, *, kind: SealedRequestFault = "malformed", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.kind: SealedRequestFault = kind


class PointError(UntrustedDataError):
    """Bytes that are no canonical scalar, or no valid point of the curve or its subgroup."""


class DealError(UntrustedDataError):
    """In a key generation: a proof, a dealt share, a complaint or a published share key that is wrong."""

    default_hint = "Nothing was signed with it; look at the board with `unwrapped-dao custodian status`."


class DeliveryError(UntrustedDataError):
    """A custodian's share or a delivered node key fails its pairing equation."""


class RowsError(UntrustedDataError):
    """The bytes are not the canonical rows of their scope, or more than a contribution may hold."""


class AttestationError(UntrustedDataError):
    """A validator's attestation is missing, expired, or does not cover these bytes."""


class ContentMismatchError(UntrustedDataError):
    """The bytes that came back do not hash to the CID that was asked for."""

    default_hint = "The storage node returned other bytes than asked for; use another node."


class NotAllowedError(UnwrappedError):
    """The rules of the collective or the state of the chain say no."""

    default_hint = "Look at the current state with `unwrapped-dao collective status`."


class ContractRefusedError(NotAllowedError):
    """A contract reverted. `error` is the contract's own error name, `args_by_name` its facts."""

    def __init__(
        self, message: str, *, error: str = "", args_by_name: dict[str, Any] | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.error = error
        self.args_by_name = args_by_name or {}


class NotFoundError(NotAllowedError):
    """There is no such pool, sale, proposal, member or file."""

    default_hint = "Check the name or number; the `list` commands show what exists."
