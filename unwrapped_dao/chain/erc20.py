"""The few verbs of an ERC-20 that a sale needs; address 0 stands for ETH."""

from __future__ import annotations

from . import artifacts
from .client import ChainClient
from .contract import Contract
from .outbox import Receipt
from .signer import Signer
from .wanted import OnSigned

ETH = "0x0000000000000000000000000000000000000000"


class Erc20:
    """A token that offers are paid in. Amounts are base units."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.address = contract.address

    @classmethod
    def at(cls, client: ChainClient, address: str) -> Erc20:
        """The token at an address, whatever its own code is."""
        return cls(Contract(client, artifacts.abi("TestDollar"), address))

    def balance_of(self, account: str) -> int:
        return int(self._contract.call("balanceOf", account))

    def allowance(self, owner: str, spender: str) -> int:
        return int(self._contract.call("allowance", owner, spender))

    def approve(self, owner: Signer, spender: str, amount: int) -> Receipt:
        return self._contract.send(owner, "approve", spender, amount)

    def symbol(self) -> str:
        return str(self._contract.call("symbol"))

    def decimals(self) -> int:
        return int(self._contract.call("decimals"))

    def mint(self, sender: Signer, to: str, amount: int, *, on_signed: OnSigned | None = None) -> Receipt:
        """Test dollars only: anyone may mint."""
        return self._contract.send(sender, "mint", to, amount, on_signed=on_signed)
