"""A contributor's refusal of one sale: until approval, once, with an ordinal."""

from __future__ import annotations

import pytest

from tests.contracts.support import signing
from tests.contracts.support.market import APPROVED, EXPIRED, NONE, OFFERED, SCOPE

OPT_OUT = (("target", "bytes32"), ("expiry", "uint64"))
EXCLUDED_FLAG = 16
FAR = 2**40


@pytest.fixture
def offered(desk):
    return desk.offer()[1]


def test_ordinals_count_up(desk, offered):
    for ordinal, number in enumerate((3, 0, 11, 8), start=1):
        tx = desk.market.optOut(offered, {"from": desk.members[number]})
        assert dict(tx.events["OptedOut"]) == {
            "target": "0x" + offered.hex(),
            "member": desk.members[number],
            "number": number,
            "ordinal": ordinal,
        }
        assert desk.market.optOutOrdinal(offered, number) == ordinal
        assert desk.sale(offered)["optOuts"] == ordinal
    assert desk.market.optOutOrdinal(offered, 1) == 0


def test_it_concerns_one_sale(desk, offered):
    _, other = desk.offer()
    desk.opt_out(offered, 2)
    assert desk.market.optOutOrdinal(other, 2) == 0
    desk.opt_out(other, 2)


def test_claims_look_for_it_from_now_on(desk, offered):
    assert desk.membership.claimant(desk.members[2])[2] is False
    desk.opt_out(offered, 2)
    assert desk.membership.claimant(desk.members[2])[2] is True
    assert desk.membership.memberOf(desk.members[2])[6] & EXCLUDED_FLAG
    assert desk.membership.claimant(desk.members[3])[2] is False


def test_it_is_final(desk, offered, refused):
    desk.opt_out(offered, 2)
    with refused("AlreadyOptedOut", offered, 2):
        desk.opt_out(offered, 2)


def test_it_works_after_leaving(desk, offered):
    desk.membership.leave({"from": desk.members[2]})
    desk.opt_out(offered, 2)
    assert desk.market.optOutOrdinal(offered, 2) == 1


def test_only_contributors_opt_out(desk, offered, refused, accounts):
    """Else strangers could push any sale over maxExcluded."""
    with refused("MemberUnknown"):
        desk.market.optOut(offered, {"from": desk.stranger})
    desk.membership.join({"from": desk.stranger})
    with refused("NotAContributor", desk.pool, desk.stranger.address.lower()):
        desk.market.optOut(offered, {"from": desk.stranger})
    assert desk.registry.poolId(SCOPE, 1) == desk.pool


@pytest.mark.parametrize("state", [NONE, APPROVED, EXPIRED])
def test_only_while_offered(desk, refused, clock, state):
    offer, sale = (desk.terms(), b"\x05" * 32) if state == NONE else desk.offer()
    if state == APPROVED:
        desk.approve(sale)
    if state == EXPIRED:
        clock.advance(90_000)
        desk.market.expire(offer, {"from": desk.stranger})
    with refused(*desk.refused_in(state, sale, OFFERED)):
        desk.opt_out(sale, 2)


@pytest.fixture
def relayed(desk, offered):
    """A member whose key the test holds, and a way to sign."""
    signer = signing.key("member")
    desk.accounts.add(signer.key.hex())
    account = desk.accounts[-1]
    desk.buyer.transfer(account, "1 ether")
    desk.membership.join({"from": account})
    desk.registry.contribute(desk.pool, account, 5)
    domain = signing.domain("unwrapped-dao market", desk.chain_id, desk.market.address)

    def sign(target=offered, expiry=FAR, by=signer, on=domain):
        return signing.compact(*signing.sign(by, on, "OptOut", OPT_OUT, target, expiry))

    return account, sign


def test_anybody_relays_a_signed_one(desk, offered, relayed):
    account, sign = relayed
    desk.market.optOutFor(account, offered, FAR, sign(), {"from": desk.stranger})
    assert desk.market.optOutOrdinal(offered, 12) == 1


def test_signatures_that_say_something_else(desk, offered, relayed, refused):
    account, sign = relayed
    _, other = desk.offer()
    elsewhere = signing.domain("unwrapped-dao market", desk.chain_id, desk.token.address)
    other_chain = signing.domain("unwrapped-dao market", desk.chain_id + 1, desk.market.address)
    good = sign()
    flipped = bytes([good[32] ^ 0x80])
    for signature in [
        sign(target=other),
        sign(expiry=FAR - 1),
        sign(by=signing.key("somebody else")),
        sign(on=elsewhere),
        sign(on=other_chain),
        b"",
        good[:63],
        good + b"\0",
        good[:32] + flipped + good[33:],
        b"\0" * 64,
    ]:
        with refused("OptOutSignatureInvalid"):
            desk.market.optOutFor(account, offered, FAR, signature, {"from": desk.stranger})
    with refused("OptOutSignatureInvalid"):
        desk.market.optOutFor(desk.members[1], offered, FAR, good, {"from": desk.stranger})


def test_an_old_signature_does_nothing(desk, offered, relayed, refused, clock):
    account, sign = relayed
    expiry = clock.now() + 10
    clock.advance(20)
    with refused("OptOutExpired"):
        desk.market.optOutFor(account, offered, expiry, sign(expiry=expiry), {"from": desk.stranger})


def test_a_signature_works_once(desk, offered, relayed, refused):
    account, sign = relayed
    desk.market.optOutFor(account, offered, FAR, sign(), {"from": desk.stranger})
    with refused("AlreadyOptedOut"):
        desk.market.optOutFor(account, offered, FAR, sign(), {"from": desk.stranger})
