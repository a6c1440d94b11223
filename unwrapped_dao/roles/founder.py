"""A founder: plans and runs a deployment, then holds nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from ..chain import artifacts
from ..chain.client import ChainClient
from ..chain.contract import Contract, create
from ..chain.deploy import DeployPlan, GenesisParameters, create_address, run
from ..chain.deployments import Deployment
from ..chain.signer import Signer
from ..errors import InputError, NotAllowedError
from ..storage.journal import Intent, Journal
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

    def plan(self, parameters: GenesisParameters) -> DeployPlan:
        """Every address and init code, before anything is sent."""
        _require_attestable(parameters)
        return DeployPlan.make(parameters, self.address, self._client.nonce(self.address))

    def deploy(
        self,
        parameters: GenesisParameters,
        plan: DeployPlan | None = None,
        progress: Progress = no_progress,
        *,
        since: int | None = None,
    ) -> Deployment:
        """Run a plan (a new one by default) to its end and return the deployment record.

        `since` is a block before the plan's first transaction; None: nothing of it was sent before.
        """
        plan = plan or self.plan(parameters)
        if since is None:
            since = self._client.block_number()
        run(plan, _ClientSender(self._client, self._account), progress)
        missing = [name for name, address in plan.addresses.items() if not self._client.code(address)]
        if missing:
            raise NotAllowedError(f"The deployment did not complete: {', '.join(missing)} is missing.")
        # A chain that begins as this one did, with the same accounts and clock, has no such block.
        genesis = Contract(self._client, artifacts.abi("Genesis"), plan.genesis, first_block=since)
        block = min(event.block_number for event in genesis.events("Created"))
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

    def found(
        self,
        draft: GenesisParameters,
        journal: Journal,
        record: Callable[[Deployment], object],
        *,
        test_dollar: bool,
        progress: Progress = no_progress,
    ) -> Deployment:
        """Deploy once, however often this is interrupted: the plan is noted before anything is sent.

        `test_dollar` deploys a 6-decimal token that anybody may mint and puts it before the draft's currencies.
        `record` keeps the result; the note is closed after it.
        """
        _require_attestable(draft)
        wish = self._wish(draft, test_dollar)
        intent = journal.unfinished(wish)
        if intent is not None and not self._stands(intent, test_dollar):
            journal.abandon(intent)  # nothing of it is on this chain, and its addresses can no longer come about
            intent = None
        if intent is None:
            intent = self._noted(wish, journal)
        nonce, currencies = int(intent.facts["nonce"]), draft.currencies
        if test_dollar:
            token = create_address(self.address, nonce)
            if not self._client.code(token):
                progress("TestDollar", 0, 1)
                create(self._client, self._account, artifacts.load("TestDollar"))
            nonce, currencies = nonce + 1, (token, *currencies)
        parameters = draft.model_copy(update={"currencies": currencies})
        plan = DeployPlan.make(parameters, self.address, nonce)
        deployment = self.deploy(parameters, plan, progress, since=int(intent.facts["block_number"]))
        record(deployment)
        journal.finish(intent)
        return deployment

    def has_begun(self, draft: GenesisParameters, journal: Journal, *, test_dollar: bool) -> bool:
        """Whether `found` was interrupted with exactly these parameters."""
        return journal.unfinished(self._wish(draft, test_dollar)) is not None

    def _wish(self, draft: GenesisParameters, test_dollar: bool) -> dict[str, Any]:
        return {"founder": self.address, "test_dollar": test_dollar, "parameters": draft.as_json()}

    def _noted(self, wish: dict[str, Any], journal: Journal) -> Intent:
        block = self._client.block_number()
        facts = {
            "nonce": self._client.nonce(self.address),
            "block_number": block,
            "block_hash": self._client.block_hash(block) or "",
        }
        name = hashlib.sha256(f"{facts['block_hash']}{self.address}{facts['nonce']}".encode()).hexdigest()[:32]
        intent = Intent(name, wish, facts)
        journal.begin(intent)
        return intent

    def _stands(self, intent: Intent, test_dollar: bool) -> bool:
        """Whether a noted plan can still be carried out: on this chain, and its next address still to be had."""
        if self._client.block_hash(int(intent.facts["block_number"])) != intent.facts["block_hash"]:
            return False
        first, now = int(intent.facts["nonce"]), self._client.nonce(self.address)
        steps = [first, first + 1] if test_dollar else [first]
        return all(self._client.code(create_address(self.address, nonce)) for nonce in steps if nonce < now)


def _require_attestable(parameters: GenesisParameters) -> None:
    if parameters.attestations > len(parameters.validators):
        raise InputError(
            f"{parameters.attestations} attestations cannot come from {len(parameters.validators)} validators.",
            hint="Name more validators, or ask for fewer attestations.",
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
