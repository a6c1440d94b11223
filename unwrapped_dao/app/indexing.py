"""Which index this workspace's validators share with the others: a file, or a copy of the log at a URL."""

from __future__ import annotations

from contextlib import ExitStack

from ..chain.collective import Collective
from ..service import urls
from ..service.index_client import IndexClient
from ..settings import Settings
from ..validation import FingerprintIndex, FingerprintKey, ReplicatedIndex
from ..validation.log import genesis
from .accounts import KeyfileSigner
from .workspace import Workspace


def is_url(index: str | None) -> bool:
    """Whether the setting names a log elsewhere."""
    return index is not None and "://" in index


def open_index(
    settings: Settings,
    workspace: Workspace,
    collective: Collective,
    account: KeyfileSigner,
    key: FingerprintKey,
    stack: ExitStack,
) -> FingerprintIndex:
    """The index of this validator, open until the end of the stack. What a file of the workspace knew moves into a log.

    Raises WorkspaceBusyError if another process has this validator's copy, InputError for what is no URL.
    """
    if settings.index is None or not is_url(settings.index):
        return stack.enter_context(FingerprintIndex(settings.index or workspace.index, key))
    client = IndexClient(urls.parse(settings.index, "index"), collective, account)
    stack.callback(client.close)
    path = workspace.replica(account.address)
    path.parent.mkdir(parents=True, exist_ok=True)
    replica = ReplicatedIndex(
        path,
        key,
        client,
        genesis=genesis(collective.client.chain_id, collective.registry.address),
        writer=account.address,
        sign=client.sign,
        verify=client.verify,
    )
    stack.enter_context(replica)
    if workspace.index.is_file():
        with FingerprintIndex(workspace.index, key) as before:
            replica.adopt(before)
        workspace.index.unlink()  # nobody would erase from it any more
    return replica
