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
from ..roles.custodian import BadShare, Custodian
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
from .wiring import GAS_MONEY_WEI

_ONLY = "For rehearsals only."
TEST_DOLLARS = 1_000_000 * 10**6
"""Base units of the 6-decimal test dollar that a local buyer starts with."""


@dataclass(frozen=True)
class LocalCollective:
    """A collective with everybody in one process, its key keepers too: who runs it can read everything in it."""

    collective: Collective
    members: tuple[Member, ...]
    buyer: Buyer
    validators: tuple[Validator, ...]
    custodians: tuple[Custodian, ...]
    keepers: tuple[Signer, ...]
    relayer: Relayer
    store: ContentStore
    currency: str
    token: Erc20
    faucet: Signer

    @property
    def custodian(self) -> Custodian:
        """The first custodian; of a 1-of-1 committee the only one."""
        return self.custodians[0]

    @property
    def warning(self) -> str:
        """Who could read, in one sentence."""
        generation = self.collective.committee.current()
        if generation.one_can_read:
            return f"This collective has one key keeper ({generation.shape}), who could read every envelope. {_ONLY}"
        return (
            f"Any {generation.threshold} of the {len(generation.custodians)} key keepers ({generation.shape}) could "
            f"read every envelope together, and fewer could not; here one process plays them all. {_ONLY}"
        )

    def open(self, scope: str) -> Pool:
        """Open the next epoch of a scope, or give the open one."""
        current = self.collective.committee.current()
        for keeper in self.custodians[1 : current.threshold]:
            keeper.post_heartbeat()
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
        self.serve(progress)
        self._require_settled(sales[0])
        return sales[0]

    def serve(self, progress: Progress = no_progress, *, silent: Sequence[int] = ()) -> list[BadShare]:
        """Let every custodian act until nothing is left to do, without those of these places (from 0).

        The wrong shares that they met and left out, each once.
        """
        speaking = [keeper for place, keeper in enumerate(self.custodians) if place not in silent]
        bad: dict[BadShare, None] = {}
        while True:
            outcomes = [keeper.run_once(progress) for keeper in speaking]
            bad |= dict.fromkeys(share for outcome in outcomes for _, share in outcome.bad)
            if not any(outcome.deeds for outcome in outcomes):
                return list(bad)

    def form(self) -> None:
        """Let every custodian do its part in forming the newest committee key, to the end."""
        while any([keeper.setup().did for keeper in self.custodians]):
            pass

    def _require_settled(self, sale_id: bytes) -> None:
        state = self.collective.market.sale(sale_id).state
        if state is not SaleState.SETTLED:
            reasons = "; ".join(reason.sentence for reason in self.collective.market.skipped(sale_id))
            raise NotAllowedError(
                f"The sale is {state.name.lower()}: {reasons or 'too little weight was eligible'}.",
                hint="The buyer can take the price back with `expire` or `refund`.",
            )


@dataclass(frozen=True)
class _People:
    """How many of each; `committee` is (t, n)."""

    members: int
    validators: int
    attestations: int
    committee: tuple[int, int]


@contextmanager
def local(
    members: int = 5,
    *,
    validators: int = 3,
    attestations: int = 2,
    committee: tuple[int, int] = (1, 1),
    scopes: Sequence[str] = ("artist-preferences",),
    profile: Profile = DEV,
    workspace: Path | None = None,
    node: tuple[ChainClient, LocalAccount] | None = None,
    gas_money_wei: int = GAS_MONEY_WEI,
    store: ContentStore | None = None,
) -> Iterator[LocalCollective]:
    """A deployed `dev` collective on an embedded chain in memory, with funded members, validators, custodians, buyer.

    `committee` is (t, n): any t of n custodians can open. One alone (1, 1) makes its key by itself; several form theirs
    by distributed key generation. The first epoch of every scope is open. `workspace` keeps envelopes and the store; a
    temporary folder by default. `node` is another chain to live on, with an account there that gives everybody
    `gas_money_wei`; `store` is where ciphertext is published instead.
    """
    if members < 1 or not 1 <= attestations <= validators or not 1 <= committee[0] <= committee[1]:
        raise InputError("A local collective needs a member, and no more attestations or shares than there are people.")
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
        people = _People(members, validators, attestations, committee)
        yield _assemble(*node, new, folder, published, key, index, people, scopes, profile)


def _assemble(
    client: ChainClient,
    faucet: LocalAccount,
    new: Callable[[], LocalAccount],
    folder: Path,
    store: ContentStore,
    key: FingerprintKey,
    index: FingerprintIndex,
    people: _People,
    scopes: Sequence[str],
    profile: Profile,
) -> LocalCollective:
    checkers = [new() for _ in range(people.validators)]
    threshold, count = people.committee
    keepers, buyer = [new() for _ in range(count)], new()
    token, _ = create(client, faucet, artifacts.load("TestDollar"))
    dollar = Erc20(token)
    dollar.mint(faucet, buyer.address, TEST_DOLLARS)
    parameters = GenesisParameters(
        name="Local collective",
        validators=tuple(a.address for a in checkers),
        attestations=people.attestations,
        custodians=tuple(keeper.address for keeper in keepers),
        threshold=threshold,
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
            for i in range(people.members)
        ),
        buyer=Buyer(collective, buyer, MemoryVault(), store),
        validators=tuple(roles),
        custodians=tuple(Custodian(collective, keeper, MemoryVault()) for keeper in keepers),
        keepers=tuple(keepers),
        relayer=Relayer(collective, faucet),
        store=store,
        currency=dollar.address,
        token=dollar,
        faucet=faucet,
    )
    dao.form()
    for name in scopes:
        dao.open(name)
    return dao


def _funded_accounts(client: ChainClient, faucet: LocalAccount, gas_money_wei: int) -> Callable[[], LocalAccount]:
    def new() -> LocalAccount:
        account: LocalAccount = Account.create()
        client.send(faucet, account.address, value=gas_money_wei)
        return account

    return new
