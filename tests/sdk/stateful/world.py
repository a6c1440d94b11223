"""A whole collective on the bare machine: every contract by its ABI, everybody's keys, and what they encrypt.

The contracts are the shipped ones, deployed by the one deploy plan. The machine takes messages without signatures, so
only members (for what is relayed) and validators have keys. Nothing here knows what should happen; that is model.py's.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_account import Account
from eth_utils import keccak, to_checksum_address

from tests.sdk.stateful.evm import Answer, Evm, Remote
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.contract import create
from unwrapped_dao.chain.deploy import ORDER, GenesisParameters
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.chain.profiles import DEV, Profile
from unwrapped_dao.chain.registry import ScopeDefinition
from unwrapped_dao.crypto.bn254 import P1, G1Point, hash_hints, hash_to_g1
from unwrapped_dao.crypto.capsule import Capsule, open_capsule, seal_capsule
from unwrapped_dao.crypto.committee import Board, CommitteeKey, prove_possession, sign_heartbeat
from unwrapped_dao.crypto.delivery import BuyerKey
from unwrapped_dao.crypto.keys import DataKey, NodeKey, SecretScalar
from unwrapped_dao.crypto.tree import Node, PoolId
from unwrapped_dao.errors import CapsuleError
from unwrapped_dao.roles.founder import Founder

TEST_ARTIFACTS = Path(__file__).parents[2] / "artifacts"
EMPTY = "empty"
ETH = "0x" + "0" * 40
GENESIS_TIME = 1_800_000_000
HEIGHT = 3
"""Eight leaves for ten members: pools that are not full, full, and that refuse the ninth."""
MEMBERS = 10
MAX_EXCLUDED = 5
MAX_WEIGHT = 50
MIN_WEIGHT = 30
SETTLING = 3
NOTICE, DELIVERY, GRACE = 20, 60, 30
FAR = 2**40
SCOPES = ("songs", "steps")
BUYER_DOLLARS, BUYER_WEI = 10**15, 10**24
PURPOSE = keccak(text="ai-training")

DOMAINS = {
    "ContributionRegistry": "unwrapped-dao registry",
    "MembershipToken": "unwrapped-dao membership",
    "DataMarket": "unwrapped-dao market",
    "DataGovernor": "unwrapped-dao governor",
}
CONTRIBUTION = (
    "Contribution(address member,bytes32 scopeId,uint64 epoch,uint32 version,bytes32 content,uint32 weight,"
    "bytes32 fingerprint,bytes32 report,uint64 expiry)"
)
CONTRIBUTIONS = "Contributions(bytes32 itemsHash,uint64 expiry)"

PROFILE: Profile = DEV.model_copy(
    update={
        "settling": SETTLING,
        "min_weight": MIN_WEIGHT,
        "notice": NOTICE,
        "delivery_window": DELIVERY,
        "min_delivery_window": 30,
        "max_delivery_window": 200,
        "grace": GRACE,
        "min_grace": 30,
        "max_grace": 100,
        "max_excluded": MAX_EXCLUDED,
        "tree_height": HEIGHT,
        "max_weight": MAX_WEIGHT,
    }
)


def account(name: str) -> str:
    """An address that nobody has a key of."""
    return str(to_checksum_address(keccak(text=f"account of {name}")[12:]))


@dataclass(frozen=True)
class Buyer:
    name: str
    address: str
    secret: SecretScalar
    key: BuyerKey


@dataclass(frozen=True)
class Envelope:
    """What a contribution published at the seal: the capsule, and the data key it must give back."""

    leaf: int
    capsule: Capsule
    context: bytes
    dek: DataKey


class World:
    """`evm.fork(EMPTY)` begins again from the deployed, empty collective."""

    def __init__(self) -> None:
        self.validators = sorted((Account.from_key(keccak(text=f"validator {i}")) for i in range(2)), key=_number)
        self.wallets = [Account.from_key(keccak(text=f"member {i}")) for i in range(MEMBERS)]
        self.members = [wallet.address for wallet in self.wallets]
        self.buyers = [_buyer("first buyer"), _buyer("second buyer")]
        self.custodian, self.stranger = account("custodian"), account("stranger")
        self.secret = SecretScalar(int.from_bytes(keccak(text="committee"), "big") >> 3)
        self.definitions = [
            ScopeDefinition(keccak(text=f"schema of {name}"), (PURPOSE,), keccak(text="base terms")) for name in SCOPES
        ]
        self.scopes = [_scope_id(definition) for definition in self.definitions]
        with LocalChain.in_memory(genesis_time=GENESIS_TIME) as chain:
            client = ChainClient(chain)
            dollar = create(client, chain.faucet, artifacts.load("TestDollar"))[0]
            self.deployer = chain.faucet.address
            self.deployment = Founder(client, chain.faucet).deploy(self._parameters(dollar.address))
            self.evm = Evm(chain)
        self.currencies = [dollar.address, ETH]
        self.names = {name: self.deployment.address(name) for name in ORDER}
        self.membership = self._at("MembershipToken")
        self.token = self._at("ContributionToken")
        self.committee = self._at("KeyCommittee")
        self.splitter = self._at("RevenueSplitter")
        self.registry = self._at("ContributionRegistry")
        self.market = self._at("DataMarket")
        self.timelock = self._at("DataTimelock")
        self.governor = self._at("DataGovernor")
        self.dollar = Remote(self.evm, artifacts.abi("TestDollar"), dollar.address)
        self._post_key()
        for buyer in self.buyers:
            _done(self.dollar.send(self.stranger, "mint", buyer.address, BUYER_DOLLARS))
            _done(self.dollar.send(buyer.address, "approve", self.splitter.address, 2**256 - 1))
            self.evm.give(buyer.address, BUYER_WEI)
        self.evm.keep(EMPTY)
        self.source = random.Random(0)

    def _parameters(self, dollar: str) -> GenesisParameters:
        return GenesisParameters(
            name="Rehearsal",
            validators=tuple(v.address for v in self.validators),
            attestations=2,
            custodians=(self.custodian,),
            threshold=1,
            scopes=tuple(self.definitions),
            currencies=(dollar, ETH),
            treasury_bps=200,
            operators_bps=300,
            profile=PROFILE,
        )

    def _at(self, name: str) -> Remote:
        return Remote(self.evm, artifacts.abi(name), self.names[name])

    def remote(self, name: str) -> Remote:
        return self._at(name)

    def _post_key(self) -> None:
        self.key = CommitteeKey.of(self.secret)
        self.board = Board.of(self.evm.chain_id, self.committee.address, 1)
        proof = prove_possession(self.secret, self.board)
        words = list(self.key.X.words), list(self.key.Y.words), list(proof.T.words), proof.s
        _done(self.committee.send(self.custodian, "postKey", 1, *words))

    # What everybody signs and encrypts

    def pool_of(self, scope: int, epoch: int) -> PoolId:
        return PoolId.of(self.evm.chain_id, self.registry.address, self.scopes[scope], epoch)

    def pool_id(self, scope: int, epoch: int) -> int:
        return int.from_bytes(keccak(encode(["bytes32", "uint64"], [self.scopes[scope], epoch])), "big")

    def heartbeat(self) -> tuple[int, list[int]]:
        week = self.evm.now // 604_800
        return week, list(_heartbeat(self.secret.to_secret_int(), self.board, week))

    def sign(self, signer: Any, contract: Remote, text: str, *values: Any) -> tuple[bytes, bytes]:
        """(r, vs) of EIP-2098 over an EIP-712 message of static fields; `text` is its type."""
        kinds = [field.split(" ")[0] for field in text[text.index("(") + 1 : -1].split(",")]
        body = keccak(encode(["bytes32", *kinds], [keccak(text=text), *values]))
        signed = signer.unsafe_sign_hash(keccak(b"\x19\x01" + self._separator(contract) + body))
        return signed.r.to_bytes(32, "big"), ((signed.v - 27) << 255 | signed.s).to_bytes(32, "big")

    def _separator(self, contract: Remote) -> bytes:
        kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        domain = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        name = DOMAINS[next(n for n, address in self.names.items() if address == contract.address)]
        words = [keccak(text=domain), keccak(text=name), keccak(text="1"), self.evm.chain_id, contract.address]
        return bytes(keccak(encode(kinds, words)))

    def attest(self, member: int, scope: int, epoch: int, record: tuple[Any, ...]) -> bytes:
        version, weight, content, fingerprint, report = record
        where = (self.members[member], self.scopes[scope], epoch)
        values = (*where, version, content, weight, fingerprint, report, FAR)
        return b"".join(b"".join(self.sign(v, self.registry, CONTRIBUTION, *values)) for v in self.validators)

    def attest_batch(self, scope: int, epoch: int, items: list[tuple[str, tuple[Any, ...]]]) -> bytes:
        kinds = ["bytes32", "uint64", "(address,(uint32,uint32,bytes32,bytes32,bytes32))[]"]
        digest = keccak(encode(kinds, [self.scopes[scope], epoch, items]))
        return b"".join(b"".join(self.sign(v, self.registry, CONTRIBUTIONS, digest, FAR)) for v in self.validators)

    def seal_envelope(self, leaf: int, scope: int, epoch: int, version: int) -> Envelope:
        """What the member encrypted; only the capsule, since who has its data key has the payload."""
        context = encode(["uint256", "uint256", "uint256", "uint256"], [leaf, scope, epoch, version])
        dek = DataKey(keccak(b"data key of " + context))
        capsule = seal_capsule(dek, context, self.pool_of(scope, epoch), leaf, HEIGHT, self.key.Y)
        return Envelope(leaf, capsule, context, dek)

    # What a buyer gets, and can do with it

    def delivery(self, pool: PoolId, buyer: Buyer, node: tuple[int, int]) -> dict[str, Any]:
        """One node's delivery by the custodian: C1 = u·P1, C2 = x·H(id) + u·B1."""
        u = self.source.randrange(1, 2**250)
        c2 = _signature(self.secret.to_secret_int(), pool, Node(*node)) + buyer.key.B1 * u
        return {"height": node[0], "index": node[1], "C1": list((P1 * u).words), "C2": list(c2.words)}

    def delivered(self, node: tuple[int, int], pair: list[int]) -> dict[str, Any]:
        """A delivery as the event says it: two points, compressed."""
        c1, c2 = (list(G1Point.from_compressed(word).words) for word in pair)
        return {"height": node[0], "index": node[1], "C1": c1, "C2": c2}

    def hints(self, pool: PoolId, nodes: list[dict[str, Any]]) -> list[int]:
        return list(_hints(tuple(pool.node_id(Node(node["height"], node["index"])) for node in nodes)))

    def open_delivery(self, pool: PoolId, buyer: Buyer, delivered: dict[str, Any]) -> NodeKey:
        """As the buyer: C2 − b·C1, checked against Y."""
        c1, c2 = (G1Point.from_words(delivered[part]) for part in ("C1", "C2"))
        point = c2 - c1 * buyer.secret.to_secret_int()
        return NodeKey(pool, Node(delivered["height"], delivered["index"]), point, self.key.Y)

    def opens(self, key: NodeKey, pool: PoolId, envelope: Envelope) -> bool:
        """Try a node key on an envelope in every way a buyer could: as it is, and on each of the capsule's wraps."""
        for height in range(HEIGHT + 1):
            claimed = NodeKey.from_trusted_point(pool, Node(height, envelope.leaf >> height), key.to_secret_point())
            try:
                found = open_capsule(envelope.capsule, envelope.context, pool, envelope.leaf, HEIGHT, claimed)
            except CapsuleError:
                continue
            assert found == envelope.dek
            return True
        return False


