"""The embedded chain's JSON-RPC: what nodes answer, what they refuse, snapshots, precompiles."""

from __future__ import annotations

from typing import Any

import pytest
from eth.precompiles.ecadd import ecadd
from eth.precompiles.ecmul import ecmul
from eth.precompiles.ecpairing import ecpairing
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.sdk.chain.conftest import note
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.contract import Contract
from unwrapped_dao.chain.local import CHAIN_ID, LocalChain
from unwrapped_dao.chain.local.precompiles import _add, _multiply, _pairing
from unwrapped_dao.chain.transport import RpcError
from unwrapped_dao.crypto.bn254 import MINUS_P2, P1, P2, P, R
from unwrapped_dao.errors import ContractRefusedError

TRANSFER = {"to": "0x" + "55" * 20, "value": 1, "gas": 21_000, "chainId": CHAIN_ID}
FEES = {"maxFeePerGas": 2 * 10**9, "maxPriorityFeePerGas": 0}


def _raw(signer: LocalAccount, **changes: Any) -> str:
    transaction = {**TRANSFER, **FEES, "nonce": 0, **changes}
    if "gasPrice" in changes:
        transaction = {name: value for name, value in transaction.items() if name not in FEES}
    return "0x" + bytes(signer.sign_transaction(transaction).raw_transaction).hex()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nonce": 1}, "nonce too high"),
        ({"gas": 20_999}, "intrinsic gas too low"),
        ({"gas": 30_000_001}, "exceeds block gas limit"),
        ({"maxFeePerGas": 10**9 - 1}, "max fee per gas less than block base fee"),
        ({"value": 10**30}, "insufficient funds"),
        ({"chainId": 1}, "invalid"),
    ],
)
def test_what_no_node_accepts_is_refused_and_changes_nothing(
    local_chain: LocalChain, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(RpcError, match=words):
        local_chain.request("eth_sendRawTransaction", [_raw(local_chain.faucet, **changes)])
    assert local_chain.request("eth_blockNumber", []) == "0x0"


def test_a_used_number_and_a_known_transaction_are_told_apart(local_chain: LocalChain) -> None:
    raw = _raw(local_chain.faucet)
    local_chain.request("eth_sendRawTransaction", [raw])
    with pytest.raises(RpcError, match="already known"):
        local_chain.request("eth_sendRawTransaction", [raw])
    with pytest.raises(RpcError, match="nonce too low"):
        local_chain.request("eth_sendRawTransaction", [_raw(local_chain.faucet, value=2)])


@pytest.mark.parametrize("raw", ["0x", "0x02", "0x02c0", "0xc0", "0x" + "ff" * 40, "0x7f00", "zz"])
def test_malformed_transactions_are_answers_not_crashes(local_chain: LocalChain, raw: str) -> None:
    with pytest.raises(RpcError):
        local_chain.request("eth_sendRawTransaction", [raw])


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBalance", []),
        ("eth_getBalance", ["0x12", "0x7777"]),
        ("eth_call", [{"to": 5}, "latest"]),
        ("eth_call", [{"to": "0x" + "11" * 20}, "yesterday"]),
        ("eth_getLogs", [{"blockHash": "0x" + "00" * 32}]),
        ("evm_setNextBlockTimestamp", [1]),
        ("eth_sign", ["0x" + "11" * 20, "0x00"]),
    ],
)
def test_wrong_requests_are_answers_not_crashes(local_chain: LocalChain, method: str, params: list[Any]) -> None:
    with pytest.raises(RpcError):
        local_chain.request(method, params)


def test_legacy_transactions_work_too(local_chain: LocalChain) -> None:
    tx_hash = local_chain.request("eth_sendRawTransaction", [_raw(local_chain.faucet, gasPrice=10**9)])
    assert local_chain.request("eth_getTransactionReceipt", [tx_hash])["status"] == "0x1"
    assert local_chain.request("eth_getBalance", [TRANSFER["to"]]) == "0x1"


def test_there_are_no_unlocked_accounts(local_chain: LocalChain) -> None:
    assert local_chain.request("eth_accounts", []) == []


