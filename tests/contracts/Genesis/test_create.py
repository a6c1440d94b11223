"""Genesis: only the committed bytes, in order, at addresses known beforehand, and nothing afterwards."""

from __future__ import annotations

import pytest
from brownie import Contract, project, web3
from eth_utils import keccak, to_checksum_address

STEPS = 3


def _create_address(creator, nonce):
    """EIP-161 CREATE address; RLP of a nonce of 1..127 is the byte itself."""
    assert 0 < nonce < 128
    return to_checksum_address(keccak(b"\xd6\x94" + bytes.fromhex(creator[2:]) + bytes([nonce]))[12:])


def _init_code(*args):
    (loaded,) = project.get_loaded_projects()
    child = loaded["GenesisChild"]
    return bytes.fromhex(child.deploy.encode_input(*args).removeprefix("0x"))


@pytest.fixture(scope="module")
def gate(deploy):
    return deploy("GenesisSwitch")


@pytest.fixture(scope="module")
def codes(gate):
    """Three children; the second cannot be created before the switch is on."""
    zero = "0x" + "0" * 40
    return [_init_code(10, zero), _init_code(11, gate), _init_code(12, zero)]


@pytest.fixture(scope="module")
def genesis(deploy, accounts, codes):
    expected = accounts[0].get_deployment_address()
    return deploy("Genesis", expected, [keccak(code) for code in codes])


def test_genesis_refuses_any_address_but_the_planned_one(deploy, accounts, codes, refused):
    here = accounts[0].get_deployment_address()
    elsewhere = accounts[0].get_deployment_address(accounts[0].nonce + 1)
    with refused("GenesisMisplaced", here.lower(), elsewhere.lower()):
        deploy("Genesis", elsewhere, [keccak(code) for code in codes])


@pytest.mark.parametrize("length", [0, 128])
def test_genesis_refuses_a_plan_it_cannot_address(deploy, accounts, length, refused):
    with refused("GenesisPlanLength"):
        deploy("Genesis", accounts[0].get_deployment_address(), [b"\1" * 32] * length)


def test_create_refuses_uncommitted_bytes_and_another_order(genesis, codes, refused):
    for code in (codes[1], codes[0] + b"\0", codes[0][:-1], b""):
        with refused("GenesisWrongCode"):
            genesis.create(code)
    assert genesis.step() == 0


def test_anybody_creates_each_step_once_at_the_address_foretold(genesis, gate, codes, accounts, refused):
    gate.flip()
    for step, code in enumerate(codes):
        foretold = genesis.addressAt(step)
        assert foretold == _create_address(genesis.address, step + 1)
        assert genesis.plan(step) == "0x" + keccak(code).hex()
        receipt = genesis.create(code, {"from": accounts[step + 1]})
        assert receipt.events["Created"] == {"step": step, "created": foretold}
        (loaded,) = project.get_loaded_projects()
        child = Contract.from_abi("GenesisChild", foretold, loaded["GenesisChild"].abi)
        assert child.number() == 10 + step
    assert genesis.step() == genesis.steps() == STEPS
    for code in codes:
        with refused("GenesisComplete"):
            genesis.create(code)


def test_a_failed_step_is_repeated_without_shifting_any(genesis, gate, codes, refused):
    genesis.create(codes[0])
    foretold = [genesis.addressAt(step) for step in range(STEPS)]
    for _ in range(2):
        with refused("GenesisCreateFailed", 1):
            genesis.create(codes[1])
    assert genesis.step() == 1
    gate.flip()
    genesis.create(codes[1])
    genesis.create(codes[2])
    assert all(web3.eth.get_code(address) for address in foretold)


def test_address_at_refuses_a_step_outside_the_plan(genesis, refused):
    with refused("GenesisPlanLength", STEPS, STEPS):
        genesis.addressAt(STEPS)
