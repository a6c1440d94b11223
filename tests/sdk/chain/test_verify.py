"""A collective is compared down to its constructors; a deployment that was interrupted anywhere ends as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from unwrapped_dao import kinds
from unwrapped_dao.chain import artifacts, deployments
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.contract import create
from unwrapped_dao.chain.deploy import DeployPlan, GenesisParameters
from unwrapped_dao.chain.erc20 import ETH
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.chain.profiles import DEV, LIVE
from unwrapped_dao.chain.registry import ScopeDefinition
from unwrapped_dao.chain.verify import verify
from unwrapped_dao.errors import NotFoundError
from unwrapped_dao.roles.founder import Founder
from unwrapped_dao.storage.journal import Journal

SOMEBODY = "0x" + "11" * 20
PARAMETERS = GenesisParameters(
    name="Verified",
    validators=(SOMEBODY,),
    attestations=1,
    custodians=(SOMEBODY,),
    threshold=1,
    scopes=(ScopeDefinition.of(kinds.scope("artist-preferences")),),
    currencies=(ETH,),
)


@pytest.fixture
def chain() -> Iterator[LocalChain]:
    with LocalChain.in_memory() as chain:
        yield chain


@pytest.mark.parametrize("profile", [DEV, LIVE], ids=lambda p: p.name)
def test_what_the_plan_deployed_verifies_from_genesis_and_from_the_governor(chain: LocalChain, profile: object) -> None:
    client = ChainClient(chain)
    deployed = Founder(client, chain.faucet).deploy(PARAMETERS.model_copy(update={"profile": profile}))
    for address in (deployed.genesis, deployed.addresses["DataGovernor"]):
        found = verify(client, address)
        assert found.differences == []
        assert found.profile == getattr(profile, "name", "")
        assert found.deployment is not None and dict(found.deployment.addresses) == dict(deployed.addresses)


def test_windows_that_no_profile_has_are_called_custom(chain: LocalChain) -> None:
    profile = LIVE.model_copy(update={"voting_period": 60})
    deployed = Founder(ChainClient(chain), chain.faucet).deploy(PARAMETERS.model_copy(update={"profile": profile}))
    found = verify(ChainClient(chain), deployed.genesis)
    assert (found.ok, found.profile) == (True, "custom")
    assert found.deployment is not None and found.deployment.profile == "dev"


def test_a_stranger_in_the_place_of_a_sibling_is_found(chain: LocalChain) -> None:
    """Every contract runs the shipped code; only one address in one constructor is another's."""
    client = ChainClient(chain)
    founder = Founder(client, chain.faucet)
    plan = founder.plan(PARAMETERS)
    registry = bytes.fromhex(plan.addresses["ContributionRegistry"][2:])
    forged = plan.init_codes[0].replace(registry, bytes.fromhex(SOMEBODY[2:]))
    founder.deploy(PARAMETERS, replace(plan, init_codes=(forged, *plan.init_codes[1:])))
    found = verify(client, plan.genesis)
    assert found.deployment is None
    assert found.differences == [
        "MembershipToken relies on this collective's ContributionRegistry",
        "MembershipToken was given this collective's ContributionRegistry",
    ]


def test_other_code_and_no_code_are_told_apart(chain: LocalChain) -> None:
    client = ChainClient(chain)
    token, _ = create(client, chain.faucet, artifacts.load("TestDollar"))
    assert not verify(client, token.address).ok
    with pytest.raises(NotFoundError):
        verify(client, SOMEBODY)


class Killed(Exception):  # noqa: N818  (not a mistake of the program)
    """Stands for SIGKILL: nothing after it runs."""


class DyingClient(ChainClient):
    """Dies before (or after) its n-th transaction."""

    def __init__(self, chain: LocalChain, lives: int, after: bool) -> None:
        super().__init__(chain)
        self.lives, self.after = lives, after

    def send(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        self.lives -= 1
        if self.lives == 0 and not self.after:
            raise Killed
        receipt = super().send(*args, **kwargs)  # type: ignore[arg-type]
        if self.lives == 0:
            raise Killed
        return receipt


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3, 6, 10])
def test_a_killed_deployment_goes_on_and_deploys_nothing_twice(
    chain: LocalChain, tmp_path: Path, step: int, after: bool
) -> None:
    journal = Journal(tmp_path / "journal")
    with pytest.raises(Killed):
        Founder(DyingClient(chain, step, after), chain.faucet).found(
            PARAMETERS, journal, lambda record: record.save(tmp_path), test_dollar=True
        )
    client = ChainClient(chain)
    founder = Founder(client, chain.faucet)
    assert founder.has_begun(PARAMETERS, journal, test_dollar=True)
    founder.found(PARAMETERS, journal, lambda record: record.save(tmp_path), test_dollar=True)
    assert client.nonce(chain.faucet.address) == 10  # token, Genesis, eight steps: each once
    assert not founder.has_begun(PARAMETERS, journal, test_dollar=True)
    assert verify(client, deployments.load(tmp_path).genesis).ok


def test_a_plan_whose_account_was_used_meanwhile_is_made_anew(chain: LocalChain, tmp_path: Path) -> None:
    journal, client = Journal(tmp_path / "journal"), ChainClient(chain)
    with pytest.raises(Killed):
        Founder(DyingClient(chain, 1, False), chain.faucet).found(
            PARAMETERS, journal, lambda record: record.save(tmp_path), test_dollar=False
        )
    client.send(chain.faucet, SOMEBODY, value=1)
    deployed = Founder(client, chain.faucet).found(
        PARAMETERS, journal, lambda record: record.save(tmp_path), test_dollar=False
    )
    assert deployed.genesis == DeployPlan.make(PARAMETERS, chain.faucet.address, 1).genesis
    assert verify(client, deployed.genesis).ok
