"""A founder: plans and runs a deployment, then holds nothing."""

from __future__ import annotations

from typing import Any

from ..chain import deploy
from ..chain.client import ChainClient
from ..chain.deployments import Deployment
from ..chain.signer import Signer
from ..errors import InputError, NotAllowedError
from .identity import Progress, no_progress


class Founder:
    """One account that pays for the deployment. Afterwards it has no more power than anybody."""

    def __init__(self, client: ChainClient, account: Signer) -> None:
        self._client = client
        self._account = account

    def __repr__(self) -> str:
        return f"<Founder {self.address}>"

    @property
    def address(self) -> str:
        return str(self._account.address)

    def plan(self, parameters: deploy.GenesisParameters) -> deploy.DeployPlan:
        """Every address and init code, before anything is sent."""
        if parameters.attestations > len(parameters.validators):
            raise InputError(
                f"{parameters.attestations} attestations cannot come from {len(parameters.validators)} validators.",
                hint="Name more validators, or ask for fewer attestations.",
            )
        return deploy.DeployPlan.make(parameters, self.address, self._client.nonce(self.address))

    def deploy(
        self,
        parameters: deploy.GenesisParameters,
        plan: deploy.DeployPlan | None = None,
        progress: Progress = no_progress,
    ) -> Deployment:
        """Run a plan (a new one by default) to its end and return the deployment record."""
        plan = plan or self.plan(parameters)
        block = self._client.block_number()
        deploy.run(plan, _ClientSender(self._client, self._account), progress)
        missing = [name for name, address in plan.addresses.items() if not self._client.code(address)]
        if missing:
            raise NotAllowedError(f"The deployment did not complete: {', '.join(missing)} is missing.")
        return Deployment(
            name=parameters.name,
            profile=parameters.profile.name,
            chain_id=self._client.chain_id,
            block_number=block,
            block_hash=self._client.block_hash(block) or "",
            genesis=plan.genesis,
            addresses=dict(plan.addresses),
            parameters=parameters.as_json(),
        )


class _ClientSender:
    """The SDK's client as the deploy plan's sender."""

    def __init__(self, client: ChainClient, account: Signer) -> None:
        self._client = client
        self._account: Any = account

    @property
    def address(self) -> str:
        return str(self._account.address)

    def nonce(self) -> int:
        return self._client.nonce(self.address)

    def code(self, address: str) -> bytes:
        return self._client.code(address)

    def read(self, address: str, data: bytes) -> bytes:
        return self._client.call(address, data)

    def send(self, to: str | None, data: bytes) -> None:
        self._client.send(self._account, to, data)
