"""Which sales a custodian knows of: a node that leaves one out is told by a witness, or by itself within the hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from unwrapped_dao.errors import UntrustedDataError
from unwrapped_dao.roles.custodian.approvals import OVERLAP_BLOCKS, WHOLE_S, Approvals


@dataclass
class View:
    """A final block with the approvals up to it, by block; `hidden` are left out."""

    block: int
    approvals: dict[bytes, int]
    hidden: set[bytes] = field(default_factory=set)
    seconds: int = 0
    asked: list[int | None] = field(default_factory=list)

    def approved(self, *, first: int | None = None) -> list[bytes]:
        self.asked.append(first)
        seen = {sale: at for sale, at in self.approvals.items() if (first or 0) <= at <= self.block}
        return [sale for sale in seen if sale not in self.hidden]

    @property
    def market(self) -> Any:
        return self

    @property
    def client(self) -> Any:
        return self

    def block_number(self) -> int:
        return self.block

    def now(self) -> int:
        return self.seconds


A, B, C = (bytes([n]) * 32 for n in (1, 2, 3))


def test_only_what_is_new_is_read_again_and_all_of_it_once_an_hour() -> None:
    approvals = Approvals()
    views = [View(at, {A: 10, B: 950, C: 5_000}, seconds=s) for at, s in ((900, 0), (1_000, 15), (6_000, WHOLE_S))]
    assert [approvals.read(view, None) for view in views] == [[A], [A, B], [A, B, C]]
    assert [view.asked for view in views] == [[None], [900 - OVERLAP_BLOCKS], [None]]


def test_logs_that_come_late_are_found(  # a block was shown a moment before its logs
) -> None:
    approvals = Approvals()
    assert approvals.read(View(100, {A: 95}, hidden={A}), None) == []
    assert approvals.read(View(101, {A: 95}), None) == [A]


def test_what_a_node_left_out_for_longer_is_found_within_the_hour() -> None:
    approvals = Approvals()
    assert approvals.read(View(100, {A: 95}, hidden={A}), None) == []
    assert approvals.read(View(900, {A: 95}, hidden={A}), None) == []
    assert approvals.read(View(1_500, {A: 95}, seconds=60), None) == []
    assert approvals.read(View(1_600, {A: 95}, seconds=WHOLE_S), None) == [A]


@pytest.mark.parametrize("who", ["node", "witness"])
def test_a_witness_tells_that_one_of_the_two_leaves_a_sale_out(who: str) -> None:
    approvals = Approvals()
    honest, hiding = View(100, {A: 95}), View(100, {A: 95}, hidden={A})
    with pytest.raises(UntrustedDataError, match="differ about whether sale 0x0101"):
        approvals.read(*((hiding, honest) if who == "node" else (honest, hiding)))
    # And it is not taken for read: once both tell it, it is known.
    assert approvals.read(View(5_000, {A: 95}), View(5_000, {A: 95})) == [A]
