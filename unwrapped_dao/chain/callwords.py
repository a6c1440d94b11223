"""A governance call written by a person, such as `RevenueSplitter.setFees(100, 200)`, as calldata.

Arguments are separated by commas: numbers, addresses (or what the caller has names for), 0x-bytes, true or false, and
text. A scope is given by its name. Amounts are base units. Arrays and other structs have no such spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from .. import kinds
from ..errors import InputError
from . import artifacts
from .collective import Collective
from .governor import Action
from .registry import ScopeDefinition

_CALL = re.compile(r"\s*(\w+)\.(\w+)\((.*)\)\s*", re.S)


def action_of(collective: Collective, text: str, address_of: Callable[[str], str] | None = None) -> Action:
    """The call that a person wrote. Raises InputError where it is no call of this collective's contracts.

    `address_of` is asked for the address of a word that is none itself, such as an account's name.
    """
    found = _CALL.fullmatch(text)
    if not found or found[1] not in collective.deployment.addresses:
        names = ", ".join(collective.deployment.addresses)
        raise InputError(
            f"{text!r} is no call of this collective.", hint=f"Write CONTRACT.FUNCTION(ARGUMENTS); contracts: {names}."
        )
    contract, function, given = found.groups()
    abi = artifacts.abi(contract)
    entries = [entry for entry in abi.functions() if entry["name"] == function]
    if len(entries) != 1:
        raise InputError(f"{contract} has no function {function!r} that a vote could call.")
    fields = entries[0]["inputs"]
    words = [word.strip() for word in given.split(",")] if given.strip() else []
    if len(words) != len(fields):
        wanted = ", ".join(f"{field['name']} ({field['type']})" for field in fields) or "none"
        raise InputError(f"{contract}.{function} takes {len(fields)} arguments.", hint=f"They are: {wanted}.")
    values = [_value(field, word, address_of) for field, word in zip(fields, words, strict=True)]
    return Action(collective.deployment.address(contract), abi.encode_call(function, values))


def _value(field: Mapping[str, Any], word: str, address_of: Callable[[str], str] | None) -> Any:
    kind: str = field["type"]
    if kind == "address" and address_of is not None and not is_address(word):
        word = address_of(word)
    if kind == "address" and is_address(word):
        return to_checksum_address(word)
    if kind.startswith("uint") and not kind.endswith("]") and re.fullmatch(r"\d{1,78}", word):
        return int(word)
    if kind == "bool" and word.lower() in ("true", "false"):
        return word.lower() == "true"
    if kind.startswith("bytes") and not kind.endswith("]") and re.fullmatch(r"0x([0-9a-fA-F]{2})*", word):
        return bytes.fromhex(word[2:])
    if kind == "string":
        return word.strip("'\"")
    if kind == "tuple" and {part["name"] for part in field["components"]} == {
        "schemaDigest",
        "purposes",
        "baseTermsDigest",
    }:
        return ScopeDefinition.of(kinds.scope(word)).as_tuple()
    raise InputError(f"{word!r} does not fit {field['name']} ({kind}).")
