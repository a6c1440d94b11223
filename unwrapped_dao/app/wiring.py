"""One workspace with its chain and store, and the roles on them. A role is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..chain import deployments
from ..chain.client import ChainClient
from ..chain.collective import Collective
from ..chain.lock import WorkspaceLock
from ..chain.rehearsal import Planned, RehearsalClient
from ..crypto.keystore import GETH_LIGHT_SCRYPT, OWASP_SCRYPT
from ..crypto.vault import KeyfileVault
from ..errors import NotAllowedError
from ..settings import Settings
from ..storage.journal import Journal, When
from ..storage.pending import PendingEnvelopes
from ..storage.receipts import Receipts
from .accounts import Accounts, KeyfileSigner
from .workspace import Workspace

if TYPE_CHECKING:
    from ..chain.local import LocalChain
    from ..roles.buyer import Buyer
    from ..roles.claiming import Claiming
    from ..roles.custodian import Custodian
    from ..roles.earnings import Earnings
    from ..roles.founder import Founder
    from ..roles.member import Member
    from ..roles.own_data import OwnData
    from ..roles.relayer import Relayer
    from ..roles.signing import RequestSigner
    from ..roles.validator import Validator
    from ..service.client import Reached
    from ..service.limits import Limits
    from ..storage.interfaces import ContentStore
    from ..validation import FingerprintIndex, FingerprintKey
    from ..validation.request import Attester
    from .serving import ValidatorService
    from .validator_keys import ValidatorKeys

GAS_MONEY_WEI = 100 * 10**18
"""What the embedded chain's faucet gives a new account; worth nothing anywhere."""
SHARE, SEED = "custodian-key", "custodian-seed"
"""Kinds of a custodian's keyfiles: a share of a committee key, and what a part in a key ceremony follows from."""

Ask = Callable[[bool], str]
"""Asks a person for the passphrase; True: for a new keyfile."""


