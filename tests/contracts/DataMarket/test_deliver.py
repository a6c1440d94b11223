"""Only a complete, correct delivery to this buyer settles; and nothing but the equations can stop one."""

from __future__ import annotations

import pytest
from brownie.exceptions import VirtualMachineError

from tests.contracts.support import bn254_model as model
from tests.contracts.support import cover_model
from tests.contracts.support.committee import SECRET
from tests.contracts.support.market import (
    APPROVED,
    ETH,
    HEIGHT,
    NONE,
    OFFERED,
    OPERATORS_BPS,
    PRICE,
    REFUNDED,
    SETTLED,
    TREASURY_BPS,
    WEIGHT,
    BuyerKey,
)

P1 = model.P1


# --- what settles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hinted", [False, True], ids=["modexp", "hints"])
def test_nobody_excluded_is_one_node(desk, hinted):
    offer, sale = desk.fixed()
    nodes = desk.cover(offer)
    assert [node[:2] for node in nodes] == [(HEIGHT, 0)]
    tx = desk.deliver(offer, nodes, desk.hints(offer, nodes) if hinted else ())
    assert desk.sale(sale)["state"] == SETTLED
    assert desk.sale(sale)["cursor"] == 12
    assert tx.events["SaleSettled"]["eligibleWeight"] == 12 * WEIGHT
    assert desk.opens(nodes[0]) == model.mul(model.hash_to_g1(desk.node_id(1, HEIGHT, 0)), SECRET)


def test_the_event_holds_what_the_buyer_opens(desk):
    offer, _ = desk.fixed((1, 6))
    nodes = desk.cover(offer, (1, 6))
    tx = desk.deliver(offer, nodes, desk.hints(offer, nodes))
    (event,) = tx.events["NodesDelivered"]
    assert event["firstLeaf"] == 0
    assert [tuple(map(model.decompress, pair)) for pair in event["points"]] == [node[2:] for node in nodes]


def test_each_chunk_says_where_it_begins(desk):
    offer, _ = desk.fixed((1, 6))
    nodes = desk.cover(offer, (1, 6))
    desk.deliver(offer, nodes[:2], desk.hints(offer, nodes[:2]))
    tx = desk.deliver(offer, nodes[1:], desk.hints(offer, nodes[1:]))
    (event,) = tx.events["NodesDelivered"]
    assert event["firstLeaf"] == nodes[2][1] << nodes[2][0]
    assert [tuple(map(model.decompress, pair)) for pair in event["points"]] == [node[2:] for node in nodes[2:]]


@pytest.mark.parametrize("currency", ["dollar", "ETH"])
def test_settling_pays_whom_the_sale_names(desk, currency):
    paid_in = desk.dollar.address if currency == "dollar" else ETH
    offer, sale = desk.fixed((3,), currency=paid_in)
    ledger = desk.splitter.ledgerBeforeClaims(paid_in)
    desk.deliver(offer, desk.cover(offer, (3,)), sender=desk.stranger)
    treasury, operators = PRICE * TREASURY_BPS // 10_000, PRICE * OPERATORS_BPS // 10_000
    members = PRICE - treasury - operators
    assert desk.splitter.treasuryOf(paid_in) == treasury
    assert desk.splitter.operatorCreditOf(1, desk.custodian, paid_in) == operators
    assert desk.splitter.claimable(desk.members[0], desk.pool, paid_in) == members // 11
    assert desk.splitter.claimable(desk.members[3], desk.pool, paid_in) == 0
    assert desk.splitter.creditOf(desk.stranger, paid_in) == 0
    assert desk.splitter.ledgerBeforeClaims(paid_in) == ledger
    assert desk.splitter.escrowOf(sale) == 0


