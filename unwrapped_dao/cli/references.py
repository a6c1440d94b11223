"""How a person names what is on the chain: a scope by name, a sale or proposal by its place in the list or its id."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from ..errors import InputError, NotFoundError

if TYPE_CHECKING:
    from ..chain.collective import Collective
    from ..chain.governor import Proposal
    from ..chain.market import Offer
    from ..chain.registry import Pool

_HEX = re.compile(r"0x[0-9a-f]{4,64}")
_SHORTEST_ID = 10**20
"""Below it a number is a place in the list: proposal ids are hashes."""


def scope_name(collective: Collective, given: str | None) -> str:
    """The scope that was named, or the collective's only one."""
    from .. import kinds

    registered = collective.registry.scopes()
    known = {scope.scope_id: name for name, scope in kinds.scopes().items()}
    names = [known.get(scope_id, f"0x{scope_id.hex()[:12]}…") for scope_id in registered]
    if given is None:
        if len(names) == 1:
            return names[0]
        raise InputError("This collective has several scopes.", hint=f"Name one with --scope: {', '.join(names)}.")
    if kinds.scope(given).scope_id not in registered:
        raise NotFoundError(f"This collective has no scope {given!r}.", hint=f"It has: {', '.join(names)}.")
    return given


def pool_of(collective: Collective, scope: str | None, epoch: int | None) -> Pool:
    """The pool of a scope and epoch; by default of the only scope, and its newest epoch."""
    from .. import kinds

    scope_id = kinds.scope(scope_name(collective, scope)).scope_id
    registry = collective.registry
    return registry.current_pool(scope_id) if epoch is None else registry.pool(scope_id, epoch)


def sale_of(collective: Collective, reference: str) -> tuple[bytes, Offer]:
    """A sale by its number (1 is the first offer ever made), or by the beginning of its id."""
    offers = list(collective.market.offers().items())
    if reference.isdecimal():
        place = int(reference)
        if 1 <= place <= len(offers):
            return offers[place - 1]
        made = "one was" if len(offers) == 1 else f"{len(offers) or 'none'} were"
        raise NotFoundError(f"There is no offer number {reference}; {made} made.", hint=_SALES)
    if not _HEX.fullmatch(reference.lower()):
        raise InputError(f"{reference!r} names no offer.", hint="Give its number, or 0x and the beginning of its id.")
    found = [item for item in offers if f"0x{item[0].hex()}".startswith(reference.lower())]
    if len(found) != 1:
        many = f"{len(found)} offers have" if found else "No offer has"
        raise NotFoundError(f"{many} an id that begins with {reference}.", hint=_SALES)
    return found[0]


def proposal_of(collective: Collective, reference: str) -> tuple[int, Proposal]:
    """(number, proposal) by its number (1 is the first ever made), or by its id."""
    proposals = collective.governor.proposals()
    if reference.isdecimal():
        wanted = int(reference)
        for place, proposal in enumerate(proposals, start=1):
            if wanted == (proposal.id if wanted >= _SHORTEST_ID else place):
                return place, proposal
    raise NotFoundError(f"There is no proposal {reference}.", hint="See `unwrapped-dao proposal list`.")


def number_of(collective: Collective, sale_id: bytes) -> int:
    """The number of a sale."""
    return list(collective.market.offers()).index(sale_id) + 1


def moment(timestamp: int) -> str:
    """A second of the chain, for people."""
    return f"{dt.datetime.fromtimestamp(timestamp, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


_SALES = "See `unwrapped-dao buyer catalogue` and `unwrapped-dao proposal list`."
