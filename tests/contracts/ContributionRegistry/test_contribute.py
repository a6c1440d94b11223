"""Recording a first contribution: who must sign what, and every reason to refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.support import collective as kit
from tests.contracts.support import signing
from tests.contracts.support.collective import Record

RECORD = Record.of("a")


def test_a_contribution_is_recorded_minted_and_activates(dao, pool, accounts):
    member = accounts[1]
    tx = dao.contribute(member, RECORD)
    event = tx.events["ContributionRecorded"]
    assert event["poolId"] == pool
    assert (event["member"], event["number"]) == (member, 1)
    assert [event[f] for f in ("version", "weight")] == [1, 40]
    assert [bytes(event[f]) for f in ("content", "fingerprint", "report")] == [
        RECORD.content,
        RECORD.fingerprint,
        RECORD.report,
    ]
    assert dao.token.balanceOf(member, pool) == dao.token.totalSupply(pool) == 40
    assert dao.registry.fingerprintOf(dao.scope, RECORD.fingerprint) == (True, 1)
    assert dao.membership.activeMembers() == 1
    assert dao.membership.memberOf(member)[5] == 1


def test_anybody_relays_with_the_members_consent(dao, pool, remote):
    consent = dao.consent(remote, RECORD)
    dao.contribute(remote.address, RECORD, sender=dao.stranger, consent_expiry=kit.FAR, consent=consent)
    assert dao.token.balanceOf(remote.address, pool) == 40


# ------------------------------------------------------------------ the member's consent


def test_invariant_5_nothing_is_recorded_without_the_members_consent(dao, pool, accounts, remote, refused):
    """A relayer with every validator's signature, and all sorts of consent that is not this member's for this."""
    expiry = kit.FAR
    wrong = {
        "none": b"",
        "another member's": dao.consent(signing.key("other"), RECORD),
        "for another version": dao.consent(remote, replace(RECORD, version=2)),
        "for another content": dao.consent(remote, replace(RECORD, content=b"\x01" * 32)),
        "for another epoch": dao.consent(remote, RECORD, epoch=2),
        "with another expiry": dao.consent(remote, RECORD, expiry=expiry - 1),
        "a withdrawal": dao.withdrawal(remote, 1),
        "cut": dao.consent(remote, RECORD)[:63],
    }
    for name, consent in wrong.items():
        with refused("ConsentInvalid"):
            dao.contribute(remote.address, RECORD, sender=dao.stranger, consent_expiry=expiry, consent=consent)
            pytest.fail(f"accepted consent: {name}")
    assert dao.token.totalSupply(pool) == 0


def test_consent_expires_by_block_time(dao, pool, remote, clock, refused):
    expiry = clock.now() + 1_000
    consent = dao.consent(remote, RECORD, expiry=expiry)
    clock.advance(1_001)
    with refused("ConsentExpired"):
        dao.contribute(remote.address, RECORD, sender=dao.stranger, consent_expiry=expiry, consent=consent)


def test_a_stranger_cannot_write_a_proof_for_itself_or_for_a_member(dao, pool, accounts, refused):
    """Peer's flaw: anyone may write a proof, and its signature is not checked."""
    own_keys = sorted((signing.key("forger 1"), signing.key("forger 2")), key=lambda k: int(k.address, 16))
    forged = dao.attest(accounts[1], RECORD, signers=own_keys)
    with refused("ValidatorUnknown", own_keys[0].address.lower()):
        dao.contribute(accounts[1], RECORD, attestations=forged)
    with refused("ConsentInvalid"):
        dao.contribute(accounts[1], RECORD, sender=dao.stranger, consent_expiry=kit.FAR)
    with refused("MemberUnknown", dao.stranger.address.lower()):
        dao.contribute(dao.stranger, RECORD)


# -------------------------------------------------------------- the validators' signatures


def test_invariant_5_exactly_m_distinct_validators_in_ascending_order(dao, pool, accounts, refused):
    low, middle, high = dao.validators
    member = accounts[1]

    def attempt(*signers):
        return dao.contribute(member, RECORD, attestations=dao.attest(member, RECORD, signers=signers))

    for signers, error in (
        ((), "AttestationsTooFew"),
        ((low,), "AttestationsTooFew"),
        ((low, middle, high), "AttestationsTooMany"),
        ((low, low), "AttestationsUnordered"),
        ((middle, low), "AttestationsUnordered"),
        ((low, signing.key("nobody")), "ValidatorUnknown"),
    ):
        with refused(error):
            attempt(*signers)
    attempt(low, high)


