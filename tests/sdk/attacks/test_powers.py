"""The powers that `collective verify` lists are all there are: compared with who passes each caller check."""

from __future__ import annotations

import random
from functools import cache

from tests.sdk.attacks.halfway import Halfway, halfway
from tests.sdk.attacks.test_captured_governor import allowed
from tests.sdk.attacks.test_every_function import contracts, tempting, writing
from tests.sdk.stateful.evm import Answer
from unwrapped_dao.chain.abi import signature
from unwrapped_dao.chain.deploy import ORDER
from unwrapped_dao.chain.powers import CODE

TRIES = 3
CONTRACTS = set(ORDER) - {"DataTimelock"}


def is_for_somebody_else(answer: Answer) -> bool:
    """Refused because of who calls, and for no other reason."""
    name = answer.error or ""
    return name.endswith("CallerRefused") or name in ("AccessControlUnauthorizedAccount", "GovernorOnlyExecutor")


@cache
def restricted() -> dict[str, set[str]]:
    """Contract.function -> who gets past its caller check, of every function that refuses a stranger."""
    life = halfway()
    w = life.w
    callers = {**w.names, "stranger": w.stranger, "deployer": w.deployer, "custodian": w.custodian}
    callers |= {"validator": w.validators[0].address, "member": w.members[0], "buyer": w.buyers[0].address}
    found: dict[str, set[str]] = {}
    for name, contract in contracts(life).items():
        for entry in writing(contract):
            passed = {who for who, address in callers.items() if _passes(life, address, contract.address, name, entry)}
            if "stranger" not in passed:
                found[f"{name}.{entry['name']}"] = passed
    return found


def _passes(life: Halfway, sender: str, target: str, name: str, entry: dict[str, object]) -> bool:
    """Whether any of a few calls, the same for everybody, is refused for another reason, or not at all."""
    source, contract = random.Random(f"{name}.{signature(entry)}"), contracts(life)[name]
    for _ in range(TRIES):
        given = [tempting(life, source, field) for field in entry["inputs"]]  # type: ignore[attr-defined]
        with life.w.evm.undone():
            answer = life.w.evm.send(sender, target, contract.abi.encode_call(signature(entry), given))
        if not is_for_somebody_else(answer):
            return True
    return False


def test_no_key_gets_past_a_caller_check() -> None:
    """Neither deployer, validator, member nor buyer; a custodian where the committee forms its key."""
    for function, passed in restricted().items():
        people = passed - set(ORDER)
        assert people <= ({"custodian"} if function.startswith("KeyCommittee.") else set()), function


def test_what_the_timelock_may_call_is_what_can_be_voted() -> None:
    """And nothing that no vote can reach: such a function would be dead, or a back door for another proposer."""
    votable = {f"{contract}.{function}" for contract, function in allowed(halfway())}
    open_to_it = {function for function, passed in restricted().items() if "DataTimelock" in passed}
    assert votable == open_to_it


def test_what_contracts_may_tell_each_other_is_said() -> None:
    """But for the governor and its timelock, whose roles are listed as such."""
    said = {(holder, function) for holder, functions in CODE.items() for function in functions}
    found = {(holder, function) for function, passed in restricted().items() for holder in passed & set(CONTRACTS)}
    assert found == said | {("DataGovernor", f"DataTimelock.{name}") for name in ("schedule", "scheduleBatch")}
