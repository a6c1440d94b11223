"""The market's desk; see support/market.py."""

from __future__ import annotations

import pytest

from tests.contracts.support.market import Desk


@pytest.fixture(scope="module")
def desk(deploy, accounts, clock, chain):
    return Desk(deploy, accounts, clock, chain.id)