def test_a_mined_revert_keeps_its_reason_and_takes_its_fee(probe: Contract, local_chain: LocalChain) -> None:
    data = "0x" + probe.calldata("refuse", 1).hex()
    before = probe.client.balance(local_chain.faucet.address)
    raw = _raw(local_chain.faucet, to=probe.address, data=data, value=0, gas=100_000, nonce=1)
    tx_hash = local_chain.request("eth_sendRawTransaction", [raw])
    receipt = local_chain.request("eth_getTransactionReceipt", [tx_hash])
    assert receipt["status"] == "0x0"
    assert receipt["revertReason"].startswith("0x08c379a0")
    assert receipt["logs"] == []
    fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert probe.client.balance(local_chain.faucet.address) == before - fee


def test_a_snapshot_brings_everything_back(probe: Contract, local_chain: LocalChain) -> None:
    me, client = local_chain.faucet.address, probe.client
    snapshot = client.request("evm_snapshot")
    now, height, balance = client.now(), client.block_number(), client.balance(me)
    receipt = probe.send(local_chain.faucet, "write", note(me), (1, 2))
    client.wait_until(now + 1000)
    assert client.request("evm_revert", [snapshot]) is True
    assert (client.now(), client.block_number(), client.balance(me)) == (now, height, balance)
    assert probe.call("number") == 0
    assert client.receipt(receipt.hash) is None
    assert list(probe.events("NoteWritten")) == []
    assert client.request("evm_revert", [snapshot]) is False
    assert probe.send(local_chain.faucet, "write", note(me), (1, 2)).hash == receipt.hash


def test_logs_are_filtered_by_address_topic_and_block(probe: Contract, local_chain: LocalChain) -> None:
    me = local_chain.faucet.address
    receipts = [probe.send(local_chain.faucet, "write", note(me), (1, 2)) for _ in range(3)]
    topic = "0x" + probe.abi.topic("NoteWritten").hex()
    third = "0x" + (3).to_bytes(32, "big").hex()

    def logs(**wanted: Any) -> int:
        return len(local_chain.request("eth_getLogs", [{"fromBlock": "earliest", "toBlock": "latest", **wanted}]))

    assert logs() == 3
    assert logs(address=probe.address) == 3
    assert logs(address=["0x" + "66" * 20]) == 0
    assert logs(topics=[topic.upper().replace("0X", "0x")]) == 3
    assert logs(topics=[topic, third]) == 1
    assert logs(topics=[None, [third, "0x" + "00" * 32]]) == 1
    assert logs(topics=[[topic], None, None, None]) == 0
    assert logs(fromBlock=hex(receipts[1].block_number)) == 2
    block = local_chain.request("eth_getBlockByNumber", [hex(receipts[0].block_number), True])
    assert len(local_chain.request("eth_getLogs", [{"blockHash": block["hash"]}])) == 1
    assert block["transactions"][0]["hash"] == receipts[0].hash
    assert local_chain.request("eth_getBlockByHash", [block["hash"], False])["transactions"] == [receipts[0].hash]


def test_shanghai_rules_and_no_later_ones(chain_client: ChainClient) -> None:
    assert chain_client.request("eth_call", [{"data": "0x5f5ff3"}, "latest"]) == "0x"  # PUSH0
    with pytest.raises(ContractRefusedError):
        chain_client.request("eth_call", [{"data": "0x5f5f5f5e00"}, "latest"])  # MCOPY, STOP


def test_a_pairing_is_answered_quickly_and_rightly(probe: Contract) -> None:
    holds = P1.to_bytes() + P2.to_bytes() + P1.to_bytes() + MINUS_P2.to_bytes()
    for data, expected in ((holds, 1), (holds[:192], 0), (b"", 1)):
        assert probe.call("pairing", data) == (True, expected.to_bytes(32, "big"))
    assert probe.call("pairing", holds[:-1]) == (False, b"")


class Recorder:
    """The part of py-evm's computation that a precompile touches."""

    def __init__(self, data: bytes) -> None:
        self.msg = self
        self.data = self.data_as_bytes = data
        self.gas = 0
        self.output = b""

    def consume_gas(self, amount: int, reason: str) -> None:
        self.gas += amount


