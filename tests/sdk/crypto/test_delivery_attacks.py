"""What a committee's shares give away, and what they do not: reused blindings, too few shares, one sold in private."""

from __future__ import annotations

from typing import Any

import pytest
from crypto_vectors import COMMITTEE as VECTOR
from crypto_vectors import POOL, ROOT, SECRET, SHARES, committee_key, g2
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto import committee, delivery, shamir
from unwrapped_dao.crypto.bn254 import P1, P2, BackendName, G1Point, R, hash_to_g1
from unwrapped_dao.crypto.delivery import BuyerKey, KeyShare, NodeDelivery, SaleId, VerifiedKeyShare
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.tree import Node
from unwrapped_dao.errors import DeliveryError, InputError

B = SecretScalar(424242)
BUYER = BuyerKey.of(B)
SALE = SaleId.of(1337, "0x" + "d4" * 20, "0x" + "5a" * 32)
PUBLIC = {j: g2(VECTOR["Y_j_G2"][str(j)]) for j in SHARES}
LEFT, RIGHT = Node(3, 0), Node(3, 1)


def key_of(node: Node) -> G1Point:
    return hash_to_g1(POOL.node_id(node)) * SECRET.to_secret_int()


def combined(node: Node, blinding: dict[int, int] | None = None) -> NodeDelivery:
    """By custodians 1, 2, 3; `blinding` instead of their own."""
    shares = []
    for j in (1, 2, 3):
        if blinding is None:
            share = delivery.make_share(j, SHARES[j], POOL, node, SALE, BUYER)
        else:
            u = SecretScalar(blinding[j])
            share = delivery._blinded_share(j, SHARES[j], POOL.node_id(node), BUYER, u)
        shares.append(share.verify(PUBLIC[j], POOL.node_id(node), BUYER))
    return delivery.combine_shares(shares, 3)


# --- reused blindings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1, 7])
def test_a_blinding_reused_for_two_nodes_leaks_one_key_from_the_other(factor: int) -> None:
    """The attack that a deterministic blinding per node prevents; a known factor between the two helps as little."""
    u = {j: 1_000 + j for j in (1, 2, 3)}
    left = combined(LEFT, u)
    right = combined(RIGHT, {j: value * factor for j, value in u.items()})
    # Who knows LEFT's key, say from an earlier sale, gets RIGHT's without the buyer's b.
    stolen = right.C2 - left.C2 * factor + key_of(LEFT) * factor
    assert stolen == key_of(RIGHT)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, R - 1))
def test_the_same_attack_on_real_shares_finds_nothing(factor: int) -> None:
    left, right = combined(LEFT), combined(RIGHT)
    assert right.C2 - left.C2 * factor + key_of(LEFT) * factor != key_of(RIGHT)
    assert left.C1 * factor != right.C1


def test_no_two_shares_of_one_custodian_have_one_blinding() -> None:
    """Each of these is a way in which a custodian might be asked twice: restarted, another sale, another buyer key."""
    others: list[dict[str, Any]] = [
        {"node": RIGHT},
        {"sale": SaleId.of(1337, "0x" + "d4" * 20, "0x" + "5b" * 32)},
        {"sale": SaleId.of(1338, "0x" + "d4" * 20, "0x" + "5a" * 32)},
        {"buyer": BuyerKey.of(SecretScalar(5))},
        {"share": SHARES[2]},
    ]
    base = {"share": SHARES[1], "pool": POOL, "node": LEFT, "sale": SALE, "buyer": BUYER}
    made = [delivery.make_share(1, **base).C1, *(delivery.make_share(1, **(base | other)).C1 for other in others)]
    assert len(set(made)) == len(made)
    assert made[0] == delivery.make_share(1, **base).C1  # a restart gives the very same share


def test_a_share_for_one_buyer_says_nothing_to_another() -> None:
    """Shares are public. Opening a delivery for B with another secret gives a point that is no key."""
    made = combined(ROOT)
    wrong = made.C2 - made.C1 * 99
    assert wrong != key_of(ROOT)
    with pytest.raises(DeliveryError):
        made.open(POOL, ROOT, SecretScalar(99), committee_key())


