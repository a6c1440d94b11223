"""What custodians pay: forming and resharing a key on the board, a complaint, READY, and posted shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eth_account.signers.local import LocalAccount

from benchmarks.gas_lines.line import Line
from benchmarks.gas_lines.world import ETHER, account, deployer
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.board import DealWords, PostedDeal
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.committee import Committee
from unwrapped_dao.chain.contract import create
from unwrapped_dao.chain.outbox import Receipt
from unwrapped_dao.crypto import dkg
from unwrapped_dao.crypto.bn254 import P1, G1Point
from unwrapped_dao.crypto.committee import Board
from unwrapped_dao.crypto.complaint import complain
from unwrapped_dao.crypto.dkg import Dealing, VerifiedDeal
from unwrapped_dao.crypto.keys import SecretScalar

PHASE = 300
SALE = b"\x5a" * 32

LINES = {
    "dkg_total_5": Line(
        "a 3-of-5 key: five each of key, commitment, deal and share key, and the end; 21 transactions", 3_000_000
    ),
    "dkg_register": Line("one custodian's encryption key with its proof"),
    "dkg_commit": Line("one dealer's commitment"),
    "dkg_deal": Line("one dealer's deal to five"),
    "dkg_publish": Line("one custodian's share key"),
    "dkg_finish": Line("the end: X, Y and five share keys checked by one pairing product"),
    "dkg_complaint": Line("an upheld complaint: the share decrypted and judged", 240_000),
    "reshare_total_5": Line("the same key to five others, threshold three, dealt by all five: 21 transactions"),
    "ready_first": Line("the first READY of a sale"),
    "ready": Line("the next one"),
    "share_post": Line("a custodian's share of one node, in the event log"),
    "share_post_node": Line("one more node in the same call: (101 nodes - 1 node) / 100"),
}


@dataclass
class Generation:
    """One generation on the board, every custodian keeping to the rules."""

    committee: Committee
    chain_id: int
    number: int
    custodians: Sequence[LocalAccount]
    threshold: int
    source: Generation | None = None

    def __post_init__(self) -> None:
        self.board = Board.of(self.chain_id, self.committee.address, self.number)
        self.receivers = dict(enumerate(self.custodians, 1))
        self.dealers = self.source.receivers if self.source else self.receivers
        self.keys = {j: SecretScalar.generate() for j in self.receivers}
        self.public = {j: P1 * key.to_secret_int() for j, key in self.keys.items()}
        self.dealings = {i: self._dealing(i) for i in self.dealers}

    def _dealing(self, dealer: int) -> Dealing:
        own = self.source.secrets[dealer] if self.source else None
        seed = SecretScalar.generate()
        return dkg.make_deal(self.board, dealer, seed, threshold=self.threshold, receivers=self.public, own_share=own)

    def register(self) -> list[Receipt]:
        receipts = []
        for j, custodian in self.receivers.items():
            proof = dkg.prove_encryption_key(self.keys[j], self.board, j)
            receipts.append(
                self.committee.board.register_key(
                    custodian, self.number, self.public[j].words, (proof.T.words, proof.s)
                )
            )
        return receipts

    def commit(self) -> list[Receipt]:
        return [
            self.committee.board.commit_deal(
                account_, self.number, self.dealings[i].deal.commitment(self.board, i, self.dealings[i].salt)
            )
            for i, account_ in self.dealers.items()
        ]

    def deal(self) -> list[Receipt]:
        polynomial = self.source.polynomial.words if self.source else ()
        return [
            self.committee.board.deal(
                account_, self.number, self.dealings[i].salt, DealWords(*self.dealings[i].deal.words), polynomial
            )
            for i, account_ in self.dealers.items()
        ]

    def publish(self) -> list[Receipt]:
        resharing = self.source is not None
        counted = list(self.dealers)[: self.source.threshold if self.source else None]
        verified = [VerifiedDeal(self.board, i, self.dealings[i].deal) for i in counted]
        self.secrets = {
            j: dkg.share_secret([v.open(j, key) for v in verified], resharing=resharing) for j, key in self.keys.items()
        }
        self.polynomial = dkg.public_polynomial(verified, resharing=resharing)
        self._counted = counted
        return [
            self.committee.board.publish_share_key(custodian, self.number, dkg.share_key(j, self.secrets[j]).Y.words)
            for j, custodian in self.receivers.items()
        ]

    def finish(self) -> list[Receipt]:
        verified = [dkg.share_key(j, secret).verify(self.polynomial) for j, secret in self.secrets.items()]
        keys = dkg.complete_share_keys(verified, self.threshold, len(self.receivers))
        chosen = [self.dealings[i] for i in self._counted]
        return [
            self.committee.board.finish(
                self.custodians[0],
                self.number,
                [point for dealing in chosen for point in dealing.deal.commitments.words],
                [(dealing.salt, dealing.deal.sealed_digest) for dealing in chosen],
                keys.Y.words,
                [key.words for key in keys.share_keys],
            )
        ]


def measure(client: ChainClient, funded: LocalAccount) -> dict[str, int]:
    """The lines of one chain."""
    payer = deployer(client, funded)
    accounts = [account(client, payer, f"custodian {i}", 10 * ETHER) for i in range(10)]
    addresses = [custodian.address for custodian in accounts[:5]]
    gas: dict[str, int] = {}

    first = _generation(client, payer, accounts[:5], addresses)
    steps = {
        name: [receipt.gas_used for receipt in step()]
        for name, step in (
            ("dkg_register", first.register),
            ("dkg_commit", first.commit),
            ("dkg_deal", first.deal),
            ("dkg_publish", first.publish),
            ("dkg_finish", first.finish),
        )
    }
    gas["dkg_total_5"] = sum(sum(figures) for figures in steps.values())
    gas |= {name: figures[len(figures) // 2] for name, figures in steps.items()}

    others = [custodian.address for custodian in accounts[5:]]
    client.send(payer, first.committee.address, first.committee.board.reshare_calldata(1, others, 3))
    second = Generation(first.committee, client.chain_id, 2, accounts[5:], 3, first)
    reshared = (second.register, second.commit, second.deal, second.publish, second.finish)
    gas["reshare_total_5"] = sum(receipt.gas_used for step in reshared for receipt in step())

    ready = [first.committee.ready(custodian, 1, SALE).gas_used for custodian in accounts[:2]]
    gas["ready_first"], gas["ready"] = ready
    points = [(P1 * (k + 2)).words for k in range(101)]
    one, many = (
        first.committee.post_shares(accounts[0], 1, SALE, 0, points[:nodes], points[:nodes]).gas_used
        for nodes in (1, 101)
    )
    gas["share_post"], gas["share_post_node"] = one, (many - one) // 100
    gas["dkg_complaint"] = _complaint(client, payer, accounts[:5], addresses)
    return {line: gas[line] for line in LINES}


def _generation(
    client: ChainClient, timelock: LocalAccount, custodians: Sequence[LocalAccount], addresses: Sequence[str]
) -> Generation:
    """Generation 1 of a committee of its own, threshold three."""
    made, _ = create(client, timelock, artifacts.load("KeyCommittee"), timelock.address, list(addresses), 3, PHASE)
    return Generation(Committee(made), client.chain_id, 1, custodians, 3)


def _complaint(
    client: ChainClient, timelock: LocalAccount, custodians: Sequence[LocalAccount], addresses: Sequence[str]
) -> int:
    """Dealer 2 deals custodian 4 a wrong share; custodian 4 complains."""
    generation = _generation(client, timelock, custodians, addresses)
    honest = generation.dealings[2]
    shares = list(honest.deal.shares)
    shares[3] ^= 1
    generation.dealings[2] = replace(honest, deal=replace(honest.deal, shares=tuple(shares)))
    generation.register()
    generation.commit()
    generation.deal()
    dealing = generation.dealings[2]
    complaint = complain(VerifiedDeal(generation.board, 2, dealing.deal), 4, generation.keys[4])
    posted = PostedDeal(2, dealing.salt, DealWords(*dealing.deal.words))
    key: G1Point = complaint.K
    return generation.committee.board.complain(
        custodians[3], 1, posted, key.words, complaint.Z.words, (complaint.c, complaint.s)
    ).gas_used
