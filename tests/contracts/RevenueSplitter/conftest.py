"""A splitter between doubles: the market does what the test says, members and weights are what the test says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

ETH = "0x" + "0" * 40
POOL = int.from_bytes(bytes(range(1, 33)), "big")
OTHER_POOL = int.from_bytes(bytes(range(101, 133)), "big")
GENERATION = 1
ALL = 2**256 - 1


class Desk:
    """What the tests do again and again."""

    def __init__(self, deploy, accounts):
        self.accounts = accounts
        self._lists = 0
        self.timelock = accounts[8]
        self.buyer = accounts[9]
        self.market = deploy("MarketDouble")
        self.membership = deploy("MembershipDouble")
        self.weights = deploy("ContributionTokenDouble")
        self.committee = deploy("CommitteeDouble")
        self.dollar = deploy("TestDollar")
        self.splitter = deploy(
            "RevenueSplitter",
            self.market,
            self.timelock,
            self.membership,
            self.weights,
            self.committee,
            100,
            50,
            [ETH, self.dollar],
        )
        self.market.setSplitter(self.splitter)
        self.committee.setCustodians(GENERATION, accounts[5:8])

    def join(self, index, *weights):
        """Make accounts[index] a member with these weights in POOL and OTHER_POOL; its number."""
        number = self.membership.membersEver()
        self.membership.add(self.accounts[index])
        for pool, weight in zip((POOL, OTHER_POOL), weights, strict=False):
            self.weights.setWeight(number, pool, weight)
        return number

    def fund(self, amount, dollar=None):
        dollar = dollar or self.dollar
        dollar.mint(self.buyer, amount)
        dollar.approve(self.splitter, ALL, {"from": self.buyer})

    def escrow(self, name, amount, currency=None):
        """Escrow from the buyer; the sale id."""
        sale = name.encode().ljust(32, b"\0")
        if currency == ETH:
            self.market.escrow(sale, ETH, self.buyer, amount, {"from": self.buyer, "value": amount})
        else:
            self.fund(amount)
            self.market.escrow(sale, currency or self.dollar, self.buyer, amount)
        return sale

    def settle(self, sale, weight, *, pool=POOL, currency=None, fees=(0, 0), excluded=()):
        """Settle for members of this eligible weight; `excluded` are member numbers."""
        self._lists += bool(excluded)
        for number in excluded:
            self.market.exclude(self._lists, number)
        chosen = self._lists if excluded else 0
        return self.market.settle(sale, pool, currency or self.dollar, weight, GENERATION, *fees, chosen)

    def sell(self, name, amount, weight, **kwargs):
        return self.settle(self.escrow(name, amount, kwargs.get("currency")), weight, **kwargs)

    def claim(self, index, *lines, most=100, by=0):
        lines = lines or ((POOL, self.dollar),)
        return self.splitter.claim(self.accounts[index], lines, most, {"from": self.accounts[by]})

    def ledger(self, currency):
        """All money in less all money out, in one currency."""
        members = self.membership.membersEver()
        claimed = sum(self.splitter.claimed(pool, currency, 0, members) for pool in (POOL, OTHER_POOL))
        return self.splitter.ledgerBeforeClaims(currency) - claimed

    def balance(self, index):
        return self.dollar.balanceOf(self.accounts[index])


@pytest.fixture(scope="module")
def desk(deploy, accounts):
    return Desk(deploy, accounts)


@pytest.fixture(scope="session")
def the():
    """The constants, so that tests need not import from a conftest."""
    return SimpleNamespace(ETH=ETH, POOL=POOL, OTHER_POOL=OTHER_POOL, GENERATION=GENERATION, ALL=ALL)
