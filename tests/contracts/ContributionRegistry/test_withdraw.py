"""Before sealing a withdrawal burns and leaves a tombstone; afterwards it excludes, in order, and is final."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.support import collective as kit
from tests.contracts.support import signing
from tests.contracts.support.collective import Record

RECORD = Record.of("a")


@pytest.fixture
def member(dao, pool, accounts):
    dao.contribute(accounts[1], RECORD)
    return accounts[1]


def test_before_sealing_it_burns_frees_and_deactivates(dao, pool, member):
    tx = dao.withdraw(member, RECORD)
    assert tx.events["ContributionWithdrawn"] == {"poolId": pool, "member": member, "number": 1, "version": 2}
    assert "MemberDeactivated" in tx.events
    assert dao.token.totalSupply(pool) == dao.token.balanceOf(member, pool) == 0
    assert dao.registry.fingerprintOf(dao.scope, RECORD.fingerprint) == (False, 0)
    assert dao.registry.withdrawnVersion(pool, 1) == 2
    assert dao.membership.activeMembers() == 0
    assert dao.membership.claimant(member)[2] is False


def test_in_an_announced_pool_too(dao, pool, member, clock):
    dao.registry.announceSealByVote(dao.scope, 1, {"from": dao.timelock})
    clock.advance(kit.NOTICE // 2)
    dao.withdraw(member, RECORD)
    assert dao.token.totalSupply(pool) == 0


def test_invariant_5_nothing_replays_after_a_withdrawal(dao, pool, member, remote, refused):
    attestations = dao.attest(member, RECORD)
    dao.withdraw(member, RECORD)
    with refused("ContributionVersionWrong", 1, 3):
        dao.contribute(member, RECORD, attestations=attestations)
    with refused("ContributionVersionWrong", 2, 3):
        dao.contribute(member, replace(RECORD, version=2))
    third = Record.of("a", 3)
    dao.contribute(member, third)
    dao.withdraw(member, third)
    assert dao.registry.withdrawnVersion(pool, 1) == 4
    dao.contribute(member, Record.of("a", 5))

    record = Record.of("remote")
    relay = {"sender": dao.stranger, "consent_expiry": kit.FAR, "consent": dao.consent(remote, record)}
    dao.contribute(remote.address, record, **relay)
    gone = {"sender": dao.stranger, "consent_expiry": kit.FAR, "consent": dao.withdrawal(remote, 1)}
    dao.withdraw(remote.address, record, **gone)
    with refused("ContributionVersionWrong", 1, 3):
        dao.contribute(remote.address, record, **relay)
    with refused("ContributionMissing"):
        dao.withdraw(remote.address, record, **gone)
    again = replace(record, version=3)
    dao.contribute(
        remote.address, again, sender=dao.stranger, consent_expiry=kit.FAR, consent=dao.consent(remote, again)
    )
    with refused("ConsentInvalid"):
        dao.withdraw(remote.address, again, **gone)


def test_versions_survive_leaving_and_rejoining(dao, pool, member, refused):
    dao.withdraw(member, RECORD)
    dao.membership.leave({"from": member})
    dao.join(member)
    with refused("ContributionVersionWrong", 1, 3):
        dao.contribute(member, RECORD)
    dao.contribute(member, replace(RECORD, version=3))


def test_tombstones_are_each_members_and_each_pools_own(dao, pool, member, accounts, clock):
    dao.withdraw(member, RECORD)
    assert [dao.registry.withdrawnVersion(pool, n) for n in range(4)] == [0, 2, 0, 0]
    dao.contribute(accounts[2], Record.of("b"))
    dao.contribute(accounts[0], Record.of("c", weight=500))
    kit.seal(dao, clock, pool)
    dao.open_epoch(clock)
    dao.contribute(member, RECORD, epoch=2)


def test_after_sealing_it_excludes_in_order_and_burns_nothing(dao, pool, member, accounts, clock):
    dao.contribute(accounts[2], Record.of("b", weight=500))
    dao.contribute(accounts[3], Record.of("c"))
    kit.seal(dao, clock, pool)
    tx = dao.withdraw(accounts[3], Record.of("c"))
    assert tx.events["PoolWithdrawal"] == {"poolId": pool, "member": accounts[3], "number": 3, "ordinal": 1}
    dao.withdraw(member, RECORD)
    assert dao.registry.withdrawals(pool) == 2
    assert [dao.registry.withdrawalOrdinal(pool, n) for n in range(4)] == [0, 2, 0, 1]
    assert dao.token.totalSupply(pool) == 580
    assert dao.token.balanceOf(member, pool) == 40
    assert dao.membership.activeMembers() == 3
    assert [dao.membership.claimant(a)[2] for a in accounts[:4]] == [False, True, False, True]
    assert dao.registry.withdrawnVersion(pool, 1) == 0


def test_after_sealing_it_is_final(dao, pool, member, clock, refused):
    kit.seal(dao, clock, pool)
    dao.withdraw(member, RECORD)
    with refused("AlreadyWithdrawn", pool, 1):
        dao.withdraw(member, RECORD)
    assert dao.registry.withdrawals(pool) == 1


def test_meeting_a_closed_pool_it_records_the_seal_first_and_excludes(dao, pool, member, accounts, clock):
    dao.contribute(accounts[2], Record.of("b", weight=500))
    kit.close(dao, clock, pool)
    assert dao.state(pool) == kit.CLOSED
    tx = dao.withdraw(member, RECORD)
    assert tx.events["PoolSealed"].pos < tx.events["PoolWithdrawal"].pos
    assert dao.state(pool) == kit.SEALED
    assert dao.token.balanceOf(member, pool) == 40


def test_meeting_a_closed_pool_that_became_too_light_it_cancels_and_burns(dao, pool, member, accounts, clock):
    heavy = Record.of("b", weight=500)
    dao.contribute(accounts[2], heavy)
    clock.advance(kit.MIN_AGE)
    dao.registry.announceSeal(dao.scope, 1, {"from": dao.stranger})
    dao.withdraw(accounts[2], heavy)
    clock.advance(kit.NOTICE + 1)
    assert dao.state(pool) == kit.CLOSED
    tx = dao.withdraw(member, RECORD)
    assert tx.events["SealCancelled"] == {"poolId": pool, "weight": 40, "minimum": kit.MIN_WEIGHT}
    assert "ContributionWithdrawn" in tx.events
    assert dao.state(pool) == kit.OPEN
    assert dao.token.totalSupply(pool) == 0


def test_after_leaving_before_and_after_the_seal(dao, pool, member, accounts, clock):
    dao.contribute(accounts[2], Record.of("b"))
    dao.contribute(accounts[3], Record.of("c", weight=500))
    dao.membership.leave({"from": member})
    dao.membership.leave({"from": accounts[2]})
    dao.withdraw(member, RECORD)
    assert dao.membership.activeMembers() == 1
    kit.seal(dao, clock, pool)
    dao.withdraw(accounts[2], Record.of("b"))
    assert dao.registry.withdrawalOrdinal(pool, 2) == 1


def test_relayed_after_sealing(dao, pool, remote, clock):
    record = Record.of("remote", weight=500)
    dao.contribute(
        remote.address, record, sender=dao.stranger, consent_expiry=kit.FAR, consent=dao.consent(remote, record)
    )
    kit.seal(dao, clock, pool)
    consent = dao.withdrawal(remote, 1)
    dao.withdraw(remote.address, record, sender=dao.stranger, consent_expiry=kit.FAR, consent=consent)
    assert dao.registry.withdrawals(pool) == 1


def test_nobody_else_withdraws(dao, pool, member, clock, refused):
    wrong = [b"", dao.withdrawal(signing.key("other"), 1), dao.consent(signing.key("other"), RECORD)]
    for consent in wrong:
        with refused("ConsentInvalid"):
            dao.withdraw(member, RECORD, sender=dao.stranger, consent_expiry=kit.FAR, consent=consent)
    with refused("ConsentExpired"):
        dao.withdraw(member, RECORD, sender=dao.stranger, consent_expiry=clock.now() - 10, consent=b"")


@pytest.mark.parametrize("forgery", ["version", "epoch", "expiry", "domain"])
def test_the_member_signed_exactly_this_withdrawal(dao, pool, remote, refused, forgery):
    record = Record.of("remote")
    dao.contribute(
        remote.address, record, sender=dao.stranger, consent_expiry=kit.FAR, consent=dao.consent(remote, record)
    )
    consent = {
        "version": dao.withdrawal(remote, 2),
        "epoch": dao.withdrawal(remote, 1, epoch=2),
        "expiry": dao.withdrawal(remote, 1, expiry=kit.FAR - 1),
        "domain": dao.consent(remote, record),
    }[forgery]
    with refused("ConsentInvalid"):
        dao.withdraw(remote.address, record, sender=dao.stranger, consent_expiry=kit.FAR, consent=consent)


def test_what_is_not_there_cannot_be_withdrawn(dao, pool, member, accounts, refused):
    with refused("ContributionMissing", pool, accounts[2].address.lower()):
        dao.withdraw(accounts[2], RECORD)
    with refused("MemberUnknown", dao.stranger.address.lower()):
        dao.withdraw(dao.stranger, RECORD)
    with refused("ContributionMissing"):
        dao.withdraw(member, RECORD, epoch=2)
    with refused("RecordMismatch"):
        dao.withdraw(member, replace(RECORD, weight=41))
    dao.withdraw(member, RECORD)
    with refused("ContributionMissing", pool, member.address.lower()):
        dao.withdraw(member, RECORD)
