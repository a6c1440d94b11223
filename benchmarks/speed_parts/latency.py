"""How long people wait: seconds on the clock for a contribution and for a delivery, on each sort of chain.

A contribution is encrypted, shown to three validators, attested and mined. A delivery is everything that the custodian
of a 1-of-1 committee does for an approved sale with nobody excluded, settlement included.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.chain_nodes import running
from unwrapped_dao import samples
from unwrapped_dao.app.in_process import LocalCollective, local

MEMBERS, SCOPE = 7, "artist-preferences"
CHAINS = ("embedded", "ganache", "anvil")


@contextmanager
def _collective(chain: str) -> Iterator[LocalCollective]:
    if chain == "embedded":
        with local(members=MEMBERS) as dao:
            yield dao
    else:
        with running(chain) as node, local(members=MEMBERS, node=(node.client(), node.funded)) as dao:
            yield dao


def measure() -> dict[str, Any]:
    return {chain: _waits(chain) for chain in CHAINS}


def _waits(chain: str) -> dict[str, float]:
    with _collective(chain) as dao, samples.exports(MEMBERS, seed=7) as exports:
        waits = []
        for member, export in zip(dao.members, exports, strict=True):
            preview = member.preview(export, scope=SCOPE)
            started = time.perf_counter()
            member.contribute(preview)
            waits.append(time.perf_counter() - started)
        pool = dao.seal(SCOPE)
        offer = dao.buyer.offer(pool, price=1_000_000, purpose="ai-training")
        proposal = dao.members[0].propose(offer)
        for member in dao.members:
            member.vote(proposal, "for")
        dao.relayer.execute(dao.collective.governor.proposal(proposal))
        started = time.perf_counter()
        dao.serve()
        delivered = time.perf_counter() - started
        dao.settle(proposal)  # raises unless the sale is settled
    return {"contribute_seconds": round(statistics.median(waits), 2), "deliver_seconds": round(delivered, 2)}
