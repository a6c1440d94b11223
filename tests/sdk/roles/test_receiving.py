"""A delivery that a node does not show, or that contracts of another version tell: said as what it is."""

from __future__ import annotations

import pytest

from tests.sdk.roles.conftest import Sold
from unwrapped_dao.app.in_process import LocalCollective
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.market import Market
from unwrapped_dao.errors import RpcUnavailableError, UntrustedDataError

pytestmark = pytest.mark.xdist_group("sold")


def other_code(patch: pytest.MonkeyPatch, address: str) -> None:
    """The contract at this address has a byte more than the one that ships."""
    code = ChainClient.code
    patch.setattr(ChainClient, "code", lambda self, at: code(self, at) + (b"\x00" if at == address else b""))


def test_keys_that_the_node_does_not_show_are_not_taken_for_an_empty_dataset(
    sold: Sold, dao: LocalCollective, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Market, "deliveries", lambda *_: [])
    with pytest.raises(UntrustedDataError, match="does not show all keys") as refused:
        dao.buyer.receive(sold.sales[0])
    assert "another node" in refused.value.hint


def test_older_contracts_that_log_otherwise_are_named_with_what_to_do(
    sold: Sold, dao: LocalCollective, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Market, "deliveries", lambda *_: [])
    other_code(monkeypatch, dao.collective.market.address)
    with pytest.raises(UntrustedDataError, match=r"^DataMarket of this collective: other code") as refused:
        dao.buyer.receive(sold.sales[0])
    assert "collective verify" in refused.value.hint


def test_older_contracts_whose_answers_have_another_shape_are_named_too(
    sold: Sold, dao: LocalCollective, monkeypatch: pytest.MonkeyPatch
) -> None:
    def misread(*_: object) -> None:
        raise RpcUnavailableError("saleOf answered 96 bytes that are not its result.")

    monkeypatch.setattr(Market, "sale", misread)
    with pytest.raises(RpcUnavailableError):
        dao.buyer.receive(sold.sales[0])
    other_code(monkeypatch, dao.collective.market.address)
    with pytest.raises(UntrustedDataError, match=r"not understood here .saleOf answered 96 bytes"):
        dao.buyer.receive(sold.sales[0])


def test_other_code_alone_keeps_nobody_from_what_was_paid_for(
    sold: Sold, dao: LocalCollective, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_code(monkeypatch, dao.collective.splitter.address)
    assert dao.buyer.receive(sold.sales[0]).num_members == len(dao.members)
