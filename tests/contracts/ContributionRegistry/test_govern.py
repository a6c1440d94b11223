"""What the collective's vote may change, and within which bounds; what a deployment must be."""

from __future__ import annotations

import pytest
from brownie import web3
from eth_utils import keccak

from tests.contracts.support import collective as kit
from tests.contracts.support import signing

ZERO = "0x" + "0" * 40


# ------------------------------------------------------------------------------------ scopes


def test_the_genesis_scope_is_registered_under_the_protocols_id(dao):
    assert dao.registry.isScope(dao.scope) is True
    assert [dao.registry.isPurposeAllowed(dao.scope, p) for p in kit.PURPOSES] == [True, True]
    assert dao.registry.isPurposeAllowed(dao.scope, keccak(text="resale")) is False
    assert dao.registry.isScope(b"\x07" * 32) is False


def test_registering_a_scope(dao, refused):
    definition = kit.scope_definition("another")
    tx = dao.registry.registerScope(definition, {"from": dao.timelock})
    expected = "0x" + kit.scope_id(definition).hex()
    assert tx.return_value == expected
    assert tx.events["ScopeRegistered"]["scopeId"] == expected
    assert dao.registry.isPurposeAllowed(expected, kit.TRAINING) is True
    with refused("ScopeAlreadyRegistered", kit.scope_id(definition)):
        dao.registry.registerScope(definition, {"from": dao.timelock})


@pytest.mark.parametrize(
    "purposes",
    [[], list(reversed(kit.PURPOSES)), [kit.RESEARCH, kit.RESEARCH], [b"\0" * 32], [b"\0" * 32, kit.RESEARCH]],
    ids=["none", "descending", "twice", "zero", "zero first"],
)
def test_purposes_are_strictly_ascending_and_not_empty(dao, refused, purposes):
    with refused("ScopePurposesInvalid"):
        dao.registry.registerScope((b"\x01" * 32, purposes, b"\x02" * 32), {"from": dao.timelock})


def test_the_scope_id_covers_every_part(dao):
    schema, purposes, terms = kit.scope_definition("x")
    ids = {
        str(dao.registry.registerScope(definition, {"from": dao.timelock}).return_value)
        for definition in (
            (schema, purposes, terms),
            (terms, purposes, terms),
            (schema, purposes[:1], terms),
            (schema, purposes, schema),
        )
    }
    assert len(ids) == 4


# -------------------------------------------------------------------------------- validators


def test_adding_and_removing_validators(dao, refused):
    new = signing.key("new validator").address
    tx = dao.registry.addValidator(new, {"from": dao.timelock})
    assert tx.events["ValidatorAdded"]["validator"] == new
    assert dao.registry.isValidator(new) is True
    assert dao.registry.validatorCount() == 4
    with refused("ValidatorAlreadyAdded", new.lower()):
        dao.registry.addValidator(new, {"from": dao.timelock})
    tx = dao.registry.removeValidator(new, {"from": dao.timelock})
    assert tx.events["ValidatorRemoved"]["validator"] == new
    assert dao.registry.isValidator(new) is False
    with refused("ValidatorUnknown", new.lower()):
        dao.registry.removeValidator(new, {"from": dao.timelock})


def test_the_zero_address_never_validates(dao, refused):
    with refused("ValidatorUnknown", ZERO):
        dao.registry.addValidator(ZERO, {"from": dao.timelock})


def test_a_removed_validators_signature_no_longer_counts(dao, pool, accounts, refused):
    record = kit.Record.of("a")
    attestations = dao.attest(accounts[1], record)
    dao.registry.removeValidator(dao.validators[0].address, {"from": dao.timelock})
    with refused("ValidatorUnknown", dao.validators[0].address.lower()):
        dao.contribute(accounts[1], record, attestations=attestations)


def test_there_are_always_enough_validators(dao, refused):
    dao.registry.removeValidator(dao.validators[0].address, {"from": dao.timelock})
    with refused("ValidatorsTooFew", 1, 2):
        dao.registry.removeValidator(dao.validators[1].address, {"from": dao.timelock})
    dao.registry.setAttestationsRequired(1, {"from": dao.timelock})
    dao.registry.removeValidator(dao.validators[1].address, {"from": dao.timelock})
    with refused("ValidatorsTooFew", 0, 1):
        dao.registry.removeValidator(dao.validators[2].address, {"from": dao.timelock})


@pytest.mark.parametrize("required", [0, 4])
def test_attestations_required_lies_between_1_and_the_validators(dao, refused, required):
    with refused("ParameterOutOfBounds", required, 1, 3):
        dao.registry.setAttestationsRequired(required, {"from": dao.timelock})
    dao.registry.setAttestationsRequired(3, {"from": dao.timelock})
    assert dao.registry.attestationsRequired() == 3


