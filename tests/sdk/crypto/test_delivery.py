"""Delivery of a node key: every shared vector, any quorum, and the attacks that a lazy check would let through."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from crypto_vectors import COMMITTEE, POOL, ROOT, SECRET, SHARES, VECTORS, committee_key, g1, g2, number, raw, words
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto import committee, delivery
from unwrapped_dao.crypto.bn254 import P1, P2, BackendName, G1Point, G2Point, R, hash_to_g1
from unwrapped_dao.crypto.delivery import BuyerKey, KeyShare, NodeDelivery, SaleId, VerifiedKeyShare
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.tree import Node, path
from unwrapped_dao.errors import DeliveryError, InputError, PointError, UntrustedDataError

DELIVERY = VECTORS["delivery"]
B = SecretScalar(number(DELIVERY["b"]))
BUYER = BuyerKey.of(B)
SALE = SaleId.of(1337, "0x" + "d4" * 20, "0x" + "5a" * 32)
ROOT_ID = POOL.node_id(ROOT)
PUBLIC = {j: g2(text) for j, text in COMMITTEE["Y_j_G2"].items()}


def _share_vector(j: int) -> KeyShare:
    row = DELIVERY["shares"][str(j)]
    return KeyShare(j, g1(row["C1"]), g1(row["C2"]))


def _verified(j: int) -> VerifiedKeyShare:
    return _share_vector(j).verify(PUBLIC[str(j)], ROOT_ID, BUYER)


def _combined_vector(quorum: str) -> NodeDelivery:
    row = DELIVERY[f"combined_{quorum}"]
    return NodeDelivery(g1(row["C1"]), g1(row["C2"]))


# --- the shared vectors ---------------------------------------------------------------------------------------------


def test_share_vectors_verify_and_combine(curve: BackendName) -> None:
    shares = {1: _verified(1)}
    for j in (2, 3, 4, 5):  # the reference checks one share only: each check costs it half a second
        given = _share_vector(j)
        shares[j] = _verified(j) if curve == "native" else VerifiedKeyShare(j, given.C1, given.C2, ROOT_ID, BUYER)
    for quorum in ("135", "245"):
        combined = delivery.combine_shares([shares[int(j)] for j in quorum], threshold=3)
        assert combined == _combined_vector(quorum)
        sigma = combined.C2 - combined.C1 * B.to_secret_int()
        assert sigma.to_bytes() == raw(DELIVERY["sigma"])
    key = _combined_vector("135").open(POOL, ROOT, B, committee_key())
    assert key.to_secret_bytes() == raw(DELIVERY["sigma"])


def test_share_vectors_are_made_from_their_blinding() -> None:
    for j, share in SHARES.items():
        u = SecretScalar(number(DELIVERY["shares"][str(j)]["u"]))
        assert delivery._blinded_share(j, share, ROOT_ID, BUYER, u) == _share_vector(j)


def test_buyer_key_vector() -> None:
    assert (g1(DELIVERY["B1_G1"]), g2(DELIVERY["B2_G2"])) == (BUYER.B1, BUYER.B2)


def _delivery_is_accepted(case: dict[str, Any]) -> bool:
    """As a client reads a delivery: decode each point, then the equation. B1 plays no part in it."""
    try:
        buyer = object.__new__(BuyerKey)
        object.__setattr__(buyer, "B1", P1)
        object.__setattr__(buyer, "B2", G2Point.from_words(words(case["B2"])))
        made = NodeDelivery(G1Point.from_words(words(case["C1"])), G1Point.from_words(words(case["C2"])))
        made.verify(committee_key(), raw(case["id"]), buyer)
    except (PointError, DeliveryError):
        return False
    return True


@pytest.mark.parametrize("case", VECTORS["on_chain_verifyDelivery"]["cases"], ids=lambda c: c["name"])
def test_delivery_vector(case: dict[str, Any], curve: BackendName) -> None:
    assert _delivery_is_accepted(case) == case["must_accept"]


@pytest.mark.parametrize("case", VECTORS["on_chain_open"]["cases"], ids=lambda c: c["name"])
def test_buyer_key_check_vector(case: dict[str, Any], curve: BackendName) -> None:
    try:
        BuyerKey(G1Point.from_words(words(case["B1"])), G2Point.from_words(words(case["B2"])))
        accepted = True
    except PointError:
        accepted = False
    assert accepted == case["must_accept"]


@pytest.mark.parametrize("swapped", [False, True])
def test_batch_vector(swapped: bool, curve: BackendName) -> None:
    batch = VECTORS["on_chain_batch"]
    c1 = [G1Point.from_words(words(pair)) for pair in batch["C1"]]
    c2 = [G1Point.from_words(words(pair)) for pair in batch["C2"]]
    if swapped:  # the plain sum stays the same; the weights tell
        c2[0], c2[1] = c2[1], c2[0]
    assert G2Point.from_words(words(batch["B2"])) == BUYER.B2
    ids = [raw(text) for text in batch["ids"]]
    deliveries = [NodeDelivery(*pair) for pair in zip(c1, c2, strict=True)]
    if not swapped:
        delivery.verify_batch(committee_key(), BUYER, ids, deliveries)
        return
    with pytest.raises(DeliveryError):
        delivery.verify_batch(committee_key(), BUYER, ids, deliveries)


# --- shares ---------------------------------------------------------------------------------------------------------


def test_every_quorum_of_three_delivers_the_same_key_and_two_do_not() -> None:
    shares = {
        j: delivery.make_share(j, secret, POOL, ROOT, SALE, BUYER).verify(PUBLIC[str(j)], ROOT_ID, BUYER)
        for j, secret in SHARES.items()
    }
    expected = committee.sign_node(SECRET, POOL, ROOT)
    for quorum in combinations(shares.values(), 3):
        combined = delivery.combine_shares(quorum, threshold=3)
        combined.verify(committee_key(), ROOT_ID, BUYER)
        assert combined.open(POOL, ROOT, B, committee_key()) == expected
    for pair in combinations(shares.values(), 2):
        too_few = delivery.combine_shares(pair, threshold=2)
        with pytest.raises(DeliveryError):
            too_few.verify(committee_key(), ROOT_ID, BUYER)
        with pytest.raises(DeliveryError):
            too_few.open(POOL, ROOT, B, committee_key())


@settings(max_examples=10, deadline=None)
@given(st.integers(1, R - 1), st.integers(1, 5), st.data())
def test_any_t_of_n_shares_deliver_the_same_node_key(secret: int, count: int, data: st.DataObject) -> None:
    threshold = data.draw(st.integers(1, count))
    node = data.draw(st.sampled_from(path(5, 4)))
    x = SecretScalar(secret)
    secrets = committee.split_secret(x, threshold, count)
    quorum = data.draw(st.permutations(sorted(secrets)))[:threshold]
    node_id = POOL.node_id(node)
    shares = [
        delivery.make_share(j, secrets[j], POOL, node, SALE, BUYER).verify(
            committee.CommitteeKey.of(secrets[j]).Y, node_id, BUYER
        )
        for j in quorum
    ]
    combined = delivery.combine_shares(shares, threshold)
    assert combined.open(POOL, node, B, P2 * secret) == committee.sign_node(x, POOL, node)


def test_one_of_one_is_a_committee_with_one_share() -> None:
    share = delivery.make_share(1, SECRET, POOL, ROOT, SALE, BUYER).verify(committee_key(), ROOT_ID, BUYER)
    made = delivery.combine_shares([share], threshold=1)
    assert made == NodeDelivery(share.C1, share.C2)
    made.verify(committee_key(), ROOT_ID, BUYER)


def test_blinding_is_deterministic_and_differs_in_everything_it_is_bound_to() -> None:
    def c1(**change: Any) -> G1Point:
        given: dict[str, Any] = {
            "index": 1,
            "share": SHARES[1],
            "pool": POOL,
            "node": ROOT,
            "sale": SALE,
            "buyer": BUYER,
        }
        return delivery.make_share(**(given | change)).C1

    assert c1() == c1()
    others = [
        c1(share=SHARES[2]),
        c1(node=Node(3, 0)),
        c1(pool=replace(POOL, epoch=8)),
        c1(sale=replace(SALE, chain_id=1)),
        c1(sale=replace(SALE, market=bytes(20))),
        c1(sale=replace(SALE, sale=bytes(32))),
        c1(buyer=BuyerKey.of(SecretScalar(9))),
    ]
    assert len({c1(), *others}) == 8


def test_a_wrong_share_is_refused_and_its_custodian_named() -> None:
    good = _share_vector(2)
    wrong = [
        (replace(good, C2=good.C2 + P1), PUBLIC["2"], ROOT_ID, BUYER),
        (replace(good, C2=-good.C2), PUBLIC["2"], ROOT_ID, BUYER),
        (replace(good, C1=G1Point(0, 0)), PUBLIC["2"], ROOT_ID, BUYER),
        (KeyShare(2, G1Point(0, 0), hash_to_g1(ROOT_ID) * SHARES[2].to_secret_int()), PUBLIC["2"], ROOT_ID, BUYER),
        (good, PUBLIC["3"], ROOT_ID, BUYER),
        (good, PUBLIC["2"], POOL.node_id(Node(3, 0)), BUYER),
        (good, PUBLIC["2"], ROOT_ID, BuyerKey.of(SecretScalar(9))),
    ]
    for share, key, node_id, buyer in wrong:
        with pytest.raises(DeliveryError, match="custodian 2"):
            share.verify(key, node_id, buyer)


def test_combining_refuses_too_few_repeated_or_mixed_shares() -> None:
    one, three, five = (_verified(j) for j in (1, 3, 5))
    other_node = delivery.make_share(5, SHARES[5], POOL, Node(3, 0), SALE, BUYER)
    mixed = other_node.verify(PUBLIC["5"], POOL.node_id(Node(3, 0)), BUYER)
    for shares, threshold in (([one, three], 3), ([one, one, three], 3), ([one, three, mixed], 3), ([one], 0), ([], 0)):
        with pytest.raises(InputError):
            delivery.combine_shares(shares, threshold)
    assert delivery.combine_shares([five, three, one, _verified(2)], 3) == delivery.combine_shares(
        [one, _verified(2), three], 3
    )


# --- opening --------------------------------------------------------------------------------------------------------


def test_only_the_buyers_secret_opens_a_delivery() -> None:
    made = _combined_vector("135")
    with pytest.raises(DeliveryError):
        made.open(POOL, ROOT, SecretScalar(9), committee_key())
    with pytest.raises(DeliveryError):
        made.open(POOL, Node(3, 0), B, committee_key())
    with pytest.raises(DeliveryError):
        made.open(replace(POOL, epoch=8), ROOT, B, committee_key())


def test_a_rerandomised_delivery_opens_the_same_key() -> None:
    made = _combined_vector("135")
    again = NodeDelivery(made.C1 + P1 * 77, made.C2 + BUYER.B1 * 77)
    again.verify(committee_key(), ROOT_ID, BUYER)
    assert again.open(POOL, ROOT, B, committee_key()) == made.open(POOL, ROOT, B, committee_key())


def test_a_buyer_with_multiples_of_the_committees_key_settles_its_own_sale_without_learning_it() -> None:
    """With B = (t·X, t·Y), C1 = v·P1 − H(id)/t and C2 = v·B1 satisfy the equation; b = t·x stays unknown. Harmless."""
    t = 5
    buyer = BuyerKey(P1 * SECRET.to_secret_int() * t, committee_key() * t)
    c1 = hash_to_g1(ROOT_ID) * (-pow(t, -1, R)) + P1 * 3
    c2 = buyer.B1 * 3
    NodeDelivery(c1, c2).verify(committee_key(), ROOT_ID, buyer)


def test_a_batch_is_refused_for_one_bad_node_and_for_other_lengths() -> None:
    nodes = [Node(2, 1), Node(1, 5), Node(0, 15)]
    ids = [POOL.node_id(node) for node in nodes]
    shares = [delivery.make_share(1, SECRET, POOL, node, SALE, BUYER) for node in nodes]
    made = [NodeDelivery(share.C1, share.C2) for share in shares]
    delivery.verify_batch(committee_key(), BUYER, ids, made)
    bad = [[*made[:2], NodeDelivery(made[2].C1, made[2].C2 + P1)], [*made[:2], NodeDelivery(G1Point(0, 0), made[2].C2)]]
    # errors that cancel in a plain sum
    bad.append([NodeDelivery(made[0].C1, made[0].C2 + P1), NodeDelivery(made[1].C1, made[1].C2 - P1), made[2]])
    for deliveries in bad:
        with pytest.raises(DeliveryError):
            delivery.verify_batch(committee_key(), BUYER, ids, deliveries)
    for some_ids, some in ((ids[:2], made), ([], [])):
        with pytest.raises(InputError):
            delivery.verify_batch(committee_key(), BUYER, some_ids, some)


def test_a_delivery_for_another_sale_is_untrusted_data() -> None:
    other = delivery.make_share(1, SECRET, POOL, ROOT, SALE, BuyerKey.of(SecretScalar(9)))
    with pytest.raises(UntrustedDataError):
        NodeDelivery(other.C1, other.C2).open(POOL, ROOT, B, committee_key())


@pytest.mark.parametrize(
    ("chain_id", "market", "sale"),
    [(-1, "d4" * 20, "5a" * 32), (1, "d4" * 19, "5a" * 32), (1, "d4" * 20, "5a" * 31), (1, "x", "y")],
)
def test_a_sale_of_another_shape_is_refused(chain_id: int, market: str, sale: str) -> None:
    with pytest.raises(InputError):
        SaleId.of(chain_id, market, sale)
