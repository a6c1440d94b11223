"""The harness itself: isolation, the clock, refusals. A contract test can rely on what passes here."""

from __future__ import annotations

import pytest
import yaml
from brownie import project, web3

FLOOR = 5


@pytest.fixture(scope="module")
def probe(deploy):
    return deploy("ChainProbe", FLOOR)


def _note(author, amount):
    return (author, amount, b"\x01" * 32)


@pytest.mark.parametrize("_round", [1, 2])
def test_each_test_starts_from_the_modules_chain(probe, accounts, _round):
    assert probe.number() == 0
    probe.write(_note(accounts[1], FLOOR), (1, 2), {"from": accounts[2]})
    assert probe.number() == 1


def test_custom_error_is_named_with_its_facts(probe, accounts, refused):
    with refused("ProbeTooSmall", accounts[2].address.lower(), 2, FLOOR):
        probe.write(_note(accounts[1], 2), (1, 2), {"from": accounts[2]})
    with refused("ProbeTooSmall"):
        probe.write.call(_note(accounts[1], 2), (1, 2), {"from": accounts[2]})


def test_reason_string_is_named(probe, refused):
    with refused("probe is loud"):
        probe.refuse(1)


def test_another_refusal_does_not_pass_for_this_one(probe, refused):
    with pytest.raises(AssertionError), refused("ProbeTooSmall"):
        probe.refuse(1)


def test_success_does_not_pass_for_a_refusal(probe, refused):
    with pytest.raises(pytest.fail.Exception), refused("ProbeTooSmall"):
        probe.refuse(0)


def test_clock_moves_exactly_and_is_seen_by_calls(probe, clock):
    start = clock.now()
    assert clock.advance(1000) == start + 1000
    assert clock.advance_to(start + 5000) == start + 5000
    assert start + 5000 <= probe.clock() <= start + 5005
    with pytest.raises(ValueError, match="not after"):
        clock.advance_to(start)


PUSH0, MCOPY, CLZ = "0x5f5ff3", "0x5f5f5f5e", "0x5f1e"
"""Programs with one instruction of shanghai, cancun and osaka."""


def test_the_chain_is_ganache_under_shanghai_rules_or_anvil_under_osakas(on_anvil):
    assert on_anvil or web3.client_version.startswith("Ganache/v7")
    assert web3.eth.call({"data": PUSH0}) == b""
    for newer in (MCOPY, CLZ):
        if on_anvil:
            web3.eth.call({"data": newer})
        else:
            with pytest.raises(Exception, match="invalid opcode"):
                web3.eth.call({"data": newer})


def test_a_modular_exponentiation_costs_what_the_fork_says(on_anvil):
    """32 bytes to a 254-bit exponent, as hash-to-curve does without hints: EIP-2565, three times that by EIP-7883."""
    words = (32, 32, 32, 3, 2**254 - 1, 2**255 - 19)
    stored = "".join(f"7f{word:064x}60{32 * at:02x}52" for at, word in enumerate(words))
    # Return the gas that a STATICCALL of precompile 5 with those words took.
    measured = "5a" + "602060c060c05f60055afa50" + "5a9003" + "5f5260205ff3"
    cost = int.from_bytes(web3.eth.call({"data": f"0x{stored}{measured}"}), "big")
    iterations, complexity = 253, 16
    price = iterations * complexity if on_anvil else iterations * complexity // 3
    assert price <= cost < price + 200


def test_brownie_compiles_with_the_settings_of_the_tool_chain():
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path("scripts").resolve()))
    import toolchain

    solc = yaml.safe_load(Path("brownie-config.yaml").read_text())["compiler"]
    assert solc["evm_version"] == toolchain.EVM_VERSION
    assert solc["solc"]["version"] == toolchain.SOLC_VERSION
    assert solc["solc"]["optimizer"] == toolchain.SETTINGS["optimizer"]
    assert solc["solc"]["viaIR"] is toolchain.SETTINGS["viaIR"]
    assert solc["solc"]["remappings"] == list(toolchain.REMAPPINGS)
    (loaded,) = project.get_loaded_projects()
    assert loaded.ChainProbe._build["compiler"]["evm_version"] == toolchain.EVM_VERSION
