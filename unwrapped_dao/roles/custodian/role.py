"""A custodian: holds a share of the committee key, keeps epochs openable, delivers approved sales.

With one custodian (1-of-1) that one person can read every envelope; every screen says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...chain.collective import Collective
from ...chain.committee import WEEK_S, Generation, GenerationState
from ...chain.market import NodeDelivery, Offer, Sale, SaleState
from ...chain.signer import Signer
from ...crypto.bn254 import hash_hints
from ...crypto.committee import Board, CommitteeKey, prove_possession, sign_heartbeat
from ...crypto.delivery import combine_shares, make_share
from ...crypto.keys import SecretScalar
from ...crypto.tree import Node
from ...crypto.vault import Vault
from ...errors import NotAllowedError, NotFoundError
from ..identity import Progress, buyer_key, committee_key, no_progress, pool_identity, sale_cover, sale_identity

NODES_PER_CALL = 200
"""Cover nodes in one transaction: about 6 M gas, well below 16,777,216 on every fork."""
LEAVES_PER_CALL = 200
"""Excluded leaves in one transaction."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A sale that this custodian completed: how many nodes went out, and in how many transactions."""

    sale_id: bytes
    nodes: int
    transactions: int


class Custodian:
    """The custodian of a 1-of-1 generation. `vault` keeps x under the name of the generation."""

    def __init__(self, collective: Collective, account: Signer, vault: Vault) -> None:
        self._collective = collective
        self._account = account
        self._vault = vault

    def __repr__(self) -> str:
        return f"<Custodian {self.address}>"

    @property
    def address(self) -> str:
        return str(self._account.address)

    def setup(self, generation: int = 1) -> Generation:
        """Make and post the key of a forming generation; again, or after a kill, changes nothing."""
        committee = self._collective.committee
        found = committee.generation(generation)
        self._require_mine(found)
        if found.state is GenerationState.FORMING:
            name = self._name(generation)
            if not self._vault.has(name):
                self._vault.put(name, SecretScalar.generate())
            secret = self._vault.get(name)
            key = CommitteeKey.of(secret)
            proof = prove_possession(secret, self._board(generation))
            committee.post_key(self._account, generation, key.X.words, key.Y.words, (proof.T.words, proof.s))
            found = committee.generation(generation)
        return found

    def heartbeat(self) -> tuple[int, tuple[int, int]]:
        """(week, S): this week's sign of life of the current generation, which opening an epoch needs."""
        generation = self._collective.committee.current()
        self._require_mine(generation)
        week = self._collective.client.now() // WEEK_S
        return week, sign_heartbeat(self._secret(generation), self._board(generation.number), week).words

    def pending_sales(self) -> list[tuple[bytes, Offer, Sale]]:
        """Approved sales that are not delivered yet."""
        market = self._collective.market
        found = [(sale_id, offer, market.sale(sale_id)) for sale_id, offer in market.offers().items()]
        return [item for item in found if item[2].state is SaleState.APPROVED]

    def run_once(self, progress: Progress = no_progress) -> list[Delivered]:
        """Fix exclusions and deliver every approved sale of a generation that this custodian holds."""
        done = []
        for sale_id, offer, _ in self.pending_sales():
            generation = self._collective.registry.pool(offer.scope_id, offer.epoch).generation
            if self._vault.has(self._name(generation)):
                result = self.deliver(sale_id, offer, progress)
                if result is not None:
                    done.append(result)
        return done

    def deliver(self, sale_id: bytes, offer: Offer, progress: Progress = no_progress) -> Delivered | None:
        """Deliver what is left of one sale; None if fixing its exclusions refunded it."""
        market = self._collective.market
        pool = self._collective.registry.pool(offer.scope_id, offer.epoch)
        if not self.fix_exclusions(sale_id, offer):
            return None
        generation = self._collective.committee.generation(pool.generation)
        secret, buyer = self._secret(generation), buyer_key(offer)
        identity, sale = pool_identity(self._collective, pool), sale_identity(self._collective, sale_id)
        cursor = market.sale(sale_id).cursor
        nodes = [node for node in self.cover(sale_id, offer) if node.end_leaf > cursor]
        public = committee_key(generation)
        calls = 0
        for start in range(0, len(nodes), NODES_PER_CALL):
            chunk, hints = [], []
            for done, node in enumerate(nodes[start : start + NODES_PER_CALL], start):
                progress("delivering", done, len(nodes))
                share = make_share(1, secret, identity, node, sale, buyer)
                node_id = identity.node_id(node)
                combined = combine_shares([share.verify(public, node_id, buyer)], generation.threshold)
                chunk.append(NodeDelivery(node.height, node.index, combined.C1.words, combined.C2.words))
                hints += hash_hints(node_id)
            market.deliver(self._account, offer, chunk, hints)
            calls += 1
        return Delivered(sale_id, len(nodes), calls)

    def cover(self, sale_id: bytes, offer: Offer) -> tuple[Node, ...]:
        """The nodes that a complete delivery of this sale consists of."""
        return sale_cover(self._collective, self._collective.registry.pool(offer.scope_id, offer.epoch), sale_id)

    def fix_exclusions(self, sale_id: bytes, offer: Offer) -> bool:
        """Pass the excluded leaves, if that is still to do; False if the sale was refunded by it."""
        market = self._collective.market
        sale = market.sale(sale_id)
        if not sale.exclusions_fixed:
            pool = self._collective.registry.pool(offer.scope_id, offer.epoch)
            withdrawn = {
                n for n, o in self._collective.registry.withdrawn_leaves(pool).items() if o <= sale.withdrawals
            }
            opted_out = {o.number for o in market.opt_outs(sale_id) if o.ordinal <= sale.opt_outs}
            leaves = sorted(withdrawn | opted_out)
            leaves = leaves[market.staged_count(sale_id, self.address) :]
            for start in range(0, len(leaves), LEAVES_PER_CALL):
                market.fix_excluded(self._account, offer, leaves[start : start + LEAVES_PER_CALL])
            sale = market.sale(sale_id)
        return sale.state is SaleState.APPROVED

    # --- steps -----------------------------------------------------------------------------------------------------

    def _require_mine(self, generation: Generation) -> None:
        if len(generation.custodians) != 1:
            raise NotAllowedError(
                f"Generation {generation.number} is {generation.shape}; this version forms 1-of-1 committees only."
            )
        if generation.custodians[0].lower() != self.address.lower():
            raise NotAllowedError(
                f"{self.address} is not the custodian of generation {generation.number}.",
                hint=f"Use the account {generation.custodians[0]}.",
            )

    def _secret(self, generation: Generation) -> SecretScalar:
        """x, compared with the key on the chain."""
        secret = self._vault.get(self._name(generation.number))
        if committee_key(generation) != CommitteeKey.of(secret).Y:
            raise NotFoundError(
                f"The key kept here is not that of generation {generation.number}.", hint="Restore the right keyfile."
            )
        return secret

    def _board(self, generation: int) -> Board:
        return Board.of(self._collective.client.chain_id, self._collective.committee.address, generation)

    def _name(self, generation: int) -> str:
        return f"custodian-{self._collective.committee.address.lower()}-{generation}"
