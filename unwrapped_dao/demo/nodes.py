"""Where a demo runs: the embedded chain and store, or running nodes in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..app.in_process import LocalCollective, local
from ..app.payer import find_payer, open_keyfile
from ..chain.client import ChainClient
from ..settings import Settings
from ..storage.interfaces import ContentStore

COMMITTEE = (3, 5)
"""Any three of five key keepers can open; they form the key together."""
OTHERS = 16
"""Participants besides the members, at most: validators, key keepers, the buyer, the relayer."""

OnWait = Callable[[int], None]


@dataclass(frozen=True)
class Nodes:
    """A node's client with the account that pays there, and a store; None is the embedded one."""

    client: ChainClient | None = None
    store: ContentStore | None = None
    settings: Settings | None = None

    @contextmanager
    def collective(self, members: int) -> Iterator[LocalCollective]:
        """A new `dev` collective there. Raises NotAllowedError when nobody can pay for it."""
        if self.client is None:
            with local(members=members, committee=COMMITTEE, store=self.store) as dao:
                yield dao
            return
        keyfile = None
        if self.settings is not None and self.settings.payer is not None:
            keyfile = open_keyfile(self.settings.payer, self.settings.require_passphrase())
        payer = find_payer(self.client, members + OTHERS, keyfile)
        node = self.client, payer.account
        with local(
            members=members,
            committee=COMMITTEE,
            node=node,
            gas_money_wei=payer.gas_money_wei,
            store=self.store,
        ) as dao:
            yield dao


def connect(settings: Settings, on_wait: OnWait) -> Nodes:
    """The nodes that the settings name. Raises RpcUnavailableError or StorageUnavailableError if one is not there.

    `on_wait(seconds left)` is called again and again while the chain's time has to pass by itself.
    """
    client: ChainClient | None = None
    store: ContentStore | None = None

    def waiting(seconds: int) -> None:
        if client is not None and not client.can_move_time:
            on_wait(seconds)

    if settings.rpc is not None:
        client = ChainClient.connect(settings.rpc, patience_s=settings.patience_s, on_wait=waiting)
    if settings.ipfs is not None:
        from ..storage.kubo import KuboStore

        kubo = KuboStore(settings.ipfs)
        kubo.version()
        store = kubo
    return Nodes(client, store, settings)


def described(nodes: Nodes) -> list[str]:
    """A sentence for each running node that is used."""
    told = []
    if nodes.client is not None:
        clock = (
            "its clock is moved where the story waits" if nodes.client.can_move_time else "its windows are waited out"
        )
        told.append(f"Chain {nodes.client.chain_id} at {nodes.client.node_version}: {clock}.")
    if nodes.store is not None:
        told.append(f"{nodes.store.name} keeps the ciphertext.")
    return told