def _run(precompile: Any, data: bytes) -> tuple[str, bytes, int]:
    computation = Recorder(data)
    try:
        precompile(computation)
    except Exception as refused:
        return type(refused).__name__, b"", 0
    return "", bytes(computation.output), computation.gas


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


G1 = (P1 * 5).to_bytes()
G2 = (P2 * 7).to_bytes()
BAD_G1 = [_word(1) + _word(3), _word(P) + _word(2), _word(P + 1) + _word(2), _word(0) + _word(P)]


ADDITIONS = [b"", G1, G1 + G1, G1 + bytes(64), G1 + (-(P1 * 5)).to_bytes(), G1 + G1 + b"\xff" * 9, G1[:40], *BAD_G1]


@pytest.mark.parametrize("data", ADDITIONS, ids=range(len(ADDITIONS)))
def test_addition_equals_py_evm(data: bytes) -> None:
    assert _run(_add, data) == _run(ecadd(gas_cost=150), data)


MULTIPLICATIONS = [
    b"",
    G1,
    *(G1 + _word(k) for k in (0, 1, 2, R - 1, R, R + 1, 2**256 - 1)),
    bytes(64) + _word(5),
    G1 + b"\x01",
    *(bad + _word(2) for bad in BAD_G1),
]


@pytest.mark.parametrize("data", MULTIPLICATIONS, ids=range(len(MULTIPLICATIONS)))
def test_multiplication_equals_py_evm(data: bytes) -> None:
    assert _run(_multiply, data) == _run(ecmul(gas_cost=6_000), data)


PAIRINGS = [
    b"",
    G1 + G2 + (-(P1 * 35)).to_bytes() + P2.to_bytes(),
    G1 + G2,
    bytes(64) + G2,
    G1 + bytes(128),
    bytes(192),
    G1 + G2[:-1],
    BAD_G1[0] + G2,
    BAD_G1[2] + bytes(128),
    bytes(64) + _word(P) + G2[32:],
    G1 + G2[:96] + _word(1),
    G1 + _word(0) + _word(2) + bytes(64),
]


@pytest.mark.parametrize("data", PAIRINGS, ids=range(len(PAIRINGS)))
def test_pairing_equals_py_evm(data: bytes) -> None:
    assert _run(_pairing, data) == _run(ecpairing(gas_cost_base=45_000, gas_cost_per_point=34_000), data)


def test_a_twist_point_outside_the_subgroup_is_refused_by_both() -> None:
    from py_ecc import optimized_bn128 as curve

    for x in range(1, 200):
        fx = curve.FQ2([x, 0])
        square = fx * fx * fx + curve.b2
        root = _sqrt(square, curve)
        if root is None:
            continue
        point = (fx, root, curve.FQ2.one())
        assert curve.is_on_curve(point, curve.b2)
        if curve.multiply(point, curve.curve_order)[-1] != curve.FQ2.zero():
            break
    else:
        raise AssertionError("no such point found")
    words = (fx.coeffs[1], fx.coeffs[0], root.coeffs[1], root.coeffs[0])
    data = G1 + b"".join(_word(int(word)) for word in words)
    assert _run(_pairing, data) == _run(ecpairing(gas_cost_base=45_000, gas_cost_per_point=34_000), data)
    assert _run(_pairing, data)[0] == "VMError"


def _sqrt(value: Any, curve: Any) -> Any:
    """A square root in Fp2 = Fp[i]/(i²+1), or None; p ≡ 3 mod 4."""
    a, b = int(value.coeffs[0]), int(value.coeffs[1])
    norm = (a * a + b * b) % P
    s = pow(norm, (P + 1) // 4, P)
    for sign in (s, -s):
        half = (a + sign) * pow(2, -1, P) % P
        x = pow(half, (P + 1) // 4, P)
        if x * x % P == half and x:
            root = curve.FQ2([x, b * pow(2 * x, -1, P) % P])
            if root * root == value:
                return root
    return None


def test_a_stranger_with_ether_can_act(probe: Contract, local_chain: LocalChain) -> None:
    stranger: LocalAccount = Account.create()
    probe.client.send(local_chain.faucet, stranger.address, value=10**18)
    assert probe.send(stranger, "write", note(stranger.address), (1, 2)).gas_used > 0
