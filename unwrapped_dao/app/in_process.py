"""`local()`: a whole collective in one process, for trying things out, for tests and for notebooks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from .. import kinds
from ..chain import artifacts
from ..chain.calldata import sales_of
from ..chain.client import ChainClient
from ..chain.collective import Collective
from ..chain.contract import create
from ..chain.deploy import GenesisParameters
from ..chain.erc20 import ETH, Erc20
from ..chain.governor import ProposalState
from ..chain.local import LocalChain
from ..chain.market import SaleState
from ..chain.profiles import DEV, Profile
from ..chain.registry import Pool, ScopeDefinition
from ..chain.signer import Signer
from ..crypto.vault import MemoryVault
from ..errors import InputError, NotAllowedError
from ..roles.buyer import Buyer
from ..roles.custodian import Custodian
from ..roles.founder import Founder
from ..roles.identity import Progress, no_progress
from ..roles.member import Member
from ..roles.relayer import Relayer
from ..roles.validator import Publication, Validator
from ..storage.blockstore import BlockStore
from ..storage.interfaces import ContentStore
from ..storage.pending import PendingEnvelopes
from ..storage.receipts import Receipts
from ..validation import FingerprintIndex, FingerprintKey
from . import GAS_MONEY_WEI

TEST_DOLLARS = 1_000_000 * 10**6
"""Base units of the 6-decimal test dollar that a local buyer starts with."""


@dataclass(frozen=True)
class LocalCollective:
    """A collective with everybody in one process. Its single key keeper could read every envelope."""

    collective: Collective
    members: tuple[Member, ...]
    buyer: Buyer
    validators: tuple[Validator, ...]
    custodian: Custodian
    relayer: Relayer
    store: ContentStore
    currency: str
    token: Erc20
    faucet: Signer

    warning = "This collective has one key keeper (1-of-1), who could read every envelope. For rehearsals only."

    def open(self, scope: str) -> Pool:
        """Open the next epoch of a scope, or give the open one."""
        week, heartbeat = self.custodian.heartbeat()
        return self.relayer.open_epoch(kinds.scope(scope).scope_id, week, heartbeat)

    def seal(self, scope: str, progress: Progress = no_progress) -> Pool:
        """Announce the current pool, wait out the notice, seal and publish it."""
        pool = self.relayer.announce(self.collective.registry.current_pool(kinds.scope(scope).scope_id))
        pool = self.relayer.seal(pool)
        self.publish(pool, progress)
        return pool

    def publish(self, pool: Pool, progress: Progress = no_progress) -> Publication:
        """Publish the sealed pool's live envelopes."""
        publication = self.validators[0].publish(pool, self.store, progress)
        for validator in self.validators[1:]:
            validator.forget_stale(pool)
        return publication

    def settle(self, proposal_id: int, progress: Progress = no_progress) -> bytes:
        """Vote end, timelock, approval, exclusions, delivery; the id of the settled sale.

        Raises NotAllowedError when the vote failed, or when the sale was skipped or refunded.
        """
        proposal = self.collective.governor.proposal(proposal_id)
        sales = [sale for action in proposal.actions for sale in sales_of(self.collective, action)]
        if len(sales) != 1:
            raise InputError(
                "This proposal does not approve exactly one sale.", hint="Execute it with `relayer.execute`."
            )
        if self.relayer.execute(proposal, progress) is not ProposalState.EXECUTED:
            raise NotAllowedError("The proposal was not executed.")
        self.custodian.run_once(progress)
        self._require_settled(sales[0])
        return sales[0]

    def _require_settled(self, sale_id: bytes) -> None:
        state = self.collective.market.sale(sale_id).state
        if state is not SaleState.SETTLED:
            reasons = "; ".join(reason.sentence for reason in self.collective.market.skipped(sale_id))
            raise NotAllowedError(
                f"The sale is {state.name.lower()}: {reasons or 'too little weight was eligible'}.",
                hint="The buyer can take the price back with `expire` or `refund`.",
            )


@contextmanager
def local(
    members: int = 5,
    *,
    validators: int = 3,
    attestations: int = 2,
    scopes: Sequence[str] = ("artist-preferences",),
    profile: Profile = DEV,
    workspace: Path | None = None,
    node: tuple[ChainClient, LocalAccount] | None = None,
    gas_money_wei: int = GAS_MONEY_WEI,
    store: ContentStore | None = None,
) -> Iterator[LocalCollective]:
    """A deployed `dev` collective on an embedded chain in memory, with funded members, validators, custodian and buyer.

    The first epoch of every scope is open. `workspace` keeps envelopes and the store; a temporary folder by default.
    `node` is another chain to live on, with an account there that gives everybody `gas_money_wei`; `store` is where
    ciphertext is published instead.
    """
    if members < 1 or not 1 <= attestations <= validators:
        raise InputError("A local collective needs a member, and no more attestations than validators.")
    with ExitStack() as stack:
        folder = workspace or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="unwrapped-dao-")))
        if node is None:
            chain = stack.enter_context(LocalChain.in_memory())
            node = ChainClient(chain), chain.faucet
        index_path = folder / "fingerprints.sqlite"
        folder.mkdir(parents=True, exist_ok=True)
        key = FingerprintKey.generate()
        index = stack.enter_context(FingerprintIndex(index_path, key))
        published = BlockStore(folder / "store") if store is None else store
        new = _funded_accounts(*node, gas_money_wei)
        yield _assemble(*node, new, folder, published, key, index, members, validators, attestations, scopes, profile)


def _assemble(
    client: ChainClient,
    faucet: LocalAccount,
    new: Callable[[], LocalAccount],
    folder: Path,
    store: ContentStore,
    key: FingerprintKey,
    index: FingerprintIndex,
    members: int,
    validators: int,
    attestations: int,
    scopes: Sequence[str],
    profile: Profile,
) -> LocalCollective:
    checkers = [new() for _ in range(validators)]
    keeper, buyer = new(), new()
    token, _ = create(client, faucet, artifacts.load("TestDollar"))
    dollar = Erc20(token)
    dollar.mint(faucet, buyer.address, TEST_DOLLARS)
    parameters = GenesisParameters(
        name="Local collective",
        validators=tuple(a.address for a in checkers),
        attestations=attestations,
        custodians=(keeper.address,),
        threshold=1,
        scopes=tuple(ScopeDefinition.of(kinds.scope(name)) for name in scopes),
        currencies=(dollar.address, ETH),
        profile=profile,
    )
    collective = Collective.at(client, Founder(client, faucet).deploy(parameters))
    roles = [
        Validator(collective, account, key, index, PendingEnvelopes(folder / f"validator-{i}"))
        for i, account in enumerate(checkers)
    ]
    dao = LocalCollective(
        collective=collective,
        members=tuple(
            Member(
                collective,
                new(),
                PendingEnvelopes(folder / f"member-{i}"),
                Receipts(folder / f"member-{i}" / "receipts"),
                roles,
            )
            for i in range(members)
        ),
        buyer=Buyer(collective, buyer, MemoryVault(), store),
        validators=tuple(roles),
        custodian=Custodian(collective, keeper, MemoryVault()),
        relayer=Relayer(collective, faucet),
        store=store,
        currency=dollar.address,
        token=dollar,
        faucet=faucet,
    )
    dao.custodian.setup()
    for name in scopes:
        dao.open(name)
    return dao


def _funded_accounts(client: ChainClient, faucet: LocalAccount, gas_money_wei: int) -> Callable[[], LocalAccount]:
    def new() -> LocalAccount:
        account: LocalAccount = Account.create()
        client.send(faucet, account.address, value=gas_money_wei)
        return account

    return new
