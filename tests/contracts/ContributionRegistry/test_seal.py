"""The pool state table: every arrow, and every missing one as a revert."""

from __future__ import annotations

import pytest

from tests.contracts.support import collective as kit
from tests.contracts.support.collective import ANNOUNCED, CLOSED, NONE, OPEN, SEALED, Record

HEAVY = Record.of("heavy", weight=kit.MIN_WEIGHT)


@pytest.fixture
def heavy(dao, pool, accounts):
    dao.contribute(accounts[1], HEAVY)
    return accounts[1]


@pytest.fixture
def announced(dao, pool, heavy, clock):
    clock.advance(kit.MIN_AGE)
    return dao.registry.announceSeal(dao.scope, 1, {"from": dao.stranger})


# ------------------------------------------------------------------------------- None -> Open


def test_anybody_opens_the_first_epoch(dao, clock):
    week, heartbeat = dao.heartbeat(clock)
    tx = dao.registry.openEpoch(dao.scope, week, heartbeat, {"from": dao.stranger})
    pool = kit.pool_id(dao.scope, 1)
    assert tx.events["EpochOpened"] == {
        "scopeId": "0x" + dao.scope.hex(),
        "epoch": 1,
        "poolId": pool,
        "generation": 1,
        "index": 1,
    }
    assert tx.return_value == dao.registry.poolId(dao.scope, 1) == pool
    assert dao.registry.pool(pool) == (1, 1, 0, kit.MAX_WEIGHT, tx.timestamp, 0, kit.HEIGHT, 2, False, False)
    assert dao.state(pool) == OPEN
    assert (dao.registry.poolsEver(), dao.registry.poolIdOf(1), dao.registry.latestEpoch(dao.scope)) == (1, pool, 1)


def test_opening_needs_a_scope_a_key_and_its_heartbeat(dao, clock, refused):
    week, heartbeat = dao.heartbeat(clock)
    with refused("ScopeUnknown"):
        dao.registry.openEpoch(b"\x07" * 32, week, heartbeat, {"from": dao.stranger})
    with refused("HeartbeatInvalid", week):
        dao.registry.openEpoch(dao.scope, week, [week, 2], {"from": dao.stranger})
    dao.committee.setGeneration(1, False, {"from": dao.stranger})
    with refused("GenerationUnusable", 0):
        dao.registry.openEpoch(dao.scope, week, heartbeat, {"from": dao.stranger})


@pytest.mark.parametrize("state", [OPEN, ANNOUNCED])
def test_one_pool_of_a_scope_is_open_at_a_time(dao, pool, clock, refused, state):
    if state == ANNOUNCED:
        dao.registry.announceSealByVote(dao.scope, 1, {"from": dao.timelock})
    with refused("PoolStateWrong", pool, state, SEALED):
        dao.open_epoch(clock)


def test_opening_after_a_closed_pool_records_its_seal(dao, pool, heavy, clock):
    kit.close(dao, clock, pool)
    tx = dao.registry.openEpoch(dao.scope, *dao.heartbeat(clock), {"from": dao.stranger})
    assert tx.events["PoolSealed"]["poolId"] == pool
    assert dao.state(pool) == SEALED
    assert tx.events["EpochOpened"]["epoch"] == 2
    assert dao.registry.poolsEver() == dao.registry.latestEpoch(dao.scope) == 2


def test_opening_after_a_closed_pool_that_became_too_light_is_refused(dao, pool, heavy, announced, clock, refused):
    dao.withdraw(heavy, HEAVY)
    clock.advance(kit.NOTICE + 1)
    with refused("PoolStateWrong", pool, OPEN, SEALED):
        dao.open_epoch(clock)


def test_a_pool_keeps_the_terms_it_was_opened_with(dao, pool, accounts, clock, refused):
    dao.registry.setAttestationsRequired(3, {"from": dao.timelock})
    dao.registry.setMaxWeight(10, {"from": dao.timelock})
    dao.committee.setGeneration(1, True, {"from": dao.stranger})
    dao.contribute(accounts[1], HEAVY)
    kit.seal(dao, clock, pool)
    second = dao.open_epoch(clock)
    assert dao.registry.pool(pool)[3] == kit.MAX_WEIGHT
    assert dao.registry.pool(second)[3] == 10
    assert (dao.registry.pool(pool)[7], dao.registry.pool(second)[7]) == (2, 3)
    with refused("AttestationsTooFew", 2, 3):
        dao.contribute(accounts[2], Record.of("b", weight=5), epoch=2)


# -------------------------------------------------------------------------- Open -> Announced


