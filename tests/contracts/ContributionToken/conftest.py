"""Contribution tokens whose registry is a plain account, so that tests say who weighs what."""

from __future__ import annotations

import pytest

POOL, OTHER = 2**255 + 5, 17
HEAVIEST = 2**32 - 1
ZERO = "0x" + "0" * 40


@pytest.fixture(scope="module")
def registry(accounts):
    return accounts[8]


@pytest.fixture(scope="module")
def membership(deploy, registry, accounts):
    return deploy("MembershipToken", registry, accounts[9], 0)


@pytest.fixture(scope="module")
def token(deploy, registry, membership):
    return deploy("ContributionToken", registry, membership, "https://example.invalid/{id}")
