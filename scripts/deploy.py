"""`brownie run deploy`: the package's one deploy plan, sent from Brownie's first account.

    brownie run deploy --network unwrapped-ganache

If a node listens on the network's port (brownie-config.yaml), the collective stays there; else Brownie starts one for
the length of the script. The first run compiles everything, for minutes; later ones take seconds.

A rehearsal (`dev` profile): the first accounts of the network are founder, custodian and validators; a new test dollar
is the currency. Thin on purpose: what is deployed, and in which order, stands in unwrapped_dao/chain/deploy.py.
"""

from __future__ import annotations

from typing import Any

from brownie import TestDollar, accounts, web3  # type: ignore[import-untyped]

from unwrapped_dao import kinds
from unwrapped_dao.chain.deploy import DeployPlan, GenesisParameters
from unwrapped_dao.chain.deploy import run as run_plan
from unwrapped_dao.chain.erc20 import ETH
from unwrapped_dao.chain.profiles import DEV
from unwrapped_dao.chain.registry import ScopeDefinition


class BrownieSender:
    """A Brownie account as the plan's sender."""

    def __init__(self, account: Any) -> None:
        self._account = account

    @property
    def address(self) -> str:
        return str(self._account.address)

    def nonce(self) -> int:
        return int(self._account.nonce)

    def code(self, address: str) -> bytes:
        return bytes(web3.eth.get_code(address))

    def read(self, address: str, data: bytes) -> bytes:
        return bytes(web3.eth.call({"to": address, "data": "0x" + data.hex()}))

    def send(self, to: str | None, data: bytes) -> None:
        self._account.transfer(to, 0, data="0x" + data.hex(), silent=True)


def main() -> DeployPlan:
    """Deploy, print the addresses, and return the plan."""
    founder, custodian, *validators = accounts[:5]
    dollar = TestDollar.deploy({"from": founder})
    parameters = GenesisParameters(
        name="Brownie rehearsal",
        validators=tuple(str(v.address) for v in validators),
        attestations=2,
        custodians=(str(custodian.address),),
        threshold=1,
        scopes=(ScopeDefinition.of(kinds.scope("artist-preferences")),),
        currencies=(str(dollar.address), ETH),
        profile=DEV,
    )
    sender = BrownieSender(founder)
    plan = DeployPlan.make(parameters, sender.address, sender.nonce())
    run_plan(plan, sender, lambda name, done, total: print(f"  {done + 1}/{total} {name}"))
    for name, address in {"Genesis": plan.genesis, **plan.addresses}.items():
        print(f"{name:22} {address}")
    return plan