def test_anybody_announces_a_pool_that_is_old_and_heavy_enough(dao, pool, announced):
    assert announced.events["SealAnnounced"] == {
        "poolId": pool,
        "sealsAt": announced.timestamp + kit.NOTICE,
        "voted": False,
    }
    assert dao.state(pool) == ANNOUNCED


def test_a_young_or_light_pool_is_not_announced(dao, pool, accounts, clock, refused):
    opened = dao.registry.pool(pool)[4]
    dao.contribute(accounts[1], Record.of("light", weight=kit.MIN_WEIGHT - 1))
    with refused("PoolTooYoung", pool, opened + kit.MIN_AGE):
        dao.registry.announceSeal(dao.scope, 1, {"from": dao.stranger})
    clock.advance(kit.MIN_AGE)
    with refused("PoolTooLight", pool, kit.MIN_WEIGHT - 1, kit.MIN_WEIGHT):
        dao.registry.announceSeal(dao.scope, 1, {"from": dao.stranger})
    dao.contribute(accounts[2], Record.of("one more", weight=1))
    dao.registry.announceSeal(dao.scope, 1, {"from": dao.stranger})


def test_the_vote_announces_at_any_age_and_weight(dao, pool, clock):
    tx = dao.registry.announceSealByVote(dao.scope, 1, {"from": dao.timelock})
    assert tx.events["SealAnnounced"]["voted"] is True
    assert tx.events["SealAnnounced"]["sealsAt"] == tx.timestamp + kit.NOTICE
    assert dao.registry.pool(pool)[8] is True


def test_only_the_vote_announces_by_vote(dao, pool, refused):
    with refused("RegistryCallerRefused", dao.stranger.address.lower()):
        dao.registry.announceSealByVote(dao.scope, 1, {"from": dao.stranger})


@pytest.mark.parametrize("by_vote", [False, True])
@pytest.mark.parametrize("state", [NONE, ANNOUNCED, SEALED])
def test_only_an_open_pool_is_announced(dao, pool, heavy, clock, refused, state, by_vote):
    clock.advance(kit.MIN_AGE)
    epoch = 2 if state == NONE else 1
    if state >= ANNOUNCED:
        dao.registry.announceSeal(dao.scope, 1, {"from": dao.stranger})
    if state == SEALED:
        clock.advance(kit.NOTICE + 1)
        dao.registry.seal(dao.scope, 1, {"from": dao.stranger})
    call, sender = (
        (dao.registry.announceSealByVote, dao.timelock) if by_vote else (dao.registry.announceSeal, dao.stranger)
    )
    with refused("PoolStateWrong", kit.pool_id(dao.scope, epoch), state, OPEN):
        call(dao.scope, epoch, {"from": sender})


def test_announcing_a_closed_pool_is_refused_because_it_is_sealed(dao, pool, heavy, announced, clock, refused):
    clock.advance(kit.NOTICE + 1)
    with refused("PoolStateWrong", pool, SEALED, OPEN):
        dao.registry.announceSeal(dao.scope, 1, {"from": dao.stranger})


# ------------------------------------------------------------------------ Announced -> Closed


def test_the_clock_alone_closes(dao, pool, announced, clock, accounts, refused):
    seals_at = dao.registry.pool(pool)[5]
    dao.contribute(accounts[2], Record.of("in time"))
    clock.advance_to(seals_at - clock.SOON_S)
    assert dao.state(pool) == ANNOUNCED
    with refused("PoolStateWrong", pool, ANNOUNCED, CLOSED):
        dao.registry.seal(dao.scope, 1, {"from": dao.stranger})
    clock.advance_to(seals_at)
    assert dao.state(pool) == CLOSED
    with refused("PoolNotOpen", pool, SEALED):
        dao.contribute(accounts[3], Record.of("too late"))
    assert dao.state(pool) == CLOSED


# -------------------------------------------------------------------- Closed -> Sealed or Open


def test_anybody_records_the_seal(dao, pool, announced, clock, accounts):
    clock.advance(kit.NOTICE + 1)
    dao.join(accounts[4])
    tx = dao.registry.seal(dao.scope, 1, {"from": dao.stranger})
    assert tx.events["PoolSealed"] == {"poolId": pool, "members": 5, "weight": kit.MIN_WEIGHT}
    assert dao.registry.pool(pool)[2] == 5
    assert dao.registry.pool(pool)[9] is True
    assert dao.state(pool) == SEALED


def test_members_are_counted_up_to_the_trees_last_leaf(deploy, accounts, clock):
    dao = kit.Collective(deploy, accounts, height=1)
    dao.join(*accounts[:5])
    pool = dao.open_epoch(clock)
    dao.contribute(accounts[1], HEAVY)
    tx = kit.seal(dao, clock, pool)
    assert tx.events["PoolSealed"]["members"] == 2


