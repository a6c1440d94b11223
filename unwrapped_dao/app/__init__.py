"""The composition root: settings become wired roles. `open_app(settings)` is what every command and page runs on.

Roles are imported when they are asked for: a command loads what it uses. Not here: a whole collective in one process
(in_process.py).
"""

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
from ..crypto import keystore
from ..crypto.keystore import GETH_LIGHT_SCRYPT, OWASP_SCRYPT
from ..crypto.vault import KeyfileVault
from ..errors import NotAllowedError, NotFoundError, SettingsError
from ..settings import Settings
from ..storage.journal import Journal, When
from ..storage.pending import PendingEnvelopes
from ..storage.receipts import Receipts
from .accounts import Accounts, KeyfileSigner
from .workspace import Workspace

if TYPE_CHECKING:
    from ..chain.local import LocalChain
    from ..crypto.sealed_request import EncryptionKey
    from ..roles.buyer import Buyer
    from ..roles.custodian import Custodian
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

GAS_MONEY_WEI = 100 * 10**18
"""What the embedded chain's faucet gives a new account; worth nothing anywhere."""
FINGERPRINT_KEY = "fingerprint-key"
ENCRYPTION_KEY = "encryption-key"
SHARE, SEED = "custodian-key", "custodian-seed"
"""Kinds of a custodian's keyfiles: a share of a committee key, and what a part in a key ceremony follows from."""

Ask = Callable[[bool], str]
"""Asks a person for the passphrase; True: for a new keyfile."""
OnWait = Callable[[int], None]


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
            # Money of an embedded chain exists nowhere else, so its keys need not cost half a second each time.
            self.accounts.new(name, cost=OWASP_SCRYPT if self.chain is None else GETH_LIGHT_SCRYPT)
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

    def validators(self) -> tuple[Validator, ...]:
        """The collective's validators whose accounts are in this workspace, in order of admission."""
        named = self.accounts.named()
        here = [named[address] for address in self.collective.registry.validators() if address in named]
        if not here:
            return ()
        key, index = self.fingerprint_key(), self.index(here[0])
        return tuple(self._validator(name, key, index) for name in here)

    def shares_a_log(self) -> bool:
        """Whether the validators of this workspace share a log at a URL, and no file."""
        from .indexing import is_url

        return is_url(self.settings.index)

    def index(self, name: str) -> FingerprintIndex:
        """What this validator shares with the others; see indexing.py."""
        from .indexing import open_index

        key = self.fingerprint_key()
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
            self._validator(name, self.fingerprint_key(), self.index(name)),
            self.encryption_key(account.address),
            folder,
            limits,
            lambda: self.store,
            self.settings.finality,
        )
        self._stack.callback(service.close)
        return service

    def encryption_key(self, address: str) -> EncryptionKey:
        """The key with which a validator opens what is sealed to it. Raises NotFoundError before `validator setup`."""
        from ..crypto.sealed_request import EncryptionKey

        path = self._encryption_keyfile(address)
        if not path.is_file():
            raise NotFoundError(
                f"The encryption key of {address} is not in this workspace.",
                hint="Make it with `unwrapped-dao validator setup NAME`.",
            )
        return EncryptionKey(keystore.load(path, self.passphrase(), kind=ENCRYPTION_KEY))

    def public_encryption_key(self, address: str) -> str:
        """What members seal to, in hex, without opening the keyfile; empty before `validator setup`."""
        path = self._encryption_keyfile(address)
        return str(keystore.read(path).get("public", "")) if path.is_file() else ""

    def make_encryption_key(self, address: str) -> bool:
        """Make a validator's encryption key unless it is here; whether it was made now."""
        from ..crypto.sealed_request import EncryptionKey

        path = self._encryption_keyfile(address)
        if path.is_file():
            return False
        key = EncryptionKey.generate()
        cost = OWASP_SCRYPT if self.chain is None else GETH_LIGHT_SCRYPT
        keystore.save(
            path,
            key.to_secret_bytes(),
            self.passphrase(True),
            kind=ENCRYPTION_KEY,
            public=key.public.hex(),
            cost=cost,
        )
        return True

    def _encryption_keyfile(self, address: str) -> Path:
        return self.workspace.keys / f"{ENCRYPTION_KEY}-{address.lower()}.json"

    def fingerprint_key(self) -> FingerprintKey:
        """The key that the validators share. Raises NotFoundError before `validator setup`."""
        from ..validation import FingerprintKey

        path = self.workspace.keys / f"{FINGERPRINT_KEY}.json"
        if not path.is_file():
            raise NotFoundError(
                "The validators' shared fingerprint key is not in this workspace.",
                hint="Make it with `unwrapped-dao validator setup`, or copy the keyfile from another validator.",
            )
        return FingerprintKey(keystore.load(path, self.passphrase(), kind=FINGERPRINT_KEY))

    def make_fingerprint_key(self) -> bool:
        """Make the shared key unless it is here; whether it was made now."""
        from ..validation import FingerprintKey

        path = self.workspace.keys / f"{FINGERPRINT_KEY}.json"
        if path.is_file():
            return False
        secret = FingerprintKey.generate().to_secret_bytes()
        keystore.save(path, secret, self.passphrase(True), kind=FINGERPRINT_KEY)
        return True

    def buyer(self, name: str) -> Buyer:
        """A buyer, with the key of each offer in a keyfile and each offer noted before it is sent."""
        from ..roles.buyer import Buyer

        account = self.account(name)
        vault = self._vault(account, "buyer-key")
        return Buyer(self.collective, account, vault, self.store, self.journal("offers"))

    def custodian(
        self, name: str, *, witness: str | None = None, told: Callable[[str], None] | None = None
    ) -> Custodian:
        """A custodian: its shares in keyfiles, its transactions noted before they leave.

        `witness` is the URL of a second node that must agree on what is final. `told` gets a sentence whenever a
        transaction that waits too long is replaced; so what still waits is not waited for here.
        """
        from ..chain.fees import GWEI
        from ..chain.noting import MemoryNotes, NotingClient
        from ..roles.custodian import Custodian, Finality
        from ..storage.notes import FolderNotes

        account = self.accounts.signer(name)
        rehearsal = isinstance(self.client, RehearsalClient)
        notes = MemoryNotes() if rehearsal else FolderNotes(self.workspace.notes(account.address))
        ceiling = self.settings.max_fee_gwei * GWEI
        noting = NotingClient(self.client.transport, notes, ceiling_wei=ceiling, told=told)
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