@pytest.mark.parametrize("excluded", [(0,), (11,), (0, 11), (5, 6), (0, 1, 2, 3), (2, 5, 9), (8, 9, 10, 11)])
def test_covers_with_exclusions(desk, excluded):
    offer, sale = desk.fixed(excluded)
    nodes = desk.cover(offer, excluded)
    desk.deliver(offer, nodes, desk.hints(offer, nodes))
    assert desk.sale(sale)["state"] == SETTLED


def test_every_leaf_of_the_pool_but_the_excluded_lies_under_a_delivered_node(desk):
    excluded = {2, 5, 9}
    offer, _ = desk.fixed(excluded)
    nodes = desk.cover(offer, excluded)
    desk.deliver(offer, nodes)
    under = {leaf for height, index, *_ in nodes for leaf in range(12) if leaf >> height == index}
    assert under == set(range(12)) - excluded


def test_in_chunks(desk):
    excluded = (2, 5, 9)
    offer, sale = desk.fixed(excluded)
    nodes = desk.cover(offer, excluded)
    for at in range(0, len(nodes), 2):
        assert desk.sale(sale)["state"] == APPROVED
        chunk = nodes[at : at + 2]
        desk.deliver(offer, chunk, desk.hints(offer, chunk), sender=desk.accounts[at % 5])
    assert desk.sale(sale)["state"] == SETTLED


def test_overlapping_chunks_skip_what_is_done(desk):
    """Two submitters race: the second's chunk starts with nodes that were delivered meanwhile."""
    excluded = (2, 5, 9)
    offer, sale = desk.fixed(excluded)
    nodes = desk.cover(offer, excluded)
    hints = desk.hints(offer, nodes)
    desk.deliver(offer, nodes[:3], desk.hints(offer, nodes[:3]))
    tx = desk.deliver(offer, nodes, hints)
    assert len(tx.events["NodesDelivered"]["points"]) == len(nodes) - 3
    assert desk.sale(sale)["state"] == SETTLED


def test_a_chunk_with_nothing_left_does_nothing(desk):
    excluded = (2, 5, 9)
    offer, sale = desk.fixed(excluded)
    nodes = desk.cover(offer, excluded)
    desk.deliver(offer, nodes[:3])
    before = desk.sale(sale)
    assert len(desk.deliver(offer, nodes[:2], desk.hints(offer, nodes[:2])).events) == 0
    assert len(desk.deliver(offer, [nodes[1]]).events) == 0
    assert len(desk.deliver(offer, []).events) == 0
    assert desk.sale(sale) == before


def test_another_delivery_of_a_done_node_is_not_looked_at(desk):
    """A skipped node's points and hints are not checked: they change nothing."""
    offer, sale = desk.fixed((2, 5, 9))
    nodes = desk.cover(offer, (2, 5, 9))
    desk.deliver(offer, nodes[:1])
    junk = (*nodes[0][:2], (1, 3), (5, 5))
    inverse, *_ = desk.hints(offer, nodes)
    _, *words = desk.hints(offer, nodes[1:])
    desk.deliver(offer, [junk, *nodes[1:]], [inverse, 3, 9, 9, *words])
    assert desk.sale(sale)["state"] == SETTLED


# --- attacks on the cover ------------------------------------------------------------------------------------------


def test_a_small_node_cannot_shift_the_cursor(desk, refused):
    """The buyer knows an old key of one leaf, say. Taken alone it would leave a rest that no honest share fits."""
    offer, sale = desk.fixed((9,))
    for height, index in [(0, 0), (1, 0), (2, 0)]:
        with refused("NodeNotMaximal", height, index):
            desk.deliver(offer, [desk.node(offer, height, index)])
    assert desk.sale(sale)["cursor"] == 0


def test_no_node_above_the_root(desk, refused):
    offer, _ = desk.fixed()
    for height in (HEIGHT + 1, 64, 128, 255):
        node = desk.node(offer, height, 0)
        with refused("NodeOutOfRange", height, 0):
            desk.deliver(offer, [node])


