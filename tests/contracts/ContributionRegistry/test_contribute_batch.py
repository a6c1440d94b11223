"""Relayed batches: the rules of a single contribution, one signature of each validator, and no item sinks another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.support import collective as kit
from tests.contracts.support import signing
from tests.contracts.support.collective import FAR, MAX_WEIGHT, Record

(
    NOT_A_MEMBER,
    MEMBER_HAS_LEFT,
    NUMBER_NOT_ASCENDING,
    LEAF_OUT_OF_RANGE,
    WEIGHT_OUT_OF_RANGE,
    RECORD_MISMATCH,
    VERSION_WRONG,
    FINGERPRINT_USED,
    CONSENT_EXPIRED,
    CONSENT_INVALID,
) = range(10)
CROWD = [signing.key(f"crowd {n}") for n in range(5)]


def _join(dao, *keys):
    domain = signing.domain("unwrapped-dao membership", 1337, dao.membership.address)
    requests = []
    for who in keys:
        signature = signing.compact(*signing.sign(who, domain, "Join", signing.JOIN, who.address, 0, FAR))
        requests.append((who.address, FAR, *signing.halves(signature)))
    dao.membership.joinBatch(requests, {"from": dao.stranger})


@pytest.fixture(scope="module")
def crowd(dao):
    """Members 4 to 8, whose keys the test holds."""
    _join(dao, *CROWD)
    return CROWD


def _skipped(tx):
    if "ContributionSkipped" not in tx.events:
        return []
    return [(e["member"], e["reason"]) for e in tx.events["ContributionSkipped"]]


def _items(dao, *signers):
    return [dao.item(who, Record.of(who.address)) for who in signers]


def _weights(dao, pool, *signers):
    return [dao.token.balanceOf(who.address, pool) for who in signers]


def test_all_items_are_recorded_minted_and_activate(dao, crowd, pool):
    records = [Record.of(who.address, weight=n + 1) for n, who in enumerate(crowd)]
    tx = dao.contribute_batch([dao.item(who, record) for who, record in zip(crowd, records, strict=True)])
    assert tx.return_value == 5
    assert _weights(dao, pool, *crowd) == [1, 2, 3, 4, 5]
    assert dao.token.totalSupply(pool) == 15
    assert dao.membership.activeMembers() == 5
    for n, (who, record, event) in enumerate(
        zip(crowd, records, tx.events["ContributionRecorded"], strict=True), start=4
    ):
        assert (event["poolId"], event["member"], event["number"]) == (pool, who.address, n)
        facts = [event[name] for name in ("version", "weight")]
        assert facts == [record.version, record.weight]
        assert [bytes(event[f]) for f in ("content", "fingerprint", "report")] == [*record.tuple()[2:]]
        assert dao.registry.fingerprintOf(dao.scope, record.fingerprint) == (True, n)
    minted = [(e["to"], e["value"]) for e in tx.events["TransferSingle"]]
    assert minted == [(who.address, n) for n, who in enumerate(crowd, start=1)]


def test_what_a_batch_recorded_is_replaced_and_withdrawn_like_any_other(dao, crowd, pool):
    dao.contribute_batch(_items(dao, *crowd[:2]))
    live, better = Record.of(crowd[0].address), Record.of("better", version=2, weight=50)
    consent = dao.consent(crowd[0], better)
    dao.contribute(crowd[0].address, better, live, sender=dao.stranger, consent_expiry=FAR, consent=consent)
    consent = dao.withdrawal(crowd[1], 1)
    other = Record.of(crowd[1].address)
    dao.withdraw(crowd[1].address, other, sender=dao.stranger, consent_expiry=FAR, consent=consent)
    assert _weights(dao, pool, *crowd[:2]) == [50, 0]


def test_a_batch_replaces_what_stands_and_frees_its_fingerprint(dao, crowd, pool):
    lives = [Record.of(who.address, weight=40) for who in crowd[:3]]
    dao.contribute_batch([dao.item(who, live) for who, live in zip(crowd[:3], lives, strict=True)])
    again = Record.of(crowd[1].address, version=2, weight=70)  # the same history, better scored
    lighter = Record.of("other history", version=2, weight=10)
    taken_over = replace(Record.of(crowd[3].address), fingerprint=lives[0].fingerprint)
    items = [
        dao.item(crowd[0], lighter, live=2),
        dao.item(crowd[1], again, live=1),
        dao.item(crowd[3], taken_over),  # what crowd[0] gave up in this very batch
    ]
    tx = dao.contribute_batch(items, [lives[1], lives[0]])
    assert (tx.return_value, _skipped(tx)) == (3, [])
    assert _weights(dao, pool, *crowd[:4]) == [10, 70, 40, 40]
    assert dao.token.totalSupply(pool) == 160
    assert dao.registry.fingerprintOf(dao.scope, lives[0].fingerprint) == (True, 7)
    assert dao.registry.fingerprintOf(dao.scope, lighter.fingerprint) == (True, 4)
    assert dao.membership.activeMembers() == 4
    assert dao.membership.memberOf(crowd[0].address)[5] == 1


# ---------------------------------------------------------------------- what is skipped


def test_every_bad_item_is_skipped_with_its_reason_and_the_others_are_recorded(dao, crowd, pool, accounts):
    stranger, left = signing.key("no member"), signing.key("left")
    _join(dao, left)
    signature = signing.compact(
        *signing.sign(
            left,
            signing.domain("unwrapped-dao membership", 1337, dao.membership.address),
            "Leave",
            signing.LEAVE,
            *(left.address, 1, FAR),
        )
    )
    dao.membership.leaveBatch([(left.address, FAR, *signing.halves(signature))], {"from": dao.stranger})
    dao.contribute(accounts[0], Record.of("taken"))
    dao.contribute_batch(_items(dao, crowd[4]))
    target, record = crowd[1], Record.of(crowd[1].address)
    v, r, s = signing.sign(target, dao.domain, "Consent", signing.CONSENT, dao.scope, 1, 1, record.content, FAR)
    consent = dao.consent(target, record)
    standing = Record.of(crowd[4].address, version=2)
    bad = [
        (dao.item(stranger, Record.of("x")), NOT_A_MEMBER),
        (dao.item(left, Record.of("x")), MEMBER_HAS_LEFT),
        (dao.item(crowd[0], Record.of("x")), NUMBER_NOT_ASCENDING),  # recorded before them
        (dao.item(target, replace(record, weight=0)), WEIGHT_OUT_OF_RANGE),
        (dao.item(target, replace(record, weight=MAX_WEIGHT + 1)), WEIGHT_OUT_OF_RANGE),
        (dao.item(target, record, live=1), RECORD_MISMATCH),  # it has none
        (dao.item(target, record, live=9), RECORD_MISMATCH),
        (dao.item(target, replace(record, version=2)), VERSION_WRONG),
        (dao.item(target, replace(record, version=0)), VERSION_WRONG),
        (dao.item(target, replace(record, fingerprint=Record.of("taken").fingerprint)), FINGERPRINT_USED),
        (dao.item(target, replace(record, fingerprint=Record.of(crowd[0].address).fingerprint)), FINGERPRINT_USED),
        (dao.item(target, record, expiry=1), CONSENT_EXPIRED),
        (replace(dao.item(target, record), expiry=FAR - 1), CONSENT_INVALID),
        (replace(dao.item(crowd[2], record), member=target.address), CONSENT_INVALID),
        (replace(dao.item(target, record), record=replace(record, content=b"\1" * 32)), CONSENT_INVALID),
        (dao.item(target, record, epoch=2), CONSENT_INVALID),
        (replace(dao.item(target, record), consent=signing.mirrored(v, r, s)), CONSENT_INVALID),
        (replace(dao.item(target, record), consent=b"\0" * 64), CONSENT_INVALID),
        (replace(dao.item(target, record), consent=consent[32:] + consent[:32]), CONSENT_INVALID),
        (dao.item(crowd[4], standing), RECORD_MISMATCH),  # it does not say what it replaces
        (dao.item(crowd[4], standing, live=1), RECORD_MISMATCH),  # and says it wrong
    ]
    good = _items(dao, crowd[0], crowd[3])
    lives = [replace(Record.of(crowd[4].address), weight=41)]
    first, last = good
    # `last` has the highest number but crowd[4]'s, so it stands before those.
    order = [first, *(item for item, _ in bad[:-2]), last, *(item for item, _ in bad[-2:])]
    tx = dao.contribute_batch(order, lives)
    assert _skipped(tx) == [(item.member, reason) for item, reason in bad]
    assert tx.return_value == 2
    assert _weights(dao, pool, *crowd) == [40, 0, 0, 40, 40]
    assert dao.membership.activeMembers() == 4


def test_a_member_named_twice_contributes_once(dao, crowd, pool):
    first = dao.item(crowd[0], Record.of("one history"))
    second = dao.item(crowd[0], Record.of("another"))
    tx = dao.contribute_batch([first, second])
    assert _skipped(tx) == [(crowd[0].address, NUMBER_NOT_ASCENDING)]
    assert dao.token.totalSupply(pool) == 40
    assert dao.membership.memberOf(crowd[0].address)[5] == 1


def test_invariant_6_one_fingerprint_within_a_batch_is_one_members(dao, crowd, pool):
    shared = Record.of("the same history")
    tx = dao.contribute_batch([dao.item(who, shared) for who in crowd[:3]])
    assert _skipped(tx) == [(who.address, FINGERPRINT_USED) for who in crowd[1:3]]
    assert dao.registry.fingerprintOf(dao.scope, shared.fingerprint) == (True, 4)


def test_a_leaf_beyond_the_pools_tree_is_skipped(deploy, accounts, clock):
    dao = kit.Collective(deploy, accounts, height=1)
    _join(dao, *CROWD[:3])
    pool = dao.open_epoch(clock)
    tx = dao.contribute_batch(_items(dao, *CROWD[:3]))
    assert _skipped(tx) == [(CROWD[2].address, LEAF_OUT_OF_RANGE)]
    assert _weights(dao, pool, *CROWD[:3]) == [40, 40, 0]


def test_after_a_withdrawal_the_tombstone_says_the_version(dao, crowd, pool):
    record = Record.of(crowd[0].address)
    dao.contribute_batch([dao.item(crowd[0], record)])
    consent = dao.withdrawal(crowd[0], 1)
    dao.withdraw(crowd[0].address, record, sender=dao.stranger, consent_expiry=FAR, consent=consent)
    tx = dao.contribute_batch([dao.item(crowd[0], record)])
    assert _skipped(tx) == [(crowd[0].address, VERSION_WRONG)]
    tx = dao.contribute_batch([dao.item(crowd[0], Record.of(crowd[0].address, version=3))])
    assert tx.return_value == 1


# ------------------------------------------------------------ what the validators signed


def test_invariant_5_the_batch_is_exactly_what_the_validators_signed(dao, crowd, pool, refused):
    items = _items(dao, *crowd[:3])
    signed = dao.attest_batch(items)
    low, middle, high = dao.validators
    heavier = [replace(items[0], record=replace(items[0].record, weight=41)), *items[1:]]
    report = [*items[:2], replace(items[2], record=replace(items[2].record, report=b"\1" * 32))]
    for changed in (heavier, report, items[:2], list(reversed(items)), [*items, items[0]], []):
        with refused("ValidatorUnknown"):
            dao.contribute_batch(changed, attestations=signed)
    for signers, error in (
        ((), "AttestationsTooFew"),
        ((low,), "AttestationsTooFew"),
        ((low, middle, high), "AttestationsTooMany"),
        ((low, low), "AttestationsUnordered"),
        ((middle, low), "AttestationsUnordered"),
        ((low, signing.key("nobody")), "ValidatorUnknown"),
    ):
        with refused(error):
            dao.contribute_batch(items, attestations=dao.attest_batch(items, signers=signers))
    with refused("ValidatorUnknown"):
        dao.contribute_batch(items, expiry=FAR - 1, attestations=signed)
    elsewhere = signing.domain("unwrapped-dao registry", 1, dao.registry.address)
    with refused("ValidatorUnknown"):
        dao.contribute_batch(items, attestations=dao.attest_batch(items, domain=elsewhere))
    single = b"".join(dao.attest(items[0].member, items[0].record) for _ in range(1))
    with refused("ValidatorUnknown"):
        dao.contribute_batch(items[:1], attestations=single)
    assert dao.token.totalSupply(pool) == 0
    dao.contribute_batch(items, attestations=signed)


def test_a_batch_of_one_epoch_is_none_of_another(dao, crowd, pool, clock, refused):
    items = _items(dao, *crowd[:2])
    signed = dao.attest_batch(items)
    dao.contribute(dao.accounts[0], Record.of("heavy", weight=MAX_WEIGHT))
    kit.seal(dao, clock, pool)
    dao.open_epoch(clock)
    with refused("ValidatorUnknown"):
        dao.contribute_batch(items, epoch=2, attestations=signed)


def test_a_repeated_batch_changes_nothing_and_uses_no_cap_up(deploy, accounts, clock):
    """Otherwise anybody could spend the validators' day by sending one batch again and again."""
    dao = kit.Collective(deploy, accounts, dailyCap=4)
    _join(dao, *CROWD[:4])
    pool = dao.open_epoch(clock)
    items = _items(dao, *CROWD[:3])
    signed = dao.attest_batch(items)
    dao.contribute_batch(items, attestations=signed)
    for _ in range(3):
        tx = dao.contribute_batch(items, attestations=signed)
        assert tx.return_value == 0
        assert _skipped(tx) == [(who.address, RECORD_MISMATCH) for who in CROWD[:3]]
    assert [dao.registry.validatorOf(v.address)[2] for v in dao.validators] == [3, 3, 0]
    dao.contribute_batch(_items(dao, CROWD[3]))
    assert dao.token.totalSupply(pool) == 160


