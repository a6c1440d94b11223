"""Blocks, transactions and receipts of the embedded chain in the words of Ethereum's JSON-RPC.

Numbers are 0x-hex without leading zeros, bytes are 0x-hex, addresses are lower case.
"""

from __future__ import annotations

from typing import Any

from eth.abc import BlockHeaderAPI, ComputationAPI, ReceiptAPI, SignedTransactionAPI

Json = dict[str, Any]


def data(value: bytes) -> str:
    """Bytes, e.g. b"" -> "0x"."""
    return "0x" + value.hex()


def number(value: int) -> str:
    """A quantity, e.g. 0 -> "0x0"."""
    return hex(value)


def block_body(header: BlockHeaderAPI) -> Json:
    """A block without its transactions, which the answer adds."""
    return {
        "number": number(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "timestamp": number(header.timestamp),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "withdrawalsRoot": data(header.withdrawals_root or b""),
        "withdrawals": [],
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
        "sha3Uncles": data(header.uncles_hash),
        "uncles": [],
        "miner": data(header.coinbase),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "difficulty": number(header.difficulty),
        "totalDifficulty": "0x0",
        "extraData": data(header.extra_data),
        "gasLimit": number(header.gas_limit),
        "gasUsed": number(header.gas_used),
        "baseFeePerGas": number(header.base_fee_per_gas or 0),
        "size": "0x0",
    }


def transaction_body(transaction: SignedTransactionAPI, header: BlockHeaderAPI, chain_id: int) -> Json:
    """A mined transaction, alone in its block."""
    kind = getattr(transaction, "type_id", None) or 0
    body = {
        "hash": data(transaction.hash),
        "type": number(kind),
        "nonce": number(transaction.nonce),
        "blockHash": data(header.hash),
        "blockNumber": number(header.block_number),
        "transactionIndex": "0x0",
        "from": data(transaction.sender),
        "to": data(transaction.to) if transaction.to else None,
        "value": number(transaction.value),
        "gas": number(transaction.gas),
        "gasPrice": number(_price(transaction, header)),
        "input": data(transaction.data),
        "chainId": number(chain_id),
        "v": number(transaction.y_parity),
        "r": number(transaction.r),
        "s": number(transaction.s),
    }
    if kind == 2:
        body["maxFeePerGas"] = number(transaction.max_fee_per_gas)
        body["maxPriorityFeePerGas"] = number(transaction.max_priority_fee_per_gas)
    return body


def receipt_body(
    transaction: SignedTransactionAPI, computation: ComputationAPI, receipt: ReceiptAPI, header: BlockHeaderAPI
) -> Json:
    """The receipt of a transaction alone in its block, its logs inside. A revert's data is in `revertReason`."""
    place = {
        "blockHash": data(header.hash),
        "blockNumber": number(header.block_number),
        "transactionHash": data(transaction.hash),
        "transactionIndex": "0x0",
    }
    created = computation.msg.is_create and not computation.is_error
    body: Json = {
        **place,
        "type": number(getattr(transaction, "type_id", None) or 0),
        "status": "0x0" if computation.is_error else "0x1",
        "from": data(transaction.sender),
        "to": data(transaction.to) if transaction.to else None,
        "contractAddress": data(computation.msg.storage_address) if created else None,
        "gasUsed": number(receipt.gas_used),
        "cumulativeGasUsed": number(receipt.gas_used),
        "effectiveGasPrice": number(_price(transaction, header)),
        "logsBloom": data(receipt.bloom.to_bytes(256, "big")),
        "logs": [
            {
                **place,
                "address": data(log.address),
                "topics": [data(topic.to_bytes(32, "big")) for topic in log.topics],
                "data": data(log.data),
                "logIndex": number(position),
                "removed": False,
            }
            for position, log in enumerate(receipt.logs)
        ],
    }
    if computation.is_error:
        # Besu's field; it saves the client from replaying the call to learn why.
        body["revertReason"] = data(computation.output)
    return body


def _price(transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> int:
    tip: int = transaction.max_priority_fee_per_gas
    ceiling: int = transaction.max_fee_per_gas
    return min(ceiling, (header.base_fee_per_gas or 0) + tip)
