"""Relayed opt-outs: ordinals as if they had come one by one, and no bad one sinks the others."""

from __future__ import annotations

import pytest

from tests.contracts.support import signing
from tests.contracts.support.market import APPROVED, OFFERED

EXPIRED, SIGNER_NOT_A_MEMBER, NOT_A_CONTRIBUTOR, REPEATED = range(4)
FAR = 2**40
WEIGHT = 100
CROWD = [signing.key(f"crowd {n}") for n in range(4)]


@pytest.fixture(scope="module")
def crowd(desk, chain):
    """Members 12 to 15, whose keys the test holds; the first three contributed."""
    domain = signing.domain("unwrapped-dao membership", chain.id, desk.membership.address)
    requests = []
    for who in CROWD:
        signature = signing.compact(*signing.sign(who, domain, "Join", signing.JOIN, who.address, 0, FAR))
        requests.append((who.address, FAR, *signing.halves(signature)))
    desk.membership.joinBatch(requests, {"from": desk.stranger})
    desk.registry.fill(desk.pool, [12, 13, 14], WEIGHT)
    return CROWD


@pytest.fixture
def sale(desk, crowd):
    return desk.offer()[1]


@pytest.fixture
def signed(desk, sale, chain):
    domain = signing.domain("unwrapped-dao market", chain.id, desk.market.address)

    def sign(who, *, target=None, expiry=FAR, on=domain):
        values = (target or sale, expiry)
        return (expiry, *signing.halves(signing.compact(*signing.sign(who, on, "OptOut", signing.OPT_OUT, *values))))

    return sign


def _send(desk, sale, opt_outs):
    return desk.market.optOutBatch(sale, opt_outs, {"from": desk.stranger})


def _skipped(tx):
    if "OptOutSkipped" not in tx.events:
        return []
    return [(e["position"], e["signer"], e["reason"]) for e in tx.events["OptOutSkipped"]]


def _ordinals(desk, sale, *numbers):
    return [desk.market.optOutOrdinal(sale, number) for number in numbers]


def test_ordinals_go_on_where_they_stood(desk, crowd, sale, signed):
    desk.opt_out(sale, 3)
    tx = _send(desk, sale, [signed(who) for who in (crowd[2], crowd[0])])
    assert tx.return_value == 2
    desk.opt_out(sale, 0)
    _send(desk, sale, [signed(crowd[1])])
    assert _ordinals(desk, sale, 3, 14, 12, 0, 13) == [1, 2, 3, 4, 5]
    assert desk.sale(sale)["optOuts"] == 5
    event = tx.events["OptOutsCounted"]
    entries = [bytes.fromhex(who.address[2:]) + n.to_bytes(4, "big") for who, n in ((crowd[2], 14), (crowd[0], 12))]
    assert (event["target"], event["firstOrdinal"], bytes(event["optOuts"])) == (
        "0x" + sale.hex(),
        2,
        b"".join(entries),
    )


def test_claims_look_for_it_from_now_on(desk, crowd, sale, signed):
    _send(desk, sale, [signed(crowd[0])])
    assert desk.membership.claimant(crowd[0].address)[2] is True
    assert desk.membership.claimant(crowd[1].address)[2] is False


def test_bad_ones_are_skipped_and_the_others_counted(desk, crowd, sale, signed, chain):
    stranger = signing.key("no member")
    _, other = desk.offer()
    elsewhere = signing.domain("unwrapped-dao market", chain.id, desk.splitter.address)
    domain = signing.domain("unwrapped-dao market", chain.id, desk.market.address)
    v, r, s = signing.sign(crowd[1], domain, "OptOut", signing.OPT_OUT, sale, FAR)
    bad = [
        (signed(crowd[1], expiry=1), EXPIRED),
        (signed(stranger), SIGNER_NOT_A_MEMBER),
        ((FAR, b"\0" * 32, b"\0" * 32), SIGNER_NOT_A_MEMBER),
        ((FAR, *signing.halves(signing.mirrored(v, r, s))), SIGNER_NOT_A_MEMBER),
        (signed(crowd[1], target=other), SIGNER_NOT_A_MEMBER),
        (signed(crowd[1], on=elsewhere), SIGNER_NOT_A_MEMBER),
        ((FAR - 1, *signed(crowd[1])[1:]), SIGNER_NOT_A_MEMBER),
        (signed(crowd[3]), NOT_A_CONTRIBUTOR),
        (signed(crowd[0]), REPEATED),
    ]
    tx = _send(desk, sale, [signed(crowd[0]), *(item for item, _ in bad), signed(crowd[2])])
    assert [(position, reason) for position, _, reason in _skipped(tx)] == [
        (position, reason) for position, (_, reason) in enumerate(bad, start=1)
    ]
    assert _ordinals(desk, sale, 12, 13, 14, 15) == [1, 0, 2, 0]
    assert desk.sale(sale)["optOuts"] == 2
    again = _send(desk, sale, [signed(crowd[0]), signed(crowd[2])])
    assert (again.return_value, "OptOutsCounted" in again.events) == (0, False)
    assert desk.sale(sale)["optOuts"] == 2


def test_words_of_ordinals_are_kept_apart(desk, crowd, sale, signed):
    """Neighbours who opted out directly before, in the same word of eight lanes, keep their ordinals."""
    for number in (8, 11):
        desk.opt_out(sale, number)
    _send(desk, sale, [signed(who) for who in crowd[:3]])
    assert _ordinals(desk, sale, *range(8, 16)) == [1, 0, 0, 2, 3, 4, 5, 0]


def test_after_approval_the_batch_reverts(desk, crowd, sale, signed, refused):
    desk.approve(sale)
    with refused("SaleStateWrong", sale, APPROVED, OFFERED):
        _send(desk, sale, [signed(crowd[0])])


def test_one_list_decides_also_for_those_who_opted_out_in_a_batch(desk, crowd, signed, sale):
    desk.opt_out(sale, 2)
    _send(desk, sale, [signed(crowd[1])])
    desk.approve(sale)
    assert [desk.market.isExcluded(sale, number) for number in (2, 12, 13, 14)] == [True, False, True, False]
