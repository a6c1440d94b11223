"""Deliveries: every case of the shared vectors, one by one and in batches."""

from __future__ import annotations

import pytest
from brownie.exceptions import VirtualMachineError

from tests.contracts.support import bn254_model as model
from tests.contracts.support import vectors

SINGLE = vectors.load()["on_chain_verifyDelivery"]
BATCH = vectors.load()["on_chain_batch"]


def _case(case):
    return (
        bytes.fromhex(case["id"][2:]),
        vectors.ints(case["B2"]),
        vectors.ints(case["C1"]),
        vectors.ints(case["C2"]),
    )


def _answer(committee, *args):
    """True, False, or the name of the refusal."""
    try:
        return committee.isDelivery(*args)
    except VirtualMachineError as refusal:
        return refusal.revert_msg


@pytest.mark.parametrize("hinted", [False, True], ids=["modexp", "hints"])
@pytest.mark.parametrize("case", SINGLE["cases"], ids=lambda case: case["name"])
def test_single_cases(active, case, hinted):
    assert vectors.ints(SINGLE["Y"]) == list(active.Y)
    node, b2, c1, c2 = _case(case)
    hints = model.hash_hints([node]) if hinted else []
    answer = _answer(active.committee, 1, [node], b2, [(*c1, *c2)], hints)
    if case["must_accept"]:
        assert answer is True
    else:
        assert answer is False or answer.split(":")[0] in ("PointInvalid", "PrecompileFailed")
        # What the peers' chains answer with a plain false is no error here either.
        assert (answer is False) == (case["observed"]["ganache-shanghai"] is False)


@pytest.fixture
def batch():
    """ids, B2, nodes (C1 and C2), hints."""
    ids = [bytes.fromhex(node[2:]) for node in BATCH["ids"]]
    nodes = [(*vectors.ints(c1), *vectors.ints(c2)) for c1, c2 in zip(BATCH["C1"], BATCH["C2"], strict=True)]
    return ids, vectors.ints(BATCH["B2"]), nodes, model.hash_hints(ids)


def test_the_batch_of_the_vectors(active, batch):
    ids, b2, nodes, hints = batch
    assert active.committee.isDelivery(1, ids, b2, nodes, hints)
    assert active.committee.isDelivery(1, ids, b2, nodes, [])


def test_a_batch_with_swapped_points_is_false(active, batch):
    """The sums are unchanged, so that only the factors see it."""
    ids, b2, nodes, hints = batch
    for part in (slice(0, 2), slice(2, 4)):
        for i, j in [(0, 1), (0, 2), (1, 2)]:
            swapped = [list(node) for node in nodes]
            swapped[i][part], swapped[j][part] = swapped[j][part], swapped[i][part]
            assert not active.committee.isDelivery(1, ids, b2, swapped, hints)


def test_errors_that_cancel_are_false(active, batch):
    """C2 + D in one node and C2 − D in another; and the same scaled by any small factors."""
    ids, b2, nodes, hints = batch
    d = model.mul(model.P1, 5)
    for i, j in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)]:
        for k in (1, 2, 7):
            wrong = list(nodes)
            wrong[i] = (*nodes[i][:2], *model.add(nodes[i][2:], model.mul(d, k)))
            wrong[j] = (*nodes[j][:2], *model.add(nodes[j][2:], model.negate(d)))
            assert not active.committee.isDelivery(1, ids, b2, wrong, hints)


def test_one_wrong_node_anywhere_is_false(active, batch):
    """Also the first and the last, which Horner's rule treats apart; and a wrong C1 as well as a wrong C2."""
    ids, b2, nodes, hints = batch
    for at in range(3):
        for part in (slice(0, 2), slice(2, 4)):
            wrong = [list(node) for node in nodes]
            wrong[at][part] = model.negate(tuple(nodes[at][part]))
            assert not active.committee.isDelivery(1, ids, b2, wrong, hints)


def test_ids_in_another_order_are_false(active, batch):
    ids, b2, nodes, _ = batch
    assert not active.committee.isDelivery(1, [ids[1], ids[0], ids[2]], b2, nodes, [])


@pytest.mark.parametrize("count", [1, 2])
def test_the_last_nodes_alone_by_the_hints_of_all(active, batch, count):
    ids, b2, nodes, hints = batch
    for given in (hints, []):
        assert active.committee.isDelivery(1, ids, b2, nodes[-count:], given)
        assert not active.committee.isDelivery(1, ids, b2, nodes[:count], given)


@pytest.mark.parametrize("where", [0, 2], ids=["C1", "C2"])
@pytest.mark.parametrize("bad", [(0, 0), (1, 3), (1 + model.P, 2), (1, 2 + model.P)])
def test_one_bad_point_anywhere_reverts(active, batch, refused, where, bad):
    ids, b2, nodes, hints = batch
    for at in range(3):
        wrong = [list(node) for node in nodes]
        wrong[at][where : where + 2] = bad
        with refused("PointInvalid"):
            active.committee.isDelivery(1, ids, b2, wrong, hints)


def test_bad_points_do_not_burn_the_gas(active, batch, web3, on_anvil):
    ids, b2, nodes, hints = batch
    data = active.committee.isDelivery.encode_input(1, ids, b2, [(1, 3, *nodes[0][2:]), *nodes[1:]], hints)
    # Newer forks want a minimum for the calldata (EIP-7623); what execution may use of it is less than 60,000 then.
    floor = 21_000 + sum(40 if byte else 10 for byte in bytes.fromhex(data[2:]))
    with pytest.raises(Exception, match="revert"):
        web3.eth.call({"to": active.committee.address, "data": data, "gas": max(60_000, floor) if on_anvil else 60_000})


def test_lengths_that_differ(active, batch, refused):
    ids, b2, nodes, hints = batch
    for wrong in [([], b2, [], []), (ids, b2, [], hints), (ids[:2], b2, nodes, hints)]:
        with refused("DeliveryLengthsDiffer"):
            active.committee.isDelivery(1, *wrong)
    with refused("HashHintInvalid"):
        active.committee.isDelivery(1, ids, b2, nodes, [*hints, 1])


def test_hints_of_another_message(active, batch, refused):
    ids, b2, nodes, hints = batch
    other = model.hash_hints([b"\x01" * 32, *ids[1:]])
    for wrong in (hints[:-1], hints[1:], other, [hints[0], *other[1:]]):
        with refused("HashHintInvalid"):
            active.committee.isDelivery(1, ids, b2, nodes, wrong)


def test_a_generation_without_a_key_checks_nothing(active, batch, desk, refused):
    """Y = 0 would pass as infinity: with C2 = u·B1 the equation would hold without any key."""
    ids, b2, nodes, hints = batch
    for unknown in (0, 2, 128, 2**32 - 1):
        with refused("GenerationStateWrong", unknown, 0, 2):
            active.committee.isDelivery(unknown, ids, b2, nodes, hints)


def test_forming_generations_check_nothing(desk, refused, accounts, deploy):
    forming = deploy("KeyCommittee", accounts[8], [accounts[1]], 1, 600)
    node, b2, c1, c2 = _case(SINGLE["cases"][0])
    with refused("GenerationStateWrong", 1, 1, 2):
        forming.isDelivery(1, [node], b2, [(*c1, *c2)], [])


def test_a_retired_key_still_checks_deliveries(active, batch):
    active.committee.retire(1, {"from": active.timelock})
    ids, b2, nodes, hints = batch
    assert active.committee.isDelivery(1, ids, b2, nodes, hints)