def test_the_highest_tree_holds_every_member(deploy, accounts, clock):
    dao = kit.Collective(deploy, accounts, height=32)
    dao.join(*accounts[:5])
    pool = dao.open_epoch(clock)
    dao.contribute(accounts[1], HEAVY)
    assert kit.seal(dao, clock, pool).events["PoolSealed"]["members"] == 5


def test_a_pool_that_fell_below_the_minimum_opens_again(dao, pool, heavy, announced, clock, accounts):
    dao.withdraw(heavy, HEAVY)
    clock.advance(kit.NOTICE + 1)
    tx = dao.registry.seal(dao.scope, 1, {"from": dao.stranger})
    assert tx.events["SealCancelled"] == {"poolId": pool, "weight": 0, "minimum": kit.MIN_WEIGHT}
    assert "PoolSealed" not in tx.events
    assert dao.state(pool) == OPEN
    dao.contribute(accounts[2], HEAVY)
    dao.registry.announceSeal(dao.scope, 1, {"from": dao.stranger})
    clock.advance(kit.NOTICE + 1)
    dao.registry.seal(dao.scope, 1, {"from": dao.stranger})
    assert dao.state(pool) == SEALED


def test_a_contribution_that_meets_a_cancelled_seal_is_taken(dao, pool, heavy, announced, clock, accounts):
    dao.withdraw(heavy, HEAVY)
    clock.advance(kit.NOTICE + 1)
    tx = dao.contribute(accounts[2], Record.of("b"))
    assert "SealCancelled" in tx.events
    assert dao.state(pool) == OPEN
    assert dao.token.totalSupply(pool) == 40


def test_a_voted_seal_is_never_cancelled(dao, pool, clock):
    kit.close(dao, clock, pool)
    tx = dao.registry.seal(dao.scope, 1, {"from": dao.stranger})
    assert tx.events["PoolSealed"]["weight"] == 0
    assert dao.state(pool) == SEALED


@pytest.mark.parametrize("state", [NONE, OPEN, SEALED])
def test_only_a_closed_pool_is_sealed(dao, pool, heavy, clock, refused, state):
    if state == SEALED:
        kit.seal(dao, clock, pool)
    epoch = 2 if state == NONE else 1
    with refused("PoolStateWrong", kit.pool_id(dao.scope, epoch), state, CLOSED):
        dao.registry.seal(dao.scope, epoch, {"from": dao.stranger})


def test_invariant_15_sealed_means_immutable(dao, pool, heavy, clock, accounts, refused):
    """Every call that changes a pool, tried against a sealed one; weights, members and state stay what they were."""
    dao.contribute(accounts[2], Record.of("b"))
    kit.seal(dao, clock, pool)
    before = (dao.registry.pool(pool), dao.token.totalSupply(pool), [dao.token.weightOf(n, pool) for n in range(8)])
    with refused("PoolNotOpen", pool, SEALED):
        dao.contribute(accounts[3], Record.of("late"))
    with refused("PoolNotOpen", pool, SEALED):
        dao.contribute(accounts[2], Record.of("c", 2), Record.of("b"))
    dao.withdraw(accounts[2], Record.of("b"))
    dao.membership.leave({"from": accounts[2]})
    dao.join(accounts[2], accounts[5])
    for call in (dao.registry.announceSeal, dao.registry.announceSealByVote, dao.registry.seal):
        with refused("PoolStateWrong"):
            call(dao.scope, 1, {"from": dao.timelock})
    with refused("ScopeAlreadyRegistered"):
        dao.registry.registerScope(dao.definition, {"from": dao.timelock})
    dao.registry.setMaxWeight(5, {"from": dao.timelock})
    dao.registry.setAttestationsRequired(1, {"from": dao.timelock})
    dao.open_epoch(clock)
    clock.advance(10**6)
    after = (dao.registry.pool(pool), dao.token.totalSupply(pool), [dao.token.weightOf(n, pool) for n in range(8)])
    assert after == before
    for caller in (dao.timelock, dao.market, dao.stranger):
        with refused("ContributionTokenCallerRefused"):
            dao.token.setWeight(accounts[1], 1, pool, 1, {"from": caller})


def test_pools_of_two_scopes_do_not_meet(dao, pool, heavy, clock, accounts):
    definition = kit.scope_definition("another scope")
    dao.registry.registerScope(definition, {"from": dao.timelock})
    other = dao.open_epoch(clock, kit.scope_id(definition))
    assert other != pool
    assert dao.registry.pool(other)[0] == 2
    kit.seal(dao, clock, pool)
    assert (dao.state(pool), dao.state(other)) == (SEALED, OPEN)
    assert (dao.token.totalSupply(pool), dao.token.totalSupply(other)) == (kit.MIN_WEIGHT, 0)
