"""One deployed collective: its typed clients over one chain."""

from __future__ import annotations

from dataclasses import dataclass

from . import artifacts
from .client import ChainClient
from .committee import Committee
from .contract import Contract
from .deployments import Deployment
from .governor import Governor
from .market import Market
from .membership import Membership
from .registry import Registry
from .splitter import Splitter


@dataclass(frozen=True, slots=True)
class Collective:
    """Every contract of a collective, by its noun."""

    client: ChainClient
    deployment: Deployment
    membership: Membership
    registry: Registry
    committee: Committee
    market: Market
    splitter: Splitter
    governor: Governor

    @classmethod
    def at(cls, client: ChainClient, deployment: Deployment) -> Collective:
        """The clients for a deployment record. Raises SettingsError if it is for another chain."""
        deployment.require_chain(client)

        def contract(name: str) -> Contract:
            return Contract(client, artifacts.abi(name), deployment.address(name), first_block=deployment.block_number)

        return cls(
            client=client,
            deployment=deployment,
            membership=Membership(contract("MembershipToken")),
            registry=Registry(contract("ContributionRegistry")),
            committee=Committee(contract("KeyCommittee")),
            market=Market(contract("DataMarket")),
            splitter=Splitter(contract("RevenueSplitter")),
            governor=Governor(contract("DataGovernor")),
        )
