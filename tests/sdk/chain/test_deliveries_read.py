"""What the client makes of `NodesDelivered`: nodes from the cover, points from x and parity; lies are not believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from unwrapped_dao.chain.market import Market, NodeDelivery
from unwrapped_dao.crypto.bn254 import P1, G1Point
from unwrapped_dao.errors import UntrustedDataError

SALE = b"\x01" * 32
POINTS = [P1 * k for k in range(1, 9)]


def _word(point: G1Point) -> int:
    return point.x | (point.y & 1) << 255


def _event(first_leaf: int, points: Sequence[G1Point]) -> dict[str, Any]:
    words = [_word(point) for point in points]
    return {"firstLeaf": first_leaf, "points": [words[i : i + 2] for i in range(0, len(words), 2)]}


class Said(Market):
    """A market whose node says this."""

    def __init__(
        self, *events: dict[str, Any], members: int = 4, height: int = 2, excluded: Sequence[int] = ()
    ) -> None:
        self.address = "0x" + "11" * 20
        self._events, self._excluded = events, excluded
        self._state = SimpleNamespace(members=members, height=height)
        self._contract = SimpleNamespace(events=self._said)  # type: ignore[assignment]

    def _said(self, name: str, **_: Any) -> Iterator[dict[str, Any]]:
        assert name == "NodesDelivered"
        yield from self._events

    def sale(self, sale_id: bytes) -> Any:
        return self._state

    def excluded_leaves(self, sale_id: bytes) -> list[int]:
        return list(self._excluded)


def test_a_sale_without_deliveries_has_none_before_it_is_approved_too() -> None:
    """An offered sale has no members yet, and so no cover."""
    assert Said(members=0, height=0).deliveries(SALE) == []


def test_nodes_come_from_the_cover_and_points_from_x_and_parity() -> None:
    # Leaf 1 of four is excluded: the cover is (0, 0), (1, 1).
    chunks = [_event(0, POINTS[:2]), _event(2, [-point for point in POINTS[2:4]])]
    assert Said(*chunks, excluded=[1]).deliveries(SALE) == [
        NodeDelivery(0, 0, POINTS[0].words, POINTS[1].words),
        NodeDelivery(1, 1, (-POINTS[2]).words, (-POINTS[3]).words),
    ]
    assert Said(_event(0, POINTS[:4]), excluded=[1]).deliveries(SALE)[1].index == 1


@pytest.mark.parametrize(
    "said",
    [
        Said(_event(1, POINTS[:2])),
        Said(_event(0, POINTS[:4])),
        Said(_event(2, POINTS[:4]), excluded=[1]),
        Said(_event(0, POINTS[:2]), members=0),
        Said(_event(0, POINTS[:2]), excluded=[9]),
        Said({"firstLeaf": 0, "points": [[2**255 - 1, _word(P1)]]}),
        Said({"firstLeaf": 0, "points": [[0, _word(P1)]]}),
    ],
    ids=[
        "no node begins there",
        "too many",
        "past the end",
        "no members",
        "excluded outside",
        "x too large",
        "no point",
    ],
)
def test_what_no_contract_says_is_not_believed(said: Said) -> None:
    with pytest.raises(UntrustedDataError):
        said.deliveries(SALE)
