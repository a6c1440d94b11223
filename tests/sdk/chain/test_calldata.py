"""What is told of a proposal comes from its bytes; no bytes that can be proposed keep anybody from reading the list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.calldata import describe, sales_of
from unwrapped_dao.chain.governor import Action

NOBODY = "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB"


@pytest.fixture(scope="module")
def dao() -> Iterator[LocalCollective]:
    with local(members=1) as made:
        yield made


def _calls(dao: LocalCollective, contract: str, function: str, *arguments: object) -> list[str]:
    calldata = artifacts.abi(contract).encode_call(function, arguments)
    return describe(dao.collective, Action(dao.collective.deployment.address(contract), calldata))


def test_a_payment_in_what_is_no_token_is_told_in_base_units(dao: LocalCollective) -> None:
    for currency in (NOBODY, dao.collective.market.address, dao.collective.membership.address):
        (sentence,) = _calls(dao, "RevenueSplitter", "payTreasury", NOBODY, currency, 12_345)
        told = f"12345 base units of {currency}, which is no token that says its name,"
        assert sentence == f"Credits {told} of the treasury to {NOBODY}."


def test_bytes_that_no_function_takes_are_said_to_be_such(dao: LocalCollective) -> None:
    market = dao.collective.market.address
    good = artifacts.abi("DataMarket").encode_call("approve", ([bytes(32)],))
    for calldata in (b"", good[:4], good[:-1], good[:36] + b"\xff" * 32, b"\xff" * 100, good[:4] + b"\xff" * 64):
        (sentence,) = describe(dao.collective, Action(market, calldata))
        assert sentence == "Calls DataMarket with bytes this program does not understand: do not vote for it."
        assert sales_of(dao.collective, Action(market, calldata)) == []


def test_a_sale_that_nobody_offered_is_said_to_be_such(dao: LocalCollective) -> None:
    assert _calls(dao, "DataMarket", "approve", [b"\x01" * 32]) == [
        f"Approves sale 0x{'01' * 32}, which nobody has offered: do not vote for it."
    ]