def test_one_validator_key_alone_scores_nothing(dao, pool, accounts, refused):
    """Peer's flaw: one validator key scores a file that does not exist. Here even its signature twice is one."""
    thief = dao.validators[0]
    once = dao.attest(accounts[1], RECORD, signers=[thief])
    with refused("AttestationsTooFew", 1, 2):
        dao.contribute(accounts[1], RECORD, attestations=once)
    with refused("AttestationsUnordered"):
        dao.contribute(accounts[1], RECORD, attestations=once * 2)


@pytest.mark.parametrize(("extra", "error"), [(b"\0", "AttestationsTooMany"), (b"\0" * 64, "AttestationsTooMany")])
def test_bytes_after_the_signatures_are_refused(dao, pool, accounts, refused, extra, error):
    with refused(error, 3, 2):
        dao.contribute(accounts[1], RECORD, attestations=dao.attest(accounts[1], RECORD) + extra)


def test_a_broken_signature_is_nobodys(dao, pool, accounts, refused):
    good = dao.attest(accounts[1], RECORD)
    with refused("ValidatorUnknown", "0x" + "0" * 40):
        dao.contribute(accounts[1], RECORD, attestations=b"\xff" * 64 + good[64:])
    with refused("AttestationsTooFew", 1, 2):
        dao.contribute(accounts[1], RECORD, attestations=good[:127])


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"weight": 41},
        {"content": b"\x01" * 32},
        {"fingerprint": b"\x01" * 32},
        {"report": b"\x01" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_invariant_5_the_validators_signed_exactly_these_bytes(dao, pool, accounts, refused, change):
    attestations = dao.attest(accounts[1], RECORD)
    with refused("ValidatorUnknown"):
        dao.contribute(accounts[1], replace(RECORD, **change), attestations=attestations)


def test_the_validators_signed_for_this_member_scope_epoch_and_expiry(dao, pool, accounts, refused):
    member = accounts[1]
    for attestations in (
        dao.attest(accounts[2], RECORD),
        dao.attest(member, RECORD, epoch=2),
        dao.attest(member, RECORD, scope=b"\x07" * 32),
        dao.attest(member, RECORD, expiry=kit.FAR - 1),
    ):
        with refused("ValidatorUnknown"):
            dao.contribute(member, RECORD, attestations=attestations)


def test_one_proof_is_not_paid_by_two_collectives(dao, pool, deploy, accounts, clock, refused):
    """Peer's flaw. The same validators, the same scope: the signature names one registry on one chain."""
    twin = kit.Collective(deploy, accounts)
    twin.join(*accounts[:2])
    twin.open_epoch(clock)
    attestations = dao.attest(accounts[1], RECORD)
    dao.contribute(accounts[1], RECORD, attestations=attestations)
    with refused("ValidatorUnknown"):
        twin.contribute(accounts[1], RECORD, attestations=attestations)
    other_chain = dao.attest(accounts[2], Record.of("b"), domain=dao.domain | {"chainId": 1})
    with refused("ValidatorUnknown"):
        dao.contribute(accounts[2], Record.of("b"), attestations=other_chain)


def test_attestations_expire_by_block_time(dao, pool, accounts, clock, refused):
    expiry = clock.now() + 1_000
    attestations = dao.attest(accounts[1], RECORD, expiry=expiry)
    clock.advance(1_001)
    with refused("AttestationExpired"):
        dao.contribute(accounts[1], RECORD, expiry=expiry, attestations=attestations)
    later = clock.now() + 1_000
    dao.contribute(accounts[1], RECORD, expiry=later)


def test_a_validator_has_a_cap_per_day(deploy, accounts, clock, refused):
    dao = kit.Collective(deploy, accounts, dailyCap=2)
    dao.join(*accounts[:4])
    dao.open_epoch(clock)
    low, middle, high = dao.validators
    clock.advance_to((clock.now() // 86_400 + 1) * 86_400)

    def contribute(index, *signers, seed):
        record = Record.of(seed)
        attestations = dao.attest(accounts[index], record, signers=signers)
        return dao.contribute(accounts[index], record, attestations=attestations)

    contribute(0, low, middle, seed="a")
    contribute(1, low, high, seed="b")
    assert dao.registry.validatorOf(low.address)[2] == 2
    with refused("ValidatorCapReached", low.address.lower(), 2):
        contribute(2, low, middle, seed="c")
    contribute(2, middle, high, seed="c")
    clock.advance_to((clock.now() // 86_400 + 1) * 86_400)
    contribute(3, low, middle, seed="d")
    assert dao.registry.validatorOf(low.address)[2] == 1


def test_removing_and_adding_a_validator_gives_it_no_second_cap(deploy, accounts, clock, refused):
    dao = kit.Collective(deploy, accounts, dailyCap=1)
    dao.join(*accounts[:2])
    dao.open_epoch(clock)
    clock.advance_to((clock.now() // 86_400 + 1) * 86_400)
    low = dao.validators[0]
    dao.contribute(accounts[0], RECORD)
    dao.registry.removeValidator(low.address, {"from": dao.timelock})
    dao.registry.addValidator(low.address, {"from": dao.timelock})
    with refused("ValidatorCapReached", low.address.lower(), 1):
        dao.contribute(accounts[1], Record.of("b"))


# ------------------------------------------------------------------------- everything else


@pytest.mark.parametrize("weight", [0, kit.MAX_WEIGHT + 1, 2**32 - 1])
def test_weights_lie_between_1_and_the_epochs_maximum(dao, pool, accounts, refused, weight):
    with refused("WeightOutOfRange", weight, kit.MAX_WEIGHT):
        dao.contribute(accounts[1], replace(RECORD, weight=weight))


@pytest.mark.parametrize("weight", [1, kit.MAX_WEIGHT])
def test_the_bounds_themselves_are_accepted(dao, pool, accounts, weight):
    dao.contribute(accounts[1], replace(RECORD, weight=weight))
    assert dao.token.balanceOf(accounts[1], pool) == weight


@pytest.mark.parametrize("version", [0, 2, 2**32 - 1])
def test_the_first_version_is_1(dao, pool, accounts, refused, version):
    with refused("ContributionVersionWrong", version, 1):
        dao.contribute(accounts[1], replace(RECORD, version=version))


def test_members_beyond_the_tree_are_refused(deploy, accounts, clock, refused):
    dao = kit.Collective(deploy, accounts, height=1)
    dao.join(*accounts[:3])
    dao.open_epoch(clock)
    dao.contribute(accounts[1], RECORD)
    with refused("LeafOutOfRange", 2, 1):
        dao.contribute(accounts[2], Record.of("b"))


def test_who_never_joined_or_left_is_refused(dao, pool, accounts, refused):
    with refused("MemberUnknown", accounts[5].address.lower()):
        dao.contribute(accounts[5], RECORD)
    dao.membership.leave({"from": accounts[1]})
    with refused("MemberHasLeft", accounts[1].address.lower()):
        dao.contribute(accounts[1], RECORD)
    dao.join(accounts[1])
    dao.contribute(accounts[1], RECORD)


def test_a_pool_that_was_never_opened_takes_nothing(dao, pool, accounts, refused):
    for scope, epoch in ((dao.scope, 0), (dao.scope, 2), (b"\x07" * 32, 1)):
        with refused("PoolNotOpen", kit.pool_id(scope, epoch), kit.NONE):
            dao.contribute(accounts[1], RECORD, scope=scope, epoch=epoch)


def test_a_retired_key_takes_no_contribution(dao, pool, accounts, refused):
    dao.contribute(accounts[1], RECORD)
    dao.committee.setGeneration(1, False, {"from": dao.stranger})
    with refused("GenerationUnusable", 1):
        dao.contribute(accounts[2], Record.of("b"))
    dao.committee.setGeneration(2, True, {"from": dao.stranger})
    with refused("GenerationUnusable", 1):
        dao.contribute(accounts[2], Record.of("b"))
    dao.withdraw(accounts[1], RECORD)  # withdrawing still works


def test_a_contract_wallet_without_hooks_contributes_and_cannot_sink_or_reenter(dao, pool, deploy, accounts):
    wallet = deploy("ContractWallet")
    attestations = dao.attest(wallet, RECORD)
    target = (wallet.address, dao.scope, 1)
    arguments = (target, RECORD.tuple(), kit.NO_RECORD.tuple(), kit.FAR, attestations, 0, b"")
    calls = [dao.membership.join.encode_input(), dao.registry.contribute.encode_input(*arguments)]
    wallet.run([dao.membership, dao.registry], calls, {"from": accounts[0]})
    assert dao.token.balanceOf(wallet, pool) == 40


def test_a_member_that_says_it_replaces_but_has_nothing_live_is_refused(dao, pool, accounts, refused):
    record = replace(RECORD, version=2)
    with refused("RecordMismatch"):
        dao.contribute(accounts[1], record, RECORD)
