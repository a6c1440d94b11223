"""docs/gas.md says what benchmarks/gas.json holds, and no line is silently above what this project set itself."""

from __future__ import annotations

import json

import pytest

from benchmarks import gas
from benchmarks.gas_lines import ALL_LINES, MODULES
from benchmarks.gas_lines.line import Line

COMMITTED: gas.Found = json.loads(gas.FILE.read_text())


def test_the_page_and_the_figures_agree() -> None:
    assert gas.PAGE.read_text() == gas.page(COMMITTED)


@pytest.mark.parametrize("chain", gas.CHAINS)
def test_every_line_was_measured_on_every_chain(chain: str) -> None:
    single = [name for name in ALL_LINES if " + " not in name]
    assert list(COMMITTED[chain]) == single


def test_no_line_belongs_to_two_modules() -> None:
    assert sum(len(module.LINES) for module in MODULES.values()) == len(ALL_LINES)


def test_no_must_is_missed_without_a_reason() -> None:
    assert gas.missed(COMMITTED) == []


def test_a_figure_above_its_must_is_named_unless_the_chain_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gas, "ALL_LINES", {"a + b": Line("both", 10, unless={"new": "dearer there"})})
    found = {"old": {"a": 5, "b": 6}, "new": {"a": 5, "b": 6}, "cheap": {"a": 5, "b": 5}}
    assert gas.missed(found) == ["old a + b: 11, must be 10 at most"]


def test_a_changed_and_a_new_figure_are_told() -> None:
    assert gas.differences({"old": {"a": 5, "b": 6, "c": 7}}, {"old": {"a": 4, "b": 6}}) == [
        "old a: 4 committed, 5 measured",
        "old c: None committed, 7 measured",
    ]