@pytest.mark.parametrize(
    ("height", "index"),
    [(256 + HEIGHT, 0), (HEIGHT, 2**64), (2**255, 0), (HEIGHT, 2**255)],
)
def test_values_beyond_their_type_are_not_truncated(desk, web3, height, index):
    offer, sale = desk.fixed()
    node = desk.node(offer, HEIGHT, 0)
    data = desk.market.deliver.encode_input(offer, [node], [])
    good = f"{HEIGHT:064x}{0:064x}{node[2][0]:064x}"
    assert data.count(good) == 1
    call = {"from": desk.stranger.address, "to": desk.market.address, "gas": 1_000_000}
    web3.eth.call({**call, "data": data})
    with pytest.raises(ValueError, match="revert"):
        web3.eth.call({**call, "data": data.replace(good, f"{height:064x}{index:064x}{node[2][0]:064x}")})
    assert desk.sale(sale)["state"] == APPROVED


def test_indices_outside_the_tree(desk, refused):
    offer, _ = desk.fixed()
    for height, index in [(HEIGHT, 1), (0, 2**HEIGHT), (HEIGHT - 1, 2), (HEIGHT, 2**64 - 1), (1, 2**63)]:
        node = (height, index, P1, P1)
        with refused("NodeOutOfRange", height, index):
            desk.deliver(offer, [node])


def test_no_node_over_an_excluded_leaf(desk, refused):
    offer, _ = desk.fixed((5,))
    with refused("NodeContainsExcluded", HEIGHT, 0):
        desk.deliver(offer, [desk.node(offer, HEIGHT, 0)])
    with refused("NodeContainsExcluded", 3, 0):
        desk.deliver(offer, [desk.node(offer, 3, 0)])


def test_an_excluded_leaf_is_never_delivered_alone(desk, refused):
    offer, sale = desk.fixed((0, 5))
    # Before the cursor it is skipped like anything done, at the cursor's place it is no node of the cover.
    assert len(desk.deliver(offer, [desk.node(offer, 0, 0)]).events) == 0
    nodes = desk.cover(offer, (0, 5))
    desk.deliver(offer, nodes[:3])
    assert desk.sale(sale)["cursor"] == 6
    assert len(desk.deliver(offer, [desk.node(offer, 0, 5)]).events) == 0
    with refused("NodeNotAtCursor"):
        desk.deliver(offer, [nodes[3], desk.node(offer, 0, 5)])


def test_no_gaps_and_no_repeats(desk, refused):
    offer, _ = desk.fixed((5,))
    nodes = desk.cover(offer, (5,))
    with refused("NodeNotAtCursor"):
        desk.deliver(offer, nodes[1:])
    with refused("NodeNotAtCursor"):
        desk.deliver(offer, [nodes[0], nodes[2]])
    with refused("NodeNotAtCursor"):
        desk.deliver(offer, [nodes[0], nodes[0]])


def test_nothing_after_the_end(desk, refused):
    offer, _ = desk.fixed()
    root = desk.node(offer, HEIGHT, 0)
    with refused("NodeNotAtCursor", 0, 12):
        desk.deliver(offer, [root, root])


# --- attacks on the equation ---------------------------------------------------------------------------------------


@pytest.fixture
def sold(desk):
    """(offer, sale, its one delivered node)."""
    offer, sale = desk.fixed()
    return offer, sale, desk.node(offer, HEIGHT, 0)


def _refuse(desk, refused, sold, c1, c2, error="DeliveryInvalid"):
    offer, sale, _ = sold
    hints = model.hash_hints([desk.node_id(1, HEIGHT, 0)])
    for given in ((), hints):
        with refused(error):
            desk.deliver(offer, [(HEIGHT, 0, c1, c2)], given)
    assert desk.sale(sale)["state"] == APPROVED