def test_a_batch_beyond_a_validators_day_reverts_whole(deploy, accounts, clock, refused):
    dao = kit.Collective(deploy, accounts, dailyCap=2)
    _join(dao, *CROWD[:3])
    pool = dao.open_epoch(clock)
    with refused("ValidatorCapReached", dao.validators[0].address.lower(), 2):
        dao.contribute_batch(_items(dao, *CROWD[:3]))
    dao.contribute_batch(_items(dao, *CROWD[:2]))
    with refused("ValidatorCapReached"):
        dao.contribute_batch(_items(dao, CROWD[2]))
    assert dao.token.totalSupply(pool) == 80


def test_a_withheld_consent_can_be_brought_later(dao, crowd, pool):
    """A relayer that leaves a member's consent out cannot keep its contribution out."""
    items = _items(dao, *crowd[:2])
    signed = dao.attest_batch(items)
    tx = dao.contribute_batch([items[0], replace(items[1], consent=b"\0" * 64)], attestations=signed)
    assert _skipped(tx) == [(crowd[1].address, CONSENT_INVALID)]
    tx = dao.contribute_batch(items, attestations=signed)
    assert _weights(dao, pool, *crowd[:2]) == [40, 40]


def test_what_does_not_depend_on_a_member_reverts(dao, crowd, pool, clock, refused):
    items = _items(dao, *crowd[:2])
    with refused("ConsentsMissing", 1, 2):
        dao.registry.contributeBatch(
            dao.scope,
            1,
            [(item.member, item.record.tuple()) for item in items],
            [(FAR, 0, *signing.halves(items[0].consent))],
            [],
            FAR,
            dao.attest_batch(items),
        )
    past = clock.now() - 1
    with refused("AttestationExpired"):
        dao.contribute_batch(items, expiry=past)
    with refused("PoolNotOpen"):
        dao.contribute_batch(items, epoch=7)
    dao.committee.setGeneration(1, False)
    with refused("GenerationUnusable", 1):
        dao.contribute_batch(items)
    dao.committee.setGeneration(1, True)
    kit.close(dao, clock, pool)
    with refused("PoolNotOpen"):
        dao.contribute_batch(items)