class App:
    """One workspace, one chain, one store, and roles on them. Made by `open_app`; holds the workspace meanwhile."""

    def __init__(
        self,
        settings: Settings,
        workspace: Workspace,
        client: ChainClient,
        chain: LocalChain | None,
        stack: ExitStack,
        ask: Ask | None,
        when_told: When | None = None,
    ) -> None:
        self.settings = settings
        self.workspace = workspace
        self.client = client
        self.chain = chain
        """The embedded chain, None on a node."""
        self._stack = stack
        self._ask = ask
        self._when_told = when_told
        self._asked: str | None = None
        # Money and members of an embedded chain exist nowhere else: its keys need not cost half a second each time.
        self._cost = OWASP_SCRYPT if chain is None else GETH_LIGHT_SCRYPT
        self.accounts = Accounts(workspace.accounts, self.passphrase)

    def __repr__(self) -> str:
        return f"<App {self.workspace.folder}>"

    # --- what is here ----------------------------------------------------------------------------------------------

    @cached_property
    def collective(self) -> Collective:
        """The workspace's collective. Raises NotFoundError, or SettingsError if it is on another chain."""
        deployment = deployments.load(self.workspace.folder)
        if isinstance(self.client, RehearsalClient):
            self.client.name_contracts(deployment.addresses)
        return Collective.at(self.client, deployment)

    @cached_property
    def store(self) -> ContentStore:
        """Where ciphertext is published: the embedded store, or a Kubo node."""
        if self.settings.ipfs is not None:
            from ..storage.kubo import KuboStore

            return KuboStore(self.settings.ipfs)
        from ..storage.blockstore import BlockStore

        return BlockStore(self.workspace.store)

    @property
    def planned(self) -> list[Planned]:
        """In a dry run, the transactions that would have been sent."""
        return self.client.planned if isinstance(self.client, RehearsalClient) else []

    def journal(self, sort: str) -> Journal:
        """Notes of one sort of intent, closed when the outcome was told."""
        return Journal(self.workspace.journal(sort), when_told=self._when_told)

    def passphrase(self, new: bool = False) -> str:
        """What opens the keyfiles: from the settings, else asked once. Raises PassphraseError."""
        if self.settings.passphrase is not None or self._ask is None:
            return self.settings.require_passphrase()
        if self._asked is None:
            self._asked = self._ask(new)
        return self._asked

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other commands out of the workspace meanwhile; for an app that was opened `beside` others."""
        lock = WorkspaceLock(self.workspace.folder, wait_s=self.settings.wait_s)
        try:
            self.workspace.sweep()
            yield
        finally:
            lock.release()

    # --- accounts --------------------------------------------------------------------------------------------------

    def new_account(self, name: str) -> tuple[str, bool]:
        """(address, whether it was made now). On the embedded chain an account without money gets some to pay gas."""
        made = not self.accounts.has(name)
        if made:
            self.accounts.new(name, cost=self._cost)
        address = self.accounts.address(name)
        if self.chain is not None and self.client.balance(address) == 0:
            self.client.send(self.chain.faucet, address, value=GAS_MONEY_WEI)
        return address, made

    def account(self, *names: str) -> KeyfileSigner:
        """The first of these accounts that is here, with nothing of its own still on the way to the chain."""
        name = next((name for name in names if self.accounts.has(name)), names[0])
        signer = self.accounts.signer(name)
        if self.chain is None:
            self.client.wait_for_pending(signer.address)
        return signer

    # --- roles -----------------------------------------------------------------------------------------------------

    def member(self, name: str, *, showing_to: Sequence[Attester] = (), reached: Reached | None = None) -> Member:
        """A member; `showing_to` are the validators it shows its data to when it contributes, or those `reached`."""
        from ..roles.member import Member

        account = self.account(name)
        pending = PendingEnvelopes(self.workspace.envelopes(account.address))
        receipts = Receipts(self.workspace.receipts(account.address))
        if reached is None:
            return Member(self.collective, account, pending, receipts, showing_to)
        return Member(
            self.collective,
            account,
            pending,
            receipts,
            reached.validators,
            unreached=reached.unreached,
            at_once=True,
        )

    def own_data(self, name: str) -> OwnData:
        """Everything about one member, and erasing it."""
        from ..roles.own_data import OwnData

        account = self.account(name)
        folders = (self.workspace.envelopes(account.address), self.workspace.receipts(account.address))
        files = [path for folder in folders for path in sorted(folder.glob("*")) if path.is_file()]
        keyfile = self.workspace.accounts / f"{name}.json"
        pending, receipts = PendingEnvelopes(folders[0]), Receipts(folders[1])
        return OwnData(self.collective, account, pending, receipts, [keyfile, *files])

    def reach(self, urls: Sequence[str]) -> Reached:
        """The validators behind these URLs, with their keys verified."""
        from ..service.client import reach

        return reach(urls, self.collective, timeout_s=self.settings.validator_timeout_s)

    @cached_property
    def validator_keys(self) -> ValidatorKeys:
        """The keyfiles of this workspace's validators."""
        from .validator_keys import ValidatorKeys

        return ValidatorKeys(self.workspace.keys, self.passphrase, self._cost)

    def validators(self) -> tuple[Validator, ...]:
        """The collective's validators whose accounts are in this workspace, in order of admission."""
        named = self.accounts.named()
        here = [named[address] for address in self.collective.registry.validators() if address in named]
        if not here:
            return ()
        key, index = self.validator_keys.fingerprint_key(), self.index(here[0])
        return tuple(self._validator(name, key, index) for name in here)

    def shares_a_log(self) -> bool:
        """Whether the validators of this workspace share a log at a URL, and no file."""
        from .indexing import is_url

        return is_url(self.settings.index)

    def index(self, name: str) -> FingerprintIndex:
        """What this validator shares with the others; see indexing.py."""
        from .indexing import open_index

        key = self.validator_keys.fingerprint_key()
        return open_index(self.settings, self.workspace, self.collective, self.account(name), key, self._stack)

    def _validator(self, name: str, key: FingerprintKey, index: FingerprintIndex) -> Validator:
        from ..roles.validator import Validator

        pending = PendingEnvelopes(self.workspace.validation(self.accounts.address(name)))
        return Validator(self.collective, self.account(name), key, index, pending)

    def validator_service(self, name: str, limits: Limits) -> ValidatorService:
        """One validator for a server, which has it alone.

        Raises NotAllowedError if the account is no validator of the collective, WorkspaceBusyError if it is served.
        """
        from .serving import ValidatorService

        account = self.account(name)
        if not self.collective.registry.is_validator(account.address):
            raise NotAllowedError(
                f"{name} ({account.address}) is no validator of this collective.",
                hint="See who is with `unwrapped-dao validator status`, and name one with --as.",
            )
        folder = self.workspace.service(account.address)
        self._stack.callback(WorkspaceLock(folder, wait_s=0).release)
        service = ValidatorService(
            self.collective,
            account,
            self._validator(name, self.validator_keys.fingerprint_key(), self.index(name)),
            self.validator_keys.encryption_key(account.address),
            folder,
            limits,
            lambda: self.store,
            self.settings.finality,
        )
        self._stack.callback(service.close)
        return service

    def buyer(self, name: str) -> Buyer:
        """A buyer, with the key of each offer in a keyfile and each offer noted before it is sent."""
        from ..roles.buyer import Buyer

        account = self.account(name)
        vault = self._vault(account, "buyer-key")
        return Buyer(self.collective, account, vault, self.store, self.journal("offers"))

    def custodian(
        self,
        name: str,
        *,
        witness: str | None = None,
        told: Callable[[str], None] | None = None,
        stopped: Callable[[], bool] | None = None,
    ) -> Custodian:
        """A custodian: its shares in keyfiles, its transactions noted before they leave.

        `witness` is the URL of a second node that must agree on what is final. `told` gets a sentence whenever a
        transaction that waits too long is replaced; so what still waits is not waited for here. Once `stopped` says
        so, whatever it does next with the chain raises StopRequested.
        """
        from ..chain.fees import GWEI
        from ..chain.noting import MemoryNotes, NotingClient
        from ..chain.stopping import StoppableTransport
        from ..roles.custodian import Custodian, Finality
        from ..storage.notes import FolderNotes

        account = self.accounts.signer(name)
        rehearsal = isinstance(self.client, RehearsalClient)
        notes = MemoryNotes() if rehearsal else FolderNotes(self.workspace.notes(account.address))
        ceiling = self.settings.max_fee_gwei * GWEI
        transport = self.client.transport if stopped is None else StoppableTransport(self.client.transport, stopped)
        noting = NotingClient(transport, notes, ceiling_wei=ceiling, told=told)
        client = self.client if rehearsal else noting
        collective = self.collective if rehearsal else Collective.at(client, self.collective.deployment)
        url = witness or self.settings.witness
        finality = Finality(
            client,
            "latest" if self.chain is not None else self.settings.finality,
            notes,
            ChainClient.connect(url) if url is not None and self.chain is None else None,
        )
        shares, seeds = self._vault(account, SHARE), self._vault(account, SEED)
        return Custodian(collective, account, shares, seeds=seeds, finality=finality)

    def custodian_key_name(self, generation: int, address: str) -> str:
        """The name of a share's keyfile."""
        from ..roles.custodian import share_name

        return share_name(self.collective.committee.address, generation, address)

    def custodian_keyfiles(self, name: str) -> list[Path]:
        """Every keyfile that makes this account a custodian: shares, seeds, and the account's own."""
        address = self.accounts.address(name).lower()
        return [*sorted(self.workspace.keys.glob(f"*-{address}.json")), self.workspace.accounts / f"{name}.json"]

    def _vault(self, account: KeyfileSigner, kind: str) -> KeyfileVault:
        """Keyfiles under the same passphrase as the account's: a mistyped one must not lock up a new key."""

        def proved() -> str:
            account.unlock()
            return self.passphrase()

        return KeyfileVault(self.workspace.keys, proved, kind=kind)

    def earnings(self, *names: str, account: str | None = None) -> Earnings:
        """What waits for an account (by default the payer's); the first of the named that is here pays the gas."""
        from ..roles.earnings import Earnings

        return Earnings(self.collective, self.account(*names), account)

    def claiming(self, *names: str, member: str) -> Claiming:
        """What is due to a member; the first of the named that is here pays the gas."""
        from ..roles.claiming import Claiming

        return Claiming(self.collective, self.account(*names), member)

    def relayer(self, *names: str) -> Relayer:
        """Who pays for what anybody may do: the first of these accounts that is here."""
        from ..roles.relayer import Relayer

        return Relayer(self.collective, self.account(*names))

    def requests(self, name: str) -> RequestSigner:
        """A member who signs and lets a relayer pay."""
        from ..roles.signing import RequestSigner

        return RequestSigner(self.collective, self.account(name))

    def founder(self, name: str) -> Founder:
        """Who pays for a deployment."""
        from ..roles.founder import Founder

        return Founder(self.client, self.account(name))


def require_embedded(app: App) -> LocalChain:
    """The embedded chain. Raises NotAllowedError on a node, whose clock and money are not ours."""
    if app.chain is None:
        raise NotAllowedError(
            "Only the embedded chain can do this; a node's money and clock are its own.",
            hint="Leave out --rpc, or use the node's own tools.",
        )
    return app.chain