def test_wrong_points(desk, refused, sold):
    _, _, (_, _, c1, c2) = sold
    for wrong in [
        (c1, model.negate(c2)),
        (model.negate(c1), c2),
        (model.negate(c1), model.negate(c2)),
        (c2, c1),
        (c1, model.add(c2, P1)),
        (model.add(c1, P1), c2),
        (P1, P1),
    ]:
        _refuse(desk, refused, sold, *wrong)


@pytest.mark.parametrize(
    "bad",
    [(0, 0), (1, 3), (1 + model.P, 2), (1, 2 + model.P), (2**256 - 1, 2)],
    ids=["infinity", "off curve", "x not reduced", "y not reduced", "huge"],
)
def test_bad_points(desk, refused, sold, bad):
    _, _, (_, _, c1, c2) = sold
    sigma = desk.opens(sold[2])
    _refuse(desk, refused, sold, bad, c2, "PointInvalid")
    _refuse(desk, refused, sold, c1, bad, "PointInvalid")
    _refuse(desk, refused, sold, bad, sigma, "PointInvalid")
    _refuse(desk, refused, sold, bad, bad, "PointInvalid")


def test_the_key_of_something_else(desk, refused, sold):
    offer, _, _ = sold
    elsewhere = desk.token.address
    for what in [
        desk.node_id(2, HEIGHT, 0),
        desk.node_id(1, HEIGHT - 1, 0),
        desk.node_id(1, HEIGHT, 1),
        desk.node_id(1, HEIGHT, 0, registry=elsewhere),
        desk.node_id(1, HEIGHT, 0, chain_id=desk.chain_id + 1),
    ]:
        _refuse(desk, refused, sold, *desk.node(offer, HEIGHT, 0, node_id=what)[2:])


def test_the_key_of_another_committee(desk, refused, sold):
    offer, _, _ = sold
    _refuse(desk, refused, sold, *desk.node(offer, HEIGHT, 0, x=SECRET + 1)[2:])


def test_a_delivery_to_another_buyer(desk, refused, sold):
    offer, _, _ = sold
    other = BuyerKey("other")
    _refuse(desk, refused, sold, *desk.node(offer, HEIGHT, 0, buyer=other.B1)[2:])


def test_a_delivery_of_another_sale(desk, refused, sold):
    """The same pool, sold to another key: the two deliveries are not exchangeable either way."""
    other = BuyerKey("other")
    theirs, _ = desk.fixed(B1=other.B1, B2=other.B2)
    delivered = desk.node(theirs, HEIGHT, 0)
    _refuse(desk, refused, sold, *delivered[2:])
    desk.deliver(theirs, [delivered])
    _refuse(desk, refused, sold, *delivered[2:])


def test_swapped_points_of_two_nodes(desk, refused):
    """Their sum is unchanged; only the random factors tell."""
    offer, sale = desk.fixed((5,))
    nodes = desk.cover(offer, (5,))
    for i, j in [(0, 1), (1, 2)]:
        swapped = list(nodes)
        swapped[i], swapped[j] = (*nodes[i][:3], nodes[j][3]), (*nodes[j][:3], nodes[i][3])
        with refused("DeliveryInvalid", sale):
            desk.deliver(offer, swapped)


def test_one_wrong_node_stops_its_chunk_alone(desk, refused):
    offer, sale = desk.fixed((5,))
    nodes = desk.cover(offer, (5,))
    wrong = [*nodes[:2], (*nodes[2][:2], nodes[2][3], nodes[2][2]), *nodes[3:]]
    with refused("DeliveryInvalid"):
        desk.deliver(offer, wrong)
    assert desk.sale(sale)["cursor"] == 0
    desk.deliver(offer, nodes)
    assert desk.sale(sale)["state"] == SETTLED


