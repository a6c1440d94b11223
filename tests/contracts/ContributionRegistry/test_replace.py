"""One live contribution per member, scope and epoch, replaced under the next version; and whose a fingerprint is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.support import collective as kit
from tests.contracts.support.collective import Record

FIRST = Record.of("a")
SECOND = Record.of("a again", 2, 90)


@pytest.fixture
def member(dao, pool, accounts):
    dao.contribute(accounts[1], FIRST)
    return accounts[1]


def test_replacing_moves_weight_fingerprint_and_version(dao, pool, member):
    tx = dao.contribute(member, SECOND, FIRST)
    assert tx.events["ContributionRecorded"]["version"] == 2
    assert "MemberActivated" not in tx.events
    assert dao.token.balanceOf(member, pool) == dao.token.totalSupply(pool) == 90
    assert dao.registry.fingerprintOf(dao.scope, FIRST.fingerprint) == (False, 0)
    assert dao.registry.fingerprintOf(dao.scope, SECOND.fingerprint) == (True, 1)
    assert dao.membership.memberOf(member)[5] == 1
    dao.contribute(member, Record.of("a third", 3), SECOND)
    assert dao.token.totalSupply(pool) == 40


def test_the_same_fingerprint_may_be_kept(dao, pool, member, refused):
    same = replace(SECOND, fingerprint=FIRST.fingerprint)
    dao.contribute(member, same, FIRST)
    assert dao.registry.fingerprintOf(dao.scope, FIRST.fingerprint) == (True, 1)
    with refused("RecordMismatch"):
        dao.contribute(member, Record.of("c", 3), FIRST)
    dao.contribute(member, Record.of("c", 3), same)


@pytest.mark.parametrize("version", [0, 1, 3])
def test_the_next_version_is_the_live_one_plus_one(dao, pool, member, refused, version):
    with refused("ContributionVersionWrong", version, 2):
        dao.contribute(member, replace(SECOND, version=version), FIRST)


def test_invariant_5_a_recorded_contribution_does_not_replay(dao, pool, member, remote, refused):
    attestations = dao.attest(member, FIRST)
    with refused("RecordMismatch"):
        dao.contribute(member, FIRST, attestations=attestations)
    with refused("ContributionVersionWrong", 1, 2):
        dao.contribute(member, FIRST, FIRST, attestations=attestations)
    dao.contribute(member, SECOND, FIRST)
    with refused("ContributionVersionWrong", 1, 3):
        dao.contribute(member, FIRST, SECOND, attestations=attestations)

    record = Record.of("remote")
    relay = {"sender": dao.stranger, "consent_expiry": kit.FAR, "consent": dao.consent(remote, record)}
    dao.contribute(remote.address, record, **relay)
    with refused("ContributionVersionWrong", 1, 2):
        dao.contribute(remote.address, record, record, **relay)


@pytest.mark.parametrize("field", ["version", "weight", "content", "report", "fingerprint"])
def test_the_live_record_must_be_shown_exactly(dao, pool, member, refused, field):
    shown = replace(FIRST, **{field: 7 if field in ("version", "weight") else b"\x07" * 32})
    with refused("RecordMismatch"):
        dao.contribute(member, SECOND, shown)


def test_anothers_live_record_is_not_mine(dao, pool, member, accounts, refused):
    theirs = Record.of("theirs")
    dao.contribute(accounts[2], theirs)
    with refused("RecordMismatch"):
        dao.contribute(member, SECOND, theirs)


def test_a_record_of_another_epoch_is_not_this_ones(dao, pool, clock, member, refused):
    dao.contribute(member, replace(SECOND, weight=500), FIRST)
    live = replace(SECOND, weight=500)
    kit.seal(dao, clock, pool)
    dao.open_epoch(clock)
    dao.contribute(member, Record.of("new year"), epoch=2)
    with refused("RecordMismatch"):
        dao.contribute(member, Record.of("b", 3), live, epoch=2)


def test_who_left_cannot_replace(dao, pool, member, refused):
    dao.membership.leave({"from": member})
    with refused("MemberHasLeft", member.address.lower()):
        dao.contribute(member, SECOND, FIRST)


def test_an_unknown_member_cannot_replace(dao, pool, member, refused):
    with refused("MemberUnknown", dao.stranger.address.lower()):
        dao.contribute(dao.stranger, SECOND, FIRST)


def test_replacing_still_needs_attestations_and_bounds(dao, pool, member, refused):
    with refused("ValidatorUnknown"):
        dao.contribute(member, SECOND, FIRST, attestations=dao.attest(member, FIRST))
    with refused("WeightOutOfRange"):
        dao.contribute(member, replace(SECOND, weight=kit.MAX_WEIGHT + 1), FIRST)


# --------------------------------------------------------------------- the fingerprint rule


def test_invariant_6_a_fingerprint_is_live_for_one_member_only(dao, pool, member, accounts, refused):
    thief = accounts[2]
    with refused("FingerprintUsed"):
        dao.contribute(thief, replace(Record.of("thief"), fingerprint=FIRST.fingerprint))
    dao.contribute(thief, Record.of("thief"))
    with refused("FingerprintUsed"):
        dao.contribute(thief, replace(Record.of("thief", 2), fingerprint=FIRST.fingerprint), Record.of("thief"))
    assert dao.registry.fingerprintOf(dao.scope, FIRST.fingerprint) == (True, 1)


def test_invariant_6_also_after_sealing_and_in_later_epochs_even_for_its_own_member(
    dao, pool, member, accounts, clock, refused
):
    kit.seal(dao, clock, pool)
    dao.withdraw(member, FIRST)  # after sealing this frees nothing
    dao.open_epoch(clock)
    for who in (member, accounts[2]):
        with refused("FingerprintUsed"):
            dao.contribute(who, FIRST, epoch=2)
    dao.contribute(member, Record.of("fresh"), epoch=2)
    with refused("FingerprintUsed"):
        dao.contribute(member, replace(Record.of("f", 2), fingerprint=FIRST.fingerprint), Record.of("fresh"), epoch=2)


def test_a_fingerprint_is_freed_by_replacing_or_withdrawing_before_the_seal(dao, pool, member, accounts):
    dao.contribute(member, SECOND, FIRST)
    dao.contribute(accounts[2], FIRST)
    dao.withdraw(member, SECOND)
    dao.contribute(accounts[3], replace(SECOND, version=1))


def test_the_same_file_with_another_url_is_not_new(dao, pool, member, accounts, refused):
    """Peer's flaw: new content hash (a new encryption, a new place), same data, same fingerprint."""
    copy = replace(FIRST, content=b"\x09" * 32, report=b"\x08" * 32)
    with refused("FingerprintUsed"):
        dao.contribute(accounts[2], copy)


