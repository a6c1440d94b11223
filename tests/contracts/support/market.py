"""A market among real contracts, with a registry double whose pools are sealed when the test says."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from tests.contracts.support import bn254_model as model
from tests.contracts.support import cover_model
from tests.contracts.support.committee import SECRET, key_proof

ETH = "0x" + "0" * 40
NO_LISTING = b"\0" * 32
HEIGHT = 20
WEIGHT = 100
PRICE = 55_000_000_000
MAX_EXCLUDED = 12
DELIVERY_S, GRACE_S = 1_000, 500
SHORTEST_S, LONGEST_S = 100, 10_000
TREASURY_BPS, OPERATORS_BPS = 200, 300
DAY_S = 86_400
SCOPE = keccak(text="artist-preferences")
PURPOSE = keccak(text="ai-training")
TERMS = keccak(text="licence")
ALL = 2**256 - 1

# IDataMarket.SaleState and SkipReason, in order.
NONE, OFFERED, APPROVED, SETTLED, REFUNDED, EXPIRED = range(6)
NOT_OFFERED, PAST_EXECUTE_BEFORE, TOO_MANY_EXCLUDED, TOO_LITTLE_WEIGHT, GENERATION_NOT_ACTIVE = range(5)

OFFER_TYPE = (
    "(address,bytes32,uint64,address,uint96,bytes32,bytes32,uint64,uint48,bytes32,uint256[2],uint256[4],uint64)"
)
FIELDS = "buyer scope epoch currency price purpose terms min_eligible_weight execute_before listing B1 B2 nonce"
SALE_FIELDS = (
    "state executeBefore deliveryWindow grace treasuryBps operatorsBps optOuts minEligibleWeight poolIndex approvedAt "
    "withdrawals eligibleWeight cursor members height generation excluded"
)

Offer = tuple[Any, ...]


class BuyerKey:
    """b and its two points."""

    def __init__(self, name: str) -> None:
        self.b = int.from_bytes(keccak(text=f"buyer {name}"), "big") % model.R
        self.B1 = model.mul(model.P1, self.b)
        self.B2 = model.mul2(self.b)


class Desk:
    """Members 0..11 are accounts[0..11] with WEIGHT each in epoch 1; buyer, timelock and custodian are accounts."""

    def __init__(self, deploy: Callable[..., Any], accounts: Any, clock: Any, chain_id: int) -> None:
        self.accounts, self.clock, self.chain_id = accounts, clock, chain_id
        self.members = accounts[:12]
        self.buyer, self.timelock, self.custodian, self.stranger = accounts[12:16]
        self.key = BuyerKey("first")
        self._nonce = 0
        self._source = random.Random(7)

        self.dollar = deploy("TestDollar")
        sender = accounts[0]
        names = ("registry", "token", "membership", "committee", "splitter", "market")
        at = {name: sender.get_deployment_address(sender.nonce + i) for i, name in enumerate(names)}
        self.registry = deploy("SealedPools")
        self.token = deploy("ContributionToken", at["registry"], at["membership"], "")
        self.membership = deploy("MembershipToken", at["registry"], at["market"], 0)
        self.committee = deploy("KeyCommittee", self.timelock, [self.custodian], 1, 600)
        self.splitter = deploy(
            "RevenueSplitter",
            at["market"],
            self.timelock,
            at["membership"],
            at["token"],
            at["committee"],
            TREASURY_BPS,
            OPERATORS_BPS,
            [ETH, self.dollar],
        )
        self.deployment = {
            "timelock": self.timelock.address,
            **{name: at[name] for name in ("registry", "token", "membership", "committee", "splitter")},
            "maxExcluded": MAX_EXCLUDED,
            "shortestDelivery": SHORTEST_S,
            "longestDelivery": LONGEST_S,
            "shortestGrace": SHORTEST_S,
            "longestGrace": LONGEST_S,
            "deliveryWindow": DELIVERY_S,
            "grace": GRACE_S,
        }
        self.market = deploy("DataMarket", tuple(self.deployment.values()))
        assert self.market.address == at["market"]

        self.registry.setTokens(self.token, self.membership)
        self.registry.allow(SCOPE, PURPOSE)
        self.committee.postKey(1, *key_proof(self.committee, chain_id, SECRET), {"from": self.custodian})
        self.dollar.mint(self.buyer, 10**15)
        self.dollar.approve(self.splitter, ALL, {"from": self.buyer})
        for member in self.members:
            self.membership.join({"from": member})
        self.pool = self.open_pool(1)

    # --- pools -----------------------------------------------------------------------------------------------------

    def open_pool(self, epoch: int, members: int = 12, height: int = HEIGHT, sealed: bool = True) -> int:
        """A pool with WEIGHT of each of the twelve members; its id."""
        self.registry.open(SCOPE, epoch, 1, height)
        pool = int(self.registry.poolId(SCOPE, epoch))
        self.registry.fill(pool, list(range(12)), WEIGHT)
        if sealed:
            self.registry.seal(pool, members)
        return pool

    def withdraw(self, *numbers: int) -> None:
        for number in numbers:
            self.registry.withdraw(self.pool, self.members[number])

    # --- sales -----------------------------------------------------------------------------------------------------

    def terms(self, **changes: Any) -> Offer:
        """An offer of the buyer; each call another nonce."""
        self._nonce += 1
        values = dict(
            zip(
                FIELDS.split(),
                (
                    self.buyer.address,
                    SCOPE,
                    1,
                    self.dollar.address,
                    PRICE,
                    PURPOSE,
                    TERMS,
                    1,
                    self.clock.now() + DAY_S,
                    NO_LISTING,
                    self.key.B1,
                    self.key.B2,
                    self._nonce,
                ),
                strict=True,
            )
        )
        unknown = set(changes) - set(FIELDS.split())
        assert not unknown, unknown
        return tuple((values | changes).values())

    def sale_id(self, offer: Offer, market: str | None = None, chain_id: int | None = None) -> bytes:
        """IDataMarket's, computed apart from the contract."""
        tag = keccak(text="unwrapped-dao/sale/v1")
        types = ["bytes32", "uint256", "address", OFFER_TYPE]
        return keccak(encode(types, [tag, chain_id or self.chain_id, market or self.market.address, offer]))

    def offer(self, **changes: Any) -> tuple[Offer, bytes]:
        """An offer made and escrowed: (offer, sale id)."""
        offer = self.terms(**changes)
        value = offer[4] if offer[3] == ETH else 0
        self.market.offer(offer, {"from": self.buyer, "value": value})
        return offer, self.sale_id(offer)

    def opt_out(self, sale: bytes, *numbers: int) -> None:
        for number in numbers:
            self.market.optOut(sale, {"from": self.members[number]})

    def approve(self, *sales: bytes) -> Any:
        return self.market.approve(list(sales), {"from": self.timelock})

    def approved(self, opted_out: Iterable[int] = (), **changes: Any) -> tuple[Offer, bytes]:
        """An approved sale with these opt-outs, not fixed yet if there are any."""
        offer, sale = self.offer(**changes)
        self.opt_out(sale, *opted_out)
        self.approve(sale)
        assert self.sale(sale)["state"] == APPROVED
        return offer, sale

    def fixed(self, excluded: Iterable[int] = (), **changes: Any) -> tuple[Offer, bytes]:
        """An approved sale whose exclusions are fixed."""
        leaves = sorted(excluded)
        offer, sale = self.approved(leaves, **changes)
        if leaves:
            self.market.fixExcluded(offer, leaves, {"from": self.stranger})
        return offer, sale

    def sale(self, sale: bytes) -> dict[str, int]:
        return dict(zip(SALE_FIELDS.split(), self.market.sale(sale), strict=True))

    def refused_in(self, state: int, sale: bytes, needed: int) -> tuple[str, bytes, int, int]:
        """What `SaleStateWrong` says."""
        return "SaleStateWrong", sale, state, needed

    # --- deliveries ------------------------------------------------------------------------------------------------

    def node_id(self, epoch: int, height: int, index: int, registry: str | None = None, chain_id: int = 0) -> bytes:
        tag = keccak(text="unwrapped-dao/node/v1")
        types = ["bytes32", "uint8", "uint256", "address", "bytes32", "uint64", "uint8", "uint64"]
        where = [chain_id or self.chain_id, registry or self.registry.address, SCOPE, epoch]
        return keccak(encode(types, [tag, 1, *where, height, index]))

    def node(
        self,
        offer: Offer,
        height: int,
        index: int,
        *,
        node_id: bytes | None = None,
        x: int = SECRET,
        buyer: model.Point | None = None,
    ) -> tuple[Any, ...]:
        """One node's delivery to the offer's buyer."""
        u = self._source.randrange(1, model.R)
        message = node_id or self.node_id(offer[2], height, index)
        return (height, index, *model.deliver(message, x, buyer or offer[10], u))

    def cover(self, offer: Offer, excluded: Iterable[int] = (), members: int = 12, height: int = HEIGHT) -> list[Any]:
        """The whole cover, delivered."""
        nodes = cover_model.step_cover(height, members, set(excluded))
        return [self.node(offer, *node) for node in nodes]

    def hints(self, offer: Offer, nodes: Sequence[Sequence[Any]]) -> list[int]:
        return model.hash_hints([self.node_id(offer[2], height, index) for height, index, *_ in nodes])

    def deliver(self, offer: Offer, nodes: Sequence[Any], hints: Sequence[int] = (), sender: Any = None) -> Any:
        return self.market.deliver(offer, list(nodes), list(hints), {"from": sender or self.stranger})

    def opens(self, delivered: Sequence[Any], key: BuyerKey | None = None) -> model.Point:
        """The node key that a delivery opens to: C2 − b·C1."""
        c1, c2 = delivered[2], delivered[3]
        opened = model.add(c2, model.negate(model.mul(c1, (key or self.key).b)))
        assert opened is not None
        return opened
