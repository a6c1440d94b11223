"""Shares that others posted are looked at once each; who posts wrong ones without end costs a few looks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from unwrapped_dao.crypto.bn254 import P1, P2
from unwrapped_dao.crypto.delivery import BuyerKey, SaleId, make_share
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.crypto.tree import Node, PoolId
from unwrapped_dao.roles.custodian.watching import MOST_TRIES, ShareBook

POOL = PoolId(1, b"r" * 20, b"s" * 32, 1)
BUYER = BuyerKey.of(SecretScalar(77))
SALE: Any = SimpleNamespace(sale_id=b"\1" * 32, identity=POOL, buyer=BUYER)
SECRETS = {1: SecretScalar(11), 2: SecretScalar(12)}
NODE, OTHER = Node(3, 0), Node(3, 1)


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> ShareBook:
    made = ShareBook({index: P2 * secret.to_secret_int() for index, secret in SECRETS.items()})
    original, made.looks = made._checked, []  # type: ignore[attr-defined]

    def counted(*given: Any) -> Any:
        made.looks.append(given)  # type: ignore[attr-defined]
        return original(*given)

    monkeypatch.setattr(made, "_checked", counted)
    return made


def _good(index: int, node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    share = make_share(index, SECRETS[index], POOL, node, SaleId(1, b"m" * 20, SALE.sale_id), BUYER)
    return share.C1.words, share.C2.words


def test_wrong_shares_without_end_cost_a_few_looks_and_no_memory(book: ShareBook) -> None:
    for number in range(1, 200):
        assert book.verified(SALE, 1, NODE, P1.words, (P1 * number).words) is None
    assert len(book.looks) == MOST_TRIES  # type: ignore[attr-defined]
    assert len(book._known) == MOST_TRIES
    assert list(book.bad) == [(SALE.sale_id, 1, NODE)]


def test_they_stop_nobody_else_and_no_other_node(book: ShareBook) -> None:
    for number in range(1, 10):
        book.verified(SALE, 1, NODE, P1.words, (P1 * number).words)
    for index, node in ((2, NODE), (1, OTHER), (2, OTHER)):
        found = book.verified(SALE, index, node, *_good(index, node))
        assert found is not None and found.index == index


def test_a_right_share_after_a_wrong_one_counts_and_is_looked_at_once(book: ShareBook) -> None:
    for number in range(1, MOST_TRIES):
        assert book.verified(SALE, 1, NODE, P1.words, (P1 * number).words) is None
    for _ in range(3):
        assert book.verified(SALE, 1, NODE, *_good(1, NODE)) is not None
    assert len(book.looks) == MOST_TRIES  # type: ignore[attr-defined]


def test_a_sale_that_is_over_leaves_nothing(book: ShareBook) -> None:
    book.verified(SALE, 1, NODE, P1.words, P1.words)
    book.verified(SALE, 2, NODE, *_good(2, NODE))
    book.forget(SALE.sale_id)
    assert not book._known and not book.bad and not book._tries