def _done(answer: Answer) -> Answer:
    assert answer.ok, (answer.error, answer.facts)
    return answer


def _number(validator: Any) -> int:
    return int(validator.address, 16)


def _buyer(name: str) -> Buyer:
    secret = SecretScalar(int.from_bytes(keccak(text=name), "big") >> 3)
    return Buyer(name, account(name), secret, BuyerKey.of(secret))


def _scope_id(definition: ScopeDefinition) -> bytes:
    """IContributionRegistry's, computed apart from the contract."""
    types = ["bytes32", "bytes32", "bytes32[]", "bytes32"]
    return bytes(keccak(encode(types, [keccak(text="unwrapped-dao/scope/v1"), *definition.as_tuple()])))


@cache
def _heartbeat(secret: int, board: Board, week: int) -> tuple[int, ...]:
    return tuple(sign_heartbeat(SecretScalar(secret), board, week).words)


@cache
def _signature(secret: int, pool: PoolId, node: Node) -> G1Point:
    return hash_to_g1(pool.node_id(node)) * secret


@cache
def _hints(node_ids: tuple[bytes, ...]) -> tuple[int, ...]:
    return tuple(hash_hints(node_ids))


@cache
def world() -> World:
    """One for all tests of a process; each begins with `world().evm.fork(...)`."""
    return World()