# --- too few shares -------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(2, n))),
    st.integers(1, R - 1),
    st.integers(1, R - 1),
    st.data(),
)
def test_one_share_too_few_fits_every_secret_equally(
    shape: tuple[int, int], secret: int, other: int, data: st.DataObject
) -> None:
    """t − 1 shares of x are t − 1 shares of any x' too, so that they say nothing about which it is."""
    count, threshold = shape
    shares = shamir.split(SecretScalar(secret), threshold, count)
    known = data.draw(st.permutations(sorted(shares)))[: threshold - 1]
    missing = next(j for j in sorted(shares) if j not in known)
    weights = shamir.lagrange_at_zero([*known, missing])
    rest = (other - sum(weights[j] * shares[j].to_secret_int() for j in known)) * pow(weights[missing], -1, R) % R
    pretended = {j: shares[j] for j in known}
    if rest:
        assert shamir.combine({**pretended, missing: SecretScalar(rest)}).to_secret_int() == other % R


def _five_of_nine(node: Node) -> tuple[dict[int, VerifiedKeyShare], SecretScalar]:
    x = SecretScalar(31337)
    secrets = committee.split_secret(x, 5, 9)
    node_id = POOL.node_id(node)
    shares = {}
    for j, secret in secrets.items():
        made = delivery.make_share(j, secret, POOL, node, SALE, BUYER)
        # Each pairing costs the reference a third of a second; the equation has tests of its own.
        shares[j] = VerifiedKeyShare(j, made.C1, made.C2, node_id, BUYER)
    return shares, x


def test_any_five_of_nine_shares_combine_and_no_four(curve: BackendName) -> None:
    shares, x = _five_of_nine(ROOT)
    expected = hash_to_g1(POOL.node_id(ROOT)) * x.to_secret_int()
    for quorum in ((1, 2, 3, 4, 5), (5, 6, 7, 8, 9), (1, 3, 5, 7, 9), (2, 4, 6, 8, 9)):
        made = delivery.combine_shares([shares[j] for j in quorum], 5)
        assert made.C2 - made.C1 * B.to_secret_int() == expected
    for quorum in ((1, 2, 3, 4), (6, 7, 8, 9)):
        with pytest.raises(InputError):
            delivery.combine_shares([shares[j] for j in quorum], 5)
        made = delivery.combine_shares([shares[j] for j in quorum], 4)
        assert made.C2 - made.C1 * B.to_secret_int() != expected


def test_two_public_shares_and_one_sold_in_private_open_the_pool_unpaid() -> None:
    """The documented limit (docs/limits.md), and why nobody releases before t + 1 said that they will."""
    public = [delivery.make_share(j, SHARES[j], POOL, ROOT, SALE, BUYER) for j in (1, 2)]
    sold = delivery.make_share(5, SHARES[5], POOL, ROOT, SALE, BUYER)
    shares = [s.verify(PUBLIC[s.index], POOL.node_id(ROOT), BUYER) for s in (*public, sold)]
    made = delivery.combine_shares(shares, 3)
    assert made.open(POOL, ROOT, B, committee_key()) == committee.sign_node(SECRET, POOL, ROOT)


# --- bad shares -----------------------------------------------------------------------------------------------------


def test_one_bad_share_spoils_a_delivery_and_is_found_by_its_own_equation() -> None:
    node_id = POOL.node_id(ROOT)
    good = {j: delivery.make_share(j, SHARES[j], POOL, ROOT, SALE, BUYER) for j in (1, 2, 3, 4)}
    bad = KeyShare(2, good[2].C1 + P1, good[2].C2)
    blindly = [VerifiedKeyShare(s.index, s.C1, s.C2, node_id, BUYER) for s in (good[1], bad, good[3])]
    with pytest.raises(DeliveryError):
        delivery.combine_shares(blindly, 3).verify(committee_key(), node_id, BUYER)
    sorted_out = []
    named = []
    for share in (good[1], bad, good[3], good[4]):
        try:
            sorted_out.append(share.verify(PUBLIC[share.index], node_id, BUYER))
        except DeliveryError as problem:
            named.append(problem.message)
    assert len(named) == 1 and "custodian 2" in named[0]
    delivery.combine_shares(sorted_out, 3).verify(committee_key(), node_id, BUYER)


def test_a_share_of_another_custodian_is_not_passed_off() -> None:
    share = delivery.make_share(3, SHARES[3], POOL, ROOT, SALE, BUYER)
    with pytest.raises(DeliveryError, match="custodian 4"):
        KeyShare(4, share.C1, share.C2).verify(PUBLIC[4], POOL.node_id(ROOT), BUYER)
    with pytest.raises(DeliveryError):
        share.verify(P2 * 5, POOL.node_id(ROOT), BUYER)
