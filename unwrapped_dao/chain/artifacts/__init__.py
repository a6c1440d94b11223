"""The compiled contracts that ship with this package, one JSON file each, written by scripts/compile.py."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ...errors import NotFoundError
from ..abi import Abi

FOLDER = Path(__file__).parent


class Artifact(msgspec.Struct, frozen=True, rename="camel"):
    """A compiled contract. `bytecode` creates it, `deployed_bytecode` is what stands on the chain afterwards.

    `immutables` says where in the deployed code the constructor writes: "Contract.name" -> [[start, length], ...].
    `notices` is NatSpec, one sentence per function signature.
    """

    contract_name: str
    source_name: str
    abi: list[dict[str, Any]]
    notices: dict[str, str]
    immutables: dict[str, list[tuple[int, int]]]
    storage_layout_hash: str
    compiler: dict[str, Any]
    bytecode: str
    deployed_bytecode: str

    def matches(self, code: bytes) -> bool:
        """Whether deployed `code` is this contract, whatever its immutables hold."""
        expected = bytearray.fromhex(self.deployed_bytecode[2:])
        found = bytearray(code)
        if len(expected) != len(found):
            return False
        for start, length in (place for places in self.immutables.values() for place in places):
            expected[start : start + length] = found[start : start + length] = bytes(length)
        return expected == found

    def immutable_values(self, code: bytes) -> dict[str, bytes]:
        """What the constructor wrote into deployed `code`, by "Contract.name"."""
        return {
            name: bytes(code[places[0][0] : places[0][0] + places[0][1]]) for name, places in self.immutables.items()
        }


@cache
def load(name: str, folder: Path = FOLDER) -> Artifact:
    """The artifact of a contract, by its name. Raises NotFoundError."""
    path = folder / f"{name}.json"
    if not path.is_file():
        raise NotFoundError(f"This package ships no contract {name}.", hint=f"It ships {', '.join(names()) or 'none'}.")
    return msgspec.json.decode(path.read_bytes(), type=Artifact)


def names() -> list[str]:
    """Every contract that ships."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def abi(name: str, folder: Path = FOLDER) -> Abi:
    """The ABI of a contract, by its name."""
    return Abi(load(name, folder).abi)


@cache
def all_errors() -> Abi:
    """The errors of every contract that ships: a revert may come from a contract that was called by another."""
    return Abi(entry for name in names() for entry in load(name).abi if entry["type"] == "error")
