"""A deployed collective whose every secret comes from fixed keys, for lines to be measured in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from unwrapped_dao.chain import artifacts, eip712
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.collective import Collective
from unwrapped_dao.chain.contract import create
from unwrapped_dao.chain.deploy import GenesisParameters
from unwrapped_dao.chain.erc20 import ETH, Erc20
from unwrapped_dao.chain.governor import Action
from unwrapped_dao.chain.market import NodeDelivery, Offer
from unwrapped_dao.chain.outbox import Receipt
from unwrapped_dao.chain.profiles import DEV
from unwrapped_dao.chain.registry import NO_RECORD, Pool, Record, ScopeDefinition, join_attestations
from unwrapped_dao.crypto.bn254 import G1Point, G2Point, hash_hints
from unwrapped_dao.crypto.delivery import BuyerKey, combine_shares, make_share
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.vault import MemoryVault
from unwrapped_dao.kinds import scope as scope_by_name
from unwrapped_dao.roles.custodian import Custodian
from unwrapped_dao.roles.founder import Founder
from unwrapped_dao.roles.identity import committee_key, pool_identity, sale_identity
from unwrapped_dao.roles.relayer import Relayer

SCOPE = "artist-preferences"
PURPOSE = "ai-training"
MEMBERS = 40
PRICE = 55_000 * 10**6
ETHER = 10**18
FAR_FUTURE = 2**40
HALF_ORDER = 2**255


class World:
    """A deployed collective whose every secret comes from one seed."""

    def __init__(self, client: ChainClient, funder: LocalAccount) -> None:
        self.client, self.funder = client, funder
        self._accounts = 0
        self.validators = sorted((self.account() for _ in range(3)), key=lambda a: int(a.address, 16))
        keeper, self.buyer = self.account(), self.account()
        token, _ = create(client, funder, artifacts.load("TestDollar"))
        self.dollar = Erc20(token)
        self.dollar.mint(funder, self.buyer.address, 100 * PRICE)
        definition = scope_by_name(SCOPE)
        parameters = GenesisParameters(
            name="Gas",
            validators=tuple(v.address for v in self.validators),
            attestations=2,
            custodians=(keeper.address,),
            threshold=1,
            scopes=(ScopeDefinition.of(definition),),
            currencies=(self.dollar.address, ETH),
            profile=DEV,
        )
        self.collective = Collective.at(client, Founder(client, funder).deploy(parameters))
        self.dollar.approve(self.buyer, self.collective.splitter.address, 100 * PRICE)
        self.custodian = Custodian(self.collective, keeper, MemoryVault())
        self.custodian.setup()
        generation = self.collective.committee.current()
        self.secret: SecretScalar = self.custodian.seats.share(generation)
        self.public = committee_key(generation)
        self.relayer = Relayer(self.collective, funder)
        self.domain = eip712.read_domain(client, self.collective.registry.address)
        self.members = [self.account() for _ in range(MEMBERS)]
        self._nonce = 0

    def account(self) -> LocalAccount:
        self._accounts += 1
        return account(self.client, self.funder, f"account {self._accounts}", 100 * ETHER)

    def open(self) -> Pool:
        week, heartbeat = self.custodian.heartbeat()
        return self.relayer.open_epoch(scope_by_name(SCOPE).scope_id, week, heartbeat)

    def contribute(self, member: LocalAccount, pool: Pool) -> Receipt:
        label = f"{member.address} {pool.epoch}"
        record = Record(1, 500, *(keccak(text=f"{part} {label}") for part in ("content", "fingerprint", "report")))
        expiry = self.client.now() + 86_400
        message = eip712.Contribution(
            member.address, pool.scope_id, pool.epoch, 1, record.content, 500, record.fingerprint, record.report, expiry
        )
        signed = [(v.address, eip712.sign(v, self.domain, message)) for v in self.validators[:2]]
        return self.collective.registry.contribute(
            member,
            member=member.address,
            scope_id=pool.scope_id,
            epoch=pool.epoch,
            record=record,
            live=NO_RECORD,
            expiry=expiry,
            attestations=join_attestations(signed),
        )

    def seal(self, pool: Pool) -> Pool:
        return self.relayer.seal(self.relayer.announce(pool))

    def offer(self, pool: Pool, currency: str) -> tuple[Offer, Receipt]:
        self._nonce += 1
        key = BuyerKey.of(SecretScalar.generate())
        offer = Offer(
            buyer=self.buyer.address,
            scope_id=pool.scope_id,
            epoch=pool.epoch,
            currency=currency,
            price=PRICE if currency != ETH else ETHER,
            purpose=scope_by_name(SCOPE).purpose_digests[PURPOSE],
            terms=keccak(text="terms"),
            min_eligible_weight=1,
            execute_before=FAR_FUTURE,
            listing_id=bytes(32),
            b1=key.B1.words,
            b2=key.B2.words,
            nonce=HALF_ORDER % 2**64 + self._nonce,
        )
        return offer, self.collective.market.offer(self.buyer, offer)

    def approve(self, offers: Sequence[Offer]) -> tuple[list[Receipt], list[Receipt]]:
        """Receipts of (propose, queue, execute), and of the ballots."""
        market, governor = self.collective.market, self.collective.governor
        calldata = market.approve_calldata([market.sale_id(offer) for offer in offers])
        action, description = Action(market.address, calldata), f"Approve {self._nonce}"
        taken: list[Receipt] = []
        with recorded(self.client, taken):
            proposal = governor.proposal(governor.propose(self.members[0], [action], description))
        self.client.wait_until(proposal.vote_start + 1)
        ballots = [governor.vote(member, proposal.id, "for") for member in self.members[:10]]
        with recorded(self.client, taken):
            self.relayer.execute(proposal)
        return taken, ballots

    def deliver(self, offer: Offer) -> Receipt:
        """Fix exclusions, then deliver the whole cover in one call."""
        market = self.collective.market
        sale_id = market.sale_id(offer)
        assert self.custodian.fix_exclusions(sale_id)
        pool = self.collective.registry.pool(offer.scope_id, offer.epoch)
        identity, sale = pool_identity(self.collective, pool), sale_identity(self.collective, sale_id)
        buyer = BuyerKey(G1Point.from_words(offer.b1), G2Point.from_words(offer.b2))
        nodes, ids = [], []
        for node in self.custodian.cover(sale_id, offer):
            share = make_share(1, self.secret, identity, node, sale, buyer)
            combined = combine_shares([share.verify(self.public, identity.node_id(node), buyer)], 1)
            nodes.append(NodeDelivery(node.height, node.index, combined.C1.words, combined.C2.words))
            ids.append(identity.node_id(node))
        self.delivered_nodes = len(nodes)
        return market.deliver(self.custodian._account, offer, nodes, hash_hints(ids))

    def claim(self, member: LocalAccount, *pools: Pool) -> Receipt:
        lines = [(pool.id, self.dollar.address) for pool in pools]
        return self.collective.splitter.claim(member, member.address, lines)[0]


def account(client: ChainClient, funder: LocalAccount, label: str, wei: int) -> LocalAccount:
    """The account of this label, the same at every run, with `wei` from the funder."""
    made: LocalAccount = Account.from_key(keccak(text=f"gas benchmark {label}"))
    client.send(funder, made.address, value=wei)
    return made


def deployer(client: ChainClient, funded: LocalAccount) -> LocalAccount:
    """Who deploys and pays: addresses of contracts follow from it, so it must not be a node's own account."""
    return account(client, funded, "deployer", 50_000 * ETHER)


@contextmanager
def recorded(client: ChainClient, into: list[Receipt]) -> Iterator[None]:
    """Collect the receipts of everything that is sent meanwhile."""
    send: Callable[..., Receipt] = client.send

    def record(*args: Any, **options: Any) -> Receipt:
        receipt = send(*args, **options)
        into.append(receipt)
        return receipt

    with patch.object(client, "send", record):
        yield


def mean(values: Sequence[int]) -> int:
    """Whole gas, rounded down."""
    return sum(values) // len(values)
