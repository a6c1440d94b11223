"""Deliveries at 10,000 members: the whole cover of one sale, settled, with nobody and with some excluded.

The market, the committee, the splitter and both tokens are the real ones; a registry double says that the pool is
sealed with 10,000 member numbers and who withdrew from it, so that nobody has to join first. Excluded leaves are drawn
at random: 14 nodes beside one leaf (12 to 14), 96 beside ten (91 on average), 339 beside fifty (340 on average).
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from benchmarks.gas_lines.line import Line
from benchmarks.gas_lines.world import ETHER, FAR_FUTURE, PRICE, account, deployer
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.committee import Committee
from unwrapped_dao.chain.contract import Contract, create
from unwrapped_dao.chain.deploy import create_address
from unwrapped_dao.chain.erc20 import Erc20
from unwrapped_dao.chain.market import Market, NodeDelivery, Offer
from unwrapped_dao.crypto.bn254 import hash_hints
from unwrapped_dao.crypto.committee import Board, CommitteeKey, prove_possession
from unwrapped_dao.crypto.delivery import BuyerKey, SaleId, combine_shares, make_share
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.tree import PoolId, cover

MEMBERS = 10_000
HEIGHT = 20
WEIGHT = 500
MOST_EXCLUDED = 500
MOST_GAS = 16_777_216  # of one transaction, EIP-7825
SCOPE, PURPOSE = keccak(text="cover scope"), keccak(text="cover purpose")
DOUBLES = Path(__file__).resolve().parents[2] / "tests" / "artifacts"
DAY = 86_400
LEAVES = random.Random(1).sample(range(MEMBERS), 50)
EXPECTED = {0: 236_000, 1: 600_000, 10: 3_100_000, 50: 10_700_000}
"""Excluded -> gas of the whole cover, by the prototype; within a tenth of it is what is asked for."""

LINES = {
    f"cover_{MEMBERS}_{excluded}": Line(
        f"deliver and settle one more sale of a pool of 10,000, {excluded or 'nobody'} excluded, hinted: one call",
        expected * 11 // 10,
    )
    for excluded, expected in EXPECTED.items()
}


class LargePool:
    """A market of which one pool has 10,000 members."""

    def __init__(self, client: ChainClient, funded: LocalAccount) -> None:
        self.client = client
        self.owner = deployer(client, funded)
        self.buyer = account(client, self.owner, "cover buyer", 10 * ETHER)
        dollar, _ = create(client, self.owner, artifacts.load("TestDollar"))
        self.dollar = Erc20(dollar)
        names = ("registry", "token", "membership", "committee", "splitter", "market")
        nonce = client.nonce(self.owner.address)
        at = {name: create_address(self.owner.address, nonce + i) for i, name in enumerate(names)}
        owner = self.owner.address
        self.registry = self._create("SealedPools", folder=DOUBLES)
        self._create("ContributionToken", at["registry"], at["membership"], "")
        self._create("MembershipToken", at["registry"], at["market"], 0)
        committee = self._create("KeyCommittee", owner, [owner], 1, 300)
        self._create(
            "RevenueSplitter",
            at["market"],
            owner,
            at["membership"],
            at["token"],
            at["committee"],
            200,
            300,
            [self.dollar.address],
        )
        windows = {
            "maxExcluded": MOST_EXCLUDED,
            "shortestDelivery": 60,
            "longestDelivery": DAY,
            "shortestGrace": 60,
            "longestGrace": DAY,
            "deliveryWindow": DAY,
            "grace": DAY,
        }
        siblings = {name: at[name] for name in ("registry", "token", "membership", "committee", "splitter")}
        market = self._create("DataMarket", {"timelock": owner} | siblings | windows)
        assert market.address == at["market"]
        self._market, self.market = market, Market(market)
        self.registry.send(self.owner, "setTokens", at["token"], at["membership"])
        self.registry.send(self.owner, "allow", SCOPE, PURPOSE)
        self.dollar.mint(self.owner, self.buyer.address, 100 * PRICE)
        self.dollar.approve(self.buyer, at["splitter"], 100 * PRICE)
        self.secret = SecretScalar.generate()
        key = CommitteeKey.of(self.secret)
        proof = prove_possession(self.secret, Board.of(client.chain_id, committee.address, 1))
        Committee(committee).post_key(self.owner, 1, key.X.words, key.Y.words, (proof.T.words, proof.s))
        self.public = key.Y
        self.excluded: list[int] = []
        self._sales = 0

    def _create(self, name: str, *args: Any, folder: Path | None = None) -> Contract:
        artifact = artifacts.load(name, folder) if folder else artifacts.load(name)
        return create(self.client, self.owner, artifact, *args)[0]

    def open(self) -> None:
        """A sealed pool of 10,000 members."""
        self.registry.send(self.owner, "open", SCOPE, 1, 1, HEIGHT)
        self.registry.send(self.owner, "fill", self._pool(), [MEMBERS - 1], WEIGHT)
        self.registry.send(self.owner, "seal", self._pool(), MEMBERS)

    def withdraw(self, count: int) -> None:
        """Members withdraw until `count` have."""
        for leaf in LEAVES[len(self.excluded) : count]:
            self.registry.send(self.owner, "fill", self._pool(), [leaf], WEIGHT)
            self.registry.send(self.owner, "withdrawNumber", self._pool(), leaf)
            self.excluded.append(leaf)

    def _pool(self) -> int:
        return int(self.registry.call("poolId", SCOPE, 1))

    def sell(self) -> int:
        """One sale of the pool, from the offer to its settlement; the gas of its delivery."""
        self._sales += 1
        secret = SecretScalar.generate()
        buyer = BuyerKey.of(secret)
        offer = Offer(
            buyer=self.buyer.address,
            scope_id=SCOPE,
            epoch=1,
            currency=self.dollar.address,
            price=PRICE,
            purpose=PURPOSE,
            terms=keccak(text="terms"),
            min_eligible_weight=1,
            execute_before=FAR_FUTURE,
            listing_id=bytes(32),
            b1=buyer.B1.words,
            b2=buyer.B2.words,
            nonce=self._sales,
        )
        self.market.offer(self.buyer, offer)
        sale_id = self.market.sale_id(offer)
        self.client.send(self.owner, self.market.address, self.market.approve_calldata([sale_id]))
        leaves = sorted(self.excluded)
        for start in range(0, len(leaves), 25):
            self.market.fix_excluded(self.owner, offer, leaves[start : start + 25])
        pool = PoolId.of(self.client.chain_id, self.registry.address, SCOPE, 1)
        sale = SaleId.of(self.client.chain_id, self.market.address, sale_id)
        nodes_covered = cover(MEMBERS, HEIGHT, leaves)
        nodes = []
        for node in nodes_covered:
            share = make_share(1, self.secret, pool, node, sale, buyer)
            verified = share.verify(self.public, pool.node_id(node), buyer)
            combined = combine_shares([verified], 1)
            nodes.append(NodeDelivery(node.height, node.index, combined.C1.words, combined.C2.words).as_tuple())
        hints = hash_hints([pool.node_id(node) for node in nodes_covered])
        # Estimating takes a node many times what the call takes.
        receipt = self._market.send(self.owner, "deliver", offer.as_tuple(), nodes, hints, gas=MOST_GAS)
        assert self.market.sale(sale_id).state.name == "SETTLED"
        return receipt.gas_used


def measure(client: ChainClient, funded: LocalAccount) -> dict[str, int]:
    """The lines of one chain."""
    pool = LargePool(client, funded)
    pool.open()
    pool.sell()  # the pool's first sale
    gas = {}
    for excluded in EXPECTED:
        pool.withdraw(excluded)
        gas[f"cover_{MEMBERS}_{excluded}"] = pool.sell()
    return gas
