"""The record of a deployed collective: where it is, what it was made with, and on which chain.

Kept in the workspace as collective.json. It names a block by hash, so that another chain of the same id, or one
that was reset, is noticed and said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from .. import disk
from ..errors import NotFoundError, SettingsError
from .client import ChainClient

FILE = "collective.json"

Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
Hash = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]


class Deployment(BaseModel):
    """Frozen. `addresses` by contract name; `parameters` are the constructor data of Genesis, as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    name: str = ""
    profile: Literal["dev", "live"]
    chain_id: int
    block_number: int
    """The block in which Genesis created the first contract: events are read from here on."""
    block_hash: Hash
    genesis: Address
    addresses: dict[str, Address]
    parameters: dict[str, JsonValue]

    def address(self, contract: str) -> str:
        """Raises NotFoundError for a contract this collective does not have."""
        found = self.addresses.get(contract)
        if found is None:
            raise NotFoundError(
                f"This collective has no {contract}.", hint=f"It has {', '.join(sorted(self.addresses))}."
            )
        return found

    def require_chain(self, client: ChainClient) -> None:
        """Raises SettingsError unless `client` is the chain this collective was deployed on."""
        if client.chain_id != self.chain_id:
            raise SettingsError(
                f"This workspace's collective is on chain {self.chain_id}, the node is chain {client.chain_id}.",
                hint="Give the --rpc of its chain, or the --workspace of another collective.",
            )
        if client.block_hash(self.block_number) != self.block_hash or not client.code(self.genesis):
            raise SettingsError(
                "The chain was reset, or is another one with the same id: this workspace's collective is not on it.",
                hint="Connect to the chain it was deployed on; if that is gone, `unwrapped-dao chain reset` forgets it "
                "and keeps accounts and keys.",
            )

    def save(self, workspace: Path) -> Path:
        """Write it, all or nothing; the file's path. A collective that is there already is replaced."""
        path = workspace / FILE
        disk.replace(path, self.model_dump_json(indent=1).encode() + b"\n")
        return path


def load(workspace: Path) -> Deployment:
    """The workspace's collective. Raises NotFoundError if it has none, SettingsError if the record is damaged."""
    path = workspace / FILE
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise NotFoundError(
            f"The workspace {workspace} has no collective.",
            hint="`unwrapped-dao collective verify GENESIS --save` makes one on your node known here; "
            "`unwrapped-dao collective deploy` founds one.",
        ) from None
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{path} cannot be read.") from None
    try:
        return Deployment.model_validate_json(text)
    except ValidationError:
        raise SettingsError(
            f"{path} is no record of a collective, or of another version of this program.",
            hint="Restore it from a copy; what is on the chain is not affected.",
        ) from None
