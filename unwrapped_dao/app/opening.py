"""Opening a workspace for one command: its lock, its chain (or a node, or a copy for a dry run), and an App on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ..chain import deployments
from ..chain.client import ChainClient
from ..chain.lock import WorkspaceLock
from ..chain.rehearsal import RehearsalClient
from ..errors import NotFoundError, SettingsError
from ..settings import Settings
from ..storage.journal import When
from .wiring import App, Ask
from .workspace import Workspace

if TYPE_CHECKING:
    from ..chain.local import LocalChain

OnWait = Callable[[int], None]
"""Told of a wait for the chain's clock: the seconds left."""


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
            hint="To take part in a collective: `unwrapped-dao collective verify ADDRESS --rpc URL --save`; to "
            "rehearse on this machine alone: `unwrapped-dao chain start`.",
        )
    if dry_run:
        copy = stack.enter_context(workspace.scratch())
        LocalChain.copy(workspace.folder, copy.folder, wait_s=settings.wait_s)
        workspace = copy
    return stack.enter_context(LocalChain.open(workspace.folder, wait_s=settings.wait_s)), workspace
