"""ABI values in and out, against eth_abi's own encoding where it has one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from unwrapped_dao.chain.abi import Abi
from unwrapped_dao.errors import InputError, RpcUnavailableError

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
NOTE = {
    "name": "note",
    "type": "tuple",
    "components": [
        {"name": "author", "type": "address"},
        {"name": "amount", "type": "uint96"},
        {"name": "tags", "type": "bytes32[]"},
    ],
}
ABI = Abi(
    [
        {
            "type": "function",
            "name": "write",
            "inputs": [NOTE, {"name": "point", "type": "uint256[2]"}],
            "outputs": [NOTE],
        },
        {
            "type": "function",
            "name": "two",
            "inputs": [],
            "outputs": [{"name": "", "type": "uint256"}, {"name": "", "type": "bool"}],
        },
        {"type": "function", "name": "over", "inputs": [{"name": "a", "type": "uint256"}], "outputs": []},
        {"type": "function", "name": "over", "inputs": [{"name": "a", "type": "address"}], "outputs": []},
        {"type": "error", "name": "TooSmall", "inputs": [{"name": "have", "type": "uint256"}]},
        {
            "type": "event",
            "name": "Written",
            "inputs": [
                {"name": "number", "type": "uint256", "indexed": True},
                {**NOTE, "indexed": False},
                {"name": "label", "type": "string", "indexed": True},
            ],
        },
    ]
)
TYPES = ["(address,uint96,bytes32[])", "uint256[2]"]
VALUES: list[Any] = [(ADDRESS, 7, [b"\x01" * 32, b"\x02" * 32]), [3, 4]]


class Note(NamedTuple):
    author: str
    amount: int
    tags: list[bytes]


class PlainNote:
    author, amount, tags = VALUES[0]


@pytest.mark.parametrize(
    "note",
    [
        VALUES[0],
        Note(*VALUES[0]),
        PlainNote(),
        {"amount": 7, "tags": VALUES[0][2], "author": ADDRESS},
    ],
    ids=["tuple", "named tuple", "object", "dict in another order"],
)
def test_a_struct_may_be_given_in_any_form(note: object) -> None:
    selector = keccak(text="write((address,uint96,bytes32[]),uint256[2])")[:4]
    assert ABI.encode_call("write", [note, (3, 4)]) == selector + encode(TYPES, VALUES)


def test_a_struct_comes_back_as_dict_with_a_checksummed_address() -> None:
    answer = encode([TYPES[0]], [VALUES[0]])
    assert ABI.decode_result("write", answer) == {"author": ADDRESS, "amount": 7, "tags": VALUES[0][2]}


def test_several_nameless_results_come_back_in_order() -> None:
    assert ABI.decode_result("two", encode(["uint256", "bool"], [5, True])) == (5, True)


@pytest.mark.parametrize("amount", [1.0, True, -1, 1 << 96, "7", None])
def test_money_is_an_int_that_fits(amount: object) -> None:
    with pytest.raises(InputError, match="write: note does not fit"):
        ABI.encode_call("write", [{"author": ADDRESS, "amount": amount, "tags": []}, (3, 4)])


@pytest.mark.parametrize(
    ("note", "point"),
    [
        ({"author": ADDRESS, "amount": 7}, (3, 4)),
        ({"author": "0x12", "amount": 7, "tags": []}, (3, 4)),
        ((ADDRESS, 7), (3, 4)),
        ((ADDRESS, 7, [b"\x01" * 33]), (3, 4)),
        ((ADDRESS, 7, [b"\x01" * 31]), (3, 4)),
        ((ADDRESS, 7, []), (3, 4, 5)),
        ((ADDRESS, 7, []), 3),
        (7, (3, 4)),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_without_its_value(note: object, point: object) -> None:
    with pytest.raises(InputError) as refused:
        ABI.encode_call("write", [note, point])
    assert "write: " in refused.value.message
    assert ADDRESS not in refused.value.message
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_wrong_number_of_arguments_is_said() -> None:
    with pytest.raises(InputError, match="write takes 2 arguments, 1 were given"):
        ABI.encode_call("write", [VALUES[0]])


def test_an_overload_needs_its_signature() -> None:
    assert ABI.encode_call("over(uint256)", [1])[:4] != ABI.encode_call("over(address)", [ADDRESS])[:4]
    with pytest.raises(KeyError, match="names 2 functions"):
        ABI.encode_call("over", [1])


def test_calldata_is_read_back_by_name() -> None:
    data = ABI.encode_call("write", VALUES)
    assert ABI.decode_call(data) == (
        "write",
        {"note": {"author": ADDRESS, "amount": 7, "tags": VALUES[0][2]}, "point": [3, 4]},
    )
    assert ABI.decode_call(data[:40]) is None
    assert ABI.decode_call(b"\xff" * 4) is None


def test_an_error_is_named_only_if_its_bytes_fit() -> None:
    selector = keccak(text="TooSmall(uint256)")[:4]
    assert ABI.decode_error(selector + encode(["uint256"], [9])) == ("TooSmall", {"have": 9})
    assert ABI.decode_error(selector) is None
    assert ABI.decode_error(b"") is None


def _log(**changes: Any) -> dict[str, Any]:
    return {
        "address": ADDRESS.lower(),
        "topics": [
            "0x" + ABI.topic("Written").hex(),
            "0x" + encode(["uint256"], [5]).hex(),
            "0x" + keccak(text="hello").hex(),
        ],
        "data": "0x" + encode([TYPES[0]], [VALUES[0]]).hex(),
        "blockNumber": "0x10",
        "logIndex": "0x2",
        "transactionHash": "0x" + "ab" * 32,
        **changes,
    }


def test_an_event_is_decoded_with_indexed_and_plain_fields_in_declared_order() -> None:
    event = ABI.decode_log(_log())
    assert event is not None
    assert list(event.facts) == ["number", "note", "label"]
    assert event["number"] == 5
    assert event["note"]["author"] == ADDRESS
    assert event["label"] == keccak(text="hello")  # a string is indexed by its hash
    assert (event.contract, event.block_number, event.log_index) == (ADDRESS, 16, 2)


def _bad_logs() -> Iterator[dict[str, Any]]:
    topics = _log()["topics"]
    yield _log(topics=[])
    yield _log(topics=topics[:2])
    yield _log(topics=["0x" + "00" * 32, *topics[1:]])
    yield _log(data="0x00")


@pytest.mark.parametrize("log", list(_bad_logs()))
def test_a_log_that_does_not_fit_is_no_event(log: dict[str, Any]) -> None:
    assert ABI.decode_log(log) is None


def test_a_filter_has_only_the_topics_it_needs() -> None:
    assert ABI.indexed_topics("Written", {}) == ["0x" + ABI.topic("Written").hex()]
    assert ABI.indexed_topics("Written", {"number": 5})[1:] == ["0x" + encode(["uint256"], [5]).hex()]
    with pytest.raises(InputError, match="no indexed field note"):
        ABI.indexed_topics("Written", {"note": 1})


@given(st.binary(max_size=300))
def test_foreign_bytes_never_leak_another_error(data: bytes) -> None:
    for name in ("write", "two"):
        try:
            ABI.decode_result(name, data)
        except RpcUnavailableError as refused:
            assert "are not its result" in refused.message
    ABI.decode_error(data)
    ABI.decode_call(data)
