"""From joining to the claim: what members, buyer and key keeper pay in the life of a sale."""

from __future__ import annotations

from eth_account.signers.local import LocalAccount

from benchmarks.gas_lines.line import Line
from benchmarks.gas_lines.world import World, deployer, mean
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.erc20 import ETH

MEASURED = range(16, 32)
"""Consecutive members: two words of eight lanes, four slots of checkpoints."""

LINES = {
    "join": Line("mean over 16 consecutive members", None, "OpenZeppelin votes, join alone: 180,000"),
    "contribute": Line(
        "mean over 16 consecutive members; 2 of 3 validators sign",
        None,
        "Vana, register and prove: 977,706 to 1,763,942",
    ),
    "join + contribute": Line("onboard one member directly", 225_000, "the two above"),
    "vote_first": Line("the first ballot of a proposal", 85_000, "OpenZeppelin: 83,200"),
    "vote_later": Line("the next ballot", 55_000, "OpenZeppelin: 66,100"),
    "offer_erc20": Line(
        "escrow and buyer-key check, not the first offer in that currency",
        270_000,
        "Ocean: 356,000 to 389,000 in 2 to 3 transactions, without escrow",
    ),
    "offer_eth": Line("the same in ether", 270_000, "the same"),
    "opt_out_first": Line("the first of eight neighbours in number, who pays their word of ordinals"),
    "opt_out": Line("the next of them", 60_000),
    "deliver_again": Line(
        "root alone, delivered and settled: another sale of the pool",
        270_000,
        "Vana: 444,615 for each member; Medusa: 251,922; FDE: 264,000",
    ),
    "deliver_new_pool": Line("the same in a currency that was used, first sale of the pool", 285_000, "the same"),
    "deliver_first": Line("the same, first sale ever in a currency", 330_000, "the same"),
    "cover_node": Line("one more node of a cover in the same call, hinted: (14 nodes - 6 nodes) / 8", 31_000),
    "claim_first": Line(
        "one pool, ERC-20: the first payment to this member", 95_000, "Streamr: 130,241; 0xSplits: 65,117"
    ),
    "claim_again": Line("the next payment to this member", 60_000, "Streamr: 78,941"),
    "claim_next_pool": Line("what one more pool adds to a first claim"),
    "sale_total": Line(
        "offer, propose, queue, execute and deliver of one more sale of a pool; ballots aside",
        1_000_000,
        "Vana: 1,231,987, and no member is paid",
    ),
}


def measure(client: ChainClient, funded: LocalAccount) -> dict[str, int]:
    """The lines of one chain."""
    world = World(client, deployer(client, funded))
    gas: dict[str, int] = {}
    joins = [world.collective.membership.join(member).gas_used for member in world.members]
    gas["join"] = mean([joins[i] for i in MEASURED])
    first = world.open()
    contributed = [world.contribute(member, first).gas_used for member in world.members]
    gas["contribute"] = mean([contributed[i] for i in MEASURED])
    first = world.seal(first)
    second = world.open()
    for member in world.members:
        world.contribute(member, second)
    second = world.seal(second)

    opening, _ = world.offer(first, world.dollar.address)
    in_ether, _ = world.offer(first, ETH)
    world.approve([opening])
    gas["deliver_first"] = world.deliver(opening).gas_used
    again, placed = world.offer(first, world.dollar.address)
    gas["offer_erc20"] = placed.gas_used
    _, placed = world.offer(first, ETH)
    gas["offer_eth"] = placed.gas_used
    steps, ballots = world.approve([again])
    gas["vote_first"], gas["vote_later"] = ballots[0].gas_used, ballots[1].gas_used
    gas["deliver_again"] = world.deliver(again).gas_used
    gas["sale_total"] = gas["offer_erc20"] + sum(step.gas_used for step in steps) + gas["deliver_again"]
    elsewhere, _ = world.offer(second, world.dollar.address)
    world.approve([elsewhere])
    gas["deliver_new_pool"] = world.deliver(elsewhere).gas_used

    one, two = world.members[20], world.members[21]
    gas["claim_first"] = world.claim(one, first).gas_used
    gas["claim_next_pool"] = world.claim(two, first, second).gas_used - gas["claim_first"]
    later, _ = world.offer(first, world.dollar.address)
    world.approve([later])
    world.deliver(later)
    gas["claim_again"] = world.claim(one, first).gas_used

    sizes = {}
    for leaves in ((0,), (0, 1, 8, 16, 24, 32)):
        sale, _ = world.offer(second, world.dollar.address)
        sale_id = world.collective.market.sale_id(sale)
        receipts = [world.collective.market.opt_out(world.members[leaf], sale_id) for leaf in leaves]
        gas["opt_out_first"] = receipts[0].gas_used
        if len(receipts) > 1:
            gas["opt_out"] = receipts[1].gas_used
        world.approve([sale])
        used = world.deliver(sale).gas_used
        sizes[world.delivered_nodes] = used
    (few, small), (many, large) = sorted(sizes.items())
    gas["cover_node"] = (large - small) // (many - few)
    assert in_ether.currency == ETH
    return {line: gas[line] for line in LINES if line in gas}