@pytest.mark.parametrize("change", ["cut", "added", "tag", "of another node"])
def test_hints_do_not_help_a_cheat_and_do_not_pass_when_wrong(desk, sold, change):
    offer, sale, node = sold
    hints = desk.hints(offer, [node])
    wrong = {
        "cut": hints[:-1],
        "added": [*hints, 1],
        "tag": [4, *hints[1:]],
        "of another node": model.hash_hints([desk.node_id(2, HEIGHT, 0)]),
    }[change]
    with pytest.raises(VirtualMachineError) as refusal:
        desk.deliver(offer, [node], wrong)
    assert refusal.value.revert_msg.split(":")[0] in ("HashHintInvalid", "DeliveryLengthsDiffer")
    assert desk.sale(sale)["state"] == APPROVED


def test_a_rerandomised_delivery_pays_the_recorded_payees(desk):
    """Anyone can re-randomise what it saw in the mempool. It settles, and earns its sender nothing."""
    offer, sale = desk.fixed()
    height, index, c1, c2 = desk.node(offer, HEIGHT, 0)
    v = 0xABCDEF
    again = (height, index, model.add(c1, model.mul(P1, v)), model.add(c2, model.mul(desk.key.B1, v)))
    desk.deliver(offer, [again], sender=desk.members[7])
    assert desk.sale(sale)["state"] == SETTLED
    assert desk.opens(again) == desk.opens((height, index, c1, c2))
    assert desk.splitter.creditOf(desk.members[7], desk.dollar) == 0
    assert desk.splitter.operatorCreditOf(1, desk.custodian, desk.dollar) == PRICE * OPERATORS_BPS // 10_000


def test_an_earlier_buyer_settles_its_own_later_sale(desk):
    """It has the node key, so it can make the delivery itself: harmless, it pays for what it has."""
    first, _ = desk.fixed()
    node = desk.node(first, HEIGHT, 0)
    desk.deliver(first, [node])
    sigma = desk.opens(node)
    other = BuyerKey("second purchase")
    second, sale = desk.fixed(B1=other.B1, B2=other.B2)
    u = 12345
    forged = (HEIGHT, 0, model.mul(P1, u), model.add(sigma, model.mul(other.B1, u)))
    desk.deliver(second, [forged])
    assert desk.sale(sale)["state"] == SETTLED


# --- states --------------------------------------------------------------------------------------------------------


def test_only_an_approved_sale_takes_deliveries(desk, refused, clock):
    unknown = desk.terms()
    with refused(*desk.refused_in(NONE, desk.sale_id(unknown), APPROVED)):
        desk.deliver(unknown, [desk.node(unknown, HEIGHT, 0)])
    offer, sale = desk.offer()
    node = desk.node(offer, HEIGHT, 0)
    with refused(*desk.refused_in(OFFERED, sale, APPROVED)):
        desk.deliver(offer, [node])
    desk.approve(sale)
    desk.deliver(offer, [node])
    with refused(*desk.refused_in(SETTLED, sale, APPROVED)):
        desk.deliver(offer, [node])
    offer, sale = desk.fixed()
    clock.advance_to(desk.market.refundableAt(sale))
    desk.market.refund(offer, {"from": desk.stranger})
    with refused(*desk.refused_in(REFUNDED, sale, APPROVED)):
        desk.deliver(offer, [desk.node(offer, HEIGHT, 0)])


def test_a_changed_offer_takes_no_delivery(desk, refused, sold):
    """A buyer key put in place of the sale's, the payee's currency, the price: all are under the hash."""
    offer, _, _ = sold
    other = BuyerKey("other")
    for changed in [
        (*offer[:10], other.B1, other.B2, offer[12]),
        (*offer[:3], ETH, *offer[4:]),
        (desk.stranger.address, *offer[1:]),
    ]:
        with refused(*desk.refused_in(NONE, desk.sale_id(changed), APPROVED)):
            desk.deliver(changed, [desk.node(changed, HEIGHT, 0)])


