"""One delivered sale on its buyer's machine: which envelopes it covers, and the dataset that comes of them."""

from __future__ import annotations

import datetime as dt
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..chain.collective import Collective
from ..chain.market import Offer, Sale
from ..chain.registry import LiveContribution, Pool
from ..crypto.keys import NodeKey
from ..dataset import Dataset, Rejected, Release, Spool, build_opened
from ..errors import NotFoundError, StorageUnavailableError
from ..kinds import Scope
from ..storage.interfaces import ContentReader
from .identity import Progress, pool_identity
from .opening import Opener, Task, Unopened, open_all

EVIDENCE = "unopened.json"


@dataclass(frozen=True, slots=True)
class Received:
    """What opening a delivery into a folder gave. `rejected` opened, but hold no rows of the scope."""

    folder: Path
    rows: int
    members: int
    sha256: str
    unopened: tuple[Unopened, ...]
    rejected: tuple[Rejected, ...]


class Delivered:
    """A settled sale with its checked node keys; `salt` makes the pseudonyms of this buyer's release."""

    def __init__(
        self,
        collective: Collective,
        store: ContentReader,
        sale_id: bytes,
        offer: Offer,
        sale: Sale,
        pool: Pool,
        scope: Scope,
        keys: Sequence[NodeKey],
        salt: bytes,
    ) -> None:
        self._scope = scope
        self._opener = Opener(store, pool_identity(collective, pool), pool.height, keys, scope)
        self._tasks = covered(keys, collective.registry.contributions(pool))
        self._release = Release(
            collective=collective.governor.address,
            chain_id=collective.client.chain_id,
            epoch=pool.epoch,
            sale_id=f"0x{sale_id.hex()}",
            purpose=next(name for name, digest in scope.purpose_digests.items() if digest == offer.purpose),
            terms_digest=f"0x{offer.terms.hex()}",
            date=dt.datetime.fromtimestamp(sale.approved_at, dt.UTC).date().isoformat(),
            excluded=sale.excluded,
            salt=salt,
        )
        self.about: dict[str, object] = {
            "chain_id": collective.client.chain_id,
            "market": collective.market.address,
            "sale": f"0x{sale_id.hex()}",
            "registry": collective.registry.address,
            "scope": f"0x{pool.scope_id.hex()}",
            "epoch": pool.epoch,
            "generation": pool.generation,
            "tree_height": pool.height,
        }

    def in_memory(self, progress: Progress) -> tuple[Dataset, tuple[Unopened, ...]]:
        """The dataset of a sale that fits into memory."""
        return self._open(Spool(None, self._name), progress, 1)

    def into(self, folder: Path, progress: Progress, processes: int | None = None) -> Received:
        """The dataset, its card, and `unopened.json` in a folder.

        Killed and called again it goes on: what was opened waits in `<folder>.opening`, which is deleted at the end
        unless something that stayed shut may open another time.
        """
        spool = Spool(folder.with_name(f"{folder.name}.opening"), self._name)
        try:
            dataset, unopened = self._open(spool, progress, processes)
            progress("writing", 0, 1)
            folder.mkdir(parents=True, exist_ok=True)
            evidence = self.about | {"unopened": [one.evidence() for one in unopened]}
            (folder / EVIDENCE).write_text(json.dumps(evidence, indent=2) + "\n", "utf-8")
            dataset.to_parquet(folder)
            received = Received(
                folder, dataset.num_rows, dataset.num_members, dataset.sha256, unopened, dataset.rejected
            )
        finally:
            spool.close()
        if all(one.final for one in unopened):
            spool.delete()
        progress("writing", 1, 1)
        return received

    @property
    def _name(self) -> str:
        return json.dumps(self.about, sort_keys=True)

    def _open(self, spool: Spool, progress: Progress, processes: int | None) -> tuple[Dataset, tuple[Unopened, ...]]:
        unopened = open_all(self._opener, self._tasks, spool, progress, processes)
        require_some(unopened, len(self._tasks))
        return build_opened(self._scope, spool, self._release), tuple(unopened)


def require_some(unopened: Sequence[Unopened], asked: int) -> None:
    """A store that gave none of the envelopes is said as what it is, since nothing is wrong with them.

    Raises StorageUnavailableError or NotFoundError.
    """
    if not unopened or len(unopened) < asked or any(one.final for one in unopened):
        return
    first = unopened[0]
    if first.check == "unavailable":
        raise StorageUnavailableError(first.reason)
    raise NotFoundError(
        f"None of the {len(unopened)} envelopes could be had: {first.reason}",
        hint="Let a validator publish the pool (`unwrapped-dao pool publish`), or name another node with --ipfs; "
        "the same command goes on.",
    )


def covered(keys: Sequence[NodeKey], contributions: Sequence[LiveContribution]) -> list[Task]:
    """A task for each contribution whose leaf lies under the node of one of these keys, with that key's position."""
    order = sorted(range(len(keys)), key=lambda at: keys[at].node.first_leaf)
    starts = [keys[at].node.first_leaf for at in order]
    found = []
    for contribution in contributions:
        # Nodes of a cover do not overlap: the last that begins at or before a leaf is the only one that can hold it.
        place = bisect_right(starts, contribution.number) - 1
        if place >= 0 and keys[order[place]].node.covers(contribution.number):
            found.append(Task(contribution.number, contribution.record.content, order[place]))
    return found
