"""What a relayer pays for each member of a batch: a hundred signed requests in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from benchmarks.gas_lines.line import Line
from benchmarks.gas_lines.world import World, deployer
from unwrapped_dao.chain import eip712
from unwrapped_dao.chain.batch import BatchItem, SignedRequest, items_hash
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.governor import SUPPORT, Action
from unwrapped_dao.chain.outbox import Receipt
from unwrapped_dao.chain.registry import Pool, Record, join_attestations

SIZE = 100
TRANSACTION_CAP = 16_777_216
"""EIP-7825."""

LINES = {
    "onboard_relayed": Line(
        "join + contribute in relayed batches of 100, for each member; its own signatures checked on-chain, 2 of 3 "
        "validators sign the batch; member numbers in sequence",
        110_000,
        "Streamr: 57,700, without proof and consent",
    ),
    "join_batch": Line("the first half of it"),
    "vote_batch": Line(
        "a ballot in a relayed batch of 100, the first of its proposal", 12_000, "OpenZeppelin, by signature: 114,739"
    ),
    "opt_out_batch": Line("an opt-out in a relayed batch of 100, the first of its sale", 16_000),
    "leave_batch": Line("leaving in a relayed batch of 100, each with its vote"),
}


def measure(client: ChainClient, funded: LocalAccount) -> dict[str, int]:
    """The lines of one chain."""
    world = World(client, deployer(client, funded))
    founders = world.members[:3]
    for member in founders:
        world.collective.membership.join(member)
    pool = world.open()
    for member in founders:
        world.contribute(member, pool)
    crowd: list[LocalAccount] = [Account.from_key(keccak(text=f"gas benchmark crowd {n}")) for n in range(SIZE)]

    gas = {"join_batch": _each(_join(world, crowd))}
    gas["onboard_relayed"] = gas["join_batch"] + _each(_contribute(world, crowd, pool))
    pool = world.seal(pool)
    offer, _ = world.offer(pool, world.dollar.address)
    gas["vote_batch"] = _each(_vote(world, crowd, offer_id := world.collective.market.sale_id(offer)))
    gas["opt_out_batch"] = _each(_opt_out(world, crowd, offer_id))
    gas["leave_batch"] = _each(_leave(world, crowd))
    return gas


def _join(world: World, crowd: Sequence[LocalAccount]) -> Receipt:
    membership, expiry = world.collective.membership, _expiry(world)
    domain = eip712.read_domain(world.client, membership.address)
    requests = [
        SignedRequest(who.address, expiry, eip712.sign(who, domain, eip712.Join(who.address, 0, expiry)))
        for who in crowd
    ]
    return membership.join_batch(world.funder, requests)


def _leave(world: World, crowd: Sequence[LocalAccount]) -> Receipt:
    membership, expiry = world.collective.membership, _expiry(world)
    domain = eip712.read_domain(world.client, membership.address)
    requests = [
        SignedRequest(who.address, expiry, eip712.sign(who, domain, eip712.Leave(who.address, 1, expiry)))
        for who in crowd
    ]
    return membership.leave_batch(world.funder, requests)


def _contribute(world: World, crowd: Sequence[LocalAccount], pool: Pool) -> Receipt:
    expiry = _expiry(world)
    items = []
    for who in crowd:
        digests = (keccak(text=f"{part} {who.address}") for part in ("content", "fingerprint", "report"))
        record = Record(1, 500, *digests)
        consent = eip712.Consent(pool.scope_id, pool.epoch, 1, record.content, expiry)
        items.append(BatchItem(who.address, record, expiry, eip712.sign(who, world.domain, consent)))
    digest = items_hash(pool.scope_id, pool.epoch, [(item.member, item.record) for item in items])
    message = eip712.Contributions(digest, expiry)
    signed = [(v.address, eip712.sign(v, world.domain, message)) for v in world.validators[:2]]
    return world.collective.registry.contribute_batch(
        world.funder,
        scope_id=pool.scope_id,
        epoch=pool.epoch,
        items=items,
        expiry=expiry,
        attestations=join_attestations(signed),
    )


def _vote(world: World, crowd: Sequence[LocalAccount], sale_id: bytes) -> Receipt:
    market, governor = world.collective.market, world.collective.governor
    action = Action(market.address, market.approve_calldata([sale_id]))
    proposal = governor.proposal(governor.propose(world.members[0], [action], "Approve"))
    world.client.wait_until(proposal.vote_start + 1)
    domain = eip712.read_domain(world.client, governor.address)
    support = SUPPORT["for"]
    ballots = [(support, eip712.sign(who, domain, eip712.Ballot(proposal.id, support))) for who in crowd]
    return governor.vote_batch(world.funder, proposal.id, ballots)


def _opt_out(world: World, crowd: Sequence[LocalAccount], sale_id: bytes) -> Receipt:
    market, expiry = world.collective.market, _expiry(world)
    domain = eip712.read_domain(world.client, market.address)
    signed = [(expiry, eip712.sign(who, domain, eip712.OptOut(sale_id, expiry))) for who in crowd]
    return market.opt_out_batch(world.funder, sale_id, signed)


def _expiry(world: World) -> int:
    return world.client.now() + 86_400


def _each(receipt: Receipt) -> int:
    assert receipt.gas_used < TRANSACTION_CAP
    return receipt.gas_used // SIZE