def test_nothing_outside_the_sale_stops_a_delivery(desk):
    """Invariant 13: every parameter is changed, members leave and withdraw; the sale settles on its own terms."""
    offer, sale = desk.fixed((3,))
    nodes = desk.cover(offer, (3,))
    desk.deliver(offer, nodes[:1])
    timelock = {"from": desk.timelock}
    desk.committee.retire(1, timelock)
    desk.splitter.setFees(1_000, 1_000, timelock)
    desk.splitter.setCurrency(desk.dollar, False, timelock)
    desk.market.setWindows(100, 100, timelock)
    desk.withdraw(3, 4, 5)
    for member in desk.members[:6]:
        desk.membership.leave({"from": member})
    desk.clock.advance(10_000_000)
    desk.deliver(offer, nodes[1:])
    assert desk.sale(sale)["state"] == SETTLED
    assert desk.splitter.treasuryOf(desk.dollar) == PRICE * TREASURY_BPS // 10_000
    assert desk.splitter.claimable(desk.members[4], desk.pool, desk.dollar) > 0


@pytest.mark.parametrize("end", ["settled", "refunded"])
def test_a_dollar_that_stops_moving_stops_no_delivery(desk, deploy, clock, end):
    """Paused, blacklisting, gone: settling and refunding are bookkeeping, and the token is not even asked."""
    dollar = deploy("OddDollar")
    dollar.setAnswer((1).to_bytes(32, "big"))
    dollar.mint(desk.buyer, PRICE)
    dollar.approve(desk.splitter, PRICE, {"from": desk.buyer})
    desk.splitter.setCurrency(dollar, True, {"from": desk.timelock})
    offer, sale = desk.fixed((3,), currency=dollar.address)
    nodes = desk.cover(offer, (3,))
    desk.deliver(offer, nodes[:1])
    dollar.setDead(True)
    if end == "settled":
        desk.deliver(offer, nodes[1:])
        assert desk.sale(sale)["state"] == SETTLED
        assert desk.splitter.claimable(desk.members[0], desk.pool, dollar) > 0
    else:
        clock.advance_to(desk.market.refundableAt(sale))
        desk.market.refund(offer, {"from": desk.stranger})
        assert desk.sale(sale)["state"] == REFUNDED
        assert desk.splitter.creditOf(desk.buyer, dollar) == PRICE


def test_a_large_cover_fits_the_transaction_cap_in_chunks(desk):
    """EIP-7825: 16,777,216 gas. 10,000 members, 6 of them excluded: one call is enough."""
    excluded = (17, 2_500, 4_097, 5_000, 7_777, 9_999)
    desk.registry.open(b"\x0a" * 32, 1, 1, HEIGHT)
    desk.registry.allow(b"\x0a" * 32, b"\x0b" * 32)
    pool = desk.registry.poolId(b"\x0a" * 32, 1)
    desk.registry.fill(pool, [0, *excluded], WEIGHT)
    desk.registry.seal(pool, 10_000)
    for number in excluded:
        desk.registry.withdrawNumber(pool, number)
    offer, sale = desk.approved(scope=b"\x0a" * 32, purpose=b"\x0b" * 32)
    desk.market.fixExcluded(offer, list(excluded), {"from": desk.stranger})
    cover = cover_model.step_cover(HEIGHT, 10_000, set(excluded))
    ids = [_node_id(desk, b"\x0a" * 32, node) for node in cover]
    nodes = [desk.node(offer, *node, node_id=made) for node, made in zip(cover, ids, strict=True)]
    hints = model.hash_hints(ids)
    tx = desk.deliver(offer, nodes, hints)
    assert desk.sale(sale)["state"] == SETTLED
    assert tx.gas_used < 16_777_216
    assert tx.gas_used < 28_500 * len(nodes) + 260_000


def _node_id(desk, scope, node):
    from eth_abi import encode
    from eth_utils import keccak

    tag = keccak(text="unwrapped-dao/node/v1")
    types = ["bytes32", "uint8", "uint256", "address", "bytes32", "uint64", "uint8", "uint64"]
    return keccak(encode(types, [tag, 1, desk.chain_id, desk.registry.address, scope, 1, *node]))
