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


def test_the_chain_is_ganache_under_shanghai_rules():
    assert web3.client_version.startswith("Ganache/v7")
    # PUSH0 (shanghai) runs, MCOPY (cancun) does not.
    assert web3.eth.call({"data": "0x5f5ff3"}) == b""
    with pytest.raises(Exception, match="invalid opcode"):
        web3.eth.call({"data": "0x5f5f5f5e"})


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
