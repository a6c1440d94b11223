"""A node's answer that says no, turned into an error that says why.

Nodes word one and the same revert differently: geth and Anvil answer code 3 with the revert data, Ganache
code -32000 with the data bare or inside an object, the embedded chain like geth. All become ContractRefusedError
with the contract's own error name and its facts.
"""

from __future__ import annotations

from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from ..errors import ContractRefusedError, NotAllowedError, RpcUnavailableError, UnwrappedError
from .abi import Abi
from .plain_words import plain_words
from .transport import RpcError

REASON_SELECTOR = bytes.fromhex("08c379a0")  # Error(string), of require and revert with a text
PANIC_SELECTOR = bytes.fromhex("4e487b71")  # Panic(uint256), of the compiler's own checks

# Solidity documentation, "Panic via assert and Error via require".
_PANICS = {
    0x01: "an assertion failed",
    0x11: "a number overflowed",
    0x12: "division by zero",
    0x21: "an enum value is out of range",
    0x31: "pop on an empty array",
    0x32: "an index is out of bounds",
    0x41: "too much memory was asked for",
}

TOO_LITTLE_ETHER = "The account has too little ether for this transaction's value and gas."

_REVERT_WORDS = ("revert", "vm exception", "invalid opcode", "execution error", "invalidinstruction")
_CAP_WORDS = ("intrinsic gas too high", "gas limit too high", "exceeds block gas limit")
_GAS_WORDS = ("out of gas", "outofgas", "gas required exceeds allowance", "intrinsic gas too low")


def translated(error: RpcError, errors: Abi) -> UnwrappedError:
    """The error of this package that a JSON-RPC error stands for."""
    text = error.message.lower()
    data = revert_data(error)
    if data is not None or error.code == 3 or any(word in text for word in _REVERT_WORDS):
        return refusal(data or b"", errors)
    if any(word in text for word in _CAP_WORDS):
        return ContractRefusedError(
            "This takes more gas than the chain allows in one transaction.",
            error="OutOfGas",
            hint="Do it in smaller parts.",
        )
    if any(word in text for word in _GAS_WORDS):
        return ContractRefusedError("The call needs more gas than it was given.", error="OutOfGas")
    if "insufficient funds" in text or "enough funds" in text:
        return NotAllowedError(
            TOO_LITTLE_ETHER,
            hint="Send it some ether first; on the embedded chain, a Ganache or an Anvil: "
            "`unwrapped-dao account fund NAME --eth 10`.",
        )
    return RpcUnavailableError(f"The node refused the request: {error.message} (code {error.code}).")


def revert_data(error: RpcError) -> bytes | None:
    """The bytes a contract reverted with, wherever the node put them; None if there are none."""
    return _find(error.data)


def _find(data: Any) -> bytes | None:
    if isinstance(data, str):
        text = data.rsplit(" ", 1)[-1]  # some nodes write "Reverted 0x..."
        try:
            return bytes.fromhex(text[2:]) if text.startswith("0x") else None
        except ValueError:
            return None
    if isinstance(data, dict):
        # Ganache: {"hash", "programCounter", "result", "reason", "message"}; others nest {"data": ...}.
        for key in ("result", "return", "data"):
            if (found := _find(data.get(key))) is not None:
                return found
    return None


def refusal(data: bytes, errors: Abi) -> ContractRefusedError:
    """Revert data with its error named, as far as `errors` (or the two that every contract has) knows it."""
    name, facts = _named(data, errors)
    if name == "Error":
        return ContractRefusedError(f"The contract refused: {facts['reason']}.", error=name, args_by_name=facts)
    if name == "Panic":
        what = _PANICS.get(facts["code"], f"panic {facts['code']:#x}")
        return ContractRefusedError(f"The contract failed: {what}.", error=name, args_by_name=facts)
    if not name:
        return ContractRefusedError("The contract refused without giving a reason.")
    if (words := plain_words(name, facts)) is not None:
        return ContractRefusedError(words[0], error=name, args_by_name=facts, hint=words[1])
    told = ", ".join(f"{fact.rstrip('_')} {_shown(value)}" for fact, value in facts.items())
    return ContractRefusedError(
        f"The contract refused: {name} ({told})." if told else f"The contract refused: {name}.",
        error=name,
        args_by_name=facts,
    )


def _named(data: bytes, errors: Abi) -> tuple[str, dict[str, Any]]:
    try:
        if data[:4] == REASON_SELECTOR:
            return "Error", {"reason": decode(["string"], data[4:])[0]}
        if data[:4] == PANIC_SELECTOR:
            return "Panic", {"code": decode(["uint256"], data[4:])[0]}
    except (DecodingError, UnicodeDecodeError):
        return "0x" + data[:4].hex(), {}
    known = errors.decode_error(data)
    if known is not None:
        return known
    return ("0x" + data[:4].hex(), {}) if len(data) >= 4 else ("", {})


def _shown(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
