"""A wired collective; `pool` is its first open one."""

from __future__ import annotations

import pytest

from tests.contracts.support import signing
from tests.contracts.support.collective import FAR, Collective
from tests.contracts.support.refusals import as_calls


@pytest.fixture(scope="session")
def refused(refused):
    return as_calls(refused)


@pytest.fixture(scope="module")
def dao(deploy, accounts):
    collective = Collective(deploy, accounts)
    collective.join(*accounts[:4])
    return collective


@pytest.fixture
def pool(dao, clock):
    return dao.open_epoch(clock)


@pytest.fixture
def remote(dao, accounts):
    """A member that never sends a transaction: the test holds its key."""
    key = signing.key("remote member")
    domain = signing.domain("unwrapped-dao membership", 1337, dao.membership.address)
    signature = signing.compact(*signing.sign(key, domain, "Join", signing.JOIN, key.address, 0, FAR))
    dao.membership.joinFor(key.address, FAR, signature, {"from": dao.stranger})
    return key