@contextmanager
def open_app(
    settings: Settings,
    *,
    ask: Ask | None = None,
    on_wait: OnWait | None = None,
    dry_run: bool = False,
    may_begin: bool = False,
    beside: bool = False,
    when_told: When | None = None,
) -> Iterator[App]:
    """Open a workspace for one command: chain, collective, store, accounts.

    `beside` leaves the workspace to other commands meanwhile: a server must not keep them out. On a node only.

    `ask` asks for the passphrase when the settings have none. `dry_run` works on a copy and collects in `planned` what
    would be sent. `may_begin` begins an embedded chain where there is none. `when_told` takes what is to be done once
    the command's outcome was told; None: at once.
    """
    from ..crypto.bn254 import select_backend

    select_backend(settings.crypto)
    workspace = Workspace(settings.workspace)
    workspace.begin()
    with ExitStack() as stack:
        if beside and settings.rpc is None:
            raise SettingsError(
                "The embedded chain belongs to one command at a time, so nothing can be served on it.",
                hint="Give the --rpc of a node that members reach too.",
            )
        lock = None if beside else WorkspaceLock(workspace.folder, wait_s=settings.wait_s)
        if lock is not None:
            stack.callback(lock.release)
            workspace.sweep()
        if settings.rpc is not None:
            client = _node(settings.rpc, settings, on_wait, dry_run)
            if dry_run and lock is not None:
                workspace = stack.enter_context(workspace.scratch())
                lock.release()
            yield App(settings, workspace, client, None, stack, ask, when_told)
            return
        chain, workspace = _embedded(settings, workspace, stack, dry_run, may_begin)
        if dry_run:
            if lock is not None:
                lock.release()  # the copy is nobody else's
            client = RehearsalClient(chain, throwaway=True, on_wait=on_wait)
        else:
            client = ChainClient(chain, on_wait=on_wait)
        yield App(settings, workspace, client, chain, stack, ask, when_told)


def _node(url: str, settings: Settings, on_wait: OnWait | None, dry_run: bool) -> ChainClient:
    from ..chain.http import HttpTransport

    if dry_run:
        transport = HttpTransport(url, timeout_s=20.0)
        return RehearsalClient(transport, throwaway=False, patience_s=settings.patience_s, on_wait=on_wait)
    return ChainClient.connect(
        url, receipt_timeout_s=settings.mined_within_s, patience_s=settings.patience_s, on_wait=on_wait
    )


def _embedded(
    settings: Settings, workspace: Workspace, stack: ExitStack, dry_run: bool, may_begin: bool
) -> tuple[LocalChain, Workspace]:
    """The workspace's own chain, or a copy of it for a dry run."""
    from ..chain.local import CHAIN_ID, LocalChain

    exists = LocalChain.exists(workspace.folder)
    if not exists and (workspace.folder / deployments.FILE).is_file():
        if deployments.load(workspace.folder).chain_id == CHAIN_ID:
            raise SettingsError(
                f"The embedded chain of {workspace.folder} is gone, and with it the collective that was on it.",
                hint="Restore the folder `chain` from a copy, or start over with `unwrapped-dao chain reset`.",
            )
        raise SettingsError(
            "This workspace's collective is on a node, and no --rpc was given.",
            hint="Give the --rpc of its chain, or set UNWRAPPED_RPC.",
        )
    if not exists and (not may_begin or dry_run):
        raise NotFoundError(
            f"The workspace {workspace.folder} has no chain yet.",
            hint="Begin one with `unwrapped-dao chain start`, or give the --rpc of a node.",
        )
    if dry_run:
        copy = stack.enter_context(workspace.scratch())
        LocalChain.copy(workspace.folder, copy.folder, wait_s=settings.wait_s)
        workspace = copy
    return stack.enter_context(LocalChain.open(workspace.folder, wait_s=settings.wait_s)), workspace


def require_embedded(app: App) -> LocalChain:
    """The embedded chain. Raises NotAllowedError on a node, whose clock and money are not ours."""
    if app.chain is None:
        raise NotAllowedError(
            "Only the embedded chain can do this; a node's money and clock are its own.",
            hint="Leave out --rpc, or use the node's own tools.",
        )
    return app.chain
