"""A membership whose registry and market are plain accounts, so that tests say when a contribution goes live."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.contracts.support import signing
from tests.contracts.support.refusals import as_calls

SETTLING = 100


@pytest.fixture(scope="session")
def refused(refused):
    return as_calls(refused)


@pytest.fixture(scope="module")
def club(deploy, accounts):
    registry, market = accounts[8], accounts[9]
    token = deploy("MembershipToken", registry, market, SETTLING)
    return SimpleNamespace(
        token=token,
        registry=registry,
        market=market,
        domain=signing.domain("unwrapped-dao membership", 1337, token.address),
        join=lambda *members: [token.join({"from": m}) for m in members],
        activate=lambda *members: [token.contributionAdded(m, {"from": registry}) for m in members],
        deactivate=lambda *members: [token.contributionRemoved(m, {"from": registry}) for m in members],
    )


@pytest.fixture
def voters(club, accounts, clock):
    """Four members who may vote."""
    members = accounts[:4]
    club.join(*members)
    club.activate(*members)
    clock.advance(SETTLING + 1)
    return members


@pytest.fixture
def past(club, clock):
    """`past(s, a, b)`: votes at the end of second `s` (default: of the latest block), once that second is over."""

    def votes(time: int | None, *members: object) -> list[int]:
        time = clock.now() if time is None else time
        if time >= clock.now():
            clock.advance_to(time + 1)
        return [club.token.getPastVotes(m, time) for m in members]

    return votes