def test_max_weight_is_at_least_1(dao, refused):
    with refused("ParameterOutOfBounds", 0, 1, 2**32 - 1):
        dao.registry.setMaxWeight(0, {"from": dao.timelock})
    dao.registry.setMaxWeight(2**32 - 1, {"from": dao.timelock})
    assert dao.registry.maxWeight() == 2**32 - 1


def test_the_heaviest_weight_of_all_leaves_the_neighbours_alone(dao, accounts, clock):
    dao.registry.setMaxWeight(2**32 - 1, {"from": dao.timelock})
    pool = dao.open_epoch(clock)
    for index, weight in ((0, 3), (1, 2**32 - 1), (2, 2**32 - 1), (3, 4)):
        dao.contribute(accounts[index], kit.Record.of(f"m{index}", weight=weight))
    assert [dao.token.weightOf(n, pool) for n in range(5)] == [3, 2**32 - 1, 2**32 - 1, 4, 0]
    assert dao.token.totalSupply(pool) == 2 * (2**32 - 1) + 7


def test_only_the_timelock_governs(dao, accounts, refused):
    calls = [
        lambda o: dao.registry.registerScope(kit.scope_definition("x"), o),
        lambda o: dao.registry.addValidator(accounts[5], o),
        lambda o: dao.registry.removeValidator(dao.validators[0].address, o),
        lambda o: dao.registry.setAttestationsRequired(1, o),
        lambda o: dao.registry.setMaxWeight(1, o),
        lambda o: dao.registry.announceSealByVote(dao.scope, 1, o),
    ]
    for call in calls:
        for caller in (accounts[0], dao.market):  # the deployer included
            with refused("RegistryCallerRefused", caller.address.lower()):
                call({"from": caller})


# -------------------------------------------------------------------------------- deployment


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        ({"attestationsRequired": 0}, (0, 1, 3)),
        ({"attestationsRequired": 4}, (4, 1, 3)),
        ({"validators": []}, (2, 1, 0)),
        ({"maxWeight": 0}, (0, 1, 2**32 - 1)),
        ({"height": 0}, (0, 1, 32)),
        ({"height": 33}, (33, 1, 32)),
        ({"minWeight": 0}, (0, 1, 2**64 - 1)),
        ({"notice": 0}, (0, 1, 366 * 86_400)),
        ({"notice": 366 * 86_400 + 1}, (366 * 86_400 + 1, 1, 366 * 86_400)),
        ({"minAge": 366 * 86_400 + 1}, (366 * 86_400 + 1, 0, 366 * 86_400)),
        ({"dailyCap": 0}, (0, 1, 2**32 - 1)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_deployment_outside_the_bounds_reverts(deploy, accounts, refused, change, facts):
    with refused("ParameterOutOfBounds", *facts):
        kit.Collective(deploy, accounts, **change)


def test_a_deployment_with_a_validator_twice_or_zero_reverts(deploy, accounts, refused):
    one = signing.key("validator 0").address
    with refused("ValidatorAlreadyAdded", one.lower()):
        kit.Collective(deploy, accounts, validators=[one, one])
    with refused("ValidatorUnknown", ZERO):
        kit.Collective(deploy, accounts, validators=[one, ZERO])


@pytest.mark.parametrize(("count", "accepted"), [(255, True), (256, False)])
def test_255_validators_are_the_most(dao, ContributionRegistry, count, accepted):  # noqa: N803
    # A call, not a transaction: Brownie's trace of so large a failed deployment is more than Ganache can answer.
    deployment = dao.deployment | {"validators": [f"0x{i:040x}" for i in range(1, count + 1)]}
    data = ContributionRegistry.deploy.encode_input(tuple(deployment.values()))
    call = {"from": dao.stranger.address, "data": data, "gas": 29_000_000}
    if accepted:
        assert len(web3.eth.call(call)) > 10_000
    else:
        with pytest.raises(Exception, match="revert"):
            web3.eth.call(call)


def test_the_deployment_can_be_read_back(dao):
    r = dao.registry
    told = (r.membership(), r.token(), r.committee(), r.timelock(), r.height(), r.minAge(), r.minWeight(), r.notice())
    d = dao.deployment
    names = ("membership", "token", "committee", "timelock", "height", "minAge", "minWeight", "notice")
    assert told == tuple(d[name] for name in names)
    assert (r.dailyCap(), r.maxWeight(), r.attestationsRequired()) == (kit.DAILY_CAP, kit.MAX_WEIGHT, 2)
    assert [r.isValidator(v.address) for v in dao.validators] == [True] * 3
    assert r.eip712Domain()[1:5] == ("unwrapped-dao registry", "1", 1337, r.address)