def test_nobody_squats_an_identifier(dao, pool, accounts, refused):
    """Peer's flaw: a stranger writes the owner's identifier first, and the owner's call reverts.

    Here a slot is written only with validators' signatures that name the member; what a front-runner copies from
    the owner's transaction names the owner.
    """
    owner, squatter = accounts[1], accounts[2]
    attestations = dao.attest(owner, FIRST)
    with refused("ValidatorUnknown"):
        dao.contribute(squatter, FIRST, attestations=attestations)
    with refused("ConsentInvalid"):
        dao.contribute(owner, FIRST, attestations=attestations, sender=squatter, consent_expiry=kit.FAR)
    dao.contribute(owner, FIRST, attestations=attestations)


def test_scopes_do_not_share_fingerprints(dao, pool, accounts, clock):
    definition = kit.scope_definition("another scope")
    dao.registry.registerScope(definition, {"from": dao.timelock})
    scope = kit.scope_id(definition)
    dao.open_epoch(clock, scope)
    dao.contribute(accounts[1], FIRST)
    dao.contribute(accounts[2], FIRST, scope=scope)
    assert dao.registry.fingerprintOf(dao.scope, FIRST.fingerprint) == (True, 1)
    assert dao.registry.fingerprintOf(scope, FIRST.fingerprint) == (True, 2)
